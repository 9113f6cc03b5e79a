"""Work in chunks over rows, of which a broken one must not stop the others."""

import logging
import time
from collections.abc import Callable, Collection
from typing import TypeVar

from django.db import models, transaction

logger = logging.getLogger(__name__)

Row = TypeVar("Row", bound=models.Model)


class ChunkFailed(Exception):  # noqa: N818  (reads as what happened)
    """A chunk of the row with this id raised something; it is the cause."""

    def __init__(self, row_id: int) -> None:
        """Keep the id."""
        self.row_id = row_id
        super().__init__(f"a chunk of {row_id} failed")


def next_chunk(
    rows: models.QuerySet[Row],
    work: Callable[[Row], None],
    *,
    besides: Collection[int],
) -> bool:
    """Do a chunk of the first row; False when there is none, or others have them.

    What `work` writes commits together, under the row's lock: several workers never do
    the same chunk, and a killed one leaves nothing half done.
    besides: the ids of rows to pass over.

    Raises: ChunkFailed from whatever `work` raises.
    """
    with transaction.atomic():
        free = rows.exclude(pk__in=besides)
        row = free.select_for_update(skip_locked=True, no_key=True).first()
        if row is None:
            return False
        try:
            work(row)
        except Exception as error:
            raise ChunkFailed(row.pk) from error
    return True


def work_off(do_next: Callable[[Collection[int]], bool], *, seconds: float) -> None:
    """Call `do_next` until it says that nothing is left, or it is another's turn.

    do_next: takes the ids to pass over, and may raise ChunkFailed. A row that failed is
    left to the next run, so that those behind it are not kept waiting.
    """
    end = time.monotonic() + seconds
    failed: set[int] = set()
    while time.monotonic() < end:
        try:
            if not do_next(failed):
                return
        except ChunkFailed as failure:
            failed.add(failure.row_id)
            told = {"row": failure.row_id, "by": do_next.__module__}
            logger.exception("chunk failed", extra=told)
