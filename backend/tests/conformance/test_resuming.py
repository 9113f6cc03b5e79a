"""From where a connection goes on: with a position, without one, with a wrong one."""

import pytest

from tests.conformance.door import Door, numbers, values


def test_without_a_position_only_the_unacknowledged_are_replayed(door: Door) -> None:
    person = door.person()
    sent = person.send_many(4)
    first = person.tab()
    first.send("message_ack", keys=[sent[0]["key"], sent[2]["key"]])
    first.until("notification_state")

    greeting = person.connect().greeting()

    assert values(greeting.replayed) == [1, 3]
    assert greeting.replay_end["seq"] == 4


def test_with_a_position_every_number_above_it_is_replayed(door: Door) -> None:
    person = door.person()
    first = person.connect()
    position = first.greeting().position
    person.send_many(4)
    first.notifications(4)
    first.send("message_ack", up_to=4)
    first.until("notification_state")

    greeting = person.connect(**{**position, "seq": 1}).greeting()

    assert numbers(greeting.replayed) == [2, 3, 4]
    assert greeting.hello["resume"] == {"seq": 1, "recovered": True}


def test_a_position_at_the_tail_replays_nothing(door: Door) -> None:
    person = door.person()
    person.send_many(3)
    position = person.connect().greeting().position

    greeting = person.connect(**position).greeting()

    assert greeting.replayed == []
    assert greeting.replay_end["seq"] == 3
    assert greeting.hello["resume"] == {"seq": 3, "recovered": True}


def test_a_resumed_connection_gets_what_comes_next(door: Door) -> None:
    person = door.person()
    person.send_many(3)
    position = person.connect().greeting().position
    socket = person.tab(**position)

    person.send({"n": 3})

    assert socket.until("server_notification")["seq"] == 4


@pytest.mark.parametrize(
    "wrong",
    [
        {"seq": 9},
        {"seq": 2**63 - 1},
        {"epoch": "e_other"},
        {"epoch": "e_other", "seq": 9},
    ],
)
def test_a_position_that_cannot_be_is_not_recovered(
    door: Door,
    wrong: dict[str, object],
) -> None:
    person = door.person()
    person.send_many(3)
    position = person.connect().greeting().position

    greeting = person.connect(**{**position, **wrong}).greeting()

    assert greeting.hello["resume"]["recovered"] is False
    assert numbers(greeting.replayed) == [1, 2, 3]
    assert greeting.replay_end["seq"] == 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"seq": "x"},
        {"seq": ""},
        {"seq": "-1"},
        {"seq": "1.0"},
        {"seq": "1e3"},
        {"seq": "\u0661"},
        {"seq": "9" * 40},
        {"seq": " 1"},
        {"epoch": ""},
        {"epoch": "\x00"},
        {"epoch": "e" * 5_000},
        {"state": "x"},
        {"state": "-1"},
    ],
)
def test_a_position_that_cannot_be_parsed_is_none_with_an_error(
    door: Door,
    wrong: dict[str, object],
) -> None:
    person = door.person()
    person.send_many(2)
    position = person.connect().greeting().position

    socket = person.connect(**{**position, **wrong})
    greeting = socket.greeting()
    frames = [*greeting.others, *socket.quiet()]

    errors = [f for f in frames if f["type"] == "message_processing_error"]
    assert [error["code"] for error in errors] == ["bad_position"]
    assert numbers(greeting.replayed) == [1, 2]


def test_an_old_state_version_is_told_to_read_the_list_again(door: Door) -> None:
    person = door.person()
    key = person.send({"n": 0})["key"]
    position = person.connect().greeting().position
    person.inbox.post(f"/api/user/notifications/{key}/read/")

    socket = person.connect(**position)
    greeting = socket.greeting()

    kinds = [frame["type"] for frame in [*greeting.others, *socket.quiet()]]
    assert kinds == ["resync"]


def test_the_present_state_version_is_not(door: Door) -> None:
    person = door.person()
    key = person.send({"n": 0})["key"]
    person.inbox.post(f"/api/user/notifications/{key}/read/")
    position = person.connect().greeting().position

    socket = person.connect(**position)
    greeting = socket.greeting()

    kinds = {frame["type"] for frame in [*greeting.others, *socket.quiet()]}
    assert "resync" not in kinds


def test_a_position_without_a_state_version_is_accepted(door: Door) -> None:
    person = door.person()
    person.send_many(2)
    position = person.connect().greeting().position
    del position["state"]

    greeting = person.connect(**{**position, "seq": 1}).greeting()

    assert numbers(greeting.replayed) == [2]
    assert greeting.hello["resume"] == {"seq": 1, "recovered": True}


def test_a_cut_connection_goes_on_where_it_was(door: Door) -> None:
    person = door.person()
    first = person.connect()
    position = first.greeting().position
    person.send_many(3)
    first.notifications(2)
    first.cut()
    person.send({"n": 3})

    greeting = person.connect(**{**position, "seq": 2}).greeting()

    assert values(greeting.replayed) == [2, 3]


def test_the_newest_are_replayed_when_there_are_too_many(short_door: Door) -> None:
    person = short_door.person()
    person.send_many(25)

    greeting = person.connect().greeting()

    assert greeting.hello["replay_truncated"] is True
    assert values(greeting.replayed) == list(range(5, 25))
    assert greeting.replay_end["seq"] == 25


def test_a_replay_that_is_not_truncated_says_so(short_door: Door) -> None:
    person = short_door.person()
    person.send_many(20)

    greeting = person.connect().greeting()

    assert greeting.hello.get("replay_truncated", False) is False
    assert len(greeting.replayed) == 20


def test_a_position_is_never_truncated(short_door: Door) -> None:
    person = short_door.person()
    position = person.connect().greeting().position
    person.send_many(25)

    greeting = person.connect(**position).greeting()

    assert values(greeting.replayed) == list(range(25))
