"""WebSocket by hand, for clients that behave as no library would."""

import base64
import contextlib
import os
import socket
import struct
from types import TracebackType
from urllib.parse import urlsplit

from tests.conformance.door import SOCKET_PATH

TEXT, CLOSE, PING = 0x1, 0x8, 0x9
FINAL = 0x80


def masked_frame(
    opcode: int, payload: bytes, *, first_byte: int | None = None
) -> bytes:
    """Build one frame as a client sends it (RFC 6455, section 5.2).

    first_byte: in place of a final frame of this opcode, for bits that are wrong.
    """
    head = bytes([FINAL | opcode if first_byte is None else first_byte])
    length = len(payload)
    if length < 126:
        head += bytes([0x80 | length])
    elif length < 65_536:
        head += bytes([0x80 | 126]) + struct.pack("!H", length)
    else:
        head += bytes([0x80 | 127]) + struct.pack("!Q", length)
    mask = os.urandom(4)
    repeated = mask * (length // 4 + 1)
    masked = bytes(a ^ b for a, b in zip(payload, repeated, strict=False))
    return head + mask + masked


class RawSocket:
    """A TCP connection on which the handshake was done and nothing else.

    receive_buffer: bytes that the kernel takes for us; small ones fill at once.
    """

    def __init__(
        self,
        url: str,
        ticket: str,
        *,
        receive_buffer: int | None = None,
    ) -> None:
        parts = urlsplit(url)
        self.tcp = socket.socket()
        if receive_buffer is not None:
            self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.tcp.settimeout(20)
        self.tcp.connect((parts.hostname, parts.port))
        self.port: int = self.tcp.getsockname()[1]
        key = base64.b64encode(os.urandom(16)).decode()
        request = (
            f"GET {SOCKET_PATH}?token={ticket} HTTP/1.1\r\n"
            f"Host: {parts.netloc}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        self.tcp.sendall(request.encode())
        self.head = self._read_head()

    def _read_head(self) -> bytes:
        head = b""
        while b"\r\n\r\n" not in head:
            byte = self.tcp.recv(1)
            assert byte, f"the handshake ended: {head!r}"
            head += byte
        assert b" 101 " in head, head
        return head

    def send(self, data: bytes) -> None:
        """Send bytes as they are.

        Raises: OSError.
        """
        self.tcp.sendall(data)

    def read_until(self, wanted: bytes, *, seconds: float) -> bytes:
        """Read until these bytes have come; return everything read.

        Raises: TimeoutError.
        """
        self.tcp.settimeout(seconds)
        data = b""
        while wanted not in data:
            chunk = self.tcp.recv(65_536)
            assert chunk, f"the connection ended after {data!r}"
            data += chunk
        return data

    def read_to_the_end(self, *, seconds: float) -> bytes:
        """Read until the server ends the connection; return what it still sent.

        Raises: TimeoutError.
        """
        self.tcp.settimeout(seconds)
        data = b""
        with contextlib.suppress(ConnectionError):
            while chunk := self.tcp.recv(65_536):
                data += chunk
        return data

    def __enter__(self) -> "RawSocket":
        """Use it for a while."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connection."""
        self.tcp.close()
