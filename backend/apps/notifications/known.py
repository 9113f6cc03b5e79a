"""What is known of a batch of deliveries, read in a handful of queries."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Self

from django.db.models import Model

from apps.accounts import preferences
from apps.accounts.preferences import Verdict
from apps.common import inserting
from apps.delivery import channels, providers
from apps.notifications import ladder_rows
from apps.notifications.figures import Figures
from apps.notifications.ladder import Skip, Step, next_step
from apps.notifications.models import Delivery, Notification, NotificationAttempt
from apps.push import presence

_ONE_ROW_PER_ATTEMPT = ("delivery_id", "round", "channel", "number")
# What the next step depends on, where nobody is to be reached.
_JUDGED_BY = (
    "recipient_id",
    "kind",
    "severity",
    "source",
    "read_at",
    "expires_at",
    "withdrawn_at",
)
_ATTEMPT_FIELDS = (
    "status",
    "is_permanent",
    "retry_at",
    "repeats",
    "error",
    "provider_response",
    "started_at",
    "finished_at",
)


@dataclass
class Known:
    """Deliveries with everything that their next steps depend on."""

    rows: dict[int, Delivery]
    notifications: dict[int, Notification]
    attempts: dict[int, list[NotificationAttempt]]
    closed: dict[str, datetime]
    online: set[int]
    on_unknown: dict[str, str]
    figures: Figures
    now: datetime

    @classmethod
    def of(
        cls,
        rows: Sequence[Delivery],
        *,
        now: datetime,
        has_people: bool = True,
    ) -> Self:
        """Read what belongs to these rows; the recipients where they are needed."""
        ids = [row.pk for row in rows]
        found = Notification.objects.filter(pk__in=ids)
        if has_people:
            found = found.select_related("recipient__profile")
        else:
            found = found.only(*_JUDGED_BY)
        notifications = {each.pk: each for each in found}
        attempts: defaultdict[int, list[NotificationAttempt]] = defaultdict(list)
        for attempt in NotificationAttempt.objects.filter(delivery__in=ids):
            attempts[attempt.delivery_id].append(attempt)
        asking = [notifications[row.pk] for row in rows if row.skip_if_online]
        return cls(
            rows={row.pk: row for row in rows},
            notifications=notifications,
            attempts=attempts,
            closed=providers.closed_until(channels.names()),
            online=presence.online({each.recipient_id or 0 for each in asking}),
            on_unknown=ladder_rows.unknown_choices(),
            figures=Figures(notifications, attempts),
            now=now,
        )

    def step(self, row: Delivery) -> Step:
        """Say what comes next for a row."""
        notification = self.notifications[row.pk]
        at = ladder_rows.circumstances_of(
            notification,
            now=self.now,
            is_online=notification.recipient_id in self.online,
            closed=self.closed,
            verdicts=_Verdicts(self, row.pk),
            on_unknown=self.on_unknown,
        )
        attempts = ladder_rows.attempts_of(row, self.attempts.get(row.pk, ()))
        return next_step(ladder_rows.plan_of(row), attempts, at)

    @cached_property
    def verdicts(self) -> dict[int, dict[str, Verdict]]:
        """What the recipients want; looked up when a step first asks for it."""
        return _verdicts(self.notifications.values(), now=self.now)

    def place_next(self, row: Delivery, *, now: datetime) -> list[NotificationAttempt]:
        """Write what comes next into a row; return the attempts that were left out."""
        left_out: list[NotificationAttempt] = []
        while isinstance(step := self.step(row), Skip):
            left_out.append(self.skip(row, step, now=now))
        ladder_rows.place(row, step, now=now)
        return left_out

    def skip(self, row: Delivery, step: Skip, *, now: datetime) -> NotificationAttempt:
        """Leave a channel out in this round."""
        known = ladder_rows.attempts_of(row, self.attempts.get(row.pk, ()))
        number = ladder_rows.next_number(known, step.channel)
        attempt = ladder_rows.skipped(row, step, number=number, now=now)
        self.attempts.setdefault(row.pk, []).append(attempt)
        return attempt

    def attempt(self, delivery_id: int, attempt_id: int) -> NotificationAttempt | None:
        """Return an attempt by its id."""
        own = self.attempts.get(delivery_id, ())
        return next((each for each in own if each.pk == attempt_id), None)


class _Verdicts(Mapping[str, Verdict]):
    """What one recipient wants: most who settle need not know, and do not ask."""

    def __init__(self, known: Known, delivery_id: int) -> None:
        self._known, self._delivery_id = known, delivery_id

    def _found(self) -> dict[str, Verdict]:
        return self._known.verdicts.get(self._delivery_id, {})

    def __getitem__(self, channel: str) -> Verdict:
        return self._found()[channel]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found())

    def __len__(self) -> int:
        return len(self._found())


def save_attempts(attempts: Collection[NotificationAttempt]) -> None:
    """Write attempts, new and old ones."""
    stored = [each for each in attempts if not each._state.adding]
    new = [each for each in attempts if each._state.adding]
    inserting.insert(new, told_apart_by=_ONE_ROW_PER_ATTEMPT)
    update_alike(NotificationAttempt, stored, _ATTEMPT_FIELDS)


def save_deliveries(rows: Collection[Delivery]) -> None:
    """Write where deliveries stand."""
    update_alike(Delivery, rows, ladder_rows.PLACED)


def update_alike(
    model: type[Model], rows: Collection[Any], fields: Sequence[str]
) -> None:
    """Write rows with one UPDATE for all that get the same values; most do."""
    alike: defaultdict[tuple[Any, ...], list[int]] = defaultdict(list)
    for row in rows:
        alike[tuple(getattr(row, name) for name in fields)].append(row.pk)
    for values, ids in alike.items():
        chosen = model._default_manager.filter(pk__in=ids)
        chosen.update(**dict(zip(fields, values, strict=True)))


def _verdicts(
    notifications: Iterable[Notification], *, now: datetime
) -> dict[int, dict[str, Verdict]]:
    asked = [
        preferences.Asked(each.pk, each.recipient_id, each.kind, each.severity)
        for each in notifications
        if each.recipient_id is not None
    ]
    return preferences.verdicts(asked, channels=channels.names(), now=now)
