"""Whose word about the original request is taken: only a trusted proxy's."""

from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from django.conf import settings


@lru_cache(maxsize=8)
def _networks(listed: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(item, strict=False) for item in listed)


def is_trusted(peer: str) -> bool:
    """Say whether the peer's address is in TRUSTED_PROXIES (addresses or networks)."""
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    return any(address in network for network in _networks(tuple(settings.TRUSTED_PROXIES)))
