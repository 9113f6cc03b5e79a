"""A user's numbering, held by a row lock to the commit (docs/protocol.md, I1)."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from django.db import connection
from django.db.models import BigIntegerField, Case, F, When

from apps.notifications.models import Stream

USERS_AT_ONCE = 500


def lock(user_ids: Collection[int]) -> dict[int, Stream]:
    """Lock the streams of these users until the transaction ends.

    They are locked in ascending user id; missing ones are inserted before any lock
    is taken, since an insert that waits while holding locks would deadlock. On SQLite
    the IMMEDIATE transaction is the lock.

    Raises: ValueError for more than 500 users.
    """
    ordered = sorted(set(user_ids))
    if len(ordered) > USERS_AT_ONCE:
        message = f"At most {USERS_AT_ONCE} users at once, not {len(ordered)}."
        raise ValueError(message)
    if len(ordered) == 1 and (streams := _locked(ordered)):
        return streams
    _insert_missing(ordered)
    return _locked(ordered)


def lock_free(user_ids: Collection[int]) -> set[int]:
    """Lock those streams of these users that exist and that nobody else holds.

    On SQLite the IMMEDIATE transaction holds them all.
    """
    rows = Stream.objects.filter(user_id__in=set(user_ids)).order_by("user_id")
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True)
    return set(rows.values_list("user_id", flat=True))


def raise_last_seq(steps: Mapping[int, int]) -> None:
    """Raise the last number of each user by its step; the streams are locked."""
    _raise("last_seq", steps)


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
    missing = [Stream(user_id=each) for each in ordered if each not in present]
    if missing:
        Stream.objects.bulk_create(missing, ignore_conflicts=True)


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
