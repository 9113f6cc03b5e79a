"""Where the sandbox of this very server stands, which its settings can only guess."""

from django.conf import settings

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104


def url_of(host: str, port: int) -> str:
    """Say the sandbox's address on a server that listens there."""
    name = _EVERYWHERE.get(host, host)
    return f"http://{f'[{name}]' if ':' in name else name}:{port}/sandbox"


def stand_at(host: str, port: int) -> None:
    """Send what goes to our own sandbox to where this process really listens."""
    if not settings.SANDBOX_IS_OWN:
        return
    settings.SANDBOX_URL = url_of(host, port)
    if settings.SMS_USES_SANDBOX:
        settings.SMS_GATEWAY_URL = f"{settings.SANDBOX_URL}/sms"
