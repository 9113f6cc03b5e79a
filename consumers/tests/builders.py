"""Messages as they come from RabbitMQ."""

import json
from itertools import count
from typing import Any

from consumers.messages import Incoming

_tags = count(1)


def a_message(body: object, *, is_dead: bool = False, **fields: Any) -> Incoming:
    """Make a delivery."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Incoming(
        **{
            "tag": next(_tags),
            "generation": 0,
            "is_dead": is_dead,
            "is_redelivered": False,
            "body": raw,
            "body_size": len(raw),
            **fields,
        }
    )
