"""What the inbox and the socket read of a user's stream."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import (
    BigIntegerField,
    Count,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    Window,
)
from django.db.models.functions import Coalesce, RowNumber

from apps.accounts.models import User
from apps.common import clock
from apps.notifications import epochs, frames
from apps.notifications.models import (
    Broadcast,
    Notification,
    Severity,
    Stream,
    StreamEpoch,
)


@dataclass(frozen=True)
class Position:
    """How far a user's stream is."""

    epoch: str
    last_seq: int
    state_version: int
    pruned_to: int


@dataclass(frozen=True)
class Head:
    """A position and the number of unread notifications, of one moment."""

    position: Position
    unread: int


@dataclass(frozen=True)
class Beginning:
    """Where a socket of a user begins: the head, and what it has to be sent again.

    replay_after: the number below the newest unacknowledged ones, as many as asked
    for, or the last number where there are none; is_truncated: there are more.
    """

    head: Head
    replay_after: int
    is_truncated: bool


@dataclass(frozen=True)
class Outgoing:
    """A number of a stream and its encoded frame."""

    seq: int
    key: str
    frame: str


@dataclass(frozen=True)
class Range:
    """The numbers of a user with after < seq <= up_to."""

    user_id: int
    after: int
    up_to: int


@dataclass(frozen=True)
class Counts:
    """What an inbox holds; `by_severity` is of the unread."""

    unread: int
    total: int
    archived: int
    by_severity: dict[str, int]


def standing(now: datetime) -> Q:
    """Match what is for the page, neither withdrawn nor overtaken by its expiry."""
    return Q(seq__isnull=False, withdrawn_at=None, expired_at=None) & (
        Q(expires_at=None) | Q(expires_at__gt=now)
    )


def live(now: datetime) -> Q:
    """Match what stands and is not archived."""
    return standing(now) & Q(archived_at=None)


def epoch() -> str:
    """Return the epoch of this deployment."""
    return epochs.current()


def position(user_id: int) -> Position:
    """Return the user's position; zeros for who never got anything."""
    return _head(user_id, unread=Value(0)).position


def head(user_id: int) -> Head:
    """Return the position and the unread count, read in one query."""
    return _head(user_id, unread=_or_zero(_unread_of(user_id)))


def positions(user_ids: Sequence[int]) -> dict[int, Position]:
    """Return the position of each user; who never got anything is left out."""
    held = epochs.current()
    rows = Stream.objects.filter(user_id__in=user_ids)
    return {
        row.user_id: Position(held, row.last_seq, row.state_version, row.pruned_to)
        for row in rows
    }


def outgoing(
    user_id: int,
    *,
    after: int,
    up_to: int,
    limit: int,
    unacknowledged_only: bool,
    replay: bool,
) -> list[Outgoing]:
    """Return frames in ascending order with after < seq <= up_to."""
    rows = Notification.objects.filter(live(clock.now()), recipient_id=user_id)
    if unacknowledged_only:
        rows = rows.filter(acked_at=None)
    rows = rows.filter(seq__gt=after, seq__lte=up_to).order_by("seq")[:limit]
    return [_outgoing(row, replay=replay) for row in rows]


def outgoing_many(
    ranges: Sequence[Range],
    *,
    limit_each: int,
) -> dict[int, list[Outgoing]]:
    """Return frames for many users in one query, ascending, `limit_each` a user."""
    result: dict[int, list[Outgoing]] = {each.user_id: [] for each in ranges}
    if not ranges:
        return result
    wanted = reduce(
        or_,
        (
            Q(recipient_id=each.user_id, seq__gt=each.after, seq__lte=each.up_to)
            for each in ranges
        ),
    )
    rows = (
        Notification.objects.filter(live(clock.now()))
        .filter(wanted)
        .annotate(
            place=Window(RowNumber(), partition_by="recipient_id", order_by="seq"),
        )
        .filter(place__lte=limit_each)
        .order_by("recipient_id", "seq")
    )
    for row in rows:
        result[row.recipient_id or 0].append(_outgoing(row, replay=False))
    return result


def beginnings(user_ids: Sequence[int], *, limit: int) -> dict[int, Beginning]:
    """Return where each user's socket begins, read in one query beside the epoch's.

    limit: how many unacknowledged notifications are replayed at most. The subqueries
    walk an index over that many rows, however many are unacknowledged.
    """
    epoch, mine = epochs.current(), OuterRef("user_id")
    newest = _outstanding(mine).order_by("-seq").values("seq")
    rows = Stream.objects.filter(user_id__in=user_ids).annotate(
        unread=_or_zero(_unread_of(mine)),
        oldest=Subquery(_outstanding(mine).order_by("seq").values("seq")[:1]),
        last_in=Subquery(newest[limit - 1 : limit]),
        first_out=Subquery(newest[limit : limit + 1]),
    )
    nothing = Beginning(Head(Position(epoch, 0, 0, 0), 0), 0, is_truncated=False)
    found = dict.fromkeys(user_ids, nothing)
    return found | {row.user_id: _beginning(row, epoch) for row in rows}


def _beginning(row: Any, epoch: str) -> Beginning:
    position = Position(epoch, row.last_seq, row.state_version, row.pruned_to)
    first = row.last_in or row.oldest
    return Beginning(
        Head(position, unread=row.unread),
        replay_after=row.last_seq if first is None else first - 1,
        is_truncated=row.first_out is not None,
    )


def still_outstanding(user_id: int, seqs: Collection[int]) -> set[int]:
    """Return those of the numbers that still wait for an acknowledgement."""
    rows = _outstanding(user_id).filter(seq__in=seqs)
    return {seq for seq in rows.values_list("seq", flat=True) if seq is not None}


def unread_count(user_id: int) -> int:
    """Count what the user has not read."""
    return unread_counts([user_id])[user_id]


def unread_counts(user_ids: Collection[int]) -> dict[int, int]:
    """Count what each user has not read."""
    rows = (
        Notification.objects.filter(live(clock.now()))
        .filter(recipient_id__in=user_ids, read_at=None)
        .order_by()
        .values_list("recipient_id")
        .annotate(count=Count("pk"))
    )
    return dict.fromkeys(user_ids, 0) | dict(rows)


def counts(user_id: int) -> Counts:
    """Count a user's inbox, in one query."""
    rows = Notification.objects.filter(standing(clock.now()), recipient_id=user_id)
    is_unread = Q(read_at=None, archived_at=None)
    found = rows.aggregate(
        total=Count("pk", filter=Q(archived_at=None)),
        archived=Count("pk", filter=Q(archived_at__isnull=False)),
        **{
            each: Count("pk", filter=is_unread & Q(severity=each))
            for each in Severity.values
        },
    )
    by_severity = {each: found[each] for each in Severity.values}
    return Counts(
        unread=sum(by_severity.values()),
        total=found["total"],
        archived=found["archived"],
        by_severity=by_severity,
    )


def inbox(user_id: int) -> QuerySet[Notification]:
    """Return everything that the user ever got and that is still kept."""
    return Notification.objects.filter(recipient_id=user_id, seq__isnull=False)


def _outstanding(user_id: int | OuterRef) -> QuerySet[Notification]:
    return Notification.objects.filter(
        live(clock.now()),
        recipient_id=user_id,
        acked_at=None,
    )


def _unread_of(user_id: int | OuterRef) -> QuerySet[Any, Any]:
    return (
        Notification.objects.filter(live(clock.now()))
        .filter(recipient_id=user_id, read_at=None)
        .order_by()
        .values("recipient_id")
        .annotate(count=Count("pk"))
        .values("count")
    )


def _outgoing(row: Notification, *, replay: bool) -> Outgoing:
    return Outgoing(
        seq=row.seq or 0,
        key=str(row.key),
        frame=frames.encoded(row, replay=replay),
    )


def _or_zero(rows: QuerySet[Any, Any]) -> Coalesce:
    return Coalesce(Subquery(rows), Value(0), output_field=BigIntegerField())


def _head(user_id: int, *, unread: Coalesce | Value) -> Head:
    stream = Stream.objects.filter(user_id=user_id)
    rows = StreamEpoch.objects.annotate(
        last_seq=_or_zero(stream.values("last_seq")),
        state_version=_or_zero(stream.values("state_version")),
        pruned_to=_or_zero(stream.values("pruned_to")),
        unread=unread,
    )
    row = rows.first()
    if row is None:
        epochs.current()
        row = rows.get()
    found = Position(row.epoch, row.last_seq, row.state_version, row.pruned_to)
    return Head(position=found, unread=row.unread)


def in_state(state: str, now: datetime) -> Q:
    """Match what is in a state; every row is in one of them."""
    not_withdrawn = Q(withdrawn_at=None)
    return {
        "unread": live(now) & Q(read_at=None),
        "read": live(now) & Q(read_at__isnull=False),
        "archived": standing(now) & Q(archived_at__isnull=False),
        "withdrawn": Q(withdrawn_at__isnull=False),
        "expired": not_withdrawn
        & (Q(expired_at__isnull=False) | Q(expires_at__lte=now)),
    }.get(state, Q(pk=None))


def state_of(row: Notification, *, now: datetime) -> str:
    """Say what a notification is to its recipient."""
    is_expired = row.expires_at is not None and row.expires_at <= now
    if row.withdrawn_at is not None:
        return "withdrawn"
    if row.expired_at is not None or is_expired:
        return "expired"
    if row.archived_at is not None:
        return "archived"
    return "unread" if row.read_at is None else "read"


def recipients(
    *,
    user_ids: Collection[int],
    external_ids: Collection[str],
) -> tuple[set[int], dict[str, int]]:
    """Return which of the ids are active users, and the ids of the external ids."""
    rows = User.objects.filter(is_active=True).filter(
        Q(pk__in=user_ids) | Q(external_id__in=external_ids),
    )
    found = list(rows.values_list("pk", "external_id"))
    return {pk for pk, _ in found}, {external: pk for pk, external in found if external}


def broadcasts() -> QuerySet[Broadcast]:
    """Return all broadcasts, newest first."""
    return Broadcast.objects.order_by("-id")
