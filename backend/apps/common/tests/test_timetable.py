"""The timetable is kept without a look too many."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from celery import beat, current_app

from apps.common import timetable

SECONDS = 30
A_LOOK_TAKES = timedelta(microseconds=100)


def in_memory(_: Path) -> beat.Scheduler:
    """Keep it as the embedded default does."""
    return timetable.Scheduler(current_app, max_interval=1)


def in_a_file(folder: Path) -> beat.Scheduler:
    """Keep it as the process of its own does."""
    return timetable.PersistentScheduler(
        current_app,
        schedule_filename=str(folder / "timetable"),
        max_interval=1,
    )


@pytest.mark.parametrize("kept", [in_memory, in_a_file])
def test_every_entry_is_sent_when_it_is_due_and_the_rest_is_sleep(
    request: pytest.FixtureRequest,
    moment: time_machine.Traveller,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    kept: Callable[[Path], beat.Scheduler],
) -> None:
    scheduler = kept(tmp_path)
    request.addfinalizer(scheduler.close)
    sent = Counter[str]()
    monkeypatch.setattr(
        scheduler,
        "apply_async",
        lambda entry, **_: sent.update([entry.name]),
    )
    ends_at = current_app.now() + timedelta(seconds=SECONDS)
    looks = 0
    while current_app.now() < ends_at:
        looks += 1
        moment.shift(timedelta(seconds=max(scheduler.tick(), 0)) + A_LOOK_TAKES)

    often = {
        name: SECONDS // int(entry["schedule"])
        for name, entry in current_app.conf.beat_schedule.items()
        if entry["schedule"] in (2.0, 5.0, 10.0)
    }
    assert len(often) > 10
    missed = {name: times - sent[name] for name, times in often.items()}
    assert set(missed.values()) <= {0, 1}
    # Once for each task, once more before it, and once a second.
    assert looks <= 2 * sent.total() + SECONDS


def test_the_process_of_its_own_keeps_it_so() -> None:
    assert (
        current_app.conf.beat_scheduler == "apps.common.timetable:PersistentScheduler"
    )
