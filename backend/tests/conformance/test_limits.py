"""Rate, window and number of connections."""

import pytest

from tests.conformance.client import ClosedError, Socket
from tests.conformance.door import Door, numbers, values

WINDOW = 64
CONNECTIONS = 10


def ping_until_closed(socket: Socket, *, at_most: int) -> int:
    """Send pings as fast as they go out; say the close code."""
    try:
        for n in range(at_most):
            socket.send("command", key="ping", id=str(n))
    except ClosedError as closed:
        return closed.code
    return 0


def test_twenty_frames_at_once_are_answered(door: Door) -> None:
    socket = door.person().tab()

    for n in range(20):
        socket.send("command", key="ping", id=str(n))

    answers = [socket.until("command_processing_result")["id"] for _ in range(20)]
    assert answers == [str(n) for n in range(20)]
    assert not [f for f in socket.frames if f["type"] == "message_processing_error"]


def test_a_flood_is_told_rate_limited_and_then_ended_with_4429(door: Door) -> None:
    socket = door.person().tab()

    ping_until_closed(socket, at_most=400)

    closing = socket.closing()
    assert closing.code == 4429
    answered = [f for f in closing.frames if f["type"] == "command_processing_result"]
    codes = {
        f["code"] for f in closing.frames if f["type"] == "message_processing_error"
    }
    assert codes == {"rate_limited"}
    assert 20 <= len(answered) <= 60


def test_a_flood_of_one_is_no_concern_of_the_others(door: Door) -> None:
    flooding, other = door.person().tab(), door.person()
    socket = other.tab()

    ping_until_closed(flooding, at_most=400)
    other.send({"n": 0})

    assert socket.until("server_notification")
    assert flooding.closing().code == 4429


def assert_stops_at_the_window(socket: Socket, count: int) -> None:
    """Insist that so many come and then no more, although the socket is alive."""
    socket.notifications(count)

    assert [f for f in socket.quiet() if f["type"] == "server_notification"] == []


def test_live_frames_stop_at_64_unacknowledged_and_go_on_after(door: Door) -> None:
    person = door.person()
    socket = person.tab()
    person.send_many(WINDOW + 12)
    assert_stops_at_the_window(socket, WINDOW)

    socket.send("message_ack", up_to=10)

    assert numbers(socket.notifications(10)) == list(range(65, 75))
    assert [f for f in socket.quiet() if f["type"] == "server_notification"] == []


def test_a_replay_stops_at_64_unacknowledged_and_goes_on_after(door: Door) -> None:
    person = door.person()
    person.send_many(WINDOW + 12)
    socket = person.connect()
    assert_stops_at_the_window(socket, WINDOW)
    assert not [f for f in socket.frames if f["type"] == "replay_end"]

    socket.send("message_ack", up_to=WINDOW)

    assert values(socket.notifications(12)) == list(range(WINDOW, WINDOW + 12))
    assert socket.until("replay_end")["seq"] == WINDOW + 12


def test_63_unacknowledged_leave_room_for_one(door: Door) -> None:
    person = door.person()
    person.send_many(WINDOW - 1)
    socket = person.tab()

    person.send({"n": 63})
    person.send({"n": 64})

    assert_stops_at_the_window(socket, 1)


def test_a_shut_window_holds_back_notifications_only(door: Door) -> None:
    person = door.person()
    sent = person.send_many(WINDOW + 1)
    socket = person.connect()
    socket.notifications(WINDOW)

    person.inbox.post(f"/api/user/notifications/{sent[-1]['key']}/read/")

    assert socket.until("notification_state", state="read")


def test_an_acknowledgement_of_another_tab_opens_the_window(door: Door) -> None:
    person = door.person()
    first, second = person.tab(), person.tab()
    person.send_many(WINDOW + 5)
    first.notifications(WINDOW)
    second.notifications(WINDOW)

    first.send("message_ack", up_to=WINDOW)

    assert numbers(second.notifications(5)) == list(range(WINDOW + 1, WINDOW + 6))


def test_a_change_over_http_opens_the_window(door: Door) -> None:
    person = door.person()
    socket = person.tab()
    person.send_many(WINDOW + 5)
    socket.notifications(WINDOW)

    person.inbox.post("/api/user/notifications/read-all/", {"up_to": WINDOW})

    assert numbers(socket.notifications(5)) == list(range(WINDOW + 1, WINDOW + 6))


def test_the_window_counts_bytes_too(door: Door) -> None:
    person = door.person()
    socket = person.tab()
    person.send_many(50, padding=30_000)
    first = socket.notifications(30)
    more = [f for f in socket.quiet() if f["type"] == "server_notification"]
    in_flight = len(first) + len(more)
    assert in_flight < 40

    socket.send("message_ack", up_to=in_flight)

    assert numbers(socket.notifications(50 - in_flight))[0] == in_flight + 1


def test_a_replay_larger_than_the_window_in_bytes_comes_whole(door: Door) -> None:
    person = door.person()
    person.send_many(60, padding=30_000)
    socket = person.connect()

    for n in range(60):
        frame = socket.until("server_notification")
        assert frame["value"]["n"] == n
        socket.send("message_ack", up_to=frame["seq"])

    assert socket.until("replay_end")["seq"] == 60


def test_who_acknowledges_nothing_is_closed_with_4408(short_door: Door) -> None:
    person = short_door.person()
    socket = person.tab()
    person.send_many(WINDOW + 1)

    closing = socket.closing()

    assert closing.code == 4408
    assert closing.error is not None


def test_a_full_window_with_nothing_waiting_is_no_fault(short_door: Door) -> None:
    person = short_door.person()
    socket = person.tab()
    person.send_many(WINDOW)
    socket.notifications(WINDOW)

    # The session's end is announced later than the window's time is over.
    socket.until("session_expiring")

    assert socket.quiet() == []


def test_what_was_not_acknowledged_comes_again_after_4408(short_door: Door) -> None:
    person = short_door.person()
    socket = person.connect()
    position = socket.greeting().position
    person.send_many(WINDOW + 3)
    assert socket.closing().code == 4408

    again = person.connect(**{**position, "seq": WINDOW})

    assert numbers(again.notifications(3)) == [65, 66, 67]


def test_an_eleventh_connection_replaces_the_oldest(door: Door) -> None:
    person = door.person()
    tabs = [person.tab() for _ in range(CONNECTIONS)]

    eleventh = person.tab()

    closing = tabs[0].closing()
    assert closing.code == 4409
    assert closing.error is not None
    assert eleventh.quiet() == []
    for tab in tabs[1:]:
        assert tab.quiet() == []


def test_ten_connections_stay(door: Door) -> None:
    person = door.person()
    tabs = [person.tab() for _ in range(CONNECTIONS)]

    for tab in tabs:
        assert tab.quiet() == []


def test_a_closed_connection_does_not_count(door: Door) -> None:
    person = door.person()
    tabs = [person.tab() for _ in range(CONNECTIONS)]
    tabs[-1].close()

    person.tab()

    assert tabs[0].quiet() == []


@pytest.mark.daphne_lacks("close reason")
def test_a_close_has_a_reason(door: Door) -> None:
    socket = door.open()

    socket.send("command", key="ping")

    assert socket.closing().reason
