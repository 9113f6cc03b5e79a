"""Clients and mailings in the administration."""

import html
import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.common import clock
from apps.mailings import imports, panel
from apps.mailings.models import AuditEntry, Client, Mailing, MailingStatus
from apps.mailings.tests.builders import (
    HOUR,
    WRONG,
    FakeGateway,
    a_client,
    a_mailing,
    a_user,
    an_operator,
    written,
)
from apps.mailings.tests.conftest import Send
from apps.notifications.models import Notification

CLIENTS = reverse("admin:mailings_client_changelist")
MAILINGS = reverse("admin:mailings_mailing_changelist")
ADD = reverse("admin:mailings_mailing_add")
pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(client: Browser) -> Browser:
    """Log an operator in who is staff and nothing else."""
    user = an_operator("olga")
    user.is_staff = True
    user.save(update_fields=["is_staff"])
    client.force_login(user)
    return client


def act(mailing: Mailing, name: str) -> str:
    """Say where an act is asked for."""
    return reverse("admin:mailings_mailing_act", args=[mailing.pk, name])


def page(mailing: Mailing) -> str:
    """Say where a mailing's page is."""
    return reverse("admin:mailings_mailing_change", args=[mailing.pk])


def test_staff_who_are_no_operators_see_nothing(client: Browser) -> None:
    client.force_login(a_user("staff", is_staff=True, is_admin=True))

    answers = [client.get(path).status_code for path in (CLIENTS, MAILINGS, ADD)]

    assert answers == [403, 403, 403]


def test_the_list_of_clients_masks_numbers_and_their_page_does_not(
    operator: Browser,
) -> None:
    row = a_client(phone_number="79261234567", tag="vip")

    listed = operator.get(f"{CLIENTS}?q=7926123").content.decode()
    shown = operator.get(reverse("admin:mailings_client_change", args=[row.pk]))

    assert "7926***4567" in listed
    assert "79261234567" not in listed
    assert "79261234567" in shown.content.decode()


def test_clients_are_added_changed_and_deleted(operator: Browser) -> None:
    add = reverse("admin:mailings_client_add")
    given = {"phone_number": "79261234567", "tag": "vip", "timezone": "UTC"}

    operator.post(add, given)
    again = operator.post(add, given)
    row = Client.objects.get()
    change = reverse("admin:mailings_client_change", args=[row.pk])
    operator.post(change, {**given, "tag": "new"})
    row.refresh_from_db()
    operator.post(
        reverse("admin:mailings_client_delete", args=[row.pk]), {"post": "yes"}
    )

    assert "already" in again.content.decode()
    assert (row.tag, row.mobile_operator_code) == ("new", "926")
    row.refresh_from_db()
    assert row.deleted_at is not None


def test_b13_a_file_is_imported_with_a_report(operator: Browser) -> None:
    path = reverse("admin:mailings_client_import")
    file = SimpleUploadedFile("c.csv", b"phone_number\n79000000001\n8\n")

    answer = operator.post(path, {"file": file, "skip_invalid": "on"})
    imports.run_all(seconds=10)
    report = operator.get(answer.headers["Location"]).content.decode()

    assert "1 wrong" in report
    assert "7XXXXXXXXXX" in report
    assert Client.objects.get().phone_number == "79000000001"


def test_a_new_mailing_is_a_draft_that_asks_before_it_starts(
    operator: Browser,
) -> None:
    a_client(tag="vip", timezone="Asia/Tokyo")
    end = clock.now() + 24 * HOUR
    operator.post(
        ADD,
        {
            "text": "Привет",
            "tag": "vip",
            "date_start_0": f"{clock.now():%Y-%m-%d}",
            "date_start_1": "00:00:00",
            "date_end_0": f"{end:%Y-%m-%d}",
            "date_end_1": f"{end:%H:%M:%S}",
            "time_start": "09:00",
            "time_end": "18:00",
        },
    )
    mailing = Mailing.objects.get()

    shown = operator.get(page(mailing)).content.decode()
    asked = operator.get(act(mailing, "start")).content.decode()
    assert Mailing.objects.get().status == MailingStatus.DRAFT
    operator.post(act(mailing, "start"))

    assert "1 client match" in shown
    assert "Asia/Tokyo" in asked
    assert Mailing.objects.get().status == MailingStatus.RUNNING


def test_many_recipients_are_confirmed_by_their_number(operator: Browser) -> None:
    a_client()
    mailing = a_mailing(status="draft")

    operator.post(act(mailing, "start"), {"recipients": "2"})
    assert Mailing.objects.get().status == MailingStatus.DRAFT
    operator.post(act(mailing, "start"), {"recipients": "1"})

    assert Mailing.objects.get().status == MailingStatus.RUNNING


def test_b26_the_acts_of_the_page_are_those_of_the_api(operator: Browser) -> None:
    mailing = a_mailing()

    for name in ("pause", "resume", "cancel"):
        operator.post(act(mailing, name))
    refused = operator.post(act(mailing, "pause"), follow=True)
    operator.post(act(mailing, "copy"))
    unknown = operator.get(act(mailing, "explode"))

    actions = AuditEntry.objects.filter(mailing=mailing).order_by("id")
    done = list(actions.values_list("action", flat=True))
    assert done == ["create", "start", "pause", "resume", "cancel"]
    assert "cannot pause" in refused.content.decode()
    assert Mailing.objects.count() == 2
    assert unknown.status_code == 404


def test_a_test_goes_to_one_number(operator: Browser) -> None:
    mailing = a_mailing(status="draft")

    operator.post(act(mailing, "test"), {"phone_number": "79990001122"})

    assert Notification.objects.get().title == f"Test of mailing {mailing.pk}"
    assert AuditEntry.objects.filter(action="test send").count() == 1
    assert mailing.messages.count() == 0


def test_b25_the_list_and_the_page_say_how_far_it_is(
    operator: Browser, send: Send
) -> None:
    for _ in range(3):
        a_client()
    mailing = a_mailing()
    written(mailing)
    before = operator.get(MAILINGS).content.decode()
    send(FakeGateway())

    bars = operator.get(
        f"{reverse('admin:mailings_mailing_bars')}?ids={mailing.pk},x,{10**30}"
    ).json()
    shown = operator.get(reverse("admin:mailings_mailing_panel", args=[mailing.pk]))

    assert "0 / 3" in before
    assert bars["mailings"][0]["numbers"] == "3 / 3"
    assert "3 of 3" in shown.content.decode()
    assert "<rect" in shown.content.decode()


def test_the_figures_of_a_mailing_lead_to_its_messages(
    operator: Browser, send: Send
) -> None:
    a_client()
    mailing, other = a_mailing(), a_mailing()
    written(mailing)
    written(other)
    send(FakeGateway([WRONG]))

    shown = operator.get(reverse("admin:mailings_mailing_panel", args=[mailing.pk]))
    (path,) = re.findall(
        r'href="([^"]*sending_status__exact=failed)"', shown.content.decode()
    )
    found = operator.get(html.unescape(path))

    assert found.status_code == 200
    (message,) = found.context["cl"].result_list
    assert message.mailing_id == mailing.pk


def test_b25_a_large_mailings_page_does_not_count_every_second(
    operator: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(panel, "LARGE", 2)
    for _ in range(3):
        a_client()
    mailing = a_mailing()
    written(mailing)
    path = reverse("admin:mailings_mailing_panel", args=[mailing.pk])

    asked = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            operator.get(path)
        asked.append([q["sql"] for q in queries if "mailings_message" in q["sql"]])

    assert [len(each) for each in asked] == [2, 0]


def test_the_gateways_own_codes_are_said_to_be_its_own() -> None:
    assert "gateway's own code" in panel.meaning("7")
    assert "no connection" in panel.meaning("connect")
    assert not panel.meaning("http_418")


def test_the_chart_has_at_most_sixty_bars(send: Send, moment: Any) -> None:
    for _ in range(100):
        a_client()
    mailing = a_mailing()
    written(mailing)
    send(FakeGateway(before=lambda: moment.shift(HOUR / 200)))

    drawn = panel.chart(mailing)

    assert 1 < len(drawn["bars"]) <= 60 * 3
    assert sum(bar["height"] for bar in drawn["bars"]) > 0


def test_a_started_mailings_text_cannot_be_changed_there(operator: Browser) -> None:
    mailing = a_mailing()

    shown = operator.get(page(mailing)).content.decode()

    assert 'name="text"' not in shown
    assert 'name="date_end_0"' in shown
    assert LogEntry.objects.count() == 0
