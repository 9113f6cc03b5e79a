"""The ladder's rules, one by one and under random outcomes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.accounts.preferences import Verdict
from apps.notifications.ladder import (
    MOST_ATTEMPTS,
    Attempt,
    Circumstances,
    Finish,
    Hold,
    Plan,
    Skip,
    Step,
    Try,
    Wait,
    next_step,
    retry_at,
)

NOW = datetime(2030, 1, 1, tzinfo=UTC)
AT = Circumstances(now=NOW, on_unknown={"sms": "retry"})
LADDER = Plan(channels=("email", "sms", "telegram"))
READ = Plan(
    channels=("in_app", "email", "sms"),
    is_until_read=True,
    waits=(timedelta(seconds=30), timedelta(minutes=5)),
)
OFF = Verdict(allowed=False, reason="switched_off")


def attempt(channel: str, number: int, status: str, **more: Any) -> Attempt:
    made = Attempt(channel=channel, number=number, status=status, ended_at=NOW)
    return replace(made, **more)


def failures(channel: str, count: int) -> list[Attempt]:
    return [attempt(channel, each, "failed") for each in range(1, count + 1)]


def in_app(began: datetime = NOW) -> Attempt:
    return Attempt(channel="in_app", number=1, status="sent", ended_at=began)


def test_it_begins_with_the_first_channel() -> None:
    assert next_step(LADDER, [], AT) == Try("email", 1)


def test_a_failure_is_tried_again_when_its_time_has_come() -> None:
    soon = NOW + timedelta(seconds=8)
    failed = attempt("email", 1, "failed", retry_at=soon)

    assert next_step(LADDER, [failed], AT) == Wait(soon, "email", 2)
    assert next_step(LADDER, [failed], replace(AT, now=soon)) == Try("email", 2)


def test_three_failures_lead_to_the_next_channel() -> None:
    assert next_step(LADDER, failures("email", 3), AT) == Try("sms", 1)


def test_a_permanent_failure_leads_there_at_once() -> None:
    failed = attempt("email", 1, "failed", is_permanent=True)

    assert next_step(LADDER, [failed], AT) == Try("sms", 1)


def test_the_first_success_ends_it() -> None:
    attempts = [*failures("email", 3), attempt("sms", 1, "sent")]

    assert next_step(LADDER, attempts, AT) == Finish("sent", "sms")


def test_when_every_channel_has_failed_it_has_failed() -> None:
    attempts = [each for name in LADDER.channels for each in failures(name, 3)]

    assert next_step(LADDER, attempts, AT) == Finish("failed")


def test_every_channel_is_tried_where_all_are_wanted() -> None:
    everything = replace(LADDER, is_first=False)
    attempts = [attempt("email", 1, "sent")]

    assert next_step(everything, attempts, AT) == Try("sms", 1)


def test_a_channel_that_waits_does_not_hold_up_the_others_where_all_are_wanted() -> (
    None
):
    everything = replace(LADDER, is_first=False)
    later = attempt("email", 1, "failed", retry_at=NOW + timedelta(seconds=9))

    assert next_step(everything, [later], AT) == Try("sms", 1)


def test_where_all_are_wanted_one_success_is_a_success() -> None:
    everything = Plan(channels=("email", "sms"), is_first=False)
    attempts = [*failures("email", 3), attempt("sms", 1, "sent")]

    assert next_step(everything, attempts, AT) == Finish("sent", "sms")


def test_an_unknown_outcome_is_tried_again_where_the_provider_knows_the_id() -> None:
    unknown = attempt("sms", 1, "unknown")

    assert next_step(Plan(channels=("sms", "email")), [unknown], AT) == Try("sms", 2)


def test_an_unknown_outcome_waits_for_a_person_elsewhere() -> None:
    unknown = attempt("telegram", 1, "unknown")

    step = next_step(Plan(channels=("telegram", "email")), [unknown], AT)

    assert step == Hold("telegram", "unknown")


def test_three_unknown_outcomes_wait_for_a_person() -> None:
    attempts = [attempt("sms", each, "unknown") for each in (1, 2, 3)]

    step = next_step(Plan(channels=("sms", "email")), attempts, AT)

    assert step == Hold("sms", "unknown")


def test_an_operator_may_prefer_the_next_channel() -> None:
    at = replace(AT, on_unknown={"telegram": "next"})
    unknown = attempt("telegram", 1, "unknown")

    step = next_step(Plan(channels=("telegram", "email")), [unknown], at)

    assert step == Try("email", 1)


def test_a_deferred_attempt_is_made_again_under_its_number() -> None:
    deferred = attempt("email", 1, "deferred", retry_at=NOW)

    assert next_step(LADDER, [deferred], AT) == Try("email", 1)


def test_a_provider_in_trouble_is_passed_over_and_come_back_to() -> None:
    again = NOW + timedelta(seconds=30)
    at = replace(AT, closed={"email": again})
    others_failed = [*failures("sms", 3), *failures("telegram", 3)]

    assert next_step(LADDER, [], at) == Try("sms", 1)
    assert next_step(LADDER, others_failed, at) == Wait(again, "email", 1, "provider")


def test_a_provider_that_recovers_is_not_come_back_to_after_a_success() -> None:
    sent = attempt("sms", 1, "sent")
    read = replace(LADDER, is_until_read=True, waits=(timedelta(seconds=30),))

    assert next_step(LADDER, [sent], AT) == Finish("sent", "sms")
    assert next_step(read, [sent], AT) == Wait(
        NOW + timedelta(seconds=30), "telegram", 1
    )


def test_a_channel_that_is_switched_off_is_left_out() -> None:
    at = replace(AT, verdicts={"email": OFF})
    skipped = attempt("email", 1, "skipped")

    assert next_step(LADDER, [], at) == Skip("email", "switched_off")
    assert next_step(LADDER, [skipped], at) == Try("sms", 1)


def test_quiet_hours_hold_everything_back() -> None:
    morning = NOW + timedelta(hours=7)
    quiet = Verdict(allowed=False, held_until=morning, reason="quiet_hours")
    at = replace(AT, verdicts={"email": quiet})

    assert next_step(LADDER, [], at) == Wait(morning, "email", 1, "quiet_hours")


def test_nothing_leaves_an_open_page_where_that_is_wanted() -> None:
    plan = replace(LADDER, skip_if_online=True)

    step = next_step(plan, [], replace(AT, is_online=True))

    assert isinstance(step, Wait)
    assert step.reason == "online"
    assert next_step(plan, [], AT) == Try("email", 1)


def test_the_page_is_enough_unless_it_must_be_read() -> None:
    plan = Plan(channels=("in_app", "email"))

    assert next_step(plan, [in_app()], AT) == Finish("sent", "in_app")


def test_who_has_not_read_in_time_is_told_elsewhere() -> None:
    due = NOW + timedelta(seconds=30)

    assert next_step(READ, [in_app()], AT) == Wait(due, "email", 1)
    assert next_step(READ, [in_app()], replace(AT, now=due)) == Try("email", 1)


def test_the_next_wait_begins_with_the_success_before_it() -> None:
    mailed = NOW + timedelta(seconds=31)
    attempts = [in_app(), attempt("email", 1, "sent", ended_at=mailed)]
    due = mailed + timedelta(minutes=5)

    assert next_step(READ, attempts, replace(AT, now=mailed)) == Wait(due, "sms", 1)


def test_reading_ends_it() -> None:
    at = replace(AT, read_at=NOW)

    assert next_step(READ, [in_app()], at) == Finish("sent", "in_app")


def test_what_is_past_its_expiry_is_cancelled() -> None:
    assert next_step(LADDER, [], replace(AT, is_over=True)) == Finish("cancelled")


@pytest.mark.parametrize(("number", "highest"), [(1, 10), (2, 20), (3, 40), (9, 600)])
def test_pauses_double_up_to_ten_minutes(number: int, highest: int) -> None:
    moment = retry_at(number, now=NOW, retry_after=None, random=lambda: 1.0)

    assert (moment - NOW).total_seconds() == highest


@pytest.mark.parametrize(
    ("asked", "seconds"), [(None, 1), (3.0, 3), (1e9, 900), (-5.0, 1)]
)
def test_what_a_provider_asks_for_wins_when_it_is_longer(
    asked: float | None, seconds: int
) -> None:
    moment = retry_at(1, now=NOW, retry_after=asked, random=lambda: 0.0)

    assert (moment - NOW).total_seconds() == seconds


OUTCOMES = st.sampled_from(["sent", "failed", "permanent", "unknown", "deferred"])
PROVIDERS = st.sampled_from(["email", "sms", "telegram"])


@settings(max_examples=300)
@given(
    channels=st.permutations(["in_app", "email", "sms", "telegram"]).flatmap(
        lambda order: st.integers(1, 4).map(lambda count: tuple(order[:count]))
    ),
    outcomes=st.lists(OUTCOMES, min_size=60, max_size=60),
    is_first=st.booleans(),
    must_be_read=st.booleans(),
    troubles=st.lists(st.sets(PROVIDERS), max_size=10),
)
def test_whatever_happens_there_is_no_fourth_attempt_and_no_step_after_a_success(
    *,
    channels: tuple[str, ...],
    outcomes: list[str],
    is_first: bool,
    must_be_read: bool,
    troubles: list[set[str]],
) -> None:
    plan = Plan(channels=channels, is_first=is_first, is_until_read=must_be_read)
    attempts = [in_app()] if "in_app" in channels else []
    now = NOW

    def looked(now: datetime, out_of_order: set[str]) -> Step:
        closed = dict.fromkeys(out_of_order, now + timedelta(seconds=30))
        return next_step(plan, attempts, replace(AT, now=now, closed=closed))

    looks = iter([*troubles, *(set() for _ in outcomes)])
    step = looked(NOW, next(looks))
    for outcome in outcomes:
        if isinstance(step, Finish | Hold):
            break
        if isinstance(step, Wait):
            now = step.until
        if isinstance(step, Try):
            succeeded = {each.channel for each in attempts if each.status == "sent"}
            assert step.channel not in succeeded
            assert not (is_first and not must_be_read and succeeded - {"in_app"})
            attempts = [
                each
                for each in attempts
                if (each.channel, each.number) != (step.channel, step.number)
            ]
            attempts.append(
                Attempt(
                    channel=step.channel,
                    number=step.number,
                    status="failed" if outcome == "permanent" else outcome,
                    ended_at=now,
                    is_permanent=outcome == "permanent",
                    retry_at=now + timedelta(seconds=1),
                )
            )
        step = looked(now, next(looks))

    for channel in channels:
        numbers = [each.number for each in attempts if each.channel == channel]
        assert len(set(numbers)) == len(numbers) <= MOST_ATTEMPTS
