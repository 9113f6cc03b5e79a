"""The administration: write, preview, watch, export."""

import csv
import io
from datetime import datetime
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Team, User
from apps.alerts import admin_pages, preferences, tasks
from apps.alerts.models import Alert, AlertDelivery
from apps.alerts.tests.builders import DAY, a_user, an_alert, for_team
from apps.common import clock
from apps.notifications.models import SourceCounter

LIST = reverse("admin:alerts_alert_changelist")
ADD = reverse("admin:alerts_alert_add")
AUDIENCE = reverse("admin:alerts_alert_audience")
ANALYTICS = reverse("admin:alerts_alert_figures")
EXPORT = reverse("admin:alerts_alert_export")

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client) -> Client:
    """Log an administrator in who is staff and no superuser."""
    client.force_login(a_user("root", is_staff=True, is_admin=True))
    return client


def split(name: str, moment: datetime) -> dict[str, str]:
    return {f"{name}_0": f"{moment:%Y-%m-%d}", f"{name}_1": f"{moment:%H:%M:%S}"}


def form(**said: Any) -> dict[str, Any]:
    """Fill the form in as a browser does."""
    now = clock.now()
    return {
        "title": "Maintenance",
        "message": "Tonight.",
        "severity": "info",
        "visibility_type": "organization",
        **split("start_time", now - DAY),
        **split("expiry_time", now + DAY),
        "reminders_enabled": "on",
        "reminder_interval": "7200",
        "channels": ["in_app"],
        "is_active": "on",
        **said,
    }


def test_a03_an_alert_is_written_in_the_administration(
    admin: Client, engineering: Team
) -> None:
    assert admin.get(ADD).status_code == 200

    answer = admin.post(
        ADD,
        form(
            visibility_type="team",
            target_teams=[engineering.pk],
            channels=["in_app", "email"],
        ),
    )

    assert answer.status_code == 302, answer.context["errors"]
    alert = Alert.objects.get()
    assert list(alert.target_teams.all()) == [engineering]
    assert alert.channels == ["in_app", "email"]
    assert alert.is_live
    assert alert.created_by is not None
    assert LogEntry.objects.get().object_id == str(alert.pk)


def test_an_alert_is_changed_by_the_service(admin: Client, engineering: Team) -> None:
    alert = for_team(engineering)
    page = reverse("admin:alerts_alert_change", args=[alert.pk])
    assert admin.get(page).status_code == 200

    answer = admin.post(page, form(title="Other", visibility_type="organization"))

    assert answer.status_code == 302, answer.context["errors"]
    before, alert = alert, Alert.objects.get()
    assert alert.title == "Other"
    assert not alert.target_teams.exists()
    assert alert.version > before.version


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("expiry_time", split("expiry_time", datetime(2020, 1, 1))),  # noqa: DTZ001  (as typed)
        ("target_teams", {"visibility_type": "team"}),
        ("reminder_interval", {"reminder_interval": "1"}),
        ("channels", {"channels": ["email"]}),
    ],
)
def test_the_form_refuses_what_the_api_refuses(
    admin: Client, field: str, said: dict[str, Any]
) -> None:
    answer = admin.post(ADD, form(**said))

    assert answer.status_code == 200
    assert field in answer.context["adminform"].form.errors
    assert not Alert.objects.exists()


def test_the_audience_is_counted_before_saving(
    admin: Client, ann: User, bob: User, engineering: Team
) -> None:
    def count(query: str) -> int:
        answer = admin.get(f"{AUDIENCE}?{query}")
        return int(answer.json()["recipients"])

    assert count("visibility_type=organization") == 3
    assert count(f"visibility_type=team&teams={engineering.pk}") == 1
    assert count(f"visibility_type=user&users={ann.pk},{bob.pk},4711,x") == 2
    assert count("visibility_type=team&teams=") == 0
    assert count("visibility_type=nobody") == 0


def test_the_numbers_of_an_alert_move(admin: Client, ann: User) -> None:
    alert = an_alert()
    numbers = reverse("admin:alerts_alert_numbers", args=[alert.pk])
    page = admin.get(reverse("admin:alerts_alert_change", args=[alert.pk]))
    before = admin.get(numbers).json()
    preferences.mark_read(ann, alert.pk)
    tasks.keep_journal()

    after = admin.get(numbers).json()

    nothing = {"told": 0, "delivered": 0, "read": 0, "snoozed": 0, "reminders": 0}
    assert before == {"recipients": 2, **nothing}
    assert after == {**before, "told": 2, "read": 1}
    assert b'data-figure="told">0<' in page.content
    assert (
        admin.get(reverse("admin:alerts_alert_numbers", args=[4711])).status_code == 404
    )


def test_the_figures_have_charts_and_tables(
    admin: Client, ann: User, engineering: Team
) -> None:
    alert = an_alert(title="<script>alert(1)</script>")
    preferences.mark_read(ann, alert.pk)
    tasks.keep_journal()

    page = admin.get(ANALYTICS)

    assert page.status_code == 200
    text = page.content.decode()
    assert "<svg" in text
    assert "Engineering" in text
    assert "<script>alert(1)" not in text


def test_the_figures_and_their_export_are_narrowed(admin: Client) -> None:
    one = an_alert(title="Fire", severity="critical")
    an_alert(title="Lunch", severity="info")
    alert_page = reverse("admin:alerts_alert_change", args=[one.pk])

    shown = admin.get(f"{ANALYTICS}?severity=critical").content.decode()
    exported = admin.get(f"{EXPORT}?id={one.pk}").content.decode()

    assert "Fire" in shown
    assert "Lunch" not in shown
    assert f'href="{EXPORT}?severity=critical"' in shown
    assert len(exported.splitlines()) == 1 + 1
    assert f'href="{ANALYTICS}?id={one.pk}"' in admin.get(alert_page).content.decode()
    assert admin.get(f"{ANALYTICS}?severity=pink").status_code == 400


def test_the_export_has_a_row_for_each_alert_and_no_formulas(
    admin: Client, ann: User
) -> None:
    an_alert(title='=HYPERLINK("http://evil.example")')
    alert = an_alert(title="Plain, with a comma")
    SourceCounter.objects.create(
        source=f"alert:{alert.pk}", channel="sms", told=3, delivered=2
    )

    answer = admin.get(EXPORT)

    assert answer["Content-Type"].startswith("text/csv")
    assert "attachment" in answer["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert [row["title"] for row in rows] == [
        "Plain, with a comma",
        '\'=HYPERLINK("http://evil.example")',
    ]
    assert rows[0]["recipients"] == "2"
    assert [(row["sms_told"], row["sms_delivered"]) for row in rows] == [
        ("3", "2"),
        ("0", "0"),
    ]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, ""),
        (0.2, "0 s"),
        (59.6, "1 min"),
        (383, "6 min 23 s"),
        (7_500, "2 h 5 min"),
        (90_000, "1 d 1 h"),
        (86_400 + 59, "1 d 59 s"),
    ],
)
def test_times_are_said_in_units_that_people_use(
    seconds: float | None, said: str
) -> None:
    assert admin_pages.span(seconds) == said


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_begins_like_a_formula(start: str) -> None:
    assert admin_pages.cell(f"{start}1") == f"'{start}1"


def test_the_list_shows_status_and_archives(admin: Client) -> None:
    alert = an_alert(title="To be archived")
    assert b"To be archived" in admin.get(LIST).content

    admin.post(LIST, {"action": "archive", "_selected_action": [alert.pk]})

    assert Alert.objects.get().archived_at is not None
    assert b"To be archived" not in admin.get(LIST).content
    assert b"To be archived" in admin.get(f"{LIST}?status=withdrawn").content


def test_the_log_is_looked_at_and_never_changed(admin: Client, ann: User) -> None:
    an_alert()
    tasks.keep_journal()
    row = AlertDelivery.objects.get(user=ann)

    page = admin.get(reverse("admin:alerts_alertdelivery_changelist"))
    one = reverse("admin:alerts_alertdelivery_change", args=[row.pk])

    assert b"ann" in page.content
    assert admin.get(one).status_code == 200
    assert admin.post(one, {"result": "failed"}).status_code == 403


def test_staff_who_are_no_administrators_see_nothing_of_it(client: Client) -> None:
    client.force_login(a_user("clerk", is_staff=True))

    pages = (LIST, ADD, AUDIENCE, ANALYTICS, EXPORT)

    assert [client.get(page).status_code for page in pages] == [403] * 5


def test_the_script_is_a_file_of_our_own(admin: Client) -> None:
    assert finders.find("alerts/admin.js") is not None
    assert b"alerts/admin.js" in admin.get(ADD).content
