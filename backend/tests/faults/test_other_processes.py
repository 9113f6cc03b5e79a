"""What another process writes reaches the open page at once."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conformance.door import Deployment, Door
from tests.supply import Running

pytestmark = pytest.mark.slow

ARRIVES_SECONDS = 1.0
# A busy machine may take a second once; a slow server takes it every time.
SENT = 3
Enter = Callable[[Deployment], Door]


@pytest.mark.parametrize("shell", ["shell", "shell_plus"])
def test_d06_a_notification_from_the_shell_arrives_within_a_second(
    embedded_running: Running,
    enter: Enter,
    shell: str,
) -> None:
    person = enter(embedded_running.deployment).person()
    socket = person.tab()
    code = f"""
import time
from apps.notifications.services import notify_user_by_id
for n in range({SENT}):
    notify_user_by_id('{person.id}', {{'from': '{shell}', 'n': n}})
    print('written', time.time())
    time.sleep(0.3)
"""

    with ThreadPoolExecutor(1) as pool:
        printed = pool.submit(embedded_running.server.manage, shell, "-c", code)
        arrived = []
        for n in range(SENT):
            frame = socket.until("server_notification", seconds=30)
            arrived.append(time.time())
            assert frame["value"] == {"from": shell, "n": n}
        lines = printed.result().splitlines()

    written = [float(line.split()[1]) for line in lines if line.startswith("written")]
    latencies = [there - here for here, there in zip(written, arrived, strict=True)]
    assert min(latencies) < ARRIVES_SECONDS


def test_d06_an_unknown_user_is_an_error_in_the_shell(
    embedded_running: Running,
) -> None:
    code = (
        "from apps.notifications.services import notify_user_by_id\n"
        "try:\n    notify_user_by_id('999999', {})\n"
        "except Exception as error:\n    print(type(error).__name__, error)"
    )

    printed = embedded_running.server.manage("shell", "-c", code)

    assert "999999" in printed


def test_a_state_changed_by_the_shell_reaches_the_open_page(
    embedded_running: Running,
    enter: Enter,
) -> None:
    person = enter(embedded_running.deployment).person()
    key = person.send({"n": 0})["key"]
    socket = person.tab()
    code = (
        "from uuid import UUID; from apps.notifications import services;"
        f"services.mark_read({person.id}, [UUID('{key}')])"
    )

    embedded_running.server.manage("shell", "-c", code)

    while socket.next()["type"] not in {"resync", "notification_state"}:
        continue
    assert person.connect().greeting().hello["unread"] == 0
