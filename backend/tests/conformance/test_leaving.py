"""How a server goes: announced, with a code that brings everybody back."""

import signal
from collections.abc import Callable

import pytest

from tests.conformance.client import RefusedError
from tests.conformance.door import Deployment, Door, values
from tests.supply import Running

StartServer = Callable[..., Running]
Enter = Callable[[Deployment], Door]


@pytest.mark.daphne_lacks("drain")
def test_sigterm_is_announced_and_closes_with_4012(
    own_server: StartServer,
    enter: Enter,
) -> None:
    running = own_server()
    door = enter(running.deployment)
    tabs = [door.person().tab() for _ in range(5)]

    running.server.signal(signal.SIGTERM)

    for tab in tabs:
        closing = tab.closing(seconds=8)
        assert [frame["type"] for frame in closing.frames] == ["going_away"]
        assert 0 <= closing.frames[0]["reconnect_in_ms"] <= 30_000
        assert closing.code == 4012
    running.server.seconds_to_end(at_most=8)


def test_after_a_restart_everybody_goes_on(
    own_server: StartServer,
    enter: Enter,
) -> None:
    running = own_server()
    door = enter(running.deployment)
    person = door.person()
    socket = person.connect()
    position = socket.greeting().position
    person.send_many(3)
    socket.notifications(2)

    running.server.signal(signal.SIGTERM)
    running.server.seconds_to_end(at_most=8)
    running.server.start()

    greeting = person.connect(**{**position, "seq": 2}).greeting()
    assert values(greeting.replayed) == [2]
    assert greeting.hello["resume"] == {"seq": 2, "recovered": True}


@pytest.mark.daphne_lacks("rejection body before accept")
def test_a_full_process_answers_503_with_retry_after(
    own_server: StartServer,
    enter: Enter,
) -> None:
    running = own_server(WS_CONNECTIONS_PER_PROCESS="2")
    door = enter(running.deployment)
    tabs = [door.person().tab() for _ in range(2)]
    ticket = door.person().ticket()

    with pytest.raises(RefusedError) as refused:
        door.open(ticket)

    headers = {name.lower(): value for name, value in refused.value.headers.items()}
    assert refused.value.status == 503
    assert int(headers["retry-after"]) > 0
    assert all(tab.quiet() == [] for tab in tabs)
