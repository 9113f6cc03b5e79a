"""The breaker and the rate of a provider, as all processes see them."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.delivery import providers
from apps.delivery.models import Breaker

NOW = datetime(2030, 1, 1, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def record(*, ok: int = 0, failed: int = 0, refused: int = 0, at: float = 0) -> None:
    providers.record("sms", ok=ok, failed=failed, refused=refused, now=later(at))


def test_a_new_provider_may_be_used() -> None:
    assert providers.may_send("sms", now=NOW)


def test_half_of_twenty_calls_open_the_breaker() -> None:
    record(ok=10, failed=9)
    assert providers.may_send("sms", now=NOW)

    record(failed=1)

    assert not providers.may_send("sms", now=NOW)


def test_a_few_failures_do_not_open_it() -> None:
    record(failed=19)

    assert providers.may_send("sms", now=NOW)


def test_old_failures_are_forgotten() -> None:
    record(failed=15)
    record(failed=15, at=11)

    assert providers.may_send("sms", now=later(11))


def test_failures_of_the_span_before_count() -> None:
    record(failed=15)
    record(failed=15, at=6)

    assert not providers.may_send("sms", now=later(6))


def test_five_refused_connections_in_a_row_open_it() -> None:
    record(refused=4)
    record(ok=1)
    record(refused=4)
    assert providers.may_send("sms", now=NOW)

    record(refused=1)

    assert not providers.may_send("sms", now=NOW)


def test_one_caller_probes_when_the_pause_is_over() -> None:
    record(refused=5)

    answers = [providers.may_send("sms", now=later(31)) for _ in range(10)]

    assert answers == [True] + [False] * 9


def test_a_good_probe_closes_it() -> None:
    record(refused=5)
    assert providers.may_send("sms", now=later(31))

    record(ok=1, at=32)

    assert providers.state("sms").breaker == Breaker.CLOSED
    assert providers.may_send("sms", now=later(32))


def test_every_bad_probe_doubles_the_pause_up_to_ten_minutes() -> None:
    record(refused=5)
    pauses = []
    at = 0.0

    for _ in range(8):
        pause = providers.state("sms").open_seconds
        pauses.append(pause)
        at += pause + 0.001
        assert providers.may_send("sms", now=later(at))
        record(refused=1, at=at)

    assert pauses == [30, 60, 120, 240, 480, 600, 600, 600]


def test_a_probe_whose_process_died_is_made_again() -> None:
    record(refused=5)
    assert providers.may_send("sms", now=later(31))
    assert not providers.may_send("sms", now=later(60))

    assert providers.may_send("sms", now=later(31 + providers.PROBE_SECONDS))


def test_a_probe_of_which_nothing_is_told_changes_nothing() -> None:
    record(refused=5)
    assert providers.may_send("sms", now=later(31))

    record(at=32)

    assert providers.state("sms").breaker == Breaker.HALF


def test_a_late_success_does_not_close_it() -> None:
    record(refused=5)

    record(ok=3, at=1)

    assert not providers.may_send("sms", now=later(1))


def test_a_fault_of_configuration_opens_it_and_is_told_once() -> None:
    providers.misconfigured("sms", "401", now=NOW)
    providers.misconfigured("sms", "401", now=NOW)

    assert not providers.may_send("sms", now=NOW)
    assert [row.reason for row in providers.untold_faults()] == ["401"]
    assert providers.mark_told("sms", now=NOW)
    assert not providers.mark_told("sms", now=NOW)
    assert providers.untold_faults() == []


def test_a_mended_setting_is_found_by_the_probe() -> None:
    providers.misconfigured("sms", "401", now=NOW)
    assert providers.may_send("sms", now=later(31))

    record(ok=1, at=31)

    assert providers.state("sms").reason == ""


def test_an_operator_closes_it_by_hand() -> None:
    providers.misconfigured("sms", "401", now=NOW)

    providers.reset("sms")

    assert providers.may_send("sms", now=NOW)


def test_the_rate_is_shared_and_refilled() -> None:
    def take(wanted: int, at: float) -> int:
        return providers.take("sms", wanted, rate=10, burst=20, now=later(at))

    assert take(15, at=0) == 15
    assert take(15, at=0) == 5
    assert take(15, at=0) == 0
    assert take(15, at=0.5) == 5
    assert take(15, at=60) == 15
    assert take(15, at=60) == 5


def test_no_rate_is_no_limit() -> None:
    assert providers.take("sms", 500, rate=0, burst=0, now=NOW) == 500


def test_another_provider_is_another_breaker() -> None:
    record(refused=5)

    assert providers.may_send("email", now=NOW)
