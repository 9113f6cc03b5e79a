"""Ctrl-C, and what is there after the next start."""

import signal
from collections.abc import Callable

import pytest

from tests.conformance.door import Deployment, Door, values
from tests.processes import manage
from tests.supply import Running

pytestmark = pytest.mark.slow

# It ends within three; a machine may stall meanwhile, and nothing else takes as long.
CTRL_C_SECONDS = 8.0


def test_ctrl_c_ends_the_server_soon_and_keeps_the_data(
    start_server: Callable[..., Running],
    enter: Callable[[Deployment], Door],
) -> None:
    running = start_server()
    person = enter(running.deployment).person()
    sockets = [person.tab() for _ in range(3)]
    person.send_many(5)

    running.server.signal(signal.SIGINT)
    running.server.seconds_to_end(at_most=CTRL_C_SECONDS)
    running.server.start()

    assert all(socket.closing().code == 4012 for socket in sockets)
    assert values(person.connect().greeting().replayed) == [0, 1, 2, 3, 4]


def test_a_second_server_on_the_same_data_is_refused(
    embedded_running: Running,
) -> None:
    environment = {**embedded_running.server.environment, "PORT": "0"}

    with pytest.raises(AssertionError) as refused:
        manage(environment, "serve", seconds=30)

    said = str(refused.value)
    assert "Traceback" not in said
    assert str(embedded_running.server.data_dir) in said or "DATA_DIR" in said
