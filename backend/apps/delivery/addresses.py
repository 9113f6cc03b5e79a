"""Which addresses on the network a stranger's data may make this server speak to.

Names are not looked at: what counts is the address that is connected to, at the moment
of connecting, so that a name that changes its mind in between gains nothing.
"""

import ipaddress
from urllib.parse import urlsplit

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# All of the IPv6 internet; what lies outside is local, or carries IPv4 in disguise.
_IPV6_INTERNET = ipaddress.ip_network("2000::/3")
# Special by the registries of IANA, though not in those of Python 3.11.
_SPECIAL = [
    ipaddress.ip_network(text)
    for text in ("192.0.0.0/24", "192.88.99.0/24", "3fff::/20")
]
_HTTPS_PORT = 443

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_public(text: str) -> bool:
    """Say whether this is an address of the open internet, however wrapped."""
    try:
        # A scope such as %eth0 is only found on link-local addresses.
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return all(_is_open(each) for each in _all_meanings(address))


def url_error(url: str) -> str | None:
    """Say what is wrong with a URL from data: only https on its own port may be."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "This is no URL."
    if parts.scheme != "https" or not parts.hostname:
        return "Must begin with https://."
    if port not in {None, _HTTPS_PORT}:
        return "Only port 443 is allowed."
    if parts.username is not None or parts.password is not None:
        return "A login in the URL is not allowed."
    if _is_literal(parts.hostname) and not is_public(parts.hostname):
        return "Private addresses are not allowed."
    return None


def _is_open(address: _Address) -> bool:
    if any(address in network for network in _SPECIAL):
        return False
    is_elsewhere = address.version == 6 and not (
        address in _IPV6_INTERNET or address in _NAT64
    )
    return address.is_global and not address.is_multicast and not is_elsewhere


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _all_meanings(address: _Address) -> list[_Address]:
    """List the address and those of IPv4 that it carries to its network."""
    found: list[_Address] = [address]
    if isinstance(address, ipaddress.IPv4Address):
        return found
    if address.ipv4_mapped is not None:
        # Python calls the wrapping itself private; what is inside decides.
        return [address.ipv4_mapped]
    if address.sixtofour is not None:
        found.append(address.sixtofour)
    if address.teredo is not None:
        found.extend(address.teredo)
    if address in _NAT64:
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return found
