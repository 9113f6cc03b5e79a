"""The process that owns the services: they end when its standard input does.

So they end whichever way the run that asked for them ends, kill -9 included.
"""

import contextlib
import json
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType

from tooling.failure import Failure
from tooling.services import programs
from tooling.services.servers import STARTERS, Running


@contextlib.contextmanager
def running(names: Sequence[str]) -> Iterator[dict[str, str]]:
    """Start the named services side by side; yield name → URL; end them all.

    Raises: Failure when one is missing or does not start.
    """
    folder = Path(tempfile.mkdtemp(prefix="carillon-services-"))
    folder.chmod(0o755)  # PostgreSQL may run as another user
    started: dict[str, Running] = {}

    def start(name: str) -> None:
        own = folder / name
        own.mkdir()
        started[name] = STARTERS[name](own)

    try:
        programs.ensure(names)
        with ThreadPoolExecutor() as pool:
            list(pool.map(start, names))
        yield {name: started[name].url for name in names}
    finally:
        for service in started.values():
            service.stop()
        shutil.rmtree(folder, ignore_errors=True)


def leave(number: int, frame: FrameType | None) -> None:
    """Answer SIGTERM by an orderly end."""
    sys.exit(128 + number)


def main(names: Sequence[str]) -> int:
    """Start, tell the URLs as one line of JSON, and wait for the end of input."""
    signal.signal(signal.SIGTERM, leave)
    answer = sys.stdout
    sys.stdout = sys.stderr  # what installing prints is not the answer
    try:
        with running(names) as urls:
            print(json.dumps({"urls": urls}), file=answer, flush=True)
            sys.stdin.read()
    except Failure as failure:
        print(json.dumps({"error": str(failure)}), file=answer, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
