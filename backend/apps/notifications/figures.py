"""Counts whom the notifications of a source have told and reached, channel by channel.

Only for sources whose app wants to know: nobody asks for the figures of every service,
and a source that sends one notification each would have as many counters.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from apps.accounts.models import User
from apps.common.adding import add
from apps.notifications.models import (
    AttemptStatus,
    Notification,
    NotificationAttempt,
    SourceCounter,
)

# A delivery and a channel of it.
Places = set[tuple[int, str]]
_prefixes: set[str] = set()


def count(prefix: str) -> None:
    """Count the sources whose name begins like this, from now on."""
    _prefixes.add(prefix)


def is_counted(source: str) -> bool:
    """Say whether somebody wants to know the figures of a source."""
    return source.startswith(tuple(_prefixes))


class Figures:
    """What a batch adds: its deliveries are compared with what they were before.

    So each channel of a delivery counts once, whatever its attempts go through: told
    with the first that is not left out, delivered with the first that is sent. Whoever
    changes attempts holds their delivery.
    """

    def __init__(
        self,
        notifications: Mapping[int, Notification],
        attempts: Mapping[int, Sequence[NotificationAttempt]],
    ) -> None:
        """Remember how things are; `attempts` is looked at again when it is written."""
        self._notifications = {
            pk: each for pk, each in notifications.items() if is_counted(each.source)
        }
        self._attempts = attempts
        self._before = self._told(), self._delivered()

    def write(self) -> None:
        """Add what is new; last in a transaction, for all workers meet here."""
        told = self._told() - self._before[0]
        delivered = self._delivered() - self._before[1]
        if not told and not delivered:
            return
        teams = self._teams({pk for pk, _ in told | delivered})
        rows: dict[tuple[str, str, int], Counter[str]] = {}
        for what, places in (("told", told), ("delivered", delivered)):
            for pk, channel in places:
                key = self._notifications[pk].source, channel, teams[pk]
                rows.setdefault(key, Counter())[what] += 1
        add(
            SourceCounter,
            ("source", "channel", "team_number"),
            rows,
            counted=("told", "delivered"),
        )

    def _told(self) -> Places:
        return {
            (pk, each.channel)
            for pk in self._notifications
            for each in self._attempts.get(pk, ())
            if each.status != AttemptStatus.SKIPPED
        }

    def _delivered(self) -> Places:
        return {
            (pk, each.channel)
            for pk in self._notifications
            for each in self._attempts.get(pk, ())
            if each.status == AttemptStatus.SENT
        }

    def _teams(self, ids: set[int]) -> dict[int, int]:
        recipients = {pk: self._notifications[pk].recipient_id for pk in ids}
        users = User.objects.filter(pk__in=filter(None, set(recipients.values())))
        teams = dict(users.values_list("pk", "team_id"))
        return {pk: teams.get(user or 0) or 0 for pk, user in recipients.items()}
