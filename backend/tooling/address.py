"""Where the server will listen: from the environment, `.env` or the defaults."""

import errno
import os
import socket
from dataclasses import dataclass
from pathlib import Path

from tooling.failure import Failure

LOOPBACK = {"127.0.0.1", "::1", "localhost"}
OFF = {"0", "false", "no", "off"}


@dataclass(frozen=True)
class Address:
    """A host to bind and a port."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """The address to open in a browser of this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"


def read_dot_env(path: Path) -> dict[str, str]:
    """Read the plain `NAME=value` lines of a `.env` file; a missing file is empty."""
    if not path.is_file():
        return {}
    pairs = (line.split("=", 1) for line in path.read_text().splitlines())
    return {
        name.strip(): pair[0].strip().strip("\"'")
        for name, *pair in pairs
        if pair and not name.lstrip().startswith("#")
    }


def settle_environment(dot_env: dict[str, str]) -> Address:
    """Put HOST, PORT and DEMO into the environment, and say the address.

    The environment wins over `.env`; `make run` adds DEMO=1 where neither says.
    Raises: Failure.
    """
    defaults = {"HOST": "127.0.0.1", "PORT": "8000", "DEMO": "1"}
    for name, default in defaults.items():
        found = os.environ.get(name, "").strip() or dot_env.get(name, "") or default
        os.environ[name] = found
    address = parse_address(os.environ["HOST"], os.environ["PORT"])
    if address.host not in LOOPBACK and os.environ["DEMO"].lower() not in OFF:
        raise Failure(
            f"The demo's passwords are public, so HOST={address.host} is refused with "
            f"it; run: make run DEMO=0 HOST={address.host}"
        )
    return address


def parse_address(host: str, port: str) -> Address:
    """Check the port's text.

    Raises: Failure.
    """
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise Failure(f"PORT must be a number from 1 to 65535, not {port!r}.")
    return Address(host, int(port))


def check_is_free(address: Address) -> None:
    """Refuse an address that cannot be bound.

    Raises: Failure.
    """
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    with socket.socket(family) as probe:
        # As the server does, so that connections of a past one do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address.host, address.port))
        except OSError as error:
            raise Failure(_why_not(address, error)) from error


def _why_not(address: Address, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {address.port} on {address.host} is in use; end what listens there "
            f"or take another: make run PORT={address.port + 1}"
        )
    if error.errno == errno.EACCES:
        return (
            f"Port {address.port} needs more rights than you have; take one above "
            "1023: make run PORT=8000"
        )
    return (
        f"HOST={address.host} is not an address of this machine; take one that is: "
        "make run HOST=127.0.0.1"
    )
