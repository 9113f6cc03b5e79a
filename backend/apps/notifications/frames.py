"""A stored notification as the frame that a browser gets."""

from apps.notifications.models import Notification
from apps.push import protocol


def encoded(notification: Notification, *, replay: bool) -> str:
    """Encode the `server_notification` frame."""
    return protocol.server_notification(
        {
            "key": str(notification.key),
            "seq": notification.seq or 0,
            "payload": notification.payload,
            "kind": notification.kind,
            "title": notification.title,
            "body": notification.body,
            "severity": notification.severity,
            "url": notification.url,
            "created_at": notification.created_at,
            "request_id": notification.request_id,
            "replay": replay,
        },
    )
