"""Mailings from a terminal."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.mailings import engine
from apps.mailings.models import MailingStatus, SendingStatus
from apps.mailings.tests.builders import FakeGateway, a_client, a_mailing, statuses
from apps.mailings.tests.conftest import Send

pytestmark = pytest.mark.django_db


@pytest.fixture
def engine_here(monkeypatch: pytest.MonkeyPatch, send: Send) -> None:
    """Let the commands' engine use the test's connection, and a gateway in memory."""

    def run(*, only: int | None = None, seconds: float = 0) -> bool:
        return send(FakeGateway(), only=only)

    monkeypatch.setattr(engine, "run", run)


def test_run_mailing_starts_a_draft_and_draws_its_bar_to_the_end(
    engine_here: None,
) -> None:
    for _ in range(5):
        a_client()
    mailing, other = a_mailing(status="draft"), a_mailing(status="draft")
    printed = StringIO()

    call_command("run_mailing", mailing.pk, stdout=printed)

    mailing.refresh_from_db()
    other.refresh_from_db()
    last, said = printed.getvalue().split("\r")[-1].split("\n")[:2]
    assert last.startswith(f"[{'#' * 30}] 5/5: 5 sent")
    assert said == "done"
    assert statuses(mailing) == [SendingStatus.SENT] * 5
    assert (mailing.status, other.status) == (MailingStatus.DONE, MailingStatus.DRAFT)


def test_run_mailing_says_that_there_is_no_such_mailing() -> None:
    with pytest.raises(CommandError, match="no mailing 424242"):
        call_command("run_mailing", 424_242)


def test_run_due_does_all_that_workers_do(engine_here: None) -> None:
    a_client()
    mailing: Any = a_mailing()

    call_command("run_due")

    mailing.refresh_from_db()
    assert mailing.status == MailingStatus.DONE
    assert statuses(mailing) == [SendingStatus.SENT]
