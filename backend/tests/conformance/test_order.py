"""What a connection is sent: hello, snapshots, replay, replay_end, live."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.conformance.door import Door, numbers, values
from tests.processes import wait_until


def test_hello_says_who_and_where(door: Door) -> None:
    person = door.person()

    hello = person.connect().greeting().hello

    assert hello["user_id"] == person.id
    assert hello["stream"]["last_seq"] == 0
    assert hello["unread"] == 0
    assert hello["state_version"] == 0
    assert hello["limits"] == {"frame": 16_384, "window": 64}
    assert hello["session_expires_at"] > hello["server_time"]


def test_two_connections_have_names_of_their_own(door: Door) -> None:
    person = door.person()

    first, second = (person.connect().greeting().hello for _ in range(2))

    assert first["connection_id"] != second["connection_id"]
    assert first["stream"]["epoch"] == second["stream"]["epoch"]


def test_nothing_to_replay_still_ends_the_replay_once(door: Door) -> None:
    socket = door.person().connect()

    greeting = socket.greeting()

    assert greeting.replayed == []
    assert greeting.replay_end["seq"] == 0
    assert greeting.others == []
    assert socket.quiet() == []


def test_what_was_missed_is_replayed_in_order_and_marked(door: Door) -> None:
    person = door.person()
    person.send_many(5)

    socket = person.connect()
    greeting = socket.greeting()

    assert numbers(greeting.replayed) == [1, 2, 3, 4, 5]
    assert values(greeting.replayed) == [0, 1, 2, 3, 4]
    assert all(frame.get("replay") is True for frame in greeting.replayed)
    assert greeting.replay_end["seq"] == 5
    assert greeting.hello["stream"]["last_seq"] == 5
    assert greeting.hello["unread"] == 5
    assert socket.quiet() == []


def test_what_comes_live_is_not_marked_as_replay(door: Door) -> None:
    person = door.person()
    socket = person.tab()

    person.send({"text": "now"})

    frame = socket.until("server_notification")
    assert frame.get("replay", False) is False
    assert frame["seq"] == 1


def test_live_notifications_come_in_order(door: Door) -> None:
    person = door.person()
    socket = person.tab()

    for n in range(10):
        person.send({"n": n})

    assert values(socket.notifications(10)) == list(range(10))


def test_all_tabs_get_everything(door: Door) -> None:
    person = door.person()
    tabs = [person.tab() for _ in range(3)]

    person.send_many(4)

    for tab in tabs:
        assert values(tab.notifications(4)) == [0, 1, 2, 3]


def test_nobody_else_gets_it(door: Door) -> None:
    person, other = door.person(), door.person()
    socket, foreign = person.tab(), other.tab()

    person.send({"text": "for one"})

    socket.until("server_notification")
    assert foreign.quiet() == []


def test_a_notification_carries_all_that_was_sent(door: Door) -> None:
    person = door.person()
    socket = person.tab()

    sent = person.send(
        {"order": 7},
        title="Order 7",
        body="Shipped",
        severity="warning",
        kind="order",
        url="/orders/7",
    )

    frame = socket.until("server_notification")
    expected = {
        "key": sent["key"],
        "seq": sent["seq"],
        "value": {"order": 7},
        "title": "Order 7",
        "body": "Shipped",
        "severity": "warning",
        "kind": "order",
        "url": "/orders/7",
    }
    assert expected.items() <= frame.items()


def test_the_id_of_the_request_travels_into_the_frame(door: Door) -> None:
    person = door.person()
    socket = person.tab()
    service = door.deployment.service

    answer = service.request(
        "POST",
        "/api/notifications/send/",
        {"user_id": person.id, "payload": {}},
    )

    request_id = socket.until("server_notification").get("request_id")
    assert request_id
    assert request_id == answer.headers["x-request-id"]


@pytest.mark.parametrize(
    "text",
    [
        '"text"',
        "0",
        "-1.5e3",
        "true",
        "false",
        "[]",
        "{}",
        '[1,[2,[3,{"a":null}]]]',
        '{"b":1,"a":2,"10":3,"9":4}',
        '{"type":"hello","seq":99,"__proto__":{"x":1},"key":"k"}',
        '"\\u2028\\u2029 </script> \U0001f514 \u0130\u202e"',
        "123456789012345678901234567890",
        "1.0",
    ],
)
@pytest.mark.parametrize("when", ["live", "replayed"])
def test_the_payload_arrives_as_it_was_sent(door: Door, text: str, when: str) -> None:
    person = door.person()
    body = f'{{"user_id":{person.id},"payload":{text}}}'.encode()
    early = person.tab() if when == "live" else None

    door.deployment.service.post("/api/notifications/send/", body)

    socket = early or person.connect()
    frame = socket.until("server_notification")
    assert frame["value"] == json.loads(text)
    assert type(frame["value"]) is type(json.loads(text))
    if text.startswith("{"):
        assert list(frame["value"]) == list(json.loads(text))


def test_the_largest_payload_arrives(door: Door) -> None:
    person = door.person()
    socket = person.tab()
    largest = "x" * (32 * 1024 - 2)

    person.send(largest)

    assert socket.until("server_notification")["value"] == largest


def test_a_larger_payload_is_refused_where_it_enters(door: Door) -> None:
    person = door.person()
    body = {"user_id": person.id, "payload": "x" * (32 * 1024 - 1)}

    answer = door.deployment.service.request("POST", "/api/notifications/send/", body)

    assert answer.status in {400, 413}
    assert person.connect().greeting().hello["stream"]["last_seq"] == 0


def test_the_positions_over_http_are_those_of_the_socket(door: Door) -> None:
    person = door.person()
    person.send_many(3)

    stream = person.inbox.get("/api/user/notifications/")["stream"]
    hello = person.connect().greeting().hello

    assert stream["epoch"] == hello["stream"]["epoch"]
    assert stream["last_seq"] == 3
    assert stream["state_version"] == hello["state_version"]


def test_a_page_that_starts_from_the_list_misses_nothing(door: Door) -> None:
    person = door.person()
    person.send_many(2)
    listed = person.inbox.get("/api/user/notifications/")
    person.send({"n": 2})

    stream = listed["stream"]
    greeting = person.connect(
        epoch=stream["epoch"],
        seq=stream["last_seq"],
        state=stream["state_version"],
    ).greeting()

    assert len(listed["results"]) == 2
    assert values(greeting.replayed) == [2]
    assert greeting.hello["resume"] == {"seq": 2, "recovered": True}


def test_http_after_a_number_gives_what_the_socket_would(door: Door) -> None:
    person = door.person()
    person.send_many(4)

    listed = person.inbox.get("/api/user/notifications/?after=2")

    assert [item["seq"] for item in listed["results"]] == [3, 4]


def test_an_expired_notification_is_not_replayed(door: Door) -> None:
    person = door.person()
    # What is over when it arrives is refused, and machines stall.
    soon = datetime.now(UTC) + timedelta(seconds=4)
    person.send({"n": 0}, expires_at=soon.isoformat())
    person.send({"n": 1})

    def only_the_other_is_replayed() -> bool:
        greeting = person.connect().greeting()
        assert greeting.replay_end["seq"] == 2
        return values(greeting.replayed) == [1]

    wait_until(only_the_other_is_replayed, seconds=20, what="the end", interval=0.3)
