"""Rows and a gateway that the tests of this app begin with."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

from django.contrib.auth.models import Group

from apps.accounts.models import User
from apps.accounts.operators import OPERATORS
from apps.common import clock
from apps.delivery.gateway import Answer, Outcome, always
from apps.mailings import chunks, clients, services
from apps.mailings.audit import Author
from apps.mailings.models import Client, Mailing, Message

_number = count(1)
HOUR = timedelta(hours=1)
SENT = Answer(outcome=Outcome.SENT, http_status=200, code="0", sent_bytes=True)
UNAVAILABLE = Answer(outcome=Outcome.NOT_SENT, http_status=503, code="http_503")
CUT = Answer(outcome=Outcome.UNKNOWN, code="cut", sent_bytes=True)
BROKEN = Answer(outcome=Outcome.NOT_SENT, http_status=500, code="http_500")
GARBAGE = Answer(outcome=Outcome.UNKNOWN, http_status=200, code="garbage")
REFUSED = Answer(outcome=Outcome.NOT_SENT, code="connect")
WRONG = Answer(outcome=Outcome.PERMANENT, http_status=400, code="http_400")
REJECTED = Answer(outcome=Outcome.REJECTED, http_status=200, code="7")
BAD_TOKEN = Answer(outcome=Outcome.CONFIGURATION, http_status=401, code="http_401")


def a_user(username: str = "", **fields: Any) -> User:
    """Store a user who never logs in."""
    return User.objects.create(username=username or f"user{next(_number)}", **fields)


def an_operator(username: str = "") -> User:
    """Store somebody who may run mailings."""
    user = a_user(username)
    user.groups.add(Group.objects.get_or_create(name=OPERATORS)[0])
    return user


def a_client(**fields: Any) -> Client:
    """Store a client."""
    given: Any = {"phone_number": f"7900{next(_number):07d}", **fields}
    return clients.create(given)


def fields(**given: Any) -> Any:
    """Describe a mailing to everybody, for an hour from now on."""
    now = clock.now()
    return {
        "date_start": now - timedelta(seconds=1),
        "date_end": now + HOUR,
        "text": "Hello",
        **given,
    }


def a_mailing(*, by: User | None = None, **given: Any) -> Mailing:
    """Store a mailing to everybody, for an hour from now on."""
    return services.create(fields(**given), by=Author(by, "test"))


def written(mailing: Mailing) -> list[Message]:
    """Write out a mailing's messages."""
    while chunks.materialize_some(mailing.pk, now=clock.now()):
        continue
    mailing.refresh_from_db()
    return list(mailing.messages.order_by("pk"))


def statuses(mailing: Mailing) -> list[str]:
    """Return where a mailing's messages are."""
    rows = mailing.messages.order_by("pk")
    return list(rows.values_list("sending_status", flat=True))


@dataclass
class FakeGateway:
    """Answers from a list, then with the last of it; keeps what it was sent."""

    answers: list[Answer] = field(default_factory=lambda: [SENT])
    before: Callable[[], None] = lambda: None
    received: list[tuple[int, str, str]] = field(default_factory=list)
    database: Any = None
    active: int = 0
    most_active: list[int] = field(default_factory=list)

    async def send(
        self,
        *,
        message_id: int,
        phone: str,
        text: str,
        may_write: Callable[[], bool] = always,
    ) -> Answer:
        """Take a message if it may go."""
        self.active += 1
        self.most_active.append(self.active)
        await self.database.run(self.before)
        self.active -= 1
        if not may_write():
            return Answer(outcome=Outcome.NOT_SENT, code="withheld")
        self.received.append((message_id, phone, text))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
