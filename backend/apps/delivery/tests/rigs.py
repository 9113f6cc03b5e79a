"""How the contract test reaches each channel that speaks HTTP, and what it expects.

A channel is one of: sent, permanent, configuration, again, unknown.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

SENT, PERMANENT, CONFIGURATION = "sent", "permanent", "configuration"
AGAIN, UNKNOWN = "again", "unknown"

USUAL: Mapping[str, str] = {
    "200": SENT,
    "400": PERMANENT,
    "401": CONFIGURATION,
    "404": PERMANENT,
    "429": AGAIN,
    "500": AGAIN,
    "garbage": UNKNOWN,
    "cut": UNKNOWN,
    "torn": UNKNOWN,
    "no http": UNKNOWN,
    "huge": UNKNOWN,
    "redirect": CONFIGURATION,
    "drip": UNKNOWN,
    "never": UNKNOWN,
    "refused": AGAIN,
}
# What ends by the channel's limit of time alone.
LATE = {"drip", "never"}


@dataclass(frozen=True)
class Rig:
    """One channel: where it sends, what success is, where it differs from the usual."""

    address: str
    settings: Callable[[str], Mapping[str, object]]
    success: bytes = b""
    expected: Mapping[str, str] = field(default_factory=dict)


RIGS: dict[str, Rig] = {
    "sms": Rig(
        address="79110000000",
        success=b'{"code": 0, "message": "OK"}',
        settings=lambda url: {"SMS_GATEWAY_URL": url},
    ),
    "telegram": Rig(
        address="123",
        success=b'{"ok": true, "result": {"message_id": 5}}',
        settings=lambda url: {"TELEGRAM_API_URL": url, "TELEGRAM_BOT_TOKEN": "1:a"},
        # The token is a part of the path, so a wrong one is "not found".
        expected={"404": CONFIGURATION},
    ),
    "webhook": Rig(
        address="http://127.0.0.1/hook",
        success=b"anything",
        settings=lambda _: {"OUTGOING_ALLOWED_HOSTS": ["127.0.0.1"]},
        # A receiver owes us no body, and its refusals are about its own address.
        expected={
            "401": PERMANENT,
            "garbage": SENT,
            "huge": SENT,
            "redirect": PERMANENT,
        },
    ),
}
