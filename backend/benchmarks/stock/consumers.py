"""A consumer as Channels' documentation writes it.

Source: https://channels.readthedocs.io/en/stable/topics/consumers.html
"""

from typing import Any

from channels.generic.websocket import AsyncJsonWebsocketConsumer

EVERYONE = "everyone"


def group_of(user_id: int) -> str:
    """Name the group of a user's sockets."""
    return f"user-{user_id}"


class NotificationConsumer(AsyncJsonWebsocketConsumer):
    """One socket in two groups."""

    async def connect(self) -> None:
        """Join, then accept."""
        self.user_id = self.scope["url_route"]["kwargs"]["user_id"]
        await self.channel_layer.group_add(EVERYONE, self.channel_name)
        await self.channel_layer.group_add(group_of(self.user_id), self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        """Leave."""
        await self.channel_layer.group_discard(EVERYONE, self.channel_name)
        await self.channel_layer.group_discard(
            group_of(self.user_id), self.channel_name
        )

    async def notification(self, event: dict[str, Any]) -> None:
        """Pass an event of the group on."""
        await self.send_json(event["content"])
