"""Notes acknowledgements up to a number, of many users in one statement."""

import json
from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from django.db import connection

# Every reader that keeps up causes one of these every few notifications; an UPDATE for
# each through the ORM costs a server more than writing the notifications did.
_NOTE = {
    "postgresql": """
        UPDATE notifications_notification SET acked_at = %s
        FROM unnest(%s::bigint[], %s::bigint[]) AS told (user_id, up_to)
        WHERE recipient_id = told.user_id AND seq <= told.up_to AND acked_at IS NULL
        RETURNING recipient_id
    """,
    "sqlite": """
        UPDATE notifications_notification SET acked_at = %s
        FROM json_each(%s) AS told
        WHERE recipient_id = CAST(told.key AS INTEGER) AND seq <= told.value
            AND acked_at IS NULL
        RETURNING recipient_id
    """,
}


def note(up_to: Mapping[int, int], *, now: datetime) -> Counter[int]:
    """Note what each user's clients have stored; count the rows that this changed.

    up_to: the last number that is acknowledged, by user. The streams are locked.
    """
    if not up_to:
        return Counter()
    told: list[str | list[int]] = [json.dumps(up_to)]
    if connection.vendor == "postgresql":
        told = [list(up_to), list(up_to.values())]
    with connection.cursor() as cursor:
        moment = connection.ops.adapt_datetimefield_value(now)
        cursor.execute(_NOTE[connection.vendor], [moment, *told])
        return Counter(user_id for (user_id,) in cursor.fetchall())
