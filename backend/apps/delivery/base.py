"""What passes between the waist and a channel to an outside service."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One message on its way: where to, what, and under which name.

    `message_id` is the number that a gateway knows it by, the same at every attempt;
    `key` is the notification's public key, which names it in e-mail and webhooks.
    `payload` beside `content.payload` is what the notification itself carries.
    """

    address: str
    content: Content
    message_id: int
    key: str
    kind: str = "message"
    severity: str = "info"
    created_at: str = ""


@dataclass(frozen=True)
class Receipt:
    """A provider took the message, and said this."""

    provider_response: str


class DeliveryError(Exception):
    """An attempt that was no success, and whether it may be made again.

    `permanent`: trying again cannot help. `retry_after`: seconds that the provider
    asked for. `unknown`: the provider may have taken it. `configuration`: nothing is
    wrong with the message; an operator must mend a setting. `not_sent`: nothing went
    out (no connection), so it does not count as an attempt.
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
        self.provider_response = provider_response
