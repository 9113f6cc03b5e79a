"""Where a request comes from, as far as it can be believed."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.http import HttpRequest

from apps.common.forwarding import is_trusted_proxy

_IPV4_PREFIX = 24
_IPV6_PREFIX = 64


def client_address(request: HttpRequest) -> str:
    """Return the client's address.

    It is the peer's, unless the peer is a trusted proxy: then it is the last entry
    of X-Forwarded-For, the only one that the proxy itself wrote.
    """
    peer = str(request.META.get("REMOTE_ADDR", ""))
    if not is_trusted_proxy(peer):
        return peer
    forwarded = str(request.META.get("HTTP_X_FORWARDED_FOR", ""))
    last = forwarded.rpartition(",")[2].strip()
    return last if _parsed(last) else peer


def network_of(address: str) -> str:
    """Return the /24 or /64 around an address, which is mostly one household."""
    parsed = _parsed(address)
    if parsed is None:
        return "unknown"
    prefix = _IPV4_PREFIX if parsed.version == 4 else _IPV6_PREFIX
    return str(ip_network((parsed, prefix), strict=False))


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return mapped or parsed
