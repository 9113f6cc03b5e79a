"""Two operators, and two workers, at the same moment."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import chain
from typing import Any

import pytest
from django.db import connection, connections

from apps.common import clock
from apps.mailings import chunks, claims, csv_files, imports, services
from apps.mailings.audit import Author
from apps.mailings.models import AuditEntry, Client, ImportStatus, Mailing
from apps.mailings.policy import StateError
from apps.mailings.tests.builders import a_client, a_mailing, written

BY = Author(None, "test")
# One waits for the other as long as it takes; the product's limits are in seconds.
PATIENCE = "SET lock_timeout = '30s'; SET statement_timeout = '30s'"
USUAL = "RESET lock_timeout; RESET statement_timeout"
pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Do all of these in threads that begin together; say what each came to."""
    barrier = threading.Barrier(len(works))
    results: list[Any] = [None] * len(works)

    def run(place: int, work: Callable[[], Any]) -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute(PATIENCE)
            barrier.wait(20)
            results[place] = work()
            with connection.cursor() as cursor:
                cursor.execute(USUAL)
        except Exception as error:  # noqa: BLE001  (all of them are the result)
            results[place] = error
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=run, args=(place, work))
        for place, work in enumerate(works)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def needs_a_server() -> bool:
    """Say whether the database can be used by two threads: not one in memory."""
    return connection.vendor != "sqlite"


def test_b26_of_two_operators_who_start_one_does() -> None:
    mailing = a_mailing(status="draft")

    def start() -> Mailing:
        return services.start(mailing.pk, by=BY)

    results = at_once(start, start) if needs_a_server() else [start(), refused(start)]

    assert sum(isinstance(each, Mailing) for each in results) == 1
    assert sum(isinstance(each, StateError) for each in results) == 1
    assert AuditEntry.objects.filter(action="start").count() == 1


def refused(work: Callable[[], Any]) -> Any:
    """Say how a call was refused."""
    with pytest.raises(StateError) as error:
        work()
    return error.value


def test_b26_two_workers_write_out_each_client_once() -> None:
    for _ in range(30):
        a_client()
    mailing = a_mailing()

    def write() -> bool:
        return chunks.materialize_some(mailing.pk, now=clock.now())

    works = (write, write, write)
    results = at_once(*works) if needs_a_server() else [each() for each in works]

    assert {type(each) for each in results} == {bool}
    clients = list(mailing.messages.values_list("client_id", flat=True))
    assert len(clients) == len(set(clients)) == 30


def test_b26_two_workers_never_hold_the_same_message() -> None:
    for _ in range(60):
        a_client()
    mailing = a_mailing()
    written(mailing)

    def claim() -> list[int]:
        taken = claims.claim(
            40, [mailing.pk], lease=timedelta(minutes=1), now=clock.now()
        )
        return [each.pk for each in taken]

    results = at_once(claim, claim) if needs_a_server() else [claim(), claim()]

    held = [*results[0], *results[1]]
    assert len(held) == len(set(held)) <= 60
    assert len(held) >= 40


def test_an_import_that_another_worker_finished_is_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parts = [b"phone_number,tag\n79160000001,", b"one\n79160000002,two\n"]
    row = imports.begin(parts, by=BY, skip_invalid=False)

    def overtaken(source: Iterator[bytes]) -> Iterator[csv_files.Line]:
        monkeypatch.undo()
        first = [next(source)]
        imports.run_all(seconds=20)
        yield from csv_files.lines(chain(first, source))

    monkeypatch.setattr(imports, "lines", overtaken)
    imports.run_all(seconds=20)

    row.refresh_from_db()
    assert (row.status, row.created) == (ImportStatus.DONE, 2)
    assert Client.objects.count() == 2
