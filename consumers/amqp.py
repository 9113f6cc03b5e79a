"""RabbitMQ: connections that are made again for ever, what comes in, what goes out.

With `delivered`, all that knows the client. Everything in it runs in one thread, which
never waits for the database, so that heartbeats go on whatever happens there. Incoming
and outgoing have a connection each: RabbitMQ stops reading from one that publishes when
it runs out of memory, and acknowledgements must still get through then.

Source: https://www.rabbitmq.com/docs/confirms, https://www.rabbitmq.com/docs/quorum-queues
"""

import logging
import random
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import pika
from django.conf import settings
from pika.adapters.select_connection import IOLoop
from pika.exceptions import (
    ChannelClosedByBroker,
    ConnectionClosedByBroker,
    ProbableAccessDeniedError,
    ProbableAuthenticationError,
)

from consumers import delivered, messages
from consumers.messages import BODY_LIMIT_BYTES, KEPT_BYTES, Incoming
from consumers.models import OutboxResult
from consumers.topology import Names, declare

logger = logging.getLogger(__name__)
delivered.use()

FIRST_PAUSE_SECONDS = 0.3
# Refusals that trying again does not change.
ACCESS_REFUSED, RESOURCE_LOCKED, PRECONDITION_FAILED = 403, 405, 406
NOT_ALLOWED = 530
FINAL = {ACCESS_REFUSED, RESOURCE_LOCKED, PRECONDITION_FAILED, NOT_ALLOWED}
IN_FLIGHT_LIMIT = 5000
_ANSWER = re.compile(r"ConnectionClosedByBroker: \((\d+)\) ['\"](.*)['\"]")


def new_loop() -> Any:
    """Make the loop of the thread that talks to RabbitMQ."""
    return IOLoop()


class Line(ABC):
    """One connection with one channel, made again whenever it is lost."""

    def __init__(self, loop: Any, *, on_refused: Callable[[str], None]) -> None:
        self.loop = loop
        self.names = Names(settings.RABBITMQ_PREFIX)
        self.channel: Any = None
        # Whether anything may be said on the channel.
        self.is_ready = False
        self._is_declared = False
        self._on_refused = on_refused
        self._connection: Any = None
        self._is_ending = False
        self._pause = FIRST_PAUSE_SECONDS

    @abstractmethod
    def prepared(self, channel: Any) -> None:
        """Use the channel, on which everything is declared."""

    @abstractmethod
    def lost(self) -> None:
        """Forget what belonged to the channel."""

    def may_open(self) -> bool:
        """Say whether this is the time to connect."""
        return True

    def open(self) -> None:
        """Connect, now or as soon as it may."""
        if self._is_ending:
            return
        if not self.may_open():
            self.loop.call_later(FIRST_PAUSE_SECONDS, self.open)
            return
        self._connection = pika.SelectConnection(
            _parameters(type(self).__name__.lower()),
            on_open_callback=self._opened,
            on_open_error_callback=self._not_opened,
            on_close_callback=self._closed,
            custom_ioloop=self.loop,
        )

    def close(self) -> None:
        """Disconnect for good."""
        self._is_ending = True
        self.drop()

    def drop(self) -> None:
        """Disconnect; it is made again unless it ends."""
        self.is_ready = False
        if self._connection is not None and self._connection.is_open:
            self._connection.close()

    @property
    def is_closed(self) -> bool:
        """Say whether nothing is connected."""
        return self._connection is None or self._connection.is_closed

    def _opened(self, connection: Any) -> None:
        connection.channel(on_open_callback=self._channel_opened)

    def _channel_opened(self, channel: Any) -> None:
        self.channel = channel
        channel.add_on_close_callback(self._channel_closed)
        channel.add_on_cancel_callback(lambda _: self.drop())
        declare(channel, self.names, then=self._declared)

    def _declared(self, _: Any) -> None:
        self.is_ready = self._is_declared = True
        self._pause = FIRST_PAUSE_SECONDS
        self.prepared(self.channel)

    def _channel_closed(self, channel: Any, reason: BaseException) -> None:
        refusal = _refusal(reason)
        if refusal is not None and not self._is_declared:
            self._refused(refusal)
        self.drop()

    def _not_opened(self, _: Any, error: BaseException) -> None:
        refusal = _refusal(error)
        if refusal is not None:
            self._refused(refusal)
        self._closed(_, error)

    def _refused(self, reason: str) -> None:
        self._is_ending = True
        self._on_refused(_sentence(reason))

    def _closed(self, _: Any, reason: BaseException) -> None:
        self.is_ready, self._is_declared, self.channel = False, False, None
        self.lost()
        if self._is_ending:
            return
        logger.warning(
            "RabbitMQ is away",
            extra={"line": type(self).__name__, "error": type(reason).__name__},
        )
        # Jitter: many consumers come back to one broker.
        self.loop.call_later(self._pause * random.uniform(0.7, 1.0), self.open)  # noqa: S311
        self._pause = min(self._pause * 2, settings.RABBITMQ_RETRY_SECONDS)


class Intake(Line):
    """What comes in: prefetched, handed to the worker, acknowledged when it is done."""

    def __init__(
        self,
        loop: Any,
        *,
        on_refused: Callable[[str], None],
        on_message: Callable[[Incoming], None],
        is_worker_free: Callable[[], bool],
    ) -> None:
        super().__init__(loop, on_refused=on_refused)
        self._on_message = on_message
        self._is_worker_free = is_worker_free
        self._tags: list[str] = []
        self._since = 0.0
        self.generation = 0
        self.is_paused = False

    def may_open(self) -> bool:
        """Fetch nothing while the worker cannot take it."""
        return self._is_worker_free()

    def prepared(self, channel: Any) -> None:
        """Begin to consume."""
        channel.basic_qos(prefetch_count=settings.RABBITMQ_PREFETCH)
        self._since = time.monotonic()
        self.is_paused = False
        self._consume()

    def lost(self) -> None:
        """Leave deliveries of this channel to be delivered again."""
        self.generation += 1
        self._tags.clear()

    def done(self, messages: Sequence[Incoming], *, are_all_before: bool) -> None:
        """Acknowledge messages; at once where all before the last are done too."""
        if not self.is_ready:
            return
        ours = [each.tag for each in messages if each.generation == self.generation]
        for tag in ours[-1:] if are_all_before else ours:
            self.channel.basic_ack(tag, multiple=are_all_before)

    def pause(self, *, then: Callable[[], None] | None = None) -> None:
        """Stop fetching, and keep what was fetched."""
        self.is_paused = True
        waiting = set(self._tags) if self.is_ready else set()
        self._tags.clear()

        def cancelled(tag: str) -> None:
            waiting.discard(tag)
            if not waiting and then is not None:
                then()

        for tag in list(waiting):
            self.channel.basic_cancel(tag, callback=lambda _, tag=tag: cancelled(tag))
        if not waiting and then is not None:
            then()

    def resume(self) -> None:
        """Fetch again."""
        self.is_paused = False
        if self.is_ready:
            self._consume()

    def _consume(self) -> None:
        for queue, key in (
            (self.names.send, messages.SEND),
            (self.names.events, messages.EVENTS),
            (self.names.dead, messages.DEAD),
        ):
            tag = self.channel.basic_consume(queue, self._receiver(key))
            self._tags.append(tag)

    def _receiver(self, key: str) -> Callable[..., None]:
        generation = self.generation

        def received(_: Any, method: Any, properties: Any, body: bytes) -> None:
            self._on_message(
                _incoming(
                    method,
                    properties,
                    body,
                    generation=generation,
                    key=key,
                ),
            )

        return received


class Outlet(Line):
    """What goes out: published as it comes, forgotten when the broker has it."""

    def __init__(
        self,
        loop: Any,
        *,
        on_refused: Callable[[str], None],
        on_confirmed: Callable[[Sequence[int]], None],
        on_returned: Callable[[Sequence[int]], None],
    ) -> None:
        super().__init__(loop, on_refused=on_refused)
        self._on_confirmed = on_confirmed
        self._on_returned = on_returned
        self._in_flight: dict[int, OutboxResult] = {}
        self._unroutable: set[str] = set()
        self._is_declaring = False
        self._number = 0

    @property
    def is_empty(self) -> bool:
        """Say whether nothing waits for its confirmation."""
        return not self._in_flight

    def prepared(self, channel: Any) -> None:
        """Ask for confirmations."""
        self._number = 0
        self._is_declaring = False
        channel.add_on_return_callback(self._came_back)
        channel.confirm_delivery(self._answered)

    def lost(self) -> None:
        """Offer again what was not confirmed."""
        self._on_returned([row.pk for row in self._in_flight.values()])
        self._in_flight.clear()
        self._unroutable.clear()

    def publish(self, rows: Sequence[OutboxResult]) -> None:
        """Publish rows, or give them back where that is not possible now."""
        room = IN_FLIGHT_LIMIT - len(self._in_flight) if self.is_ready else 0
        for row in rows[:room]:
            self._number += 1
            self._in_flight[self._number] = row
            self.channel.basic_publish(
                self.names.exchange,
                row.routing_key,
                bytes(row.body),
                _properties(row),
                mandatory=True,
            )
        if rows[room:]:
            self._on_returned([row.pk for row in rows[room:]])

    def _came_back(self, _: Any, method: Any, properties: Any, body: bytes) -> None:
        self._unroutable.add(properties.message_id)
        self._declare_again(method.routing_key)

    def _declare_again(self, key: str) -> None:
        """Make the queue that somebody deleted; no consumer here would notice it."""
        if self._is_declaring or not self.is_ready:
            return
        logger.warning("no queue takes it", extra={"key": key})
        self._is_declaring = True
        declare(self.channel, self.names, then=self._declared_again)

    def _declared_again(self, _: Any) -> None:
        self._is_declaring = False

    def _answered(self, frame: Any) -> None:
        last, several = frame.method.delivery_tag, frame.method.multiple
        numbers = [each for each in self._in_flight if each <= last] if several else []
        rows = [self._in_flight.pop(each) for each in numbers or [last]]
        is_taken = frame.method.NAME == "Basic.Ack"
        taken: list[int] = []
        refused: list[int] = []
        for row in rows:
            is_there = is_taken and self._is_routed(row)
            (taken if is_there else refused).append(row.pk)
        self._on_confirmed(taken)
        self._on_returned(refused)

    def _is_routed(self, row: OutboxResult) -> bool:
        key = str(row.key)
        if key not in self._unroutable:
            return True
        self._unroutable.discard(key)
        return False


def _incoming(
    method: Any,
    properties: Any,
    body: bytes,
    *,
    generation: int,
    key: str,
) -> Incoming:
    size = len(body)
    return Incoming(
        tag=method.delivery_tag,
        generation=generation,
        is_dead=key == messages.DEAD,
        key=key,
        is_redelivered=bool(method.redelivered),
        # At once, so that a prefetch full of such bodies fits into memory.
        body=body if size <= BODY_LIMIT_BYTES else body[:KEPT_BYTES],
        body_size=size,
        headers=properties.headers or {},
        headers_size=properties.headers_size,
        message_id=properties.message_id,
        correlation_id=properties.correlation_id,
        reply_to=properties.reply_to,
        content_type=properties.content_type,
        content_encoding=properties.content_encoding,
        app_id=properties.app_id,
        user_id=properties.user_id,
    )


def _properties(row: OutboxResult) -> Any:
    return pika.BasicProperties(
        message_id=str(row.key),
        correlation_id=row.correlation_id or None,
        content_type=row.content_type or None,
        headers=row.headers,
        app_id="carillon",
        delivery_mode=2,
    )


def _parameters(purpose: str) -> Any:
    parameters = pika.URLParameters(settings.RABBITMQ_URL)
    parameters.heartbeat = settings.RABBITMQ_HEARTBEAT_SECONDS
    parameters.blocked_connection_timeout = settings.RABBITMQ_BLOCKED_SECONDS
    parameters.stack_timeout = settings.RABBITMQ_CONNECT_SECONDS
    parameters.socket_timeout = settings.RABBITMQ_CONNECT_SECONDS
    parameters.connection_attempts = 1
    parameters.client_properties = {"connection_name": f"carillon {purpose}"}
    return parameters


def _refusal(error: BaseException) -> str | None:
    """Return the broker's answer if trying again does not change it."""
    if isinstance(error, ConnectionClosedByBroker | ChannelClosedByBroker):
        code, text = error.args
    elif isinstance(error, ProbableAuthenticationError | ProbableAccessDeniedError):
        # What happened is inside as text; without an answer the broker just went away.
        answer = _ANSWER.search(str(error.args[0]))
        code, text = (int(answer[1]), answer[2]) if answer else (0, "")
    else:
        return None
    return str(text) if code in FINAL else None


def _sentence(reason: str) -> str:
    return (
        f"RabbitMQ refuses: {reason.strip().rstrip('.')}. Nothing was changed there; "
        "see docs/rabbitmq.md for what the queues and the user must be."
    )
