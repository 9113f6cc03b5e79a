"""What a proxy says about the client, believed only from proxies we were told of."""

import ipaddress
from functools import lru_cache
from typing import Any

from django.conf import settings

_FORWARDING = (b"x-forwarded-", b"forwarded", b"x-real-ip", b"via")
FORWARDED = "carillon.forwarded"


_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def is_trusted_proxy(peer: str) -> bool:
    """Say whether what this address reports about its clients is believed."""
    networks = _networks(tuple(settings.TRUSTED_PROXIES))
    if not networks:
        return False
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return False
    return any(address in network for network in networks)


@lru_cache(maxsize=8)
def _networks(trusted: tuple[str, ...]) -> tuple[_Network, ...]:
    return tuple(ipaddress.ip_network(text, strict=False) for text in trusted)


def cleaned(scope: dict[str, Any]) -> dict[str, Any]:
    """Return the scope with scheme, host and client as the outermost one we trust says.

    `scope["carillon.forwarded"]` says whether anybody stood in between, trusted or not.
    """
    peer = (scope.get("client") or ("", 0))[0]
    headers = [
        (name, value)
        for name, value in scope["headers"]
        # Underscores would be mistaken for hyphens; Daphne believes its header.
        if b"_" not in name and name != b"daphne-root-path"
    ]
    forwarding = [item for item in headers if item[0].startswith(_FORWARDING)]
    plain = [item for item in headers if not item[0].startswith(_FORWARDING)]
    result = {**scope, "root_path": "", FORWARDED: bool(forwarding), "headers": plain}
    if forwarding and is_trusted_proxy(peer):
        _believe(result, forwarding)
    return result


def _believe(scope: dict[str, Any], forwarding: list[tuple[bytes, bytes]]) -> None:
    said: dict[bytes, str] = {}
    for name, value in forwarding:
        text = value.decode("latin1")
        said[name] = f"{said[name]},{text}" if name in said else text
    scheme = _last(said.get(b"x-forwarded-proto", "")).lower()
    if scheme in {"http", "https"}:
        scope["scheme"] = _like(scope["scheme"], scheme)
        scope["headers"].append((b"x-forwarded-proto", scheme.encode()))
    host = _last(said.get(b"x-forwarded-host", ""))
    if host:
        others = [item for item in scope["headers"] if item[0] != b"host"]
        scope["headers"] = [*others, (b"host", host.encode("latin1"))]
    client = _client(said.get(b"x-forwarded-for", ""))
    if client:
        scope["client"] = (client, 0)
        scope["headers"].append((b"x-forwarded-for", client.encode("latin1")))


def _last(listed: str) -> str:
    return listed.rsplit(",", 1)[-1].strip()


def _like(scheme: str, said: str) -> str:
    """Keep ws a ws: `https` from the proxy means `wss` there."""
    if scheme.startswith("ws"):
        return "wss" if said == "https" else "ws"
    return said


def _client(listed: str) -> str:
    """Pick the last address that is not a trusted proxy's; the rest is hearsay."""
    addresses = [part.strip() for part in listed.split(",") if part.strip()]
    for address in reversed(addresses):
        if not is_trusted_proxy(address):
            return address if _is_address(address) else ""
    return addresses[0] if addresses else ""


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
