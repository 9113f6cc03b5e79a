"""What users want to hear outside of the page, and when.

What is critical is never switched off and never held back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time

from django.db import transaction

from apps.accounts import quiet_hours, vocabulary
from apps.accounts.models import ChannelPreference, QuietHours, User
from apps.accounts.quiet_hours import Hours
from apps.accounts.vocabulary import EVERY_KIND

CRITICAL = "critical"
SWITCHED_OFF = "switched_off"
IN_QUIET_HOURS = "quiet_hours"
KINDS_AT_MOST = 100

# Whether a channel is on, by kind and channel.
Choices = Mapping[str, Mapping[str, bool]]


class TooManyKinds(Exception):  # noqa: N818  (reads as what happened)
    """More kinds than anybody chooses for by hand."""


@dataclass(frozen=True)
class Verdict:
    """Whether a channel may be used now.

    allowed: now. held_until: where it is not, but will be then; None means never.
    reason: empty, `switched_off` or `quiet_hours`.
    """

    allowed: bool
    held_until: datetime | None = None
    reason: str = ""


ALLOWED = Verdict(allowed=True)


@dataclass(frozen=True)
class Asked:
    """What a verdict is wanted for: `asker` is the caller's own number for it."""

    asker: int
    user_id: int
    kind: str
    severity: str


@dataclass(frozen=True)
class QuietHoursChange:
    """What is written of the quiet hours; None stays."""

    enabled: bool | None = None
    start: time | None = None
    end: time | None = None


def decide(
    *,
    severity: str,
    is_enabled: bool,
    quiet_until: datetime | None,
) -> Verdict:
    """Say whether a channel may be used now."""
    if severity == CRITICAL:
        return ALLOWED
    if not is_enabled:
        return Verdict(allowed=False, reason=SWITCHED_OFF)
    if quiet_until is not None:
        return Verdict(allowed=False, held_until=quiet_until, reason=IN_QUIET_HOURS)
    return ALLOWED


def verdict(
    *,
    user_id: int,
    channel: str,
    kind: str,
    severity: str,
    now: datetime,
) -> Verdict:
    """Say whether an outside channel may be used now for this user.

    With `allowed` false and `held_until` set, wait until then and ask again; with
    `held_until` None, this channel is not wanted: leave it out.
    """
    if severity == CRITICAL:
        return ALLOWED
    chosen = ChannelPreference.objects.filter(user_id=user_id, channel=channel)
    by_kind = dict(
        chosen.filter(kind__in=[kind, EVERY_KIND]).values_list("kind", "enabled")
    )
    return decide(
        severity=severity,
        is_enabled=_is_enabled(by_kind, kind),
        quiet_until=quiet_until([user_id], now=now).get(user_id),
    )


def verdicts(
    asked: Sequence[Asked],
    *,
    channels: Sequence[str],
    now: datetime,
) -> dict[int, dict[str, Verdict]]:
    """Say the same for many, in two queries: by what asks, and by channel."""
    users = {each.user_id for each in asked if each.severity != CRITICAL}
    if not users:
        return {}
    chosen = ChannelPreference.objects.filter(user_id__in=users, channel__in=channels)
    by_place: dict[tuple[int, str], dict[str, bool]] = {}
    for row in chosen:
        by_place.setdefault((row.user_id, row.channel), {})[row.kind] = row.enabled
    quiet = quiet_until(sorted(users), now=now)
    return {
        each.asker: {
            channel: decide(
                severity=each.severity,
                is_enabled=_is_enabled(
                    by_place.get((each.user_id, channel), {}), each.kind
                ),
                quiet_until=quiet.get(each.user_id),
            )
            for channel in channels
        }
        for each in asked
    }


def quiet_until(user_ids: Sequence[int], *, now: datetime) -> dict[int, datetime]:
    """Return until when it is quiet, for those of the users for whom it is now."""
    rows = QuietHours.objects.filter(user_id__in=user_ids, enabled=True)
    ends = {
        user_id: quiet_hours.ends_at(Hours(start, end, zone), now=now)
        for user_id, start, end, zone in rows.values_list(
            "user_id", "start", "end", "user__timezone"
        )
    }
    return {user_id: end for user_id, end in ends.items() if end is not None}


def quiet_hours_of(user: User) -> QuietHours:
    """Return the stored quiet hours, or the default ones, which are off."""
    stored = QuietHours.objects.filter(user=user).first()
    return stored or QuietHours(user=user)


def choices_of(user: User) -> dict[str, dict[str, bool]]:
    """Return what is on, for `*`, every known kind and every kind chosen for."""
    chosen: dict[str, dict[str, bool]] = {}
    for row in ChannelPreference.objects.filter(user=user):
        chosen.setdefault(row.channel, {})[row.kind] = row.enabled
    kinds = set(vocabulary.kinds()).union(*(each.keys() for each in chosen.values()))
    return {
        kind: {
            channel: _is_enabled(chosen.get(channel, {}), kind)
            for channel in vocabulary.channels()
        }
        for kind in [EVERY_KIND, *sorted(kinds - {EVERY_KIND})]
    }


def change(
    user: User,
    *,
    choices: Choices,
    hours: QuietHoursChange | None,
    replace: bool = False,
) -> None:
    """Write choices and quiet hours; what is absent stays.

    replace: forget the choices that are not given, and unless given the quiet hours.
    Raises: TooManyKinds.
    """
    rows = [
        ChannelPreference(user=user, kind=kind, channel=channel, enabled=enabled)
        for kind, by_channel in choices.items()
        for channel, enabled in by_channel.items()
    ]
    with transaction.atomic():
        # Of two changes at once the second begins when the first is stored.
        User.objects.select_for_update(of=("self",)).get(pk=user.pk)
        if replace:
            ChannelPreference.objects.filter(user=user).delete()
            QuietHours.objects.filter(user=user).delete()
        ChannelPreference.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["user", "kind", "channel"],
            update_fields=["enabled"],
        )
        if _kinds_chosen(user) > KINDS_AT_MOST:
            raise TooManyKinds
        if hours is not None:
            QuietHours.objects.update_or_create(
                user=user,
                defaults={
                    name: value
                    for name, value in vars(hours).items()
                    if value is not None
                },
            )


def _kinds_chosen(user: User) -> int:
    chosen = ChannelPreference.objects.filter(user=user)
    return chosen.order_by().values("kind").distinct().count()


def _is_enabled(by_kind: Mapping[str, bool], kind: str) -> bool:
    return by_kind.get(kind, by_kind.get(EVERY_KIND, True))
