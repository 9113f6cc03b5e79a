"""What passes between the waist and a channel to an outside service."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that is fetched when the message is sent."""

    url: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a channel says; each takes what it can show.

    `payload` is encoded JSON, for channels that speak to programs.
    """

    subject: str = ""
    text: str = ""
    html: str = ""
    attachments: tuple[Attachment, ...] = ()
    payload: str = ""


def always() -> bool:
    """Allow every message."""
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One message on its way: where to, what, and under which name.

    `message_id` is the number that a gateway knows it by, the same at every attempt;
    `key` is the notification's public key, which names it in e-mail and webhooks; sent
    again by hand it is another `round`.
    `may_send` is asked last, when nothing is between the answer and the first byte.
    """

    address: str
    content: Content
    message_id: int
    key: str
    round: int = 1
    kind: str = "message"
    severity: str = "info"
    created_at: str = ""
    may_send: Callable[[], bool] = always


@dataclass(frozen=True)
class Receipt:
    """A provider took the message, and said this."""

    provider_response: str


class DeliveryError(Exception):
    """An attempt that was no success, and whether it may be made again.

    `permanent`: trying again cannot help. `retry_after`: seconds that the provider
    asked for. `unknown`: the provider may have taken it. `configuration`: nothing is
    wrong with the message; an operator must mend a setting. `not_sent`: there was no
    connection. `withheld`: the last question was answered with no. `is_gone`: the
    address asks never to be used again.
    """

    def __init__(
        self,
        reason: str,
        *,
        permanent: bool = False,
        retry_after: float | None = None,
        unknown: bool = False,
        configuration: bool = False,
        not_sent: bool = False,
        withheld: bool = False,
        is_gone: bool = False,
        provider_response: str = "",
    ) -> None:
        """Keep what the channel knows."""
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
        self.retry_after = retry_after
        self.unknown = unknown
        self.configuration = configuration
        self.not_sent = not_sent
        self.withheld = withheld
        self.is_gone = is_gone
        self.provider_response = provider_response

    @property
    def speaks_against_provider(self) -> bool:
        """Say whether it counts for the breaker: not what is the message's own fault.

        Who asks for patience is alive.
        """
        is_own = self.permanent or self.configuration or self.withheld
        return not is_own and self.retry_after is None
