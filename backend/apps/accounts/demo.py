"""Demo data: teams and users; apps above register their own part."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction

from apps.accounts.models import Team, User, UserProfile

TEAMS = ("Engineering", "Marketing", "Operations")
PASSWORD = "password123"  # noqa: S105  (printed for everyone to see)
ADMIN_PASSWORD = "admin123"  # noqa: S105  (as above)


@dataclass(frozen=True)
class DemoUser:
    """One line of the demo's list of users."""

    username: str
    first_name: str
    last_name: str
    team: str | None
    number: int

    @property
    def is_administrator(self) -> bool:
        """The one user who may do everything."""
        return self.username == "admin"

    @property
    def password(self) -> str:
        """What the README says to log in with."""
        return ADMIN_PASSWORD if self.is_administrator else PASSWORD


USERS = (
    DemoUser("admin", "Ada", "Admin", None, 1),
    DemoUser("john_eng", "John", "Carter", "Engineering", 2),
    DemoUser("sarah_eng", "Sarah", "Novak", "Engineering", 3),
    DemoUser("mike_marketing", "Mike", "Brown", "Marketing", 4),
    DemoUser("lisa_ops", "Lisa", "Weber", "Operations", 5),
)

Part = Callable[[], None]
_parts: dict[str, Part] = {}


def register(name: str, part: Part) -> None:
    """Add an app's part of the demo data, made after the users and safe to repeat."""
    _parts[name] = part


def load() -> list[str]:
    """Make or renew all demo data; return the names of its parts."""
    with transaction.atomic():
        _make_people()
        for part in _parts.values():
            part()
    return ["teams and users", *_parts]


def _make_people() -> None:
    teams = {name: Team.objects.get_or_create(name=name)[0] for name in TEAMS}
    for demo in USERS:
        _make_user(demo, teams[demo.team] if demo.team else None)


def _make_user(demo: DemoUser, team: Team | None) -> None:
    present = User.objects.filter(username=demo.username).first()
    user, _ = User.objects.update_or_create(
        username=demo.username,
        defaults={
            "first_name": demo.first_name,
            "last_name": demo.last_name,
            "email": f"{demo.username}@example.com",
            "password": _password(demo, present),
            "team": team,
            "is_active": True,
            "is_admin": demo.is_administrator,
            "is_staff": demo.is_administrator,
            "is_superuser": demo.is_administrator,
        },
    )
    UserProfile.objects.update_or_create(
        user=user,
        defaults={
            "phone": f"7900{demo.number:07d}",
            "telegram_chat_id": f"{100_000 + demo.number}",
        },
    )


def _password(demo: DemoUser, present: User | None) -> str:
    # A fresh hash of the same password would close the user's sessions and sockets.
    if present is not None and check_password(demo.password, present.password):
        return present.password
    return make_password(demo.password)
