"""Celery's schedulers, without the 10 ms by which they wake too early.

An entry that is looked at before it is due is put back and looked at again without a
pause until it is: with our timetable some two hundred times a second, which was most of
what an idle server used of its processor (seen with Celery 5.7).
"""

from celery import beat


class Scheduler(beat.Scheduler):
    """Keeps the timetable in memory, as a thread of the server does."""

    def adjust(self, n: int, drift: float = 0.0) -> int:
        """Take the seconds as they are; Celery would add `drift` to them."""
        return n


class PersistentScheduler(Scheduler, beat.PersistentScheduler):
    """Keeps the timetable in a file, as a process of its own does."""
