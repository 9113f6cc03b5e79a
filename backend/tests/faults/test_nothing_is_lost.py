"""Two hundred parallel sends, two tabs, and a server that is killed in the middle."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conformance.door import Deployment, Door, Person
from tests.faults.tabs import AWAY, Tab
from tests.processes import wait_until
from tests.supply import Running

SENDS = 200
SENDERS = 16

Enter = Callable[[Deployment], Door]


def send_insistently(person: Person, n: int) -> None:
    """Send `{"n": n}` under an idempotency key until the server has done it."""
    service = person.door.deployment.service.signed(Idempotency_Key=f"{person.id}-{n}")
    body = {"user_id": person.id, "payload": {"n": n}}

    def is_sent() -> bool:
        try:
            answer = service.request("POST", "/api/notifications/send/", body)
        except AWAY:
            return False
        assert answer.status in {200, 409, 503}, answer
        return answer.status == 200

    wait_until(is_sent, seconds=60, what=f"send {n}", interval=0.1)


def start_tabs(person: Person) -> list[Tab]:
    """Open two tabs that are through with their replay."""
    tabs = [Tab(person, expected=SENDS) for _ in range(2)]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        assert tab.is_open.wait(20)
    return tabs


def assert_each_got_all_once_in_order(tabs: list[Tab]) -> None:
    """Insist on the numbers 1 to 200 and on every value, for each tab."""
    for tab in tabs:
        tab.join(60)
        tab.stop()
        numbers = [seq for seq, _ in tab.received]
        assert numbers == list(range(1, SENDS + 1))
        assert sorted(value["n"] for _, value in tab.received) == list(range(SENDS))


def send_all(person: Person) -> None:
    """Send all two hundred from many threads at once."""
    with ThreadPoolExecutor(SENDERS) as pool:
        list(pool.map(lambda n: send_insistently(person, n), range(SENDS)))


def send_all_across_a_kill(running: Running, person: Person, tabs: list[Tab]) -> None:
    """Send all two hundred while the server is killed and started again."""
    with ThreadPoolExecutor(SENDERS) as pool:
        sends = [pool.submit(send_insistently, person, n) for n in range(SENDS)]
        wait_until(
            lambda: len(tabs[0].received) >= SENDS // 4,
            seconds=60,
            what="a quarter received",
            interval=0.001,
        )
        running.server.kill()
        running.server.start()
        for send in sends:
            send.result()


@pytest.mark.slow
def test_parallel_sends_reach_both_tabs_once_and_in_order(
    embedded_running: Running,
    enter: Enter,
) -> None:
    person = enter(embedded_running.deployment).person()
    tabs = start_tabs(person)

    send_all(person)

    assert_each_got_all_once_in_order(tabs)
    assert [tab.connections for tab in tabs] == [1, 1]


@pytest.mark.slow
def test_a_killed_server_loses_and_doubles_nothing(
    start_server: Callable[..., Running],
    enter: Enter,
) -> None:
    running = start_server()
    person = enter(running.deployment).person()
    tabs = start_tabs(person)

    send_all_across_a_kill(running, person, tabs)

    assert_each_got_all_once_in_order(tabs)
    assert all(tab.connections > 1 for tab in tabs)


def test_a_killed_server_on_postgresql_and_redis_loses_and_doubles_nothing(
    start_outside_server: Callable[..., Running],
    enter: Enter,
) -> None:
    running = start_outside_server()
    person = enter(running.deployment).person()
    tabs = start_tabs(person)

    send_all_across_a_kill(running, person, tabs)

    assert_each_got_all_once_in_order(tabs)
    assert all(tab.connections > 1 for tab in tabs)
