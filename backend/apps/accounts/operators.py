"""Who may run mailings: the members of one group, and superusers."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.accounts.models import User

OPERATORS = "Mailing operators"


def membership(user_reference: str) -> Exists:
    """Match the rows whose user, by this column, is in the group."""
    members = User.groups.through.objects.filter(group__name=OPERATORS)
    return Exists(members.filter(user=OuterRef(user_reference)))


def is_operator(user: User) -> bool:
    """Say whether a user is in the group; one query."""
    return user.groups.filter(name=OPERATORS).exists()


def operators() -> QuerySet[User]:
    """Return everybody who may run mailings."""
    may = Q(is_superuser=True) | Q(membership("pk"))
    return User.objects.filter(may, is_active=True).order_by("pk")


def may_operate(user: User) -> bool:
    """Say whether a user may run mailings."""
    return user.is_active and (user.is_superuser or is_operator(user))
