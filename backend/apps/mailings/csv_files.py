"""Files with clients, line by line: what was uploaded, and what is given out.

The format is RFC 4180's with a header; a semicolon may stand for the comma.
"""

import csv
from collections.abc import Iterable, Iterator
from typing import NamedTuple

LINE_LIMIT = 4096
COLUMNS = ("phone_number", "tag", "timezone")
# A spreadsheet takes a cell that begins like this for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class FileError(ValueError):
    """The file as a whole cannot be read."""


class Line(NamedTuple):
    """A line of a file; `extra` when it has more cells than the header."""

    number: int
    phone_number: str
    tag: str
    timezone: str
    extra: bool


def lines(parts: Iterable[bytes]) -> Iterator[Line]:
    """Read the clients of a file that comes in parts.

    Raises: FileError where it is not UTF-8, has no header, or no end of a line.
    """
    decoded = _decoded(parts)
    first = next(decoded, "")
    delimiter = ";" if first.count(";") > first.count(",") else ","
    header = [cell.strip().lower() for cell in first.strip().split(delimiter)]
    if "phone_number" not in header or len(set(header)) != len(header):
        message = "The first line must name the columns: phone_number,tag,timezone."
        raise FileError(message)
    unknown = sorted(set(header) - set(COLUMNS))
    if unknown:
        message = f"There is no column {', '.join(unknown)[:100]}."
        raise FileError(message)
    yield from _cells(csv.reader(decoded, delimiter=delimiter, strict=True), header)


def _cells(rows: "Iterator[list[str]]", header: list[str]) -> Iterator[Line]:
    number = 1
    while True:
        number += 1
        try:
            row = next(rows, None)
        except csv.Error as error:
            message = f"Line {number}: {error}."
            raise FileError(message) from error
        if row is None:
            return
        if not any(row):
            continue
        cells = dict(zip(header, row, strict=False))
        yield Line(
            number,
            cells.get("phone_number", "").strip(),
            cells.get("tag", "").strip(),
            cells.get("timezone", "").strip() or "UTC",
            len(row) > len(header),
        )


def _decoded(parts: Iterable[bytes]) -> Iterator[str]:
    offset = 0
    for line in _raw(parts):
        try:
            text = line.decode("utf-8-sig" if offset == 0 else "utf-8")
        except UnicodeDecodeError as error:
            message = f"The file is not UTF-8 at byte {offset + error.start}."
            raise FileError(message) from error
        if "\0" in text:
            message = f"There is a NUL near byte {offset}."
            raise FileError(message)
        offset += len(line)
        yield text


def _raw(parts: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for part in parts:
        *whole, rest = (rest + part).split(b"\n")
        for line in whole:
            _check_length(line)
            yield line + b"\n"
        _check_length(rest)
    if rest:
        yield rest


def _check_length(line: bytes) -> None:
    if len(line) > LINE_LIMIT:
        message = f"A line is longer than {LINE_LIMIT} bytes."
        raise FileError(message)


def safe_cell(value: str) -> str:
    """Write a value so that no spreadsheet takes it for a formula."""
    return f"'{value}" if value.startswith(_FORMULA) else value
