"""Tell the hubs of all processes; called after commit, never blocks, never raises.

Each of these is a hint: the row in the database is the truth, and a hub that missed a
hint finds out by its poll (docs/protocol.md, I2 and I5).
"""

from collections.abc import Sequence
from typing import Any

from channels.layers import get_channel_layer

from apps.push import groups
from apps.push.hints import (
    FrameHint,
    Hint,
    NotificationHint,
    PersonalHint,
    RecheckHint,
    StateHint,
)
from apps.push.local_layer import LocalLayer
from apps.push.metrics import HINTS_PUBLISHED
from apps.push.publisher import publisher_for

FRAME_IN_HINT_LIMIT = 4096


def publish_notification(*, user_id: int, seq: int, key: str, frame: str) -> None:
    """Hint that a user has a new number; a frame above 4 KiB stays at home."""
    hint: NotificationHint = {
        "type": "notification",
        "group": groups.user(user_id),
        "user": user_id,
        "seq": seq,
        "key": key,
        "frame": frame if len(frame) <= FRAME_IN_HINT_LIMIT else None,
    }
    _publish(hint)


def publish_state(
    *,
    user_id: int,
    state_version: int,
    state: str,
    keys: Sequence[str],
    up_to: int | None,
    frame: str,
) -> None:
    """Hint that states of a user's notifications changed."""
    hint: StateHint = {
        "type": "state",
        "group": groups.user(user_id),
        "user": user_id,
        "state_version": state_version,
        "state": state,
        "keys": list(keys),
        "up_to": up_to,
        "frame": frame,
    }
    _publish(hint)


def publish_frame(
    group: str,
    frame: str,
    *,
    snapshot: str = "",
    version: int = 0,
    subject: int = 0,
) -> None:
    """Send a ready frame to everybody in a group.

    snapshot, version: for a change to a registered snapshot, its name and new version.
    subject: what the frame shows, where the app wants to know to whom it was shown.
    """
    hint: FrameHint = {
        "type": "frame",
        "group": group,
        "frame": frame,
        "snapshot": snapshot,
        "version": version,
        "subject": subject,
    }
    _publish(hint)


def publish_personal(
    group: str,
    *,
    snapshot: str,
    version: int,
    subject: int,
    mark: int,
) -> None:
    """Have the hubs ask the snapshot's app which of a group's users get what frame."""
    hint: PersonalHint = {
        "type": "personal",
        "group": group,
        "snapshot": snapshot,
        "version": version,
        "subject": subject,
        "mark": mark,
    }
    _publish(hint)


def publish_recheck(user_id: int) -> None:
    """Ask the hubs to look at a user's standing and credentials at once."""
    hint: RecheckHint = {
        "type": "recheck",
        "group": groups.user(user_id),
        "user": user_id,
    }
    _publish(hint)


def publish_look(group: str) -> None:
    """Ask the hubs that have somebody in a group to compare with the database now."""
    hint: RecheckHint = {"type": "recheck", "group": group, "user": 0}
    _publish(hint)


def flush(*, timeout_seconds: float) -> None:
    """Wait for hints that are on their way; for a process that is about to end."""
    layer: Any = get_channel_layer()
    if not isinstance(layer, LocalLayer):
        publisher_for(layer).flush(timeout_seconds)


def _publish(hint: Hint) -> None:
    layer: Any = get_channel_layer()
    if isinstance(layer, LocalLayer):
        layer.publish_nowait(hint["group"], hint)
        HINTS_PUBLISHED.inc()
    else:
        publisher_for(layer).publish(hint)
