"""Addresses in lists: enough to tell them apart, too little to use; pure."""

_SHOWN_AT_END = 2


def masked(address: str) -> str:
    """Hide the most of an e-mail address, a phone number or a URL."""
    if not address:
        return ""
    if "://" in address:
        scheme, _, rest = address.partition("://")
        return f"{scheme}://{rest.split('/', maxsplit=1)[0]}/…"
    if "@" in address[1:]:
        name, _, domain = address.rpartition("@")
        return f"{name[:1]}…@{domain}"
    if len(address) <= 2 * _SHOWN_AT_END:
        return "…"
    return f"{address[:_SHOWN_AT_END]}…{address[-_SHOWN_AT_END:]}"
