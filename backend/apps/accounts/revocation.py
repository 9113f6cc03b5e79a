"""Ending what users are logged in with; open sockets hear of it after the commit."""

from collections.abc import Iterable
from functools import partial

from django.db import transaction

from apps.accounts.models import AuthToken, CredentialKind, Ticket, UserSession
from apps.accounts.signals import standing_changed


def announce(user_ids: Iterable[int]) -> None:
    """Tell after commit that sockets of these users may have to end."""
    for user_id in sorted(user_ids):
        transaction.on_commit(
            partial(standing_changed.send, sender=None, user_id=user_id),
            robust=True,
        )


def end_token(token: AuthToken) -> None:
    """Delete a token and the unused tickets that it minted."""
    with transaction.atomic():
        _delete_tickets(CredentialKind.TOKEN, [token.digest])
        AuthToken.objects.filter(pk=token.pk).delete()
        announce([token.user_id])


def end_sessions(sessions: Iterable[UserSession]) -> None:
    """Delete browser sessions and the unused tickets that they minted."""
    ended = list(sessions)
    keys = [session.session_key for session in ended]
    with transaction.atomic():
        _delete_tickets(CredentialKind.SESSION, keys)
        UserSession.objects.filter(session_key__in=keys).delete()
        announce({item.user_id for item in ended if item.user_id is not None})


def end_everything(
    user_id: int,
    *,
    but_token: str | None = None,
    but_session: str | None = None,
) -> None:
    """Delete every token, session and ticket of a user.

    but_token, but_session: digest and key of the one that may stay.
    """
    with transaction.atomic():
        Ticket.objects.filter(user_id=user_id).delete()
        tokens = AuthToken.objects.filter(user_id=user_id)
        tokens.exclude(digest=but_token or "").delete()
        sessions = UserSession.objects.filter(user_id=user_id)
        end_sessions(sessions.exclude(session_key=but_session or ""))
        announce([user_id])


def _delete_tickets(kind: CredentialKind, references: list[str]) -> None:
    Ticket.objects.filter(credential_kind=kind, credential__in=references).delete()
