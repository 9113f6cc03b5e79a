"""docs/examples/python_client.py against a server, with both of them killed."""

import asyncio
import contextlib
import importlib.util
import json
import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from tests.conformance.door import Deployment, Door, Member
from tests.processes import clean_environment, wait_until
from tests.supply import Running

PROGRAM = Path(__file__).resolve().parents[3] / "docs" / "examples" / "python_client.py"
# A close code, and the frames before it.
Closing = tuple[int, list[dict[str, Any]]]
HELLO: dict[str, Any] = {
    "type": "hello",
    "stream": {"epoch": "e_1", "last_seq": 0},
    "unread": 0,
}


@pytest.fixture(scope="module")
def program() -> ModuleType:
    spec = importlib.util.spec_from_file_location("python_client", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up by name.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


class Listener:
    """The program as a process, what it printed, and its end by force."""

    def __init__(self, deployment: Deployment, member: Member, folder: Path) -> None:
        self.printed = folder / "printed"
        self.said = folder / "said"
        self._position = folder / "position"
        self._token = folder / "token"
        self._token.write_text(member.token)
        self._url = deployment.url
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.printed.open("ab") as out, self.said.open("ab") as err:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    str(PROGRAM),
                    "--server",
                    self._url,
                    "--token-file",
                    str(self._token),
                    "--position",
                    str(self._position),
                ],
                env=clean_environment({}),
                stdout=out,
                stderr=err,
            )

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def exit_code(self) -> int:
        assert self._process is not None
        return self._process.wait(20)

    def numbers(self) -> list[int]:
        if not self.printed.exists():
            return []
        lines = self.printed.read_text().splitlines()
        return [json.loads(line)["value"]["n"] for line in lines]

    def wait_for(self, number: int) -> None:
        wait_until(
            lambda: number in self.numbers(),
            seconds=40,
            what=f"number {number} is printed; {self.said.read_text()[-2000:]}",
        )


@pytest.fixture
def listen(tmp_path: Path) -> Iterator[Callable[[Deployment, Member], Listener]]:
    started: list[Listener] = []

    def make(deployment: Deployment, member: Member) -> Listener:
        started.append(Listener(deployment, member, tmp_path))
        return started[-1]

    yield make
    for listener in started:
        listener.kill()


def send(door: Door, member: Member, numbers: range) -> None:
    drafts = [{"user_id": member.user_id, "payload": {"n": n}} for n in numbers]
    door.deployment.service.post(
        "/api/notifications/send/bulk/",
        {"notifications": drafts},
    )


@pytest.mark.slow
def test_nothing_is_missed_when_the_server_and_the_program_are_killed(
    start_server: Callable[..., Running],
    enter: Callable[[Deployment], Door],
    listen: Callable[[Deployment, Member], Listener],
) -> None:
    running = start_server(EXTRA_APPS="")
    door = enter(running.deployment)
    member = door.member()
    listener = listen(running.deployment, member)
    listener.start()
    send(door, member, range(200))
    listener.wait_for(50)

    running.server.kill()
    running.server.start()
    send(door, member, range(200, 400))
    listener.wait_for(250)
    listener.kill()
    send(door, member, range(400, 450))
    listener.start()
    listener.wait_for(449)

    numbers = listener.numbers()
    assert sorted(set(numbers)) == list(range(450))
    # Killed between a line and its position, the program prints that one line again.
    assert len(numbers) <= 451
    assert sorted(numbers) == numbers

    def unacknowledged() -> int:
        rows = member.web.get("/api/user/notifications/?page_size=100")["results"]
        return sum(row["acked_at"] is None for row in rows)

    wait_until(lambda: unacknowledged() == 0, seconds=20, what="all are acknowledged")


@pytest.mark.slow
def test_a_login_that_ended_ends_the_program(
    start_server: Callable[..., Running],
    enter: Callable[[Deployment], Door],
    listen: Callable[[Deployment, Member], Listener],
) -> None:
    running = start_server(EXTRA_APPS="", WS_POLL_SECONDS="1")
    door = enter(running.deployment)
    member = door.member()
    listener = listen(running.deployment, member)
    listener.start()
    send(door, member, range(1))
    listener.wait_for(0)

    member.web.post("/api/auth/logout-all/")

    assert listener.exit_code() == 1
    assert "the token is not valid" in listener.said.read_text()


@contextlib.asynccontextmanager
async def scripted(
    program: ModuleType,
    folder: Path,
    closings: list[Closing],
) -> Any:
    """Serve one connection after the other; each says its frames, then its code."""
    waits: list[float] = []
    paths: list[str] = []

    async def handle(socket: ServerConnection) -> None:
        assert socket.request is not None
        paths.append(socket.request.path)
        code, frames = closings.pop(0)
        for frame in frames:
            await socket.send(json.dumps(frame))
        await socket.close(code)

    async with serve(handle, "127.0.0.1", 0, subprotocols=["carillon.v1"]) as server:  # type: ignore[list-item]  # a NewType of str
        port = server.sockets[0].getsockname()[1]
        (folder / "token").write_text("secret")
        client = program.Client(
            Namespace(
                server=f"http://127.0.0.1:{port}",
                token_file=folder / "token",
                position=folder / "position",
            ),
        )

        async def ticket() -> str:
            return "t"

        async def sleep(seconds: float) -> None:
            waits.append(seconds)

        client._new_ticket = ticket
        yield client, waits, paths, sleep


async def outcome(
    program: ModuleType,
    folder: Path,
    closings: list[Closing],
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[str, list[float], list[str]]:
    """Run the program until it finishes; say why, its waits and its addresses."""
    monkeypatch.setattr("random.uniform", lambda _, ceiling: ceiling)
    async with scripted(program, folder, closings) as (client, waits, paths, sleep):
        monkeypatch.setattr(program, "_pause", sleep)
        with pytest.raises(program.Finished) as finished:
            await asyncio.wait_for(client.run(), 20)
    return str(finished.value), waits, paths


@pytest.mark.parametrize("code", [1000, 4400, 4403, 4409, 4413, 4426])
async def test_these_codes_end_it(
    program: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    code: int,
) -> None:
    closings = [(code, [HELLO])]

    reason, waits, _ = await outcome(program, tmp_path, closings, monkeypatch)

    assert (reason, waits) == (program.STOP[code], [])


@pytest.mark.parametrize(
    ("code", "wait"),
    [(4408, 1), (4500, 1), (4429, 11), (4503, 6), (4401, 1), (4012, 1)],
)
async def test_after_these_it_comes_back(
    program: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    code: int,
    wait: float,
) -> None:
    closings = [(code, [HELLO]), (1000, [HELLO])]

    _, waits, _ = await outcome(program, tmp_path, closings, monkeypatch)

    assert waits == [wait]


async def test_a_second_refusal_asks_for_the_login(
    program: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    error = {"type": "message_processing_error", "code": "no", "value": "No."}
    closings = [(4401, [error]), (4401, [error])]

    reason, waits, _ = await outcome(program, tmp_path, closings, monkeypatch)

    assert reason == "the token is not valid any more"
    assert len(waits) == 1


async def test_a_restart_says_when_to_come_back_and_failures_wait_longer(
    program: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    going = {"type": "going_away", "reconnect_in_ms": 2300}
    failures: list[Closing] = [(4500, [HELLO])] * 7
    closings = [(4012, [HELLO, going]), *failures, (1000, [HELLO])]

    _, waits, _ = await outcome(program, tmp_path, closings, monkeypatch)

    assert waits == [2.3, 1, 2, 4, 8, 16, 30, 30]


async def test_it_resumes_behind_the_last_one_and_drops_the_position_of_an_epoch(
    program: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    frames: list[dict[str, Any]] = [
        {"type": "server_notification", "key": f"k{seq}", "seq": seq, "value": seq}
        for seq in (1, 2, 2, 1, 3)
    ]
    hello = {**HELLO, "stream": {"epoch": "e_1", "last_seq": 3}}
    closings = [(4500, [HELLO, *frames]), (4410, [hello]), (1000, [HELLO])]

    _, _, paths = await outcome(program, tmp_path, closings, monkeypatch)

    printed = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["seq"] for line in printed] == [1, 2, 3]
    assert paths == [
        "/ws/notifications/",
        "/ws/notifications/?epoch=e_1&seq=3&state=0",
        "/ws/notifications/",
    ]
