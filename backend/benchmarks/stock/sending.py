"""Save, then tell the group: what the view and the queue's listener share."""

from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

from benchmarks.stock.consumers import group_of
from benchmarks.stock.models import Notification


def send(user_id: int, payload: Any) -> Notification:
    """Send one notification."""
    row = Notification.objects.create(user_id=user_id, payload=payload)
    content = {
        "type": "server_notification",
        "id": row.pk,
        "value": payload,
        "created_at": row.created_at.isoformat(),
    }
    layer: Any = get_channel_layer()
    async_to_sync(layer.group_send)(
        group_of(user_id),
        {"type": "notification", "content": content},
    )
    return row
