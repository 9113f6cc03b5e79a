"""A text frame as it goes over the wire (RFC 6455, section 5.2).

A server does not mask and we do not compress, so one encoding serves every socket.
"""

_TEXT_AND_FINAL = 0x81
_LENGTH_IN_TWO_BYTES = 126
_LENGTH_IN_EIGHT_BYTES = 127


class _Last:
    text: str | None = None
    encoded = b""


def encoded(text: str) -> bytes:
    """Encode a text frame; the last one is kept, since many sockets get it in a row."""
    if text is not _Last.text:
        _Last.text, _Last.encoded = text, _encode(text.encode())
    return _Last.encoded


def _encode(payload: bytes) -> bytes:
    length = len(payload)
    if length < _LENGTH_IN_TWO_BYTES:
        header = bytes((_TEXT_AND_FINAL, length))
    elif length < 1 << 16:
        header = bytes((_TEXT_AND_FINAL, _LENGTH_IN_TWO_BYTES))
        header += length.to_bytes(2, "big")
    else:
        header = bytes((_TEXT_AND_FINAL, _LENGTH_IN_EIGHT_BYTES))
        header += length.to_bytes(8, "big")
    return header + payload
