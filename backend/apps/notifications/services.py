"""The waist: every notification to a user passes through here and becomes one row.

The changes of a notification's state live in `states`, what ends rows in
`retention`; both are offered here, so that callers know one module.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial
from typing import Unpack

from django.db import IntegrityError, transaction
from django.db.models import Q

from apps.accounts import selectors as accounts
from apps.accounts.models import User
from apps.common import clock, inserting
from apps.common.requests import current_request_id
from apps.notifications import deliveries, frames, policy, streams
from apps.notifications.deliveries import cancel, deliver, resend, withdraw_from
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
from apps.notifications.streams import held_by_others
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
    "cancel",
    "deliver",
    "expire_due",
    "held_by_others",
    "mark_all_read",
    "mark_read",
    "mark_unread",
    "notify",
    "notify_many",
    "notify_user_by_id",
    "prune",
    "resend",
    "store",
    "store_free",
    "unarchive",
    "withdraw",
    "withdraw_from",
]


# The source and the idempotency key.
_Name = tuple[str, str]


def notify(
    *,
    recipient: User | int | None = None,
    **message: Unpack[Message],
) -> Notification:
    """Send one notification; a known idempotency key returns the existing one.

    recipient: None where `addresses` says where it goes, to nobody's page.
    Raises: DraftError naming the wrong fields, User.DoesNotExist.
    """
    recipient_id = recipient.pk if isinstance(recipient, User) else recipient
    return notify_many([Draft(recipient_id or policy.NOBODY, **message)])[0]


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
    now = clock.now()
    with transaction.atomic():
        steps = Counter(draft.recipient_id for draft in completed)
        last_seqs = streams.advance_free(steps)
        free = [draft for draft in completed if draft.recipient_id in last_seqs]
        rows = iter(_inserted(free, last_seqs, now))
    return [
        next(rows) if each.recipient_id in last_seqs else None for each in completed
    ]


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
    try:
        return _numbered(drafts, now)
    except streams.NoStreamError as error:
        # Rolled back: nothing is held by an insertion that may have to wait.
        _require_active(error.user_ids)
        streams.add(error.user_ids)
        return _numbered(drafts, now)


def _numbered(drafts: Sequence[Draft], now: datetime) -> list[Notification]:
    with transaction.atomic():
        if any(draft.idempotency_key is not None for draft in drafts):
            return _once(drafts, now)
        _require_reachable(drafts)
        return _inserted(drafts, streams.advance(_steps(drafts)), now)


def _once(drafts: Sequence[Draft], now: datetime) -> list[Notification]:
    """Store what no earlier idempotency key, nor one of these drafts, stands for."""
    recipients = {draft.recipient_id for draft in drafts} - {policy.NOBODY}
    _require_active(recipients)
    streams.lock(_steps(drafts))
    known = _known(drafts)
    names = {name for draft in drafts if (name := _name(draft))} - known.keys()
    fresh = [draft for draft in drafts if _is_first(draft, names)]
    last_seqs = streams.advance(_steps(fresh))
    rows = iter(_inserted(fresh, last_seqs, now))
    result = []
    for draft in drafts:
        name = _name(draft)
        row = known[name] if name in known else next(rows)
        if name is not None:
            known[name] = row
        result.append(row)
    return result


def _name(draft: Draft) -> _Name | None:
    key = draft.idempotency_key
    return None if key is None else (draft.source, key)


def _is_first(draft: Draft, names: set[_Name]) -> bool:
    """Say whether nothing stands for the draft; takes its name out of `names`."""
    name = _name(draft)
    if name is None:
        return True
    is_first = name in names
    names.discard(name)
    return is_first


def _inserted(
    drafts: Sequence[Draft],
    last_seqs: dict[int, int],
    now: datetime,
) -> list[Notification]:
    """Insert drafts behind the last numbers; the streams are raised already."""
    rows = []
    for draft in drafts:
        seq = None
        if draft.is_in_app:
            seq = last_seqs[draft.recipient_id] = last_seqs[draft.recipient_id] + 1
        rows.append(_row(draft, seq=seq, now=now))
    if rows:
        inserting.insert(rows)
        transaction.on_commit(partial(_publish, rows), robust=True)
    outside = [
        (draft, row)
        for draft, row in zip(drafts, rows, strict=True)
        if not draft.is_plain
    ]
    if outside:
        deliveries.plan(outside, now=now)
    return rows


def _steps(drafts: Sequence[Draft]) -> Counter[int]:
    """Count what gets a number; what is not for the page has none."""
    return Counter(draft.recipient_id for draft in drafts if draft.is_in_app)


def _require_reachable(drafts: Sequence[Draft]) -> None:
    """Look at the recipients whose streams nobody looks at."""
    users = {draft.recipient_id for draft in drafts if not draft.is_in_app}
    if users - {policy.NOBODY}:
        _require_active(users - {policy.NOBODY})


def _require_active(recipients: Collection[int]) -> None:
    absent = set(recipients) - accounts.active_user_ids(user_ids=sorted(recipients))
    if absent:
        raise streams.NoStreamError(absent)


def _known(drafts: Sequence[Draft]) -> dict[_Name, Notification]:
    wanted = Q()
    for draft in drafts:
        if draft.idempotency_key is not None:
            wanted |= Q(source=draft.source, idempotency_key=draft.idempotency_key)
    return {
        (row.source, row.idempotency_key or ""): row
        for row in Notification.objects.filter(wanted)
    }


def _row(draft: Draft, *, seq: int | None, now: datetime) -> Notification:
    return Notification(
        recipient_id=draft.recipient_id or None,
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
        if row.seq is None or row.recipient_id is None:
            continue
        publishing.publish_notification(
            user_id=row.recipient_id,
            seq=row.seq,
            key=str(row.key),
            frame=frames.encoded(row, replay=False),
        )
