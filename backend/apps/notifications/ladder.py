"""What comes next for a notification with several channels: pure, without a clock.

The rules in words are in docs/delivery.md.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from apps.accounts.preferences import ALLOWED, Verdict

IN_APP = "in_app"
MOST_ATTEMPTS = 3
FIRST_RETRY = timedelta(seconds=10)
LONGEST_RETRY = timedelta(minutes=10)
# How long a provider may ask us to wait.
LONGEST_ASKED = timedelta(minutes=15)
DEFAULT_WAIT = timedelta(minutes=5)
# How often an open page is looked for.
ONLINE_AGAIN = timedelta(seconds=15)

# What an operator chose for outcomes that are unknown, by channel.
HOLD, RETRY, NEXT = "hold", "retry", "next"
# Why something waits for what is not its time.
PROVIDER, ONLINE = "provider", "online"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the sender wanted."""

    channels: tuple[str, ...]
    is_first: bool = True
    is_until_read: bool = False
    waits: tuple[timedelta, ...] = ()
    skip_if_online: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What is known of an attempt of this round; the status is AttemptStatus's.

    `retry_at` is when it may be tried again, drawn once when it ended.
    """

    channel: str
    number: int
    status: str
    ended_at: datetime | None = None
    is_permanent: bool = False
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What is so at this moment, beside the attempts.

    closed: until when a channel's provider is not used. verdicts: what the recipient
    wants, by channel. on_unknown: hold, retry or next, by channel.
    """

    now: datetime
    read_at: datetime | None = None
    is_over: bool = False
    is_online: bool = False
    closed: Mapping[str, datetime] = field(default_factory=dict)
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    on_unknown: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Try:
    """Make this attempt now."""

    channel: str
    number: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Look again at that time; with a reason it counts as held."""

    until: datetime
    channel: str
    number: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Hold:
    """Do nothing until a person decides."""

    channel: str
    reason: str


@dataclass(frozen=True, slots=True)
class Skip:
    """Leave the channel out in this round."""

    channel: str
    reason: str


@dataclass(frozen=True, slots=True)
class Finish:
    """It is over; `channel` is what it was sent by, or empty."""

    status: str
    channel: str = ""


Step = Try | Wait | Hold | Skip | Finish

SENT, FAILED, UNKNOWN = "sent", "failed", "unknown"
SKIPPED, CANCELLED = "skipped", "cancelled"


def next_step(plan: Plan, attempts: Sequence[Attempt], at: Circumstances) -> Step:
    """Say what to do next.

    attempts: of this round alone, none of them running.
    """
    view = _View(plan, attempts, at)
    if at.read_at is not None and plan.is_until_read:
        return Finish(SENT, view.succeeded[-1] if view.succeeded else IN_APP)
    if at.is_over:
        return Finish(SENT if view.succeeded else CANCELLED, view.last_succeeded)
    return view.next_of_first() if plan.is_first else view.next_of_all()


def retry_at(
    number: int,
    *,
    now: datetime,
    retry_after: float | None,
    random: Callable[[], float],
) -> datetime:
    """Say when a failed attempt may be made again.

    number: attempts made on this channel, from 1.
    Units: retry_after in seconds, as the provider asked; it wins when longer.
    Bounds: full jitter below 10 s doubling to 10 min, one second at least.
    """
    highest = min(LONGEST_RETRY, FIRST_RETRY * float(2 ** (number - 1)))
    drawn = max(timedelta(seconds=1), highest * random())
    asked = timedelta(seconds=retry_after or 0)
    return now + max(drawn, min(asked, LONGEST_ASKED))


class _View:
    """A ladder, looked at in one moment."""

    def __init__(
        self, plan: Plan, attempts: Sequence[Attempt], at: Circumstances
    ) -> None:
        self.plan, self.attempts, self.at = plan, attempts, at
        done = {each.channel for each in attempts if each.status == SENT}
        self.succeeded = [channel for channel in plan.channels if channel in done]
        self.last_succeeded = self.succeeded[-1] if self.succeeded else ""

    def next_of_first(self) -> Step:
        waiting: list[Wait] = []
        reached = self._reached()
        for place, channel in enumerate(self.plan.channels):
            if place < reached:
                # Passed over, and nobody comes back to it after a success.
                continue
            if channel in self.succeeded:
                if not self.plan.is_until_read:
                    return Finish(SENT, channel)
                step: Step | None = self._awaiting_a_reader(place)
            else:
                step = self._on_channel(channel)
            if isinstance(step, Wait) and step.reason == PROVIDER:
                # A provider in trouble does not keep the others waiting.
                waiting.append(step)
            elif step is not None:
                return step
        return self._end(waiting)

    def next_of_all(self) -> Step:
        open_channels = (
            channel for channel in self.plan.channels if channel not in self.succeeded
        )
        steps = [self._on_channel(channel) for channel in open_channels]
        for step in steps:
            if isinstance(step, Try | Skip):
                return step
        waits = [step for step in steps if isinstance(step, Wait)]
        held = [step for step in steps if isinstance(step, Hold)]
        return held[0] if held and not waits else self._end(waits)

    def _reached(self) -> int:
        """Say how far down a success has come; the page's own says nothing of it."""
        channels = self.plan.channels
        outside = (channel for channel in self.succeeded if channel != IN_APP)
        return max(map(channels.index, outside), default=0)

    def _end(self, waits: Sequence[Wait]) -> Step:
        if waits:
            return min(waits, key=lambda each: each.until)
        return Finish(SENT if self.succeeded else FAILED, self.last_succeeded)

    def _on_channel(self, channel: str) -> Step | None:
        """Say what to do on one channel; None when it is exhausted."""
        own = [each for each in self.attempts if each.channel == channel]
        if any(each.status == SKIPPED for each in own):
            return None
        counted = [each for each in own if each.status in {FAILED, UNKNOWN}]
        number = len(counted) + 1
        if counted and counted[-1].status == UNKNOWN:
            chosen = self.at.on_unknown.get(channel, HOLD)
            if chosen == NEXT:
                return None
            if chosen == HOLD or number > MOST_ATTEMPTS:
                return Hold(channel, UNKNOWN)
        if counted and (counted[-1].is_permanent or number > MOST_ATTEMPTS):
            return None
        due = self._due(channel, own)
        if due is not None:
            reason = PROVIDER if channel in self.at.closed else ""
            return Wait(due, channel, number, reason)
        return self._if_wanted(channel, number)

    def _due(self, channel: str, own: Sequence[Attempt]) -> datetime | None:
        """Say until when the channel must wait, if it must."""
        closed = self.at.closed
        times = [closed[channel]] if channel in closed else []
        if own and own[-1].retry_at is not None:
            times.append(own[-1].retry_at)
        latest = max(times, default=None)
        return latest if latest is not None and latest > self.at.now else None

    def _if_wanted(self, channel: str, number: int) -> Step:
        verdict = self.at.verdicts.get(channel, ALLOWED)
        if not verdict.allowed and verdict.held_until is None:
            return Skip(channel, verdict.reason)
        if verdict.held_until is not None and verdict.held_until > self.at.now:
            return Wait(verdict.held_until, channel, number, verdict.reason)
        if self.plan.skip_if_online and self.at.is_online:
            return Wait(self.at.now + ONLINE_AGAIN, channel, number, ONLINE)
        return Try(channel, number)

    def _awaiting_a_reader(self, place: int) -> Wait | None:
        """Say until when a reader is waited for after a channel; None when over."""
        channels = self.plan.channels
        if place == len(channels) - 1:
            return None
        ended = [
            each.ended_at
            for each in self.attempts
            if each.channel == channels[place] and each.status == SENT
        ]
        if ended[0] is None:
            return None
        until = ended[0] + self._wait_after(place)
        return Wait(until, channels[place + 1], 1) if until > self.at.now else None

    def _wait_after(self, place: int) -> timedelta:
        waits = self.plan.waits
        return waits[min(place, len(waits) - 1)] if waits else DEFAULT_WAIT
