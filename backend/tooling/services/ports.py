"""Choose ports for programs that cannot choose their own."""

import random
import socket

# Below the range from which Linux takes the ports of outgoing connections, so that
# nobody's connection gets the number between the choice and its use.
_LOWEST, _HIGHEST = 10_240, 32_000


def free_port() -> int:
    """Choose a loopback port on which nothing listens."""
    while True:
        port = random.randint(_LOWEST, _HIGHEST)  # noqa: S311  (no secret)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
