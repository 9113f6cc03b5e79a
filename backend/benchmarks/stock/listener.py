"""Messages of a queue, one by one, as RabbitMQ's tutorial does it.

Source: https://www.rabbitmq.com/tutorials/tutorial-two-python
"""

import importlib
import json
from typing import Any

import pika

PREFETCH = 500


def listen(url: str, *, queue: str, results: str) -> None:
    """Save, send and acknowledge each message; answer those that ask for it."""
    # Models can be imported only after django.setup().
    send = importlib.import_module("benchmarks.stock.sending").send
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    channel.basic_qos(prefetch_count=PREFETCH)

    def received(  # noqa: PLR0917  (as pika calls it)
        channel: Any,
        method: Any,
        properties: Any,
        body: bytes,
    ) -> None:
        message = json.loads(body)
        row = send(message["user_id"], message["payload"])
        if properties.correlation_id:
            channel.basic_publish(
                "",
                results,
                json.dumps({"status": "created", "id": row.pk}).encode(),
                pika.BasicProperties(
                    correlation_id=properties.correlation_id,
                    delivery_mode=2,
                ),
            )
        channel.basic_ack(method.delivery_tag)

    channel.basic_consume(queue, received)
    channel.start_consuming()
