"""Notes acknowledgements up to a number, of many users in one statement."""

import json
from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from django.db import connection

# Every reader that keeps up causes one of these every few notifications; an UPDATE for
# each through the ORM costs a server more than writing the notifications did. What is
# looked for is what the index of outstanding numbers has: without it the rows of years
# would be read each time. For what is withdrawn or expired nobody waits.
_NOTE = {
    "postgresql": """
        UPDATE notifications_notification SET acked_at = %s, acked_by = told.device
        FROM unnest(%s::bigint[], %s::bigint[], %s::text[])
            AS told (user_id, up_to, device)
        WHERE recipient_id = told.user_id AND seq <= told.up_to
            AND acked_at IS NULL AND archived_at IS NULL
            AND withdrawn_at IS NULL AND expired_at IS NULL
        RETURNING recipient_id
    """,
    "sqlite": """
        UPDATE notifications_notification
        SET acked_at = %s, acked_by = json_extract(told.value, '$[1]')
        FROM json_each(%s) AS told
        WHERE recipient_id = CAST(told.key AS INTEGER)
            AND seq <= json_extract(told.value, '$[0]')
            AND acked_at IS NULL AND archived_at IS NULL
            AND withdrawn_at IS NULL AND expired_at IS NULL
        RETURNING recipient_id
    """,
}


def note(up_to: Mapping[int, tuple[int, str]], *, now: datetime) -> Counter[int]:
    """Note what each user's clients have stored; count the rows that this changed.

    up_to: the last number that is acknowledged and by what program, by user. The
    streams are locked.
    """
    if not up_to:
        return Counter()
    told: list[str | list[int] | list[str]] = [json.dumps(up_to)]
    if connection.vendor == "postgresql":
        numbers, devices = zip(*up_to.values(), strict=True)
        told = [list(up_to), list(numbers), list(devices)]
    with connection.cursor() as cursor:
        moment = connection.ops.adapt_datetimefield_value(now)
        cursor.execute(_NOTE[connection.vendor], [moment, *told])
        return Counter(user_id for (user_id,) in cursor.fetchall())
