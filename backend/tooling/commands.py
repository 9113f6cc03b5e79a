"""Run the package installers, and turn a missing network into one sentence."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tooling.failure import Failure

# What pip and npm print when the registry cannot be reached.
_NETWORK_SIGNS = (
    "Failed to establish a new connection",
    "NewConnectionError",
    "NameResolutionError",
    "Temporary failure in name resolution",
    "Name or service not known",
    "ConnectTimeoutError",
    "Cannot connect to proxy",
    "Network is unreachable",
    "ENOTFOUND",
    "EAI_AGAIN",
    "ECONNREFUSED",
    "ECONNRESET",
    "ENETUNREACH",
    "ETIMEDOUT",
)


def is_network_failure(output: str) -> bool:
    """Say whether an installer's output means that its registry is out of reach."""
    return any(sign in output for sign in _NETWORK_SIGNS)


def run_quietly(
    command: Sequence[str],
    *,
    folder: Path,
    purpose: str,
    environment: dict[str, str] | None = None,
) -> None:
    """Run an installer or a build without its chatter.

    purpose: completes "could not …" for the sentence of a failure.
    Raises: Failure.
    """
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode == 0:
        return
    if is_network_failure(done.stdout):
        raise Failure(
            f"Could not {purpose}: the package registry cannot be reached; connect to "
            "the network (or point pip and npm at a mirror) and run the same again."
        )
    sys.stderr.write(done.stdout[-4000:])
    raise Failure(f"Could not {purpose}: {command[0]} failed as shown above.")
