"""Changes of what a notification is to its recipient: read, archived, withdrawn.

Every change locks the streams first, raises their state versions in the same
transaction, and tells the open pages after the commit.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import Case, DateTimeField, F, Q, Value, When
from django.db.models.functions import Coalesce

from apps.common import clock
from apps.notifications import acked, selectors, streams
from apps.notifications.models import Notification
from apps.push import protocol, publishing

ROWS_AT_ONCE = 200
_UNREAD = Q(read_at=None, archived_at=None, withdrawn_at=None, expired_at=None)


@dataclass(frozen=True)
class Ack:
    """What a user's clients have stored, or (`read`) the user has read.

    device: the program's name, for people who ask which one it was.
    """

    user_id: int
    keys: frozenset[UUID] = frozenset()
    up_to: int | None = None
    read: bool = False
    device: str = ""


@dataclass(frozen=True)
class AckResult:
    """The keys of an acknowledgement that are not this user's, or do not exist."""

    user_id: int
    unknown: frozenset[UUID] = frozenset()


@dataclass(frozen=True)
class _Change:
    """`rows` are to get `values`; those that have them already do not match."""

    user_id: int
    state: str
    rows: Q
    values: Mapping[str, object]
    keys: Collection[UUID] = field(default=())
    up_to: int | None = None
    device: str = ""


@dataclass(frozen=True)
class _Told:
    change: _Change
    state_version: int


def acknowledge(acks: Sequence[Ack]) -> list[AckResult]:
    """Note acknowledgements and reads, in one transaction; read implies acknowledged.

    Bounds: 100 users of the socket's writer at a time, 500 at most.
    """
    now = clock.now()
    owners = _owners({key for ack in acks for key in ack.keys})
    unknown = [
        frozenset(key for key in ack.keys if owners.get(key) != ack.user_id)
        for ack in acks
    ]
    changes = [
        _acknowledgement(ack, ack.keys - foreign, now)
        for ack, foreign in zip(acks, unknown, strict=True)
        if ack.keys - foreign or ack.up_to is not None
    ]
    if changes:
        _apply(changes)
    return [
        AckResult(ack.user_id, foreign)
        for ack, foreign in zip(acks, unknown, strict=True)
    ]


def mark_read(user_id: int, keys: Collection[UUID], *, device: str = "") -> int:
    """Note that the user has read these; return how many were unread."""
    ack = Ack(user_id, frozenset(keys), read=True, device=device)
    return _apply([_acknowledgement(ack, ack.keys, clock.now())])


def mark_unread(user_id: int, keys: Collection[UUID]) -> int:
    """Undo `mark_read`; what was acknowledged stays acknowledged."""
    rows = Q(key__in=keys, read_at__isnull=False)
    return _apply([_Change(user_id, "unread", rows, {"read_at": None}, keys)])


def mark_all_read(user_id: int, up_to: int | None = None, *, device: str = "") -> int:
    """Note that the user has read everything, or everything up to a number."""
    with transaction.atomic():
        last = streams.lock([user_id])[user_id].last_seq
        number = last if up_to is None else min(up_to, last)
        ack = Ack(user_id, up_to=number, read=True, device=device)
        return _apply([_acknowledgement(ack, frozenset(), clock.now())])


def archive(user_id: int, keys: Collection[UUID], *, device: str = "") -> int:
    """Put these away; who puts something away has received it."""
    now = clock.now()
    rows = Q(key__in=keys, archived_at=None)
    values = {"archived_at": now, **_received(now, device)}
    return _apply([_Change(user_id, "archived", rows, values, keys)])


def unarchive(user_id: int, keys: Collection[UUID]) -> int:
    """Bring these back to the inbox, read or unread as they were."""
    with transaction.atomic():
        streams.lock([user_id])
        rows = Notification.objects.filter(recipient_id=user_id, key__in=keys)
        was_read = dict(rows.values_list("key", "read_at"))
        changes = [
            _Change(
                user_id,
                state,
                Q(key__in=part, archived_at__isnull=False),
                {"archived_at": None},
                part,
            )
            for state, part in (
                ("read", [key for key, read in was_read.items() if read]),
                ("unread", [key for key, read in was_read.items() if not read]),
            )
            if part
        ]
        return _apply(changes) if changes else 0


def withdraw(keys: Collection[UUID]) -> int:
    """Take notifications back: they leave every inbox; return how many did."""
    now = clock.now()
    only_outside = Notification.objects.filter(seq=None, withdrawn_at=None)
    withdrawn = only_outside.filter(key__in=keys).update(withdrawn_at=now)
    remaining = sorted(keys)
    while remaining:
        batch, remaining = remaining[:ROWS_AT_ONCE], remaining[ROWS_AT_ONCE:]
        changes = [
            _Change(
                user_id,
                "withdrawn",
                Q(key__in=own, withdrawn_at=None),
                {"withdrawn_at": now},
                own,
            )
            for user_id, own in _by_owner(_owners(batch)).items()
        ]
        withdrawn += _apply(changes)
    return withdrawn


def expire_due(now: datetime) -> int:
    """Mark what is past its expiry, in batches; return how many rows that were."""
    only_outside = Notification.objects.filter(seq=None, expired_at=None)
    expired = only_outside.filter(expires_at__lte=now).update(expired_at=now)
    while batch := _due(now):
        changes = [
            _Change(
                user_id,
                "expired",
                Q(key__in=own, expired_at=None),
                {"expired_at": now},
                own,
            )
            for user_id, own in _by_owner(batch).items()
        ]
        expired += _apply(changes)
    return expired


def _apply(changes: Sequence[_Change]) -> int:
    told: list[_Told] = []
    total = 0
    steps: Counter[int] = Counter()
    with transaction.atomic():
        held = streams.lock({change.user_id for change in changes})
        for change, changed in zip(changes, _written(changes), strict=True):
            if changed:
                total += changed
                steps[change.user_id] += 1
                version = held[change.user_id].state_version + steps[change.user_id]
                told.append(_Told(change, version))
        if told:
            streams.raise_state_version(steps)
            unread = selectors.unread_counts(list(steps))
            transaction.on_commit(partial(_tell, told, unread), robust=True)
    return total


def _written(changes: Sequence[_Change]) -> list[int]:
    """Write changes; return how many rows each of them changed."""
    # A user's several changes may be about the same rows, and are counted one by one.
    several = Counter(change.user_id for change in changes)
    up_to = {
        change.user_id: (change.up_to, change.device)
        for change in changes
        if change.state == "acked"
        and change.up_to is not None
        and not change.keys
        and several[change.user_id] == 1
    }
    counts = acked.note(up_to, now=clock.now())
    return [
        counts[change.user_id] if change.user_id in up_to else _update(change)
        for change in changes
    ]


def _update(change: _Change) -> int:
    # What has no number is not on the page, so nothing there can change it.
    rows = Notification.objects.filter(
        change.rows, recipient_id=change.user_id, seq__isnull=False
    )
    return rows.update(**change.values)


def _tell(told: Sequence[_Told], unread: Mapping[int, int]) -> None:
    for each in told:
        change = each.change
        keys = sorted(str(key) for key in change.keys)
        publishing.publish_state(
            user_id=change.user_id,
            state_version=each.state_version,
            state=change.state,
            keys=keys,
            up_to=change.up_to,
            frame=protocol.notification_state(
                keys=keys,
                up_to=change.up_to,
                state=change.state,
                state_version=each.state_version,
                unread=unread[change.user_id],
            ),
        )


def _acknowledgement(ack: Ack, keys: frozenset[UUID], now: datetime) -> _Change:
    rows = Q(key__in=keys)
    if ack.up_to is not None:
        rows |= Q(seq__lte=ack.up_to) & (_UNREAD if ack.read else Q())
    if ack.read:
        values = {"read_at": now, **_received(now, ack.device)}
        return _Change(
            ack.user_id, "read", rows & Q(read_at=None), values, keys, ack.up_to
        )
    return _Change(
        ack.user_id,
        "acked",
        rows & Q(acked_at=None),
        {"acked_at": now, "acked_by": ack.device},
        keys,
        ack.up_to,
        ack.device,
    )


def _received(now: datetime, device: str) -> dict[str, object]:
    """Acknowledge what is not; the first to do so keeps its name."""
    moment = Value(now, output_field=DateTimeField())
    first = When(acked_at=None, then=Value(device))
    return {
        "acked_at": Coalesce(F("acked_at"), moment),
        "acked_by": Case(first, default=F("acked_by")),
    }


def _owners(keys: Collection[UUID]) -> dict[UUID, int]:
    if not keys:
        return {}
    # What is not for the page has no number, and nothing that its reader could do.
    rows = Notification.objects.filter(key__in=keys, seq__isnull=False)
    return dict(rows.values_list("key", "recipient_id"))


def _by_owner(owners: Mapping[UUID, int]) -> dict[int, list[UUID]]:
    result: defaultdict[int, list[UUID]] = defaultdict(list)
    for key, user_id in owners.items():
        result[user_id].append(key)
    return result


def _due(now: datetime) -> dict[UUID, int]:
    rows = Notification.objects.filter(
        expires_at__lte=now, expired_at=None, seq__isnull=False
    )
    chosen = rows.order_by("expires_at").values_list("key", "recipient_id")
    return dict(chosen[:ROWS_AT_ONCE])
