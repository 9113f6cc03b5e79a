"""Clients from a file, in two passes: all lines are checked before one is written.

Both passes go in chunks of a thousand lines, each one transaction with the cursor, so
that a worker that dies is followed by one that goes on there.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice

from django.db import transaction

from apps.common import clock
from apps.mailings import audit, clients, waking
from apps.mailings.audit import Author
from apps.mailings.clients import ClientFields
from apps.mailings.csv_files import FileError, Line, lines
from apps.mailings.models import (
    Client,
    ClientImport,
    ImportPart,
    ImportRow,
    ImportStatus,
    RowResult,
)

CHUNK = 1000
PART_BYTES = 262_144
FILE_LIMIT = 20 * 1024 * 1024
KEPT = timedelta(days=30)
_OPEN = (ImportStatus.CHECKING, ImportStatus.WRITING)


class FileTooLargeError(ValueError):
    """The file is larger than FILE_LIMIT."""


def begin(parts: Iterable[bytes], *, by: Author, skip_invalid: bool) -> ClientImport:
    """Keep a file and wake a worker, which checks and then writes it.

    skip_invalid: write the lines that are right although others are wrong.
    Raises: FileTooLargeError.
    """
    now = clock.now()
    with transaction.atomic():
        row = ClientImport.objects.create(
            created_by=by.user,
            source=by.source,
            created_at=now,
            skip_invalid=skip_invalid,
        )
        size = 0
        for number, data in enumerate(parts):
            size += len(data)
            if size > FILE_LIMIT:
                raise FileTooLargeError
            ImportPart.objects.create(client_import=row, number=number, data=data)
        audit.log("import", by=by, now=now, detail=f"import {row.pk}, {size} bytes")
        transaction.on_commit(lambda: waking.wake(waking.IMPORT), robust=True)
    return row


def run_all(*, seconds: float) -> None:
    """Check and write what is there, as far as time allows."""
    end = time.monotonic() + seconds
    ClientImport.objects.filter(finished_at__lt=clock.now() - KEPT).delete()
    while time.monotonic() < end:
        row = ClientImport.objects.filter(status__in=_OPEN).order_by("id").first()
        if row is None or not _run(row, end=end):
            return


def _run(row: ClientImport, *, end: float) -> bool:
    """Do one pass from where it stands; False when time is up or another does it."""
    step = _check_some if row.status == ImportStatus.CHECKING else _write_some
    status, cursor = row.status, row.cursor
    try:
        source = (line for line in lines(_parts(row.pk)) if line.number > row.cursor)
        while time.monotonic() < end:
            chunk = list(islice(source, CHUNK))
            with transaction.atomic():
                held = ClientImport.objects.select_for_update(no_key=True).get(
                    pk=row.pk
                )
                if (held.status, held.cursor) != (status, cursor):
                    return False
                if not chunk:
                    _end_pass(held, now=clock.now())
                    return True
                step(held, chunk)
                held.cursor = cursor = chunk[-1].number
                held.save()
    except FileError as error:
        _refuse(row.pk, str(error))
        return True
    except ImportPart.DoesNotExist:
        # Another worker was faster to the end, where the file goes.
        return False
    return False


def _parts(import_id: int) -> Iterator[bytes]:
    rows = ImportPart.objects.filter(client_import=import_id).order_by("number")
    for number in rows.values_list("number", flat=True):
        yield bytes(rows.get(number=number).data)


def _check_some(row: ClientImport, chunk: Sequence[Line]) -> None:
    known = set(
        ImportRow.objects.filter(
            client_import=row,
            phone_number__in=[line.phone_number for line in chunk],
            result=RowResult.VALID,
        ).values_list("phone_number", flat=True)
    )
    report = []
    for line in chunk:
        field, error = _fault(line, known)
        known.add(line.phone_number)
        report.append(
            ImportRow(
                client_import=row,
                line=line.number,
                phone_number=line.phone_number[:32],
                result=RowResult.INVALID if error else RowResult.VALID,
                field=field,
                error=error[:200],
            )
        )
        row.invalid += bool(error)
    row.rows += len(chunk)
    ImportRow.objects.bulk_create(report)


def _fault(line: Line, known: set[str]) -> tuple[str, str]:
    if line.extra:
        return "", "More cells than columns."
    found = clients.errors(_fields(line))
    for field, texts in found.items():
        return field, texts[0]
    if line.phone_number in known:
        return "phone_number", "The number is in the file more than once."
    return "", ""


def _fields(line: Line) -> ClientFields:
    return {
        "phone_number": line.phone_number,
        "tag": line.tag,
        "timezone": line.timezone,
    }


def _write_some(row: ClientImport, chunk: Sequence[Line]) -> None:
    now = clock.now()
    wrong = set(
        ImportRow.objects.filter(
            client_import=row,
            line__in=[line.number for line in chunk],
            result=RowResult.INVALID,
        ).values_list("line", flat=True)
    )
    right = [line for line in chunk if line.number not in wrong]
    numbers = [line.phone_number for line in right]
    present = {
        client.phone_number: client
        for client in Client.objects.select_for_update(no_key=True).filter(
            phone_number__in=numbers, deleted_at=None
        )
    }
    results: dict[RowResult, list[int]] = {
        RowResult.CREATED: [],
        RowResult.UPDATED: [],
        RowResult.UNCHANGED: [],
    }
    fresh, changed = [], []
    for line in right:
        client = present.get(line.phone_number)
        if client is None:
            results[RowResult.CREATED].append(line.number)
            fresh.append(_client(line, now))
        elif (client.tag, client.timezone) == (line.tag, line.timezone):
            results[RowResult.UNCHANGED].append(line.number)
        else:
            results[RowResult.UPDATED].append(line.number)
            client.tag, client.timezone = line.tag, line.timezone
            client.updated_at = now
            changed.append(client)
    # Somebody may have written one of them just now: theirs stays, with our tag later.
    Client.objects.bulk_create(fresh, ignore_conflicts=True)
    Client.objects.bulk_update(changed, ["tag", "timezone", "updated_at"], 200)
    _report(row, results)


def _client(line: Line, now: datetime) -> Client:
    return Client(
        phone_number=line.phone_number,
        mobile_operator_code=line.phone_number[1:4],
        tag=line.tag,
        timezone=line.timezone,
        created_at=now,
        updated_at=now,
    )


def _report(row: ClientImport, results: dict[RowResult, list[int]]) -> None:
    for result, numbers in results.items():
        ImportRow.objects.filter(client_import=row, line__in=numbers).update(
            result=result
        )
        name = result.value
        setattr(row, name, getattr(row, name) + len(numbers))


def _end_pass(row: ClientImport, *, now: datetime) -> None:
    """Go on to writing, or finish; the row is ours."""
    if row.status == ImportStatus.WRITING:
        _finish(row, ImportStatus.DONE, "", now=now)
    elif not row.rows:
        _finish(row, ImportStatus.REFUSED, "There is no client in the file.", now=now)
    elif row.invalid and not row.skip_invalid:
        reason = f"{row.invalid} of {row.rows} lines are wrong; nothing was imported."
        _finish(row, ImportStatus.REFUSED, reason, now=now)
    else:
        row.status, row.cursor = ImportStatus.WRITING, 0
        row.save(update_fields=["status", "cursor"])


def _refuse(import_id: int, reason: str) -> None:
    with transaction.atomic():
        row = _locked(import_id)
        if row.status == ImportStatus.CHECKING:
            _finish(row, ImportStatus.REFUSED, reason[:300], now=clock.now())


def _finish(row: ClientImport, status: str, reason: str, *, now: datetime) -> None:
    row.status, row.reason, row.finished_at = status, reason, now
    row.save(update_fields=["status", "reason", "finished_at"])
    row.parts.all().delete()


def _locked(import_id: int) -> ClientImport:
    return ClientImport.objects.select_for_update(no_key=True).get(pk=import_id)
