"""docs/protocol.md shows every frame as the code has it, and explains every code."""

import ast
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import pytest

from apps.push import client_frames, protocol
from tests.docs.pages import DOCS, ROOT, blocks, rows

PAGE = DOCS / "protocol.md"
APPS = ROOT / "backend" / "apps"
Shown = dict[str, Any]


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _hello(shown: Shown) -> str:
    facts: protocol.Hello = {
        "connection_id": shown["connection_id"],
        "user_id": shown["user_id"],
        "epoch": shown["stream"]["epoch"],
        "last_seq": shown["stream"]["last_seq"],
        "state_version": shown["state_version"],
        "alerts_version": shown["alerts_version"],
        "resume_seq": shown["resume"]["seq"],
        "recovered": shown["resume"]["recovered"],
        "replay_truncated": shown["replay_truncated"],
        "unread": shown["unread"],
        "ping_interval": float(shown["ping_interval"]),
        "session_expires_at": _moment(shown["session_expires_at"]),
        "limits": shown["limits"],
    }
    return protocol.hello(facts, server_time=_moment(shown["server_time"]))


def _server_notification(shown: Shown) -> str:
    notification: protocol.NotificationFrame = {
        "key": shown["key"],
        "seq": shown["seq"],
        "payload": json.dumps(shown["value"]),
        "kind": shown["kind"],
        "title": shown["title"],
        "body": shown["body"],
        "severity": shown["severity"],
        "url": shown["url"],
        "created_at": _moment(shown["created_at"]),
        "request_id": shown["request_id"],
        "replay": shown["replay"],
    }
    return protocol.server_notification(notification)


def _notification_state(shown: Shown) -> str:
    return protocol.notification_state(
        keys=shown["keys"],
        up_to=shown["up_to"],
        state=shown["state"],
        state_version=shown["state_version"],
        unread=shown["unread"],
    )


def _command_result(shown: Shown) -> str:
    return protocol.command_result(
        shown["key"],
        shown["value"],
        ref=shown["id"],
        server_time=_moment(shown["server_time"]),
    )


def _without_type(shown: Shown) -> Shown:
    return {key: value for key, value in shown.items() if key != "type"}


def _error(shown: Shown) -> str:
    return protocol.error(shown["code"], shown["value"], ref=shown["ref"])


BUILDERS: dict[str, Callable[[Shown], str]] = {
    "hello": _hello,
    "alerts": lambda shown: protocol.alerts(shown["alerts"], version=shown["version"]),
    "alert": lambda shown: protocol.alert(
        shown["alert"], version=shown["version"], change=shown["change"]
    ),
    "server_notification": _server_notification,
    "replay_end": lambda shown: protocol.replay_end(shown["seq"]),
    "notification_state": _notification_state,
    "resync": lambda _: protocol.resync(),
    "mailings": lambda shown: protocol.mailings(shown["mailings"]),
    "mailing_progress": lambda shown: protocol.mailing_progress(
        cast("protocol.Progress", _without_type(shown))
    ),
    "watch_result": lambda shown: protocol.watch_result(
        shown["mailing"], ok=shown["ok"]
    ),
    "command_processing_result": _command_result,
    "message_processing_error": _error,
    "session_expiring": lambda shown: protocol.session_expiring(shown["in"]),
    "auth_ok": lambda shown: protocol.auth_ok(_moment(shown["session_expires_at"])),
    "going_away": lambda shown: protocol.going_away(shown["reconnect_in_ms"]),
}
READ_AS: dict[str, type[object]] = {
    "message_ack": client_frames.Ack,
    "message_read": client_frames.Ack,
    "command": client_frames.Command,
    "watch": client_frames.Watch,
    "unwatch": client_frames.Watch,
    "auth": client_frames.Auth,
}


def _examples(sender: str) -> list[tuple[str, str]]:
    """Return type and text of the frames that are shown of the server or a client."""
    named = [block for block in blocks(PAGE) if block.kind == "frame"]
    split = [(*block.name.split(), block.text) for block in named]
    return [(kind, text) for who, kind, text in split if who == sender]


def _built_types() -> set[str]:
    """Find in the source of the protocol which frames it builds."""
    tree = ast.parse((APPS / "push" / "protocol.py").read_text())
    return {
        value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant)
        and key.value == "type"
        and isinstance(value, ast.Constant)
        and isinstance(value.value, str)
    }


@pytest.mark.parametrize(("kind", "text"), _examples("server"))
def test_the_server_builds_the_frame_that_is_shown(kind: str, text: str) -> None:
    shown = json.loads(text)

    built = json.loads(BUILDERS[kind](shown))

    assert shown["type"] == kind
    assert built == shown
    assert {key: type(value) for key, value in built.items()} == {
        key: type(value) for key, value in shown.items()
    }


def test_every_frame_of_the_server_is_shown() -> None:
    shown = {kind for kind, _ in _examples("server")}

    assert shown == _built_types() == set(BUILDERS)


@pytest.mark.parametrize(("kind", "text"), _examples("client"))
def test_the_server_reads_the_frame_that_is_shown(kind: str, text: str) -> None:
    frame = client_frames.parse(text)

    assert json.loads(text)["type"] == kind
    assert isinstance(frame, READ_AS[kind])


def test_every_frame_of_a_client_is_shown() -> None:
    shown = {kind for kind, _ in _examples("client")}

    assert shown == set(client_frames._READERS) == set(READ_AS)


def test_the_server_reads_the_position_that_is_shown() -> None:
    [block] = [block for block in blocks(PAGE) if block.name == "position"]

    resume = client_frames.parse_resume(block.text.strip())

    assert resume == client_frames.Resume("e_5c1f09ab", 1180, 88)


def _constants(nodes: list[ast.expr]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _codes_in(tree: ast.AST) -> Iterator[str]:
    """Find error codes: assigned to `code`, or given to what sends an error."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            [target] = node.targets
            names = {each.id for each in ast.walk(target) if isinstance(each, ast.Name)}
            if "code" in names:
                value = node.value
                parts = value.elts if isinstance(value, ast.Tuple) else [value]
                yield from _constants(parts)
        elif isinstance(node, ast.Call):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else ""
            name = called.id if isinstance(called, ast.Name) else name
            place = {"BadFrame": 0, "error": 0, "end": 1}.get(name)
            if place is not None:
                yield from _constants(node.args[place : place + 1])


def _sources() -> list[Path]:
    found = [*(APPS / "push").rglob("*.py"), *(APPS / "realtime").rglob("*.py")]
    return [path for path in found if "tests" not in path.parts]


def test_every_error_code_is_explained_and_no_other() -> None:
    sent = {
        code
        for path in _sources()
        for code in _codes_in(ast.parse(path.read_text()))
        if code.isidentifier()
    }

    explained = {row[0].strip("`") for row in rows(PAGE, "error codes")}

    assert explained == sent
    assert len(sent) > 10


def _close_codes() -> dict[int, str]:
    return {
        value: name
        for name, value in vars(protocol).items()
        if name.startswith("CLOSE_")
    }


def test_every_close_code_is_explained_and_no_other_of_ours() -> None:
    explained = {int(row[0]) for row in rows(PAGE, "close codes")}

    # 1006 is what a client sees when no close came.
    assert explained - {1006} == set(_close_codes())


def test_an_error_code_names_a_close_code_that_exists() -> None:
    named = {row[2].split(",")[0] for row in rows(PAGE, "error codes")} - {""}

    assert {int(code) for code in named} <= set(_close_codes())
