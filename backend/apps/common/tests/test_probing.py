"""Questions that may never be answered."""

import threading
from concurrent.futures import wait

import pytest
from django.db import connections

from apps.common.probing import (
    Probe,
    answered,
    private_connection,
    private_database,
    result_or_none,
)


def test_asks_once_for_all_who_wait() -> None:
    asked = []
    go = threading.Event()

    def ask() -> str:
        asked.append(1)
        go.wait(5)
        return "here"

    probe = Probe(ask)

    first, second = probe.begin(), probe.begin()
    answered([first], timeout_seconds=0.01)

    assert first is second
    assert result_or_none(first) is None
    go.set()
    wait([first], timeout=5)
    assert result_or_none(first) == "here"
    assert asked == [1]


def test_a_fresh_answer_serves_again_and_a_stale_one_does_not() -> None:
    fresh = Probe(object, fresh_seconds=60)
    stale = Probe(object, fresh_seconds=-1)

    for probe, is_same in ((fresh, True), (stale, False)):
        first = probe.begin().result(5)
        second = probe.begin().result(5)
        assert (first is second) is is_same


def test_a_failed_question_is_none() -> None:
    def fail() -> str:
        raise OSError

    future = Probe(fail).begin()
    wait([future], timeout=5)

    assert result_or_none(future) is None


def test_asks_anew_after_forgetting() -> None:
    probe = Probe(object, fresh_seconds=60)
    first = probe.begin().result(5)

    probe.forget()

    assert probe.begin().result(5) is not first


@pytest.mark.django_db(transaction=True)
def test_a_private_database_is_the_threads_own_and_not_from_the_pool() -> None:
    def ask() -> tuple[bool, bool]:
        with private_database() as connection:
            with connections["default"].cursor() as cursor:
                cursor.execute("SELECT 1")
            is_own = connections["default"] is connection
            return is_own, "pool" in connection.settings_dict["OPTIONS"]

    is_own, has_pool = Probe(ask).begin().result(10)

    assert is_own
    assert not has_pool


@pytest.mark.django_db
def test_a_private_connection_leaves_the_settings_alone() -> None:
    before = dict(connections["default"].settings_dict["OPTIONS"])

    private_connection()

    assert connections["default"].settings_dict["OPTIONS"] == before
