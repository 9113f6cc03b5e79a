"""Who may open a socket and keep it open; plain functions for a database thread."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.accounts import operators, secrets
from apps.accounts.models import CredentialKind, ServiceKey, Ticket, User, UserSession
from apps.accounts.tokens import digest_of_token, usable_tokens
from apps.common import clock


@dataclass(frozen=True)
class Credential:
    """What a socket was opened with: see CredentialKind, and the row's own key."""

    kind: str
    reference: str
    expires_at: datetime | None


@dataclass(frozen=True)
class Standing:
    """What a socket must know of its user.

    `fingerprint` changes with all of it, `login_fingerprint` with the password alone.
    """

    user_id: int
    fingerprint: str
    login_fingerprint: str
    is_active: bool
    team_id: int | None
    counts_as_admin: bool
    is_staff: bool
    is_superuser: bool
    is_operator: bool = False


@dataclass(frozen=True)
class Admission:
    """A user who may come in, and what to watch while the socket is open."""

    standing: Standing
    credential: Credential


class NotAdmitted(Exception):  # noqa: N818  (reads as what happened)
    """The credential does not open a socket; one text for every reason."""

    def __init__(self) -> None:
        super().__init__("The ticket or token is not valid (any more).")


@dataclass(frozen=True)
class Asked:
    """A credential as it was presented, and as what it may be taken."""

    text: str
    may_be_ticket: bool
    may_be_token: bool

    @property
    def is_ticket(self) -> bool:
        """Say as which of the two it is looked up."""
        return self.may_be_ticket and secrets.looks_like_secret(self.text)


def by_ticket(ticket: str) -> Admission:
    """Use up a ticket; of any number of simultaneous callers one succeeds.

    Raises: NotAdmitted for unknown, used and expired tickets, disabled users, and
    when the session, token or key that minted it is gone.
    """
    return _only(admit([Asked(ticket, may_be_ticket=True, may_be_token=False)]))


def by_token(token: str) -> Admission:
    """Admit the user of an API token.

    Raises: NotAdmitted for unknown and expired tokens, tokens for the inbox only,
    and disabled users.
    """
    return _only(admit([Asked(token, may_be_ticket=False, may_be_token=True)]))


def by_ticket_or_token(text: str) -> Admission:
    """Admit by whichever of the two the text has the form of.

    Raises: NotAdmitted, as the two do.
    """
    return _only(admit([Asked(text, may_be_ticket=True, may_be_token=True)]))


def admit(asked: Sequence[Asked]) -> list[Admission | NotAdmitted]:
    """Look up many credentials, with two or three queries for each of the kinds."""
    tickets = [each.text for each in asked if each.is_ticket]
    tokens = [each.text for each in asked if not each.is_ticket and each.may_be_token]
    by_ticket = _by_tickets(tickets) if tickets else {}
    by_token = _by_tokens(tokens) if tokens else {}
    answers: list[Admission | NotAdmitted] = []
    for each in asked:
        # A ticket opens one socket, in whatever company it comes.
        found = by_ticket if each.is_ticket else by_token
        admitted = found.get(each.text)
        if each.is_ticket:
            found.pop(each.text, None)
        answers.append(admitted or NotAdmitted())
    return answers


def _only(answers: Sequence[Admission | NotAdmitted]) -> Admission:
    [answer] = answers
    if isinstance(answer, NotAdmitted):
        raise answer
    return answer


def _by_tickets(tickets: Sequence[str]) -> dict[str, Admission]:
    now = clock.now()
    digests = {secrets.digest(ticket): ticket for ticket in tickets}
    with transaction.atomic():
        rows = (
            Ticket.objects.select_for_update(of=("self",))
            .filter(digest__in=digests, used_at__isnull=True, expires_at__gt=now)
            .annotate(
                is_backed=_is_backed(now),
                is_operator=operators.membership("user_id"),
            )
            .select_related("user")
            .order_by("pk")
        )
        unused = list(rows)
        Ticket.objects.filter(pk__in=[row.pk for row in unused]).update(used_at=now)
    return {
        digests[row.digest]: Admission(
            standing_of(row.user, is_operator=row.is_operator),
            Credential(row.credential_kind, row.credential, row.credential_expires_at),
        )
        for row in unused
        if row.is_backed and row.user.is_active
    }


def _by_tokens(tokens: Sequence[str]) -> dict[str, Admission]:
    digests = {digest_of_token(token): token for token in tokens}
    digests.pop(None, None)
    rows = (
        usable_tokens(clock.now())
        .filter(digest__in=digests, inbox_only=False, user__is_active=True)
        .annotate(is_operator=operators.membership("user_id"))
        .select_related("user")
    )
    return {
        digests[row.digest]: Admission(
            standing_of(row.user, is_operator=row.is_operator),
            Credential(CredentialKind.TOKEN.value, row.digest, row.expiry),
        )
        for row in rows
    }


def standings(user_ids: Sequence[int]) -> dict[int, Standing]:
    """Return the standing of each user that exists, in one query."""
    rows = User.objects.annotate(is_operator=operators.membership("pk"))
    found = rows.filter(pk__in=user_ids).only(
        "password",
        "is_active",
        "team_id",
        "is_admin",
        "is_staff",
        "is_superuser",
    )
    return {user.pk: standing_of(user, is_operator=user.is_operator) for user in found}


def standing_of(user: User, *, is_operator: bool = False) -> Standing:
    """Return the standing of a loaded user."""
    covered = (
        user.pk,
        user.is_active,
        user.password,
        user.team_id,
        user.is_admin,
        user.is_staff,
        user.is_superuser,
        is_operator,
    )
    return Standing(
        user_id=user.pk,
        fingerprint=_fingerprint(covered),
        login_fingerprint=_fingerprint(user.password),
        is_active=user.is_active,
        team_id=user.team_id,
        counts_as_admin=user.counts_as_admin,
        is_staff=user.is_staff,
        is_superuser=user.is_superuser,
        is_operator=is_operator,
    )


def valid_credentials(credentials: Collection[Credential]) -> set[Credential]:
    """Return those that still exist and are not expired or disabled.

    One query for each kind that occurs.
    """
    now = clock.now()
    valid: set[Credential] = set()
    for kind in CredentialKind:
        asked = [item for item in credentials if item.kind == kind.value]
        if not asked:
            continue
        found = _still_valid(kind, {item.reference for item in asked}, now)
        valid.update(item for item in asked if item.reference in found)
    return valid


def _still_valid(
    kind: CredentialKind,
    references: set[str],
    now: datetime,
) -> set[str]:
    if kind is CredentialKind.SESSION:
        sessions = UserSession.objects.filter(
            session_key__in=references,
            expire_date__gt=now,
        )
        return set(sessions.values_list("session_key", flat=True))
    if kind is CredentialKind.TOKEN:
        tokens = usable_tokens(now).filter(digest__in=references)
        return set(tokens.values_list("digest", flat=True))
    keys = _usable_keys(now).filter(service_id__in=references)
    return set(keys.values_list("service_id", flat=True))


def _usable_keys(now: datetime) -> QuerySet[ServiceKey]:
    return ServiceKey.objects.filter(
        Q(expires_at__isnull=True) | Q(expires_at__gt=now),
        is_active=True,
    )


def _is_backed(now: datetime) -> Q:
    reference = OuterRef("credential")
    sessions = UserSession.objects.filter(session_key=reference, expire_date__gt=now)
    tokens = usable_tokens(now).filter(digest=reference)
    keys = _usable_keys(now).filter(service_id=reference)
    return (
        Q(Exists(sessions), credential_kind=CredentialKind.SESSION)
        | Q(Exists(tokens), credential_kind=CredentialKind.TOKEN)
        | Q(Exists(keys), credential_kind=CredentialKind.SERVICE_KEY)
    )


def _fingerprint(covered: object) -> str:
    return hashlib.sha256(repr(covered).encode()).hexdigest()
