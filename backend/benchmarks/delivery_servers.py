"""The other ends of `benchmarks.delivery`, each in a process of its own.

python -m benchmarks.delivery_servers gateway|smtp PORT
"""

import asyncio
import sys
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

LATENCY_SECONDS = 0.05
_BODY = b'{"code": 0, "message": "OK"}'
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(_BODY), _BODY)


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take every message, 50 ms after it came, for as long as somebody sends."""
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
            await reader.readexactly(length)
            await asyncio.sleep(LATENCY_SECONDS)
            writer.write(_ANSWER)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def gateway(port: int) -> None:
    """Be an SMS gateway."""
    server = await asyncio.start_server(answer, "127.0.0.1", port)
    async with server:
        await server.serve_forever()


class Taker:
    """Takes every mail."""

    async def handle_DATA(  # noqa: N802  (aiosmtpd's)
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Say yes."""
        return "250 OK"


def smtp(port: int) -> None:
    """Be a mail server."""
    Controller(Taker(), hostname="127.0.0.1", port=port).start()
    threading.Event().wait()


if __name__ == "__main__":
    if sys.argv[1] == "gateway":
        asyncio.run(gateway(int(sys.argv[2])))
    else:
        smtp(int(sys.argv[2]))
