"""Files that a mail points to: fetched when it is sent, limited in size and kind."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from apps.delivery import http
from apps.delivery.base import Attachment, DeliveryError

EACH_LIMIT = 5 * 1024 * 1024
TOTAL_LIMIT = 10 * 1024 * 1024
NAME_LENGTH = 100
TYPES = frozenset(
    {
        "application/json",
        "application/msword",
        "application/pdf",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/zip",
        "image/gif",
        "image/jpeg",
        "image/png",
        "image/webp",
        "text/calendar",
        "text/csv",
        "text/plain",
    }
)


@dataclass(frozen=True, slots=True)
class File:
    """An attachment with its content."""

    name: str
    body: bytes
    content_type: str


def fetched(wanted: Sequence[Attachment]) -> list[File]:
    """Fetch the files of a mail.

    Raises: DeliveryError, permanent where trying again cannot help.
    """
    files: list[File] = []
    left = TOTAL_LIMIT
    for each in wanted:
        file = _fetched(each, limit=min(EACH_LIMIT, left))
        left -= len(file.body)
        files.append(file)
    return files


def _fetched(wanted: Attachment, *, limit: int) -> File:
    try:
        reply = http.get(wanted.url, limit=limit)
    except http.NoReplyError as error:
        raise DeliveryError(
            f"An attachment was not fetched: {error}",
            permanent=error.code in {"url", "address"},
            retry_after=0.0,
        ) from error
    content_type = reply.headers.get("content-type", "").partition(";")[0].strip()
    if reply.status != HTTPStatus.OK:
        raise DeliveryError(
            f"An attachment was answered with {reply.status}.",
            permanent=400 <= reply.status < 500,
            retry_after=reply.retry_after or 0.0,
        )
    if reply.body is None:
        message = f"An attachment is larger than {limit} bytes."
        raise DeliveryError(message, permanent=True)
    if content_type.lower() not in TYPES:
        message = f"An attachment is of a kind that is not allowed: {content_type!r}."
        raise DeliveryError(message, permanent=True)
    return File(_name(wanted), reply.body, content_type.lower())


def _name(wanted: Attachment) -> str:
    name = wanted.name or PurePosixPath(unquote(urlsplit(wanted.url).path)).name
    plain = "".join(each for each in name if each.isprintable() and each not in '/\\"')
    return plain[-NAME_LENGTH:] or "attachment"
