"""What the opening request of a socket says; pure."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from apps.push.protocol import SUBPROTOCOL, TICKET_SUBPROTOCOL_PREFIX

MAX_SUBPROTOCOLS = 10
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OURS = re.compile(r"carillon\.v[0-9]{1,3}")
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Opening:
    """The parts of the request that decide.

    subprotocol: what to answer; None where the client offered none of ours.
    version_is_known: False where protocols were offered and ours is not among them.
    ticket: a ticket from the subprotocols or the query; a refused long-lived one too.
    authorization, user_agent: the headers of these names.
    """

    origin: str | None
    query_string: str
    subprotocol: str | None
    version_is_known: bool
    ticket: str | None
    authorization: str | None
    user_agent: str
    is_well_formed: bool


def read_opening(scope: dict[str, Any]) -> Opening:
    """Read an ASGI WebSocket scope."""
    headers = {
        name.decode("latin-1").lower(): value.decode("latin-1")
        for name, value in scope["headers"]
    }
    query_string = scope["query_string"].decode("latin-1")
    offered: list[str] = list(scope.get("subprotocols", []))
    ours = [item for item in offered if _OURS.fullmatch(item)]
    tickets = [item for item in offered if item.startswith(TICKET_SUBPROTOCOL_PREFIX)]
    return Opening(
        origin=headers.get("origin"),
        query_string=query_string,
        subprotocol=SUBPROTOCOL if SUBPROTOCOL in ours else next(iter(ours), None),
        version_is_known=SUBPROTOCOL in ours or not offered,
        ticket=_ticket(tickets, query_string),
        authorization=headers.get("authorization"),
        user_agent=headers.get("user-agent", ""),
        is_well_formed=(
            len(offered) <= MAX_SUBPROTOCOLS
            and all(_TOKEN.fullmatch(item) for item in offered)
        ),
    )


def _ticket(subprotocols: list[str], query_string: str) -> str | None:
    if subprotocols:
        return subprotocols[0].removeprefix(TICKET_SUBPROTOCOL_PREFIX)
    try:
        found = parse_qs(query_string, keep_blank_values=True, max_num_fields=20)
    except ValueError:
        return None
    return found["token"][-1] if "token" in found else None


def origin_is_allowed(
    origin: str | None,
    *,
    scheme: str,
    host: str,
    allowed: list[str],
) -> bool:
    """Say whether a page of this origin may connect (RFC 6455, section 10.2).

    scheme and host are the request's own, `http` or `https` and `name[:port]`. A
    missing header is no browser and is allowed; `null` is a browser and is not.
    """
    return origin is None or origin_is_listed(
        origin,
        [f"{scheme}://{host}", *allowed],
    )


def origin_is_listed(origin: str, allowed: list[str]) -> bool:
    """Say whether an `Origin` header is one of these origins."""
    given = _normal(origin)
    # Browsers write origins in lower case (RFC 6454, section 6.1).
    if given is None or origin != origin.lower():
        return False
    return given in set(map(_normal, allowed))


def _normal(origin: str) -> tuple[str, str, int] | None:
    try:
        parts = urlsplit(origin)
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return None
    is_bare = not (parts.path or parts.query or parts.fragment or parts.username)
    if parts.hostname is None or port is None or not is_bare or not origin.isascii():
        return None
    return parts.scheme, parts.hostname, port
