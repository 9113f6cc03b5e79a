"""SMS through the external gateway whose contract is in docs/delivery.md."""

import asyncio
import re
from dataclasses import dataclass, field

from django.conf import settings

from apps.accounts.models import User
from apps.delivery import gateway, loop_thread
from apps.delivery.base import DeliveryError, Parcel, Receipt
from apps.delivery.gateway import Answer, Endpoint, Gateway, Outcome

NAME = "sms"
CONCURRENCY: int = settings.SMS_GATEWAY_CONCURRENCY
_PHONE = re.compile(r"7[0-9]{10}")


@dataclass
class _Open:
    """The session of this process; another endpoint or loop gets another."""

    loop: asyncio.AbstractEventLoop | None = None
    endpoint: Endpoint | None = None
    gateway: Gateway | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


_open = _Open()


def off_reason() -> str:
    """Ask for the gateway's address."""
    return "" if settings.SMS_GATEWAY_URL else "SMS is off; set SMS_GATEWAY_URL."


def on_unknown() -> str:
    """Repeat where the gateway knows the id again."""
    return "retry" if settings.SMS_GATEWAY_IDEMPOTENT else "hold"


def address_of(user: User) -> str:
    """Return the phone number of the profile."""
    profile = getattr(user, "profile", None)
    return str(profile.phone) if profile is not None else ""


def is_address(text: str) -> bool:
    """Accept 7XXXXXXXXXX."""
    return _PHONE.fullmatch(text) is not None


def send(parcel: Parcel) -> Receipt:
    """Hand one message to the gateway.

    Raises: DeliveryError.
    """
    if settings.SMS_FAIL_ALWAYS:
        # A stand-in for a provider in trouble: it tells nothing about the real one.
        message = "SMS_FAIL_ALWAYS is set."
        raise DeliveryError(message, retry_after=0.0)
    answer = loop_thread.run(_sent(parcel))
    if answer.outcome is Outcome.SENT:
        return Receipt(answer.excerpt)
    raise _error(answer)


async def _sent(parcel: Parcel) -> Answer:
    client = await _client()
    return await client.send(
        message_id=parcel.message_id,
        phone=parcel.address,
        text=parcel.content.text,
        may_write=parcel.may_send,
    )


async def _client() -> Gateway:
    loop, endpoint = asyncio.get_running_loop(), gateway.configured()
    if _open.loop is not loop:
        _open.loop, _open.gateway, _open.lock = loop, None, asyncio.Lock()
    async with _open.lock:
        if _open.gateway is None or _open.endpoint != endpoint:
            if _open.gateway is not None:
                await _open.gateway.__aexit__(None, None, None)
            _open.gateway = await Gateway(endpoint).__aenter__()
            _open.endpoint = endpoint
            loop_thread.at_exit(_close)
        return _open.gateway


async def _close() -> None:
    if _open.gateway is not None:
        await _open.gateway.__aexit__(None, None, None)
        _open.gateway = None


def _error(answer: Answer) -> DeliveryError:
    outcome = answer.outcome
    return DeliveryError(
        f"The gateway answered {answer.code}."
        if answer.http_status
        else f"No answer from the gateway: {answer.code}.",
        permanent=outcome in {Outcome.PERMANENT, Outcome.REJECTED},
        retry_after=answer.retry_after,
        unknown=outcome is Outcome.UNKNOWN,
        configuration=outcome is Outcome.CONFIGURATION,
        not_sent=outcome is Outcome.NOT_SENT and not answer.sent_bytes,
        withheld=answer.code == "withheld",
        provider_response=answer.excerpt,
    )
