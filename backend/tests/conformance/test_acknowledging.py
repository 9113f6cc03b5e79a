"""Acknowledging and reading, over the socket and over HTTP, and who is told."""

import uuid
from typing import Any

import pytest

from tests.conformance.client import Socket
from tests.conformance.door import Door, Person, values
from tests.conformance.shapes import Frame
from tests.processes import wait_until


def state_of(socket: Socket, state: str) -> Frame:
    """Read on to this change of states."""
    return socket.until("notification_state", state=state)


def left_to_replay(person: Person) -> list[Any]:
    """List what a connection without a position would be sent."""
    socket = person.connect()
    replayed = values(socket.greeting().replayed)
    socket.close()
    return replayed


def assert_nothing_left_to_replay(person: Person) -> None:
    """Insist that everything is acknowledged within a moment: the server joins them."""
    wait_until(
        lambda: left_to_replay(person) == [],
        seconds=20,
        what="all acknowledged",
    )


def state_version(person: Person) -> int:
    """Read the version of the person's states."""
    listed = person.inbox.get("/api/user/notifications/")
    return int(listed["stream"]["state_version"])


def test_one_key_is_acknowledged_for_all_tabs(door: Door) -> None:
    person = door.person()
    sent = person.send_many(2)
    first, second = person.tab(), person.tab()

    first.send("message_ack", key=sent[0]["key"])

    state = state_of(second, "acked")
    assert state["keys"] == [sent[0]["key"]]
    assert state["state_version"] == 1
    assert state["unread"] == 2
    assert left_to_replay(person) == [1]


def test_many_keys_are_acknowledged_together(door: Door) -> None:
    person = door.person()
    sent = person.send_many(3)
    socket, other = person.tab(), person.tab()

    socket.send("message_ack", keys=[sent[0]["key"], sent[2]["key"]])

    assert set(state_of(other, "acked")["keys"]) == {sent[0]["key"], sent[2]["key"]}
    assert left_to_replay(person) == [1]


@pytest.mark.parametrize("names_epoch", [True, False])
def test_everything_up_to_a_number_is_acknowledged(
    door: Door,
    *,
    names_epoch: bool,
) -> None:
    person = door.person()
    person.send_many(5)
    socket, other = person.connect(), person.tab()
    epoch = socket.greeting().hello["stream"]["epoch"]

    socket.send("message_ack", up_to=3, **({"epoch": epoch} if names_epoch else {}))

    state = state_of(other, "acked")
    assert state["up_to"] == 3 or len(state["keys"]) == 3
    assert left_to_replay(person) == [3, 4]


def test_acknowledging_twice_changes_nothing_more(door: Door) -> None:
    person = door.person()
    key = person.send({"n": 0})["key"]
    socket, other = person.tab(), person.tab()
    socket.send("message_ack", key=key)
    state_of(other, "acked")

    socket.send("message_ack", key=key)
    socket.send("message_ack", up_to=1)
    frames = socket.quiet()

    assert not [f for f in frames if f["type"] == "message_processing_error"]
    assert state_version(person) == 1


def test_reading_implies_acknowledging(door: Door) -> None:
    person = door.person()
    sent = person.send_many(2)
    socket, other = person.tab(), person.tab()

    socket.send("message_read", keys=[sent[0]["key"]])

    state = state_of(other, "read")
    assert state["keys"] == [sent[0]["key"]]
    assert state["unread"] == 1
    assert left_to_replay(person) == [1]


def test_acknowledging_is_not_reading(door: Door) -> None:
    person = door.person()
    key = person.send({"n": 0})["key"]
    socket, other = person.tab(), person.tab()

    socket.send("message_ack", key=key)
    state_of(other, "acked")

    item = person.inbox.get(f"/api/user/notifications/{key}/")
    assert item["state"] == "unread"
    assert item["acked_at"]
    assert item["read_at"] is None


def test_a_number_above_the_cursor_is_a_bad_position(door: Door) -> None:
    person = door.person()
    person.send_many(2)
    socket = person.tab()

    socket.send("message_ack", up_to=3, id="a1")

    assert socket.refusal()["code"] == "bad_position"
    assert left_to_replay(person) == [0, 1]


def test_another_epoch_is_a_bad_position(door: Door) -> None:
    person = door.person()
    person.send_many(2)
    socket = person.tab()

    socket.send("message_ack", up_to=1, epoch="e_other")

    assert socket.refusal()["code"] == "bad_position"
    assert left_to_replay(person) == [0, 1]


@pytest.mark.parametrize("up_to", [-1, 1.0, True, "1", 2**63, 10**30, [1], {}])
def test_a_position_that_is_no_number_is_refused(door: Door, up_to: object) -> None:
    person = door.person()
    person.send_many(1)
    socket = person.tab()

    socket.send("message_ack", up_to=up_to)

    assert socket.refusal()["code"] in {"bad_position", "bad_frame"}
    assert left_to_replay(person) == [0]


def test_unknown_and_foreign_keys_get_the_same_answer(door: Door) -> None:
    person, other = door.person(), door.person()
    foreign = other.send({"n": 0})["key"]
    socket = person.tab()

    answers: list[tuple[str, str]] = []
    for key in (foreign, str(uuid.uuid4())):
        socket.send("message_ack", key=key)
        refusal = socket.refusal()
        answers.append((refusal["code"], refusal["value"].replace(key, "KEY")))

    assert answers[0] == answers[1]
    assert answers[0][0] == "unknown_key"
    assert left_to_replay(other) == [0]


@pytest.mark.parametrize("kind", ["message_ack", "message_read"])
def test_a_foreign_key_is_not_touched(door: Door, kind: str) -> None:
    person, other = door.person(), door.person()
    foreign = other.send({"n": 0})["key"]
    socket = person.tab()

    socket.send(kind, keys=[foreign])

    assert socket.refusal()["code"] == "unknown_key"
    item = other.inbox.get(f"/api/user/notifications/{foreign}/")
    assert item["acked_at"] is None
    assert item["read_at"] is None


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"key": 7},
        {"key": None},
        {"key": ""},
        {"key": "0193"},
        {"keys": []},
        {"keys": "0193"},
        {"keys": [7]},
        {"keys": {"a": 1}},
        {"keys": [None]},
    ],
)
@pytest.mark.parametrize("kind", ["message_ack", "message_read"])
def test_keys_that_are_none_get_an_error_frame(
    door: Door,
    kind: str,
    fields: dict[str, object],
) -> None:
    socket = door.person().tab()

    socket.send(kind, id="k1", **fields)

    refusal = socket.refusal()
    assert refusal["ref"] == "k1"
    assert socket.quiet() == []


def test_a_hundred_keys_are_acknowledged_at_once(door: Door) -> None:
    person = door.person()
    socket = person.tab()
    keys = [sent["key"] for sent in person.send_many(100)]
    socket.notifications(64)

    socket.send("message_ack", keys=keys)

    assert values(socket.notifications(36)) == list(range(64, 100))
    assert_nothing_left_to_replay(person)


def test_a_hundred_and_one_keys_are_refused(door: Door) -> None:
    person = door.person()
    keys = [sent["key"] for sent in person.send_many(10)]
    socket = person.tab()

    socket.send("message_ack", keys=[*keys, *(str(uuid.uuid4()) for _ in range(91))])

    assert socket.refusal()["code"]
    assert left_to_replay(person) == list(range(10))


@pytest.mark.parametrize(
    ("action", "state"),
    [("read", "read"), ("archive", "archived")],
)
def test_a_change_over_http_reaches_the_open_tabs(
    door: Door,
    action: str,
    state: str,
) -> None:
    person = door.person()
    sent = person.send_many(2)
    socket = person.tab()

    person.inbox.post(f"/api/user/notifications/{sent[0]['key']}/{action}/")

    frame = state_of(socket, state)
    assert frame["keys"] == [sent[0]["key"]]
    assert frame["unread"] == 1
    assert frame["state_version"] > 0


def test_unread_again_reaches_the_open_tabs(door: Door) -> None:
    person = door.person()
    key = person.send({"n": 0})["key"]
    socket, inbox = person.tab(), person.inbox
    inbox.post(f"/api/user/notifications/{key}/read/")
    read = state_of(socket, "read")

    inbox.post(f"/api/user/notifications/{key}/unread/")

    unread = state_of(socket, "unread")
    assert unread["unread"] == 1
    assert unread["state_version"] > read["state_version"]


def test_read_all_reaches_the_open_tabs(door: Door) -> None:
    person = door.person()
    person.send_many(3)
    socket = person.tab()

    answer = person.inbox.post("/api/user/notifications/read-all/", {})

    frame = state_of(socket, "read")
    assert answer == {"updated": 3, "unread": 0}
    assert frame["unread"] == 0
    assert frame["up_to"] == 3 or len(frame["keys"]) == 3


def test_an_acknowledgement_withholds_nothing_from_an_open_tab(door: Door) -> None:
    person = door.person()
    first, second = person.tab(), person.tab()
    person.send({"n": 0})

    first.until("server_notification")
    first.send("message_ack", up_to=1)

    assert second.until("server_notification")["seq"] == 1


def test_acknowledging_what_is_outstanding_costs_nothing_of_the_rate(
    door: Door,
) -> None:
    person = door.person()
    keys = [sent["key"] for sent in person.send_many(300)]
    socket = person.connect()
    socket.next()

    for key in keys:
        socket.until("server_notification")
        socket.send("message_ack", key=key)

    socket.until("replay_end")
    socket.quiet()
    assert not [f for f in socket.frames if f["type"] == "message_processing_error"]
    assert_nothing_left_to_replay(person)
