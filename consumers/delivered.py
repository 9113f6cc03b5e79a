"""Properties as RabbitMQ delivers them, whatever publishers write into the headers.

pika makes Python values of all headers before anybody sees a message, and what goes
wrong there ends the connection. The broker would deliver the same message again, for
ever: for a time in milliseconds where AMQP means seconds, for a table in a table in a
table.
"""

import struct
from typing import Any, cast

import pika
from pika import data

_EMPTY_TABLE = struct.pack(">I", 0)


class Delivered(pika.BasicProperties):  # type: ignore[misc]
    """Properties that know the size of their headers; unreadable ones count as none."""

    headers_size = 0

    def decode(self, encoded: bytes, offset: int = 0) -> "Delivered":
        """Read the properties of a content header (AMQP 0-9-1, 4.2.6.1).

        Raises: what pika raises for properties that are broken as a whole, which a
        broker never sends.
        """
        begin, end = _headers(encoded, offset)
        self.headers_size = end - begin
        try:
            return self._decoded(encoded, offset)
        except Exception:
            if begin == end:
                raise
            without = encoded[:begin] + _EMPTY_TABLE + encoded[end:]
            return self._decoded(without, offset)

    def _decoded(self, encoded: bytes, offset: int) -> "Delivered":
        return cast("Delivered", super().decode(encoded, offset))


def use() -> None:
    """Have pika make these of what it receives."""
    pika.spec.props[Delivered.INDEX] = Delivered


def _headers(encoded: bytes, offset: int) -> tuple[int, int]:
    """Say where the table of headers begins and ends, its length included."""
    (flags,) = struct.unpack_from(">H", encoded, offset)
    offset += 2
    for before in (Delivered.FLAG_CONTENT_TYPE, Delivered.FLAG_CONTENT_ENCODING):
        if flags & before:
            _, offset = data.decode_short_string(encoded, offset)
    if not flags & Delivered.FLAG_HEADERS:
        return offset, offset
    length: Any
    (length,) = struct.unpack_from(">I", encoded, offset)
    return offset, offset + 4 + length
