"""Work in chunks over rows, of which a broken one must not stop the others."""

import logging
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

logger = logging.getLogger(__name__)


class ChunkFailed(Exception):  # noqa: N818  (reads as what happened)
    """A chunk of the row with this id raised something; it is the cause."""

    def __init__(self, row_id: int) -> None:
        """Keep the id."""
        self.row_id = row_id
        super().__init__(f"a chunk of {row_id} failed")


@contextmanager
def chunk_of(row_id: int) -> Iterator[None]:
    """Name the row whose chunk fails within.

    Raises: ChunkFailed from whatever is raised there.
    """
    try:
        yield
    except Exception as error:
        raise ChunkFailed(row_id) from error


def work_off(next_chunk: Callable[[Collection[int]], Any], *, seconds: float) -> None:
    """Call `next_chunk` until it says that nothing is left, or it is another's turn.

    next_chunk: takes the ids to pass over, and may raise ChunkFailed. A row that failed
    is left to the next run, so that those behind it are not kept waiting.
    """
    end = time.monotonic() + seconds
    failed: set[int] = set()
    while time.monotonic() < end:
        try:
            if not next_chunk(failed):
                return
        except ChunkFailed as failure:
            failed.add(failure.row_id)
            told = {"row": failure.row_id, "by": next_chunk.__module__}
            logger.exception("chunk failed", extra=told)
