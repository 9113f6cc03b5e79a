"""Addresses of people as lists show them: enough to recognise, too little to use."""

HIDDEN = "•••"
_SHOWN_DIGITS = 4


def masked(address: str) -> str:
    """Return an address with its middle hidden."""
    name, at, host = address.rpartition("@")
    if at and name:
        return f"{name[0]}{HIDDEN}@{host}"
    if len(address) <= _SHOWN_DIGITS * 2:
        return HIDDEN if address else ""
    return f"{address[:_SHOWN_DIGITS]}{HIDDEN}{address[-_SHOWN_DIGITS:]}"
