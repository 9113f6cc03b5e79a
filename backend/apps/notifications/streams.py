"""A user's numbering, held by a row lock to the commit (docs/protocol.md, I1)."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from django.db import connection, transaction
from django.db.models import BigIntegerField, Case, F, When

from apps.accounts.models import User
from apps.notifications.models import Stream

USERS_AT_ONCE = 500

# The path of every notification: one statement finds the active users among the
# recipients, locks their streams in ascending order and raises the numbers. Through
# the ORM it is four, and they cost more than all the rest of a notification.
_RAISE = {
    "postgresql": """
        UPDATE notifications_stream SET last_seq = last_seq + held.step
        FROM (
            SELECT stream.user_id, wanted.step
            FROM unnest(%s::bigint[], %s::bigint[]) AS wanted (user_id, step)
            JOIN notifications_stream AS stream USING (user_id)
            JOIN accounts_user AS person ON person.id = user_id
            WHERE person.is_active
            ORDER BY user_id
            FOR NO KEY UPDATE OF stream {skipping}
        ) AS held
        WHERE notifications_stream.user_id = held.user_id
        RETURNING notifications_stream.user_id, last_seq
    """,
    # The IMMEDIATE transaction is the lock.
    "sqlite": """
        UPDATE notifications_stream SET last_seq = last_seq + held.step
        FROM (
            SELECT person.id AS user_id, wanted.value AS step
            FROM json_each(%s) AS wanted
            JOIN accounts_user AS person ON person.id = CAST(wanted.key AS INTEGER)
            WHERE person.is_active
        ) AS held
        WHERE notifications_stream.user_id = held.user_id
        RETURNING user_id, last_seq
    """,
}


class NoStreamError(User.DoesNotExist):
    """Some recipients are not active, or were never sent anything."""

    def __init__(self, user_ids: Collection[int]) -> None:
        """Keep the ids."""
        self.user_ids = user_ids
        named = ", ".join(str(user_id) for user_id in sorted(user_ids))
        super().__init__(f"There is no active user with the id {named}.")


def advance(steps: Mapping[int, int]) -> dict[int, int]:
    """Raise each user's last number by its step; return the last numbers before.

    The streams stay locked until the transaction ends.

    Raises: NoStreamError, after which the transaction is to be rolled back;
    ValueError for more than 500 users.
    """
    found = _advance(steps, is_waiting=True)
    if len(found) < len(steps):
        raise NoStreamError(steps.keys() - found.keys())
    return found


def advance_free(steps: Mapping[int, int]) -> dict[int, int]:
    """Do the same for those active users whose stream exists and nobody else holds.

    Raises: ValueError for more than 500 users.
    """
    return _advance(steps, is_waiting=False)


def add(user_ids: Collection[int]) -> None:
    """Make the streams of users that have none; to be called while none is locked."""
    rows = [Stream(user_id=user_id) for user_id in sorted(user_ids)]
    Stream.objects.bulk_create(rows, ignore_conflicts=True)


def _advance(steps: Mapping[int, int], *, is_waiting: bool) -> dict[int, int]:
    _check_number(steps)
    if not steps:
        return {}
    statement = _RAISE[connection.vendor]
    parameters: tuple[str | list[int], ...] = (json.dumps(steps),)
    if connection.vendor == "postgresql":
        statement = statement.format(skipping="" if is_waiting else "SKIP LOCKED")
        parameters = (list(steps), list(steps.values()))
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return {user_id: last - steps[user_id] for user_id, last in cursor.fetchall()}


def _check_number(user_ids: Collection[int]) -> None:
    if len(user_ids) > USERS_AT_ONCE:
        message = f"At most {USERS_AT_ONCE} users at once, not {len(user_ids)}."
        raise ValueError(message)


def lock(user_ids: Collection[int]) -> dict[int, Stream]:
    """Lock the streams of these users until the transaction ends.

    They are locked in ascending user id; missing ones are inserted before any lock
    is taken, since an insert that waits while holding locks would deadlock. On SQLite
    the IMMEDIATE transaction is the lock.

    Raises: ValueError for more than 500 users.
    """
    ordered = sorted(set(user_ids))
    _check_number(ordered)
    if len(ordered) == 1 and (streams := _locked(ordered)):
        return streams
    _insert_missing(ordered)
    return _locked(ordered)


def held_by_others(user_ids: Collection[int]) -> set[int]:
    """Say whose stream another transaction holds just now; it may let go at any time.

    On PostgreSQL only: on SQLite one transaction holds all.
    """
    present = Stream.objects.filter(user_id__in=user_ids)
    with transaction.atomic():
        mine = present.select_for_update(skip_locked=True, no_key=True)
        free = set(mine.values_list("user_id", flat=True))
    return set(present.values_list("user_id", flat=True)) - free


def raise_state_version(steps: Mapping[int, int]) -> None:
    """Raise the state version of each user by its step; the streams are locked."""
    _raise("state_version", steps)


def raise_pruned_to(streams: Collection[Stream], numbers: Mapping[int, int]) -> None:
    """Note up to which number rows may be gone; the streams are locked."""
    behind = [row for row in streams if row.pruned_to < numbers[row.user_id]]
    for stream in behind:
        stream.pruned_to = numbers[stream.user_id]
    Stream.objects.bulk_update(behind, ["pruned_to"])


def _locked(ordered: Sequence[int]) -> dict[int, Stream]:
    rows = Stream.objects.filter(user_id__in=ordered).order_by("user_id")
    return {stream.user_id: stream for stream in rows.select_for_update()}


def _insert_missing(ordered: Sequence[int]) -> None:
    present = set(
        Stream.objects.filter(user_id__in=ordered).values_list("user_id", flat=True),
    )
    add([each for each in ordered if each not in present])


def _raise(field: str, steps: Mapping[int, int]) -> None:
    users_by_step: defaultdict[int, list[int]] = defaultdict(list)
    for user_id, step in steps.items():
        users_by_step[step].append(user_id)
    cases = [
        When(user_id__in=users, then=F(field) + step)
        for step, users in users_by_step.items()
    ]
    if cases:
        raised = Case(*cases, default=F(field), output_field=BigIntegerField())
        Stream.objects.filter(user_id__in=list(steps)).update(**{field: raised})
