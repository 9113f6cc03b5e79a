"""Tickets: single-use passes to the WebSocket, good for half a minute."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from rest_framework.request import Request

from apps.accounts import secrets
from apps.accounts.admission import Credential
from apps.accounts.models import AuthToken, CredentialKind, ServiceKey, Ticket, User
from apps.accounts.tokens import NewToken, create_token


@dataclass(frozen=True)
class InboxPass:
    """What an embedded inbox needs: a ticket for the socket, a token for HTTP."""

    ticket: str
    token: NewToken


def credential_of(request: Request) -> Credential:
    """Return what a person's request was authenticated with."""
    if isinstance(request.auth, AuthToken):
        token = request.auth
        return Credential(CredentialKind.TOKEN.value, token.digest, token.expiry)
    session = request.session
    return Credential(
        CredentialKind.SESSION.value,
        str(session.session_key),
        session.get_expiry_date(),
    )


def mint_ticket(user: User, *, credential: Credential, now: datetime) -> str:
    """Make a ticket that ends with the credential it was asked for with."""
    ticket = secrets.new_secret()
    Ticket.objects.create(
        digest=secrets.digest(ticket),
        user=user,
        credential_kind=credential.kind,
        credential=credential.reference,
        credential_expires_at=credential.expires_at,
        expires_at=now + settings.TICKET_LIFETIME,
    )
    return ticket


def mint_inbox_pass(user: User, *, key: ServiceKey, now: datetime) -> InboxPass:
    """Let a service open the inbox of a user: a ticket, and a token for the inbox."""
    credential = Credential(
        CredentialKind.SERVICE_KEY.value,
        key.service_id,
        key.expires_at,
    )
    with transaction.atomic():
        ticket = mint_ticket(user, credential=credential, now=now)
        token = create_token(
            user,
            lifetime=settings.INBOX_TOKEN_LIFETIME,
            now=now,
            minted_by=key,
        )
    return InboxPass(ticket, token)
