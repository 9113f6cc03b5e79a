"""Asks the database once for what many sockets want at the same moment."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from apps.realtime.database import Database, DatabaseUnavailable

AT_ONCE = 100
JOBS = 2
WAIT_SECONDS = 10.0

Question = TypeVar("Question")
Answer = TypeVar("Answer")


class Together(Generic[Question, Answer]):
    """Collects questions while others are answered; nobody waits for company.

    A thousand sockets that come back at once cost a few calls, and do not time each
    other out: the limit of a call begins with the call.
    """

    def __init__(
        self,
        database: Database,
        answer: Callable[[Sequence[Question]], Sequence[Answer | Exception]],
        *,
        wait_seconds: float = WAIT_SECONDS,
    ) -> None:
        """Keep the function, which answers in the order of the questions."""
        self._database = database
        self._answer = answer
        self._wait_seconds = wait_seconds
        self._waiting: deque[tuple[Question, asyncio.Future[Answer]]] = deque()
        self._jobs: set[asyncio.Task[None]] = set()

    async def ask(self, question: Question) -> Answer:
        """Return the answer to one question.

        Raises: DatabaseUnavailable where it does not come in ten seconds or the
        database does not answer; the exception that is the answer.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        self._waiting.append((question, future))
        if len(self._jobs) < JOBS:
            job = loop.create_task(self._work())
            self._jobs.add(job)
            job.add_done_callback(self._jobs.discard)
        try:
            async with asyncio.timeout(self._wait_seconds):
                return await future
        except TimeoutError as error:
            message = f"no answer within {self._wait_seconds:g} s of waiting"
            raise DatabaseUnavailable(message) from error

    async def _work(self) -> None:
        # One turn of the loop lets everything that arrived together ask together.
        await asyncio.sleep(0)
        while batch := self._next_batch():
            try:
                answers = await self._database.run(
                    self._answer,
                    [question for question, _ in batch],
                )
            except Exception as error:  # noqa: BLE001  (it belongs to those who ask)
                answers = [error] * len(batch)
            for (_, future), answer in zip(batch, answers, strict=True):
                _settle(future, answer)

    def _next_batch(self) -> list[tuple[Question, asyncio.Future[Answer]]]:
        batch: list[tuple[Question, asyncio.Future[Answer]]] = []
        while self._waiting and len(batch) < AT_ONCE:
            question, future = self._waiting.popleft()
            if not future.done():
                batch.append((question, future))
        return batch


def _settle(future: asyncio.Future[Answer], answer: Answer | Exception) -> None:
    if future.done():
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)
