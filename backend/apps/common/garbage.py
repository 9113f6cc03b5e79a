"""Spares the collector what is imported: it stays, however often it is looked at.

A process that creates much is otherwise halted again and again by walks over hundreds
of thousands of objects: https://docs.python.org/3/library/gc.html#gc.freeze
"""

import functools
import gc


@functools.cache
def keep_imports() -> None:
    """Take all that lives now for permanent; once in a process, when it has started."""
    gc.collect()
    gc.freeze()
