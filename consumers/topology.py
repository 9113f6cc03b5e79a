"""The exchange, the queues and their bindings (docs/rabbitmq.md).

Source: https://www.rabbitmq.com/docs/quorum-queues
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from consumers import messages


@dataclass(frozen=True)
class Names:
    """The exchange and the queues; the routing keys are the queues' plain names."""

    prefix: str

    @property
    def exchange(self) -> str:
        """Name the one exchange."""
        return f"{self.prefix}notifications_exchange"

    @property
    def send(self) -> str:
        """Name the queue of what is to be sent."""
        return f"{self.prefix}{messages.SEND}"

    @property
    def events(self) -> str:
        """Name the queue of events that are to be sent."""
        return f"{self.prefix}{messages.EVENTS}"

    @property
    def results(self) -> str:
        """Name the queue of results."""
        return f"{self.prefix}notifications.results"

    @property
    def dead(self) -> str:
        """Name the queue of dead letters."""
        return f"{self.prefix}{messages.DEAD}"


def declare(channel: Any, names: Names, *, then: Callable[[Any], None]) -> None:
    """Declare exchange, queues and bindings; pika sends them one after the other."""
    quorum: dict[str, object] = {"x-queue-type": "quorum"}
    work: dict[str, object] = {
        **quorum,
        "x-delivery-limit": settings.RABBITMQ_DELIVERY_LIMIT,
        "x-dead-letter-exchange": names.exchange,
        "x-dead-letter-routing-key": messages.DEAD,
        # Without these two a dead letter may get lost on its way.
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }
    arguments: dict[str, dict[str, object]] = {
        names.send: work,
        names.events: work,
        names.dead: quorum,
        names.results: {**quorum, "x-max-length": settings.RABBITMQ_RESULTS_LIMIT},
    }
    keys = {
        names.send: messages.SEND,
        names.events: messages.EVENTS,
        names.dead: messages.DEAD,
        names.results: messages.RESULT,
    }
    channel.exchange_declare(names.exchange, "direct", durable=True)
    for queue, extra in arguments.items():
        channel.queue_declare(queue, durable=True, arguments=extra)
    for queue, key in keys.items():
        is_last = queue == names.results
        channel.queue_bind(
            queue, names.exchange, key, callback=then if is_last else None
        )
