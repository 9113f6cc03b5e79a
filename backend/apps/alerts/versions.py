"""The deployment-wide version: raised with every change, told to whom it concerns.

A version is stored with the groups that it concerns. So the poll knows, of a
connection that did not hear a version, whether it missed anything by that: an alert to
one team costs the other teams nothing.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from django.db import transaction
from django.db.models import F

from apps.alerts.models import AlertChange, AlertsVersion
from apps.common import clock
from apps.push import publishing
from apps.push.registry import Change

SNAPSHOT = "alerts"
# A hint may be on its way for this long before the poll takes it for lost.
HINT_PATIENCE = timedelta(seconds=0.5)
CHANGES_KEPT = timedelta(hours=1)


@dataclass(frozen=True)
class News:
    """A change for some groups, and how it is told them once its version is known."""

    groups: Collection[str]
    tell: Callable[[str, int], None]
    is_silent: bool = False


def current() -> int:
    """Return the version."""
    return AlertsVersion.objects.values_list("version", flat=True).first() or 0


def announce(news: Sequence[News]) -> int:
    """Give each its version, in their order, and tell it after the commit.

    Call it last in a transaction: it holds the one row that everybody raises. Returns
    the last of the versions.
    """
    last = _raised(len(news))
    now = clock.now()
    numbered = list(enumerate(news, start=last - len(news) + 1))
    AlertChange.objects.bulk_create(
        AlertChange(version=version, group=group, is_silent=each.is_silent, at=now)
        for version, each in numbered
        for group in sorted(each.groups)
    )
    transaction.on_commit(partial(_tell, numbered), robust=True)
    return last


def frame(build: Callable[[int], str], *, alert_id: int) -> Callable[[str, int], None]:
    """Tell a change by a frame, the same for everybody in the group."""

    def tell(group: str, version: int) -> None:
        publishing.publish_frame(
            group,
            build(version),
            snapshot=SNAPSHOT,
            version=version,
            subject=alert_id,
        )

    return tell


def look(group: str, _: int) -> None:
    """Tell a change by having the hubs look: each page gets its alerts anew."""
    publishing.publish_look(group)


def changes(since: int) -> list[Change] | None:
    """Return what changed after a version; None when that is not known any more."""
    pruned_to = AlertsVersion.objects.values_list("pruned_to", flat=True).first() or 0
    if since < pruned_to:
        return None
    fresh_since = clock.now() - HINT_PATIENCE
    rows = AlertChange.objects.filter(version__gt=since).order_by("version")
    return [
        Change(version, group, is_fresh=at > fresh_since and not is_silent)
        for version, group, is_silent, at in rows.values_list(
            "version", "group", "is_silent", "at"
        )
    ]


def prune() -> int:
    """Forget old changes; who has not looked since then gets a snapshot."""
    with transaction.atomic():
        old = AlertChange.objects.filter(at__lt=clock.now() - CHANGES_KEPT)
        newest = old.order_by("-version").values_list("version", flat=True).first()
        if newest is None:
            return 0
        AlertsVersion.objects.update(pruned_to=newest)
        return AlertChange.objects.filter(version__lte=newest).delete()[0]


def _raised(steps: int) -> int:
    if not AlertsVersion.objects.update(version=F("version") + steps):
        AlertsVersion.objects.bulk_create([AlertsVersion(pk=1)], ignore_conflicts=True)
        AlertsVersion.objects.update(version=F("version") + steps)
    return AlertsVersion.objects.get().version


def _tell(numbered: Sequence[tuple[int, News]]) -> None:
    for version, news in numbered:
        for group in sorted(news.groups):
            news.tell(group, version)
