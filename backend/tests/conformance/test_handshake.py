"""How a socket is opened: credentials, subprotocols, origins, paths."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest

from tests.conformance.client import SUBPROTOCOL, ClosedError, RefusedError, Socket
from tests.conformance.door import Door
from tests.supply import ALLOWED_ORIGIN

NO_ORIGINS = {"a suffix", "two"}
HANDSHAKE_REFUSALS = {400, 403, 404, 414, 431}


def assert_not_admitted(socket: Socket) -> None:
    """Insist on an error frame and 4401, and on nothing else."""
    closing = socket.closing()

    assert closing.code == 4401
    assert closing.error is not None
    assert [frame["type"] for frame in closing.frames] == ["message_processing_error"]


def assert_turned_away(knock: Callable[[], Socket], *, code: int) -> None:
    """Insist on a refusal by HTTP, or on this close code after accept."""
    status = 0
    try:
        socket = knock()
    except RefusedError as refused:
        status = refused.status
    if status:
        assert status in HANDSHAKE_REFUSALS
    else:
        assert socket.closing().code == code


def test_a_ticket_among_the_subprotocols_is_accepted_and_not_echoed(door: Door) -> None:
    person = door.person()

    socket = door.open(person.ticket())

    assert socket.subprotocol == SUBPROTOCOL
    assert socket.next()["user_id"] == person.id


def test_the_ticket_may_stand_first_among_the_subprotocols(door: Door) -> None:
    ticket = door.person().ticket()

    socket = door.open(subprotocols=[f"ticket.{ticket}", SUBPROTOCOL])

    assert socket.subprotocol == SUBPROTOCOL
    assert socket.next()["type"] == "hello"


def test_a_ticket_in_the_url_is_accepted(door: Door) -> None:
    person = door.person()

    socket = door.open_by_url(person.ticket())

    assert socket.subprotocol is None
    assert socket.next()["user_id"] == person.id


def test_a_ticket_in_the_first_frame_is_accepted(door: Door) -> None:
    person = door.person()
    socket = door.open()

    socket.send("auth", token=person.ticket())

    assert socket.next()["user_id"] == person.id


def test_a_token_in_the_first_frame_is_accepted(door: Door) -> None:
    member = door.member()
    socket = door.open(subprotocols=[SUBPROTOCOL])

    socket.send("auth", token=member.token)

    assert socket.next()["user_id"] == member.user_id


def test_a_token_in_the_header_is_accepted_without_an_origin(door: Door) -> None:
    member = door.member()

    socket = door.open(headers={"Authorization": f"Token {member.token}"})

    assert socket.next()["user_id"] == member.user_id


def test_a_token_in_the_header_is_refused_with_an_origin(door: Door) -> None:
    member = door.member()
    headers = {"Authorization": f"Token {member.token}"}

    socket = door.open(headers=headers, origin=door.own_origin())

    assert_not_admitted(socket)


def test_a_token_in_the_url_is_refused(door: Door) -> None:
    member = door.member()

    socket = door.open_by_url(member.token)

    assert_not_admitted(socket)


def test_a_wrong_token_in_the_header_is_refused(door: Door) -> None:
    socket = door.open(headers={"Authorization": "Token 0123456789abcdef"})

    assert_not_admitted(socket)


def test_a_service_key_opens_no_socket(door: Door) -> None:
    deployment = door.deployment
    bearer = f"Bearer {deployment.service_id}:{deployment.service_token}"

    socket = door.open(headers={"Authorization": bearer})

    assert_not_admitted(socket)


def test_a_session_cookie_alone_opens_no_socket(short_door: Door) -> None:
    """Whoever sends it: cookies travel from any page."""
    headers = {"Cookie": "sessionid=0123456789abcdef"}

    assert_turned_away(lambda: short_door.open(headers=headers), code=4401)


@pytest.mark.parametrize(
    "ticket",
    [
        pytest.param("x", id="one character"),
        pytest.param("A" * 43, id="of the right length"),
        pytest.param("A" * 4_000, id="long"),
        pytest.param("ab%2Ccd", id="percent"),
        pytest.param("ab%00cd", id="percent zero"),
        pytest.param("'or'1'='1", id="quotes"),
    ],
)
def test_a_wrong_ticket_is_refused(door: Door, ticket: str) -> None:
    assert_not_admitted(door.open_by_url(ticket))


@pytest.mark.parametrize("name", ["ticket.", "ticket." + "A" * 43])
def test_a_wrong_ticket_among_the_subprotocols_is_refused(
    door: Door,
    name: str,
) -> None:
    assert_not_admitted(door.open(subprotocols=[SUBPROTOCOL, name]))


def test_a_ticket_with_a_percent_among_the_subprotocols_is_refused(door: Door) -> None:
    """By HTTP where the server decodes it, as Daphne does: then it is no token."""
    names = [SUBPROTOCOL, "ticket.%2C"]

    assert_turned_away(lambda: door.open(subprotocols=names), code=4401)


def test_a_ticket_with_a_comma_is_refused(door: Door) -> None:
    assert_not_admitted(door.open_by_url("ab,cd"))


def test_an_empty_ticket_in_the_url_is_refused(door: Door) -> None:
    assert_not_admitted(door.open(query="token="))


def test_a_ticket_of_ten_kilobytes_is_refused(door: Door) -> None:
    assert_turned_away(lambda: door.open_by_url("A" * 10_000), code=4401)


def test_a_ticket_opens_one_socket_only(door: Door) -> None:
    ticket = door.person().ticket()
    assert door.open(ticket).next()["type"] == "hello"

    assert_not_admitted(door.open(ticket))


def test_of_many_uses_of_a_ticket_at_once_one_succeeds(door: Door) -> None:
    ticket = door.person().ticket()

    def use(_: int) -> str:
        try:
            return str(door.open(ticket).next()["type"])
        except ClosedError as closed:
            return str(closed.code)

    with ThreadPoolExecutor(12) as pool:
        outcomes = list(pool.map(use, range(12)))

    assert outcomes.count("hello") == 1
    assert outcomes.count("message_processing_error") == 11


def test_unknown_and_used_tickets_are_told_apart_by_nothing(door: Door) -> None:
    ticket = door.person().ticket()
    door.open(ticket).greeting()

    used = door.open(ticket).closing().error
    unknown = door.open("A" * len(ticket)).closing().error

    assert used == unknown


def test_an_expired_ticket_is_refused(short_door: Door) -> None:
    ticket = short_door.person().ticket()
    fresh = short_door.person()
    # A socket that is let in with a younger ticket marks the passing of the time.
    assert fresh.tab().closing().code == 4401

    assert_not_admitted(short_door.open(ticket))


def test_frames_before_authentication_end_the_socket(door: Door) -> None:
    socket = door.open()

    socket.send("command", key="ping", id="c1")

    assert_not_admitted(socket)


def test_a_first_frame_that_is_not_json_ends_the_socket(door: Door) -> None:
    socket = door.open()

    socket.send_text("{")

    closing = socket.closing()
    assert closing.code in {4400, 4401}
    assert closing.error is not None


def test_a_socket_without_a_credential_is_closed_in_time(short_door: Door) -> None:
    socket = short_door.open(subprotocols=[SUBPROTOCOL])

    assert_not_admitted(socket)


def test_a_second_authentication_extends_the_session(door: Door) -> None:
    person = door.person()
    socket = person.connect()
    hello = socket.greeting().hello

    socket.send("auth", token=person.ticket())

    extended = socket.until("auth_ok")
    assert extended["session_expires_at"] >= hello["session_expires_at"]
    assert socket.quiet() == []


def test_a_second_authentication_as_somebody_else_is_forbidden(door: Door) -> None:
    socket = door.person().tab()

    socket.send("auth", token=door.person().ticket())

    closing = socket.closing()
    assert closing.code == 4403
    assert closing.error is not None


def test_another_version_only_is_refused_with_4426(door: Door) -> None:
    ticket = door.person().ticket()
    socket = door.open(subprotocols=["carillon.v2", f"ticket.{ticket}"])

    closing = socket.closing()

    assert closing.code == 4426
    assert closing.error is not None


def test_this_version_is_chosen_among_several(door: Door) -> None:
    ticket = door.person().ticket()

    socket = door.open(subprotocols=["carillon.v2", SUBPROTOCOL, f"ticket.{ticket}"])

    assert socket.subprotocol == SUBPROTOCOL
    assert socket.next()["type"] == "hello"


def test_a_hundred_subprotocols_are_refused(door: Door) -> None:
    names = [SUBPROTOCOL, *(f"other.v{n}" for n in range(99))]

    assert door.status_of(subprotocols=names) in HANDSHAKE_REFUSALS


def test_a_path_with_the_own_id_is_accepted(door: Door) -> None:
    person = door.person()

    socket = door.open_by_url(person.ticket(), path=f"/ws/notifications/{person.id}/")

    assert socket.next()["user_id"] == person.id


def test_a_path_with_another_id_is_forbidden(door: Door) -> None:
    person, other = door.person(), door.person()

    socket = door.open(person.ticket(), path=f"/ws/notifications/{other.id}/")

    closing = socket.closing()
    assert closing.code == 4403
    assert closing.error is not None
    assert len(closing.frames) == 1


def test_a_token_of_another_user_is_forbidden_on_a_path(door: Door) -> None:
    member, other = door.member(), door.person()
    headers = {"Authorization": f"Token {member.token}"}

    socket = door.open(path=f"/ws/notifications/{other.id}/", headers=headers)

    assert socket.closing().code == 4403


@pytest.mark.parametrize(
    "path",
    [
        "/ws/notifications/0/",
        "/ws/notifications/999999999999999999999999999999/",
        "/ws/notifications/9223372036854775808/",
        "/ws/notifications/%D9%A7/",
        "/ws/notifications/-1/",
        "/ws/notifications/abc/",
        "/ws/notifications/1/../2/",
        "/ws/",
        "/ws/other/",
        "/",
    ],
)
def test_no_other_path_opens_a_socket(door: Door, path: str) -> None:
    ticket = door.person().ticket()

    assert_turned_away(lambda: door.open(ticket, path=path), code=4403)


def test_a_page_of_the_deployment_is_let_in(door: Door) -> None:
    person = door.person()

    socket = door.open(person.ticket(), origin=door.own_origin())

    assert socket.next()["type"] == "hello"


def test_an_allowed_origin_is_let_in(door: Door) -> None:
    if door.deployment.data_dir is None:
        pytest.skip("the allowed origins of a server elsewhere are its own")

    socket = door.open(door.person().ticket(), origin=ALLOWED_ORIGIN)

    assert socket.next()["type"] == "hello"


def _foreign_origins(own: str) -> dict[str, str]:
    scheme, _, netloc = own.partition("://")
    host = netloc.partition(":")[0]
    other_scheme = "https" if scheme == "http" else "http"
    return {
        "null": "null",
        "another port": f"{scheme}://{host}:1",
        "no port": f"{scheme}://{host}",
        "another scheme": f"{other_scheme}://{netloc}",
        "a suffix": f"{own}.evil.example",
        "a prefix": f"{scheme}://evil.example#{netloc}",
        "user info": f"{scheme}://{netloc}@evil.example",
        "a path": f"{own}/",
        "a homoglyph": ALLOWED_ORIGIN.replace("a", "\u0430").encode("idna").decode(),
        "upper case": ALLOWED_ORIGIN.upper(),
        "http of an allowed one": ALLOWED_ORIGIN.replace("https", "http"),
        "a subdomain": ALLOWED_ORIGIN.replace("://", "://sub."),
        "allowed and a suffix": f"{ALLOWED_ORIGIN}.evil.example",
        "two": f"{own} {own}",
    }


@pytest.mark.parametrize("kind", _foreign_origins("http://127.0.0.1:8000"))
def test_a_foreign_origin_is_refused_before_accept(door: Door, kind: str) -> None:
    origin = _foreign_origins(door.own_origin())[kind]

    status = door.status_of(ticket="A" * 43, origin=origin)

    # What is no origin at all may already be a bad request to the server's library.
    assert status in ({400, 403} if kind in NO_ORIGINS else {403})


def test_a_foreign_origin_does_not_use_up_the_ticket(door: Door) -> None:
    ticket = door.person().ticket()
    assert door.status_of(ticket=ticket, origin="https://evil.example") == 403

    assert door.open(ticket).next()["type"] == "hello"


def test_a_ticket_in_the_url_is_not_confused_by_another_parameter(door: Door) -> None:
    person = door.person()
    ticket = quote(person.ticket(), safe="")

    socket = door.open(query=f"utm=1&token={ticket}&x=%00")

    assert socket.next()["user_id"] == person.id
