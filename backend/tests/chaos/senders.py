"""Senders over HTTP that repeat a request under its key until it is accepted."""

import contextlib
import http.client
import json
import random
import threading
import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.chaos.ledger import Entry, Ledger

AGAIN_SECONDS = 0.1
REQUEST_SECONDS = 10.0
# What a server or a proxy says when the same request may succeed later.
LATER = {409, 502, 503, 504}
THREADS = 8


@dataclass(frozen=True)
class Answered:
    """A request that was answered: when it began, how long it took, and the status."""

    began: float
    seconds: float
    status: int


@dataclass(frozen=True)
class Parcel:
    """The messages of one request; `is_insistent` when it is repeated."""

    key: str
    entries: tuple[Entry, ...]
    is_insistent: bool = True


def parcels(
    users: Sequence[int],
    *,
    each: int,
    chance: random.Random,
    name: str = "http",
    largest: int = 1,
    given_up: float = 0.0,
) -> list[Parcel]:
    """Make so many messages for each user, in an order and sizes by chance.

    largest: messages in a request. given_up: the share that is tried only once.
    """
    entries = [(user, f"{name}-{user}-{n}") for n in range(each) for user in users]
    chance.shuffle(entries)
    made: list[Parcel] = []
    while entries:
        size = chance.randint(1, largest)
        some = tuple(entries[:size])
        del entries[:size]
        is_insistent = chance.random() >= given_up
        made.append(Parcel(f"{name}-{some[0][1]}", some, is_insistent))
    return made


class Senders:
    """Threads that send parcels; each keeps a connection while it holds.

    per_second: parcels, by all threads together; 0 for as fast as it goes.
    statuses: of all answers.
    """

    def __init__(
        self,
        work: Sequence[Parcel],
        ledger: Ledger,
        *,
        url: str,
        headers: Mapping[str, str],
        per_second: float = 0.0,
    ) -> None:
        self.statuses: Counter[int] = Counter()
        self.answered: list[Answered] = []
        self.surprises: list[str] = []
        self.retry_after: Counter[str] = Counter()
        self._work = deque(work)
        self._ledger = ledger
        self._address = urlsplit(url).netloc
        self._headers = {**headers, "Content-Type": "application/json"}
        self._pause_seconds = THREADS / per_second if per_second else 0.0
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, daemon=True) for _ in range(THREADS)
        ]

    def __enter__(self) -> "Senders":
        """Begin."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End, whatever is still to be sent."""
        self._stopped.set()
        for thread in self._threads:
            thread.join(REQUEST_SECONDS + 5)

    def are_done(self) -> bool:
        """Say whether all was sent."""
        return not any(thread.is_alive() for thread in self._threads)

    def slowest_seconds(self) -> float:
        """Say how long the slowest took of those that were answered."""
        return max((each.seconds for each in self.answered), default=0.0)

    def _run(self) -> None:
        connection = self._connection()
        while not self._stopped.is_set():
            try:
                parcel = self._work.popleft()
            except IndexError:
                break
            self._ledger.offer(parcel.entries)
            while not self._is_settled(connection, parcel):
                self._stopped.wait(AGAIN_SECONDS)
            self._stopped.wait(self._pause_seconds)
        connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self._address, timeout=REQUEST_SECONDS)

    def _is_settled(
        self,
        connection: http.client.HTTPConnection,
        parcel: Parcel,
    ) -> bool:
        """Try once; say whether this parcel needs no further try."""
        status, body = self._post(connection, parcel)
        if status == 200 and _is_created(body):
            self._ledger.accept(parcel.entries)
            return True
        if status and status not in LATER:
            self.surprises.append(f"{status} {body[:200]!r}")
            return True
        return self._stopped.is_set() or not parcel.is_insistent

    def _post(
        self,
        connection: http.client.HTTPConnection,
        parcel: Parcel,
    ) -> tuple[int, bytes]:
        """Send a parcel; say status and body, 0 where no answer came."""
        path, body = _request(parcel)
        headers = {**self._headers, "Idempotency-Key": parcel.key}
        began = time.monotonic()
        try:
            connection.request("POST", path, body=body, headers=headers)
            response = connection.getresponse()
            answer = response.read()
        except (OSError, http.client.HTTPException):
            with contextlib.suppress(OSError):
                connection.close()
            return 0, b""
        seconds = time.monotonic() - began
        self.answered.append(Answered(began, seconds, response.status))
        self.statuses[response.status] += 1
        if response.status == 503:
            self.retry_after[response.headers.get("Retry-After", "")] += 1
        return response.status, answer


def _request(parcel: Parcel) -> tuple[str, bytes]:
    drafts = [
        {"user_id": user, "payload": {"message": message}}
        for user, message in parcel.entries
    ]
    if len(drafts) == 1:
        return "/api/notifications/send/", json.dumps(drafts[0]).encode()
    body = json.dumps({"notifications": drafts}).encode()
    return "/api/notifications/send/bulk/", body


def _is_created(body: bytes) -> bool:
    answer = json.loads(body)
    results = answer.get("results", [{"status": "created"}])
    return all(result["status"] == "created" for result in results)
