"""The waist: every notification to a user passes through here and becomes one row.

The changes of a notification's state live in `states`, what ends rows in
`retention`; both are offered here, so that callers know one module.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Unpack

from django.db import IntegrityError, transaction
from django.db.models import Q

from apps.accounts import selectors as accounts
from apps.accounts.models import User
from apps.common import clock
from apps.common.requests import current_request_id
from apps.notifications import frames, policy, streams
from apps.notifications.epochs import bump as bump_epoch
from apps.notifications.models import Notification
from apps.notifications.policy import Draft, DraftError, Message, PayloadTooLargeError
from apps.notifications.retention import prune
from apps.notifications.states import (
    Ack,
    AckResult,
    acknowledge,
    archive,
    expire_due,
    mark_all_read,
    mark_read,
    mark_unread,
    unarchive,
    withdraw,
)
from apps.push import publishing

__all__ = [
    "Ack",
    "AckResult",
    "Draft",
    "DraftError",
    "PayloadTooLargeError",
    "acknowledge",
    "archive",
    "bump_epoch",
    "expire_due",
    "mark_all_read",
    "mark_read",
    "mark_unread",
    "notify",
    "notify_many",
    "notify_user_by_id",
    "prune",
    "store",
    "store_free",
    "unarchive",
    "withdraw",
]


def notify(*, recipient: User | int, **message: Unpack[Message]) -> Notification:
    """Send one notification; a known idempotency key returns the existing one.

    Raises: DraftError naming the wrong fields, User.DoesNotExist.
    """
    recipient_id = recipient.pk if isinstance(recipient, User) else recipient
    return notify_many([Draft(recipient_id, **message)])[0]


def notify_many(drafts: Sequence[Draft]) -> list[Notification]:
    """Send many notifications in one transaction; results in the order of the drafts.

    Call it at most once in a transaction, last: it locks the recipients' streams.

    Bounds: at most 500 users.
    Raises: DraftError, User.DoesNotExist, ValueError for more users.
    """
    if not drafts:
        return []
    now = clock.now()
    return store([policy.completed(draft, now=now) for draft in drafts])


def store(completed: Sequence[Draft]) -> list[Notification]:
    """Do the same with drafts that `policy.completed` has checked.

    Raises: User.DoesNotExist, ValueError for more than 500 users.
    """
    now = clock.now()
    try:
        return _stored(completed, now)
    except IntegrityError:
        if not any(draft.idempotency_key for draft in completed):
            raise
    # Somebody used one of the keys for another user in the same moment; the row is
    # committed by now, and the second try finds it.
    return _stored(completed, now)


def store_free(completed: Sequence[Draft]) -> list[Notification | None]:
    """Store checked drafts for users whose stream nobody else holds just now.

    None stands for the others: whoever holds a stream must not delay a whole batch.

    Raises: User.DoesNotExist, ValueError for more than 500 users.
    """
    with transaction.atomic():
        held = streams.lock_free({draft.recipient_id for draft in completed})
        free = [draft for draft in completed if draft.recipient_id in held]
        rows = iter(_stored(free, clock.now()) if free else [])
    return [next(rows) if each.recipient_id in held else None for each in completed]


def notify_user_by_id(user_id: int | str, payload: object) -> Notification:
    """Send a payload to the user with this id; the documented shortcut.

    Raises: User.DoesNotExist, ValueError for what is no id and DraftError for what
    is no payload.
    """
    if isinstance(user_id, str) and user_id.isascii() and user_id.isdecimal():
        user_id = int(user_id)
    if type(user_id) is not int:
        message = f"A user's id is a whole number, not {user_id!r}."
        raise ValueError(message)
    return notify(recipient=user_id, payload=payload)


def _stored(drafts: Sequence[Draft], now: datetime) -> list[Notification]:
    recipients = {draft.recipient_id for draft in drafts}
    with transaction.atomic():
        _require_active(recipients)
        held = streams.lock(recipients)
        last_seqs = {user_id: row.last_seq for user_id, row in held.items()}
        known = _known(drafts)
        result: list[Notification] = []
        fresh: list[Notification] = []
        for draft in drafts:
            row = known.get((draft.source, draft.idempotency_key))
            if row is None:
                last_seqs[draft.recipient_id] += 1
                row = _row(draft, seq=last_seqs[draft.recipient_id], now=now)
                fresh.append(row)
                if draft.idempotency_key is not None:
                    known[draft.source, draft.idempotency_key] = row
            result.append(row)
        if fresh:
            streams.raise_last_seq(Counter(row.recipient_id for row in fresh))
            Notification.objects.bulk_create(fresh)
            transaction.on_commit(partial(_publish, fresh), robust=True)
    return result


def _require_active(recipients: set[int]) -> None:
    absent = sorted(
        recipients - accounts.active_user_ids(user_ids=sorted(recipients)),
    )
    if absent:
        named = ", ".join(str(user_id) for user_id in absent)
        message = f"There is no active user with the id {named}."
        raise User.DoesNotExist(message)


def _known(drafts: Sequence[Draft]) -> dict[tuple[str, str | None], Notification]:
    wanted = Q()
    for draft in drafts:
        if draft.idempotency_key is not None:
            wanted |= Q(source=draft.source, idempotency_key=draft.idempotency_key)
    if not wanted:
        return {}
    return {
        (row.source, row.idempotency_key): row
        for row in Notification.objects.filter(wanted)
    }


def _row(draft: Draft, *, seq: int, now: datetime) -> Notification:
    return Notification(
        recipient_id=draft.recipient_id,
        seq=seq,
        payload=draft.payload_text or policy.EMPTY_PAYLOAD,
        title=draft.title,
        body=draft.body,
        severity=draft.severity,
        kind=draft.kind,
        url=draft.url,
        source=draft.source,
        request_id=draft.request_id or current_request_id(),
        idempotency_key=draft.idempotency_key,
        broadcast_id=draft.broadcast_id,
        created_at=now,
        expires_at=draft.expires_at,
    )


def _publish(rows: Sequence[Notification]) -> None:
    for row in rows:
        publishing.publish_notification(
            user_id=row.recipient_id,
            seq=row.seq,
            key=str(row.key),
            frame=frames.encoded(row, replay=False),
        )
