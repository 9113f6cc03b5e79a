"""What travels through the channel layer: hints, which may be lost or doubled."""

from typing import Literal, TypedDict


class NotificationHint(TypedDict):
    """User `user` has number `seq`; `frame` is its encoded frame where it is small."""

    type: Literal["notification"]
    group: str
    user: int
    seq: int
    key: str
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
    """A ready frame for everybody in the group.

    A change to a snapshot names it and carries the snapshot's new version, so that a
    connection which has that version already drops the frame. `subject` is what the
    frame shows, for the app that wants to know to whom it was shown; 0 for nothing.
    """

    type: Literal["frame"]
    group: str
    frame: str
    snapshot: str
    version: int
    subject: int


class PersonalHint(TypedDict):
    """A change to a snapshot whose frames the hub must ask for: they differ by user."""

    type: Literal["personal"]
    group: str
    snapshot: str
    version: int
    subject: int
    mark: int


class RecheckHint(TypedDict):
    """The standing of user `user` may have changed, or (0) the poll is to look now."""

    type: Literal["recheck"]
    group: str
    user: int


Hint = NotificationHint | StateHint | FrameHint | PersonalHint | RecheckHint
