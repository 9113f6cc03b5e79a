"""The alerts of the demo; importing this registers them."""

from datetime import timedelta

from apps.accounts import demo
from apps.accounts.models import Team, User
from apps.alerts import services
from apps.alerts.models import Alert, Channel, Visibility
from apps.alerts.services import AlertFields, Author
from apps.common import clock

SHOWN_FOR = timedelta(days=7)
SOURCE = "demo"


def load() -> None:
    """Make the demo's three alerts, or renew their dates; all active for a week."""
    now = clock.now()
    author = Author(User.objects.filter(username="admin").first(), SOURCE)
    for fields in _alerts():
        fields |= {
            "start_time": now,
            "expiry_time": now + SHOWN_FOR,
            "is_active": True,
        }
        known = Alert.objects.filter(
            source=SOURCE, title=fields["title"], archived_at=None
        ).first()
        if known is None:
            services.create(fields, by=author)
        else:
            services.update(known.pk, fields)


def _alerts() -> list[AlertFields]:
    engineering = Team.objects.get(name="Engineering").pk
    john = User.objects.get(username="john_eng").pk
    return [
        {
            "title": "System maintenance",
            "message": "All systems are maintained on Saturday from 02:00 to 04:00.",
            "severity": "info",
            "visibility_type": Visibility.ORGANIZATION.value,
        },
        {
            "title": "Security update",
            "message": "Install the security update on your machines today.",
            "severity": "critical",
            "visibility_type": Visibility.TEAM.value,
            "target_teams": [engineering],
            # By e-mail too, which without any account lands in the sandbox.
            "channels": [Channel.IN_APP.value, Channel.EMAIL.value],
        },
        {
            "title": "Database migration",
            "message": "Your database is migrated tonight; save your work before.",
            "severity": "warning",
            "visibility_type": Visibility.USER.value,
            "target_users": [john],
        },
    ]


demo.register("alerts", load)
