"""Short loops over what is due; each is safe to run twice, at once, late."""

import time
from typing import Any

from celery import shared_task
from celery.signals import worker_ready, worker_shutting_down

from apps.common import clock
from apps.mailings import chunks, claims, engine, imports, services, waking
from apps.mailings.models import MailingStatus

LOOP_SECONDS = 20


@worker_ready.connect
def allow_loops(**_: Any) -> None:
    """Let loops run in this process."""
    engine.stop.clear()


@worker_shutting_down.connect
def end_loops(**_: Any) -> None:
    """Have loops finish what is under way."""
    engine.stop.set()


@shared_task(name="mailings.settle")
def settle() -> None:
    """Begin, write out, plan anew, expire, cancel and end what is due."""
    run_chunks(seconds=LOOP_SECONDS)
    if engine.due_at(clock.now()):
        waking.wake(waking.RUN)


def run_chunks(*, seconds: float) -> None:
    """Do all there is to do beside sending, as far as time allows."""
    end = time.monotonic() + seconds
    # After a step of the clock leases say nothing until what was held is settled.
    may_reap = clock.is_steady(claims.lease())
    while may_reap and time.monotonic() < end and chunks.reap_some(now=clock.now()):
        continue
    for mailing in chunks.unfinished():
        if mailing.status == MailingStatus.SCHEDULED:
            if not services.begin_due(mailing.pk, now=clock.now()):
                continue
            mailing.refresh_from_db()
        for step in chunks.steps(mailing, now=clock.now()):
            while time.monotonic() < end and step(mailing.pk, now=clock.now()):
                # The first messages can go while the rest is written.
                waking.wake(waking.RUN)
        services.end(mailing.pk, now=clock.now())


@shared_task(name="mailings.run")
def run() -> None:
    """Send what is due."""
    engine.run()


@shared_task(name="mailings.run_imports")
def run_imports() -> None:
    """Check and write files with clients."""
    imports.run_all(seconds=LOOP_SECONDS)
