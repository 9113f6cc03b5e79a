"""How long a socket lives: its session, and the credential that it goes back to."""

from collections.abc import Callable

import pytest

from tests.conformance.client import Socket
from tests.conformance.door import Door, Member
from tests.processes import manage
from tests.supply import new_service_key


def test_the_end_of_a_session_is_announced(short_door: Door) -> None:
    socket = short_door.person().tab()

    expiring = socket.until("session_expiring")

    assert 0 < expiring["in"] <= 60


def test_a_session_that_is_not_renewed_ends_with_4401(short_door: Door) -> None:
    socket = short_door.person().tab()

    closing = socket.closing()

    assert closing.code == 4401
    assert closing.error is not None
    assert "session_expiring" in {frame["type"] for frame in closing.frames}


def test_a_session_is_extended_in_place(short_door: Door) -> None:
    person = short_door.person()
    # The one that ends is opened first: nothing hurries the other's renewal.
    left_alone, renewed = person.tab(), person.connect()
    hello = renewed.greeting().hello
    renewed.until("session_expiring")

    renewed.send("auth", token=person.ticket())

    extended = renewed.until("auth_ok")
    assert extended["session_expires_at"] > hello["session_expires_at"]
    assert left_alone.closing().code == 4401
    person.send({"n": 0})
    assert renewed.until("server_notification")["seq"] == 1


def test_a_used_ticket_does_not_extend_a_session(short_door: Door) -> None:
    person = short_door.person()
    ticket = person.ticket()
    short_door.open(ticket).greeting()
    socket = person.tab()

    socket.send("auth", token=ticket)

    closing = socket.closing()
    assert closing.code == 4401
    assert "auth_ok" not in {frame["type"] for frame in closing.frames}


def assert_ends_soon(socket: Socket) -> None:
    """Insist on an error frame and 4401, long before the session's end."""
    closing = socket.closing()

    assert closing.code == 4401
    assert closing.error is not None


def socket_by_ticket(door: Door, member: Member) -> Socket:
    """Open a socket with a ticket that the member's token minted."""
    ticket = member.web.post("/api/auth/ticket/")["ticket"]
    socket = door.open(ticket)
    socket.greeting()
    return socket


def test_logging_out_ends_the_sockets_of_the_token(door: Door) -> None:
    member = door.member()
    by_ticket = socket_by_ticket(door, member)
    by_header = door.open(headers={"Authorization": f"Token {member.token}"})
    by_header.greeting()

    member.web.post("/api/auth/logout/")

    assert_ends_soon(by_ticket)
    assert_ends_soon(by_header)


def test_logging_out_leaves_the_other_logins_alone(door: Door) -> None:
    member = door.member()
    _, other_web = door.log_in(member.login)
    other = door.open(other_web.post("/api/auth/ticket/")["ticket"])
    other.greeting()
    socket = socket_by_ticket(door, member)

    member.web.post("/api/auth/logout/")

    assert_ends_soon(socket)
    assert other.quiet() == []


def test_logging_out_everywhere_ends_every_socket(door: Door) -> None:
    member = door.member()
    _, other_web = door.log_in(member.login)
    sockets = [
        socket_by_ticket(door, member),
        door.open(other_web.post("/api/auth/ticket/")["ticket"]),
    ]
    sockets[1].greeting()

    member.web.post("/api/auth/logout-all/")

    for socket in sockets:
        assert_ends_soon(socket)


def test_logging_out_everywhere_ends_waiting_tickets(door: Door) -> None:
    member = door.member()
    ticket = member.web.post("/api/auth/ticket/")["ticket"]

    member.web.post("/api/auth/logout-all/")

    assert door.open(ticket).closing().code == 4401


def test_a_new_password_ends_the_other_sockets(door: Door) -> None:
    member = door.member()
    _, other_web = door.log_in(member.login)
    other = door.open(other_web.post("/api/auth/ticket/")["ticket"])
    other.greeting()

    member.web.post(
        "/api/user/password/",
        {
            "old_password": member.login.password,
            "new_password": "an-entirely-new-one-88",
        },
    )

    assert_ends_soon(other)


@pytest.fixture
def command(door: Door) -> Callable[[str], str]:
    """Run Python in `manage.py shell` beside the server."""
    if door.deployment.data_dir is None:
        pytest.skip("there is no shell on a server elsewhere")

    def run(code: str) -> str:
        return manage(door.deployment.environment, "shell", "-c", code)

    return run


def test_a_disabled_user_is_disconnected(
    door: Door,
    command: Callable[[str], str],
) -> None:
    """Even where the change went past every signal: the poll finds it."""
    member = door.member()
    socket = socket_by_ticket(door, member)

    command(
        "from apps.accounts.models import User;"
        f"User.objects.filter(pk={member.user_id}).update(is_active=False)",
    )

    assert_ends_soon(socket)
    assert member.web.request("GET", "/api/user/me/").status == 401


def test_a_revoked_service_key_ends_the_sockets_it_opened(
    door: Door,
    command: Callable[[str], str],
) -> None:
    service_id, token = new_service_key(door.deployment.environment, "tickets:mint")
    service = door.deployment.anonymous.signed(
        X_Service_Id=service_id,
        X_Service_Token=token,
    )
    minted = service.post("/api/auth/ticket/", {"user_id": door.person().id})
    socket = door.open(minted["ticket"])
    socket.greeting()

    command(
        "from apps.accounts.models import ServiceKey;"
        f"ServiceKey.objects.filter(service_id='{service_id}').update(is_active=False)",
    )

    assert_ends_soon(socket)
