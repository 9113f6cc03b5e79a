"""What travels through the channel layer: hints, each of which may be lost or doubled."""

from typing import Literal, TypedDict


class NotificationHint(TypedDict):
    """User `user` has number `seq`; `frame` is its encoded frame where it is small."""

    type: Literal["notification"]
    group: str
    user: int
    seq: int
    frame: str | None


class StateHint(TypedDict):
    """States of user `user` changed; `keys` or all up to `up_to` are now `state`."""

    type: Literal["state"]
    group: str
    user: int
    state_version: int
    state: str
    keys: list[str]
    up_to: int | None
    frame: str


class FrameHint(TypedDict):
    """A ready frame for everybody in the group."""

    type: Literal["frame"]
    group: str
    frame: str


class RecheckHint(TypedDict):
    """The standing of user `user` may have changed."""

    type: Literal["recheck"]
    group: str
    user: int


Hint = NotificationHint | StateHint | FrameHint | RecheckHint
