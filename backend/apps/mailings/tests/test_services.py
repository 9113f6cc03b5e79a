"""A mailing's life and what it means for its messages."""

from datetime import time, timedelta
from typing import Any

import pytest

from apps.accounts.models import User
from apps.common import clock
from apps.mailings import chunks, clients, selectors, services
from apps.mailings.audit import Author
from apps.mailings.models import (
    AuditEntry,
    Client,
    Mailing,
    MailingCounter,
    MailingStatus,
    Message,
    SendingStatus,
)
from apps.mailings.policy import MailingError, StateError
from apps.mailings.tasks import run_chunks
from apps.mailings.tests.builders import (
    HOUR,
    a_client,
    a_mailing,
    a_user,
    an_operator,
    fields,
    statuses,
    written,
)
from apps.notifications.models import Notification

BY = Author(None, "test")
pytestmark = pytest.mark.django_db


def counted(mailing: Mailing) -> dict[str, int]:
    """Count a mailing's messages, one by one."""
    found = dict.fromkeys(
        ("total", "sent", "failed", "waiting", "expired", "unknown", "cancelled"), 0
    )
    for status in statuses(mailing):
        found["total"] += 1
        found[status if status in found else "waiting"] += 1
    return found


def stored(mailing: Mailing) -> dict[str, int]:
    """Read what the counter says."""
    return dict(selectors.counts(selectors.mailings().get(pk=mailing.pk)))  # type: ignore[arg-type]  # all are numbers


def test_b01_the_operator_code_is_the_three_digits_after_the_seven() -> None:
    assert a_client(phone_number="79261234567").mobile_operator_code == "926"


@pytest.mark.parametrize(
    "number",
    ["", "+79261234567", "89261234567", "7926123456", "٧٩٢٦١٢٣٤٥٦٧", "79261234567\n"],
)
def test_b01_a_number_of_another_form_is_refused_naming_the_form(number: str) -> None:
    with pytest.raises(MailingError) as refused:
        a_client(phone_number=number)

    assert "7XXXXXXXXXX" in refused.value.errors["phone_number"][0]


def test_b01_a_number_belongs_to_one_client() -> None:
    a_client(phone_number="79261234567")

    with pytest.raises(MailingError) as refused:
        a_client(phone_number="79261234567")

    assert list(refused.value.errors) == ["phone_number"]


def test_b01_the_time_zone_is_one_of_iana() -> None:
    with pytest.raises(MailingError):
        a_client(timezone="../etc/passwd")

    assert a_client().timezone == "UTC"


def test_b01_a_deleted_clients_number_is_free_and_its_message_is_cancelled() -> None:
    client = a_client(phone_number="79261234567")
    mailing = a_mailing()
    written(mailing)

    clients.delete(client.pk, by=BY)
    again = a_client(phone_number="79261234567")

    assert again.pk != client.pk
    assert statuses(mailing) == [SendingStatus.CANCELLED]
    assert stored(mailing) == counted(mailing)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"text": "  "}, "text"),
        ({"text": "x" * 1001}, "text"),
        ({"text": "a\0b"}, "text"),
        ({"date_end": "start"}, "date_end"),
        ({"mobile_operator_code": "90"}, "mobile_operator_code"),
        ({"mobile_operator_code": "٩٠٠"}, "mobile_operator_code"),
        ({"time_start": time(9)}, "time_end"),
        ({"time_start": time(9), "time_end": time(9)}, "time_end"),
        ({"tag": "a\0"}, "tag"),
    ],
)
def test_b02_what_cannot_be_is_refused_naming_the_field(
    changes: dict[str, Any], field: str
) -> None:
    given = fields(**changes)
    if changes.get("date_end") == "start":
        given["date_end"] = given["date_start"]

    with pytest.raises(MailingError) as refused:
        services.create(given, by=BY)

    assert list(refused.value.errors) == [field]
    assert not Mailing.objects.exists()


def test_b02_a_new_mailing_runs_is_scheduled_or_stays_a_draft(moment: Any) -> None:
    later = clock.now() + HOUR

    assert a_mailing().status == MailingStatus.RUNNING
    assert (
        a_mailing(date_start=later, date_end=later + HOUR).status
        == MailingStatus.SCHEDULED
    )
    assert a_mailing(status="draft").status == MailingStatus.DRAFT


@pytest.mark.parametrize(
    ("tag", "code", "expected"),
    [
        ("", "", {"79001111111", "79012222222", "79003333333"}),
        ("a", "", {"79001111111", "79012222222"}),
        ("", "900", {"79001111111", "79003333333"}),
        ("a", "900", {"79001111111"}),
    ],
)
def test_b22_both_filters_must_match_and_an_empty_one_matches_all(
    tag: str, code: str, expected: set[str]
) -> None:
    a_client(phone_number="79001111111", tag="a")
    a_client(phone_number="79012222222", tag="a")
    a_client(phone_number="79003333333")

    messages = written(a_mailing(tag=tag, mobile_operator_code=code))

    assert {each.phone_number for each in messages} == expected


def test_b03_a_message_keeps_number_text_and_zone_of_the_start() -> None:
    client = a_client(timezone="Asia/Tokyo")
    number = client.phone_number

    (message,) = written(a_mailing(text="Привет"))
    clients.update(client.pk, {"phone_number": "79998887766", "timezone": "UTC"})
    message.refresh_from_db()

    assert (message.phone_number, message.text, message.timezone) == (
        number,
        "Привет",
        "Asia/Tokyo",
    )
    assert message.sending_status == SendingStatus.PLANNED


def test_b20_a_scheduled_mailing_starts_by_itself_with_who_came_meanwhile(
    moment: Any,
) -> None:
    start = clock.now() + HOUR
    a_client()
    mailing = a_mailing(date_start=start, date_end=start + HOUR)
    run_chunks(seconds=5)
    assert statuses(mailing) == []
    a_client()

    moment.shift(HOUR)
    run_chunks(seconds=5)

    mailing.refresh_from_db()
    assert mailing.status == MailingStatus.RUNNING
    assert statuses(mailing) == [SendingStatus.PLANNED] * 2


def test_b20_writing_out_goes_on_where_it_was_broken_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(chunks, "CHUNK", 2)
    for _ in range(5):
        a_client()
    mailing = a_mailing()

    more = [chunks.materialize_some(mailing.pk, now=clock.now()) for _ in range(4)]

    assert more == [True, True, False, False]
    assert len(statuses(mailing)) == 5
    assert stored(mailing)["total"] == 5
    assert len(set(mailing.messages.values_list("message_id", flat=True))) == 5


def test_b21_a_mailing_wholly_in_the_past_sends_nothing_and_says_so() -> None:
    now = clock.now()
    a_client()
    mailing = a_mailing(date_start=now - 2 * HOUR, date_end=now - HOUR)

    run_chunks(seconds=5)

    mailing.refresh_from_db()
    assert mailing.status == MailingStatus.DONE
    assert statuses(mailing) == [SendingStatus.EXPIRED]
    assert mailing.messages.get().last_error == "end"


def test_b21_what_is_left_at_the_end_expires_or_stays_unknown(moment: Any) -> None:
    a_client()
    a_client()
    mailing = a_mailing()
    first = written(mailing)[0]
    Message.objects.filter(pk=first.pk).update(maybe_sent=True, sending_status="retry")

    moment.shift(HOUR)
    run_chunks(seconds=5)

    mailing.refresh_from_db()
    assert statuses(mailing) == [SendingStatus.UNKNOWN, SendingStatus.EXPIRED]
    assert mailing.status == MailingStatus.DONE
    assert stored(mailing) == counted(mailing)


def test_b23_a_client_waits_for_its_own_morning(moment: Any) -> None:
    # It is ten in the morning UTC.
    a_client(timezone="UTC")
    a_client(timezone="Asia/Tokyo")
    mailing = a_mailing(
        time_start=time(9), time_end=time(18), date_end=clock.now() + 24 * HOUR
    )

    now, tokyo = written(mailing)

    assert now.next_attempt_at == clock.now()
    # Nine in Tokyo is midnight UTC.
    assert tokyo.next_attempt_at == clock.now() + 14 * HOUR


def test_b23_hours_that_open_after_the_end_expire_at_once(moment: Any) -> None:
    a_client(timezone="Asia/Tokyo")
    mailing = a_mailing(time_start=time(9), time_end=time(18))

    (message,) = written(mailing)

    assert message.sending_status == SendingStatus.EXPIRED
    assert message.last_error == "hours"


def test_b26_new_hours_and_a_new_end_plan_what_is_not_sent_anew(moment: Any) -> None:
    a_client(timezone="Asia/Tokyo")
    mailing = a_mailing(time_start=time(9), time_end=time(18))
    written(mailing)

    later = clock.now() + 24 * HOUR
    services.update(mailing.pk, {"date_end": later}, by=BY)
    run_chunks(seconds=5)
    (message,) = mailing.messages.all()

    assert message.sending_status == SendingStatus.PLANNED
    assert message.next_attempt_at == clock.now() + 14 * HOUR
    assert stored(mailing) == counted(mailing)


def test_b26_an_earlier_end_expires_what_cannot_make_it(moment: Any) -> None:
    a_client(timezone="Asia/Tokyo")
    mailing = a_mailing(
        time_start=time(9), time_end=time(18), date_end=clock.now() + 24 * HOUR
    )
    written(mailing)

    services.update(mailing.pk, {"date_end": clock.now() + HOUR}, by=BY)
    run_chunks(seconds=5)

    assert statuses(mailing) == [SendingStatus.EXPIRED]
    assert stored(mailing) == counted(mailing)


@pytest.mark.parametrize("change", [{"text": "Other"}, {"tag": "vip"}])
def test_b26_text_and_filter_of_a_started_mailing_do_not_change(
    change: services.MailingFields,
) -> None:
    mailing = a_mailing()

    with pytest.raises(StateError, match="has started"):
        services.update(mailing.pk, change, by=BY)

    assert services.update(mailing.pk, {"text": "Hello"}, by=BY).text == "Hello"


def test_b26_before_the_start_everything_may_change(moment: Any) -> None:
    start = clock.now() + HOUR
    mailing = a_mailing(date_start=start, date_end=start + HOUR)

    changed = services.update(
        mailing.pk, {"text": "Other", "date_start": clock.now()}, by=BY
    )

    assert changed.text == "Other"
    assert changed.status == MailingStatus.RUNNING


def test_b26_pause_resume_and_cancel_follow_one_another(moment: Any) -> None:
    a_client()
    mailing = a_mailing()
    written(mailing)

    services.pause(mailing.pk, by=BY)
    with pytest.raises(StateError):
        services.pause(mailing.pk, by=BY)
    services.resume(mailing.pk, by=BY)
    services.cancel(mailing.pk, by=BY)
    with pytest.raises(StateError):
        services.resume(mailing.pk, by=BY)
    run_chunks(seconds=5)

    assert statuses(mailing) == [SendingStatus.CANCELLED]
    mailing.refresh_from_db()
    assert mailing.ended_at is not None
    assert stored(mailing) == counted(mailing)


def test_b26_cancelling_hides_nothing_that_may_have_arrived() -> None:
    a_client()
    mailing = a_mailing()
    written(mailing)
    mailing.messages.update(maybe_sent=True, sending_status=SendingStatus.RETRY)

    services.cancel(mailing.pk, by=BY)
    run_chunks(seconds=5)

    assert statuses(mailing) == [SendingStatus.UNKNOWN]


def test_b26_only_what_surely_failed_is_sent_again() -> None:
    for _ in range(3):
        a_client()
    mailing = a_mailing()
    first, second, _ = written(mailing)
    Message.objects.filter(pk=first.pk).update(sending_status="failed")
    Message.objects.filter(pk=second.pk).update(sending_status="unknown")
    MailingCounter.objects.filter(pk=mailing.pk).update(failed=1, unknown=1)
    message_id = first.message_id

    count = services.resend_failed(mailing.pk, by=BY)

    first.refresh_from_db()
    assert count == 1
    assert (first.sending_status, first.message_id) == ("retry", message_id)
    assert statuses(mailing)[1] == SendingStatus.UNKNOWN
    assert stored(mailing) == counted(mailing)


def test_b26_after_the_end_nothing_is_sent_again(moment: Any) -> None:
    mailing = a_mailing()
    moment.shift(2 * HOUR)

    with pytest.raises(StateError, match="end has passed"):
        services.resend_failed(mailing.pk, by=BY)


def test_b26_deleting_cancels_and_keeps_the_evidence() -> None:
    a_client()
    mailing = a_mailing()
    written(mailing)

    services.delete(mailing.pk, by=BY)
    run_chunks(seconds=5)

    assert not selectors.mailings().filter(pk=mailing.pk).exists()
    assert statuses(mailing) == [SendingStatus.CANCELLED]


def test_b26_a_copy_is_a_draft_from_now_on(moment: Any) -> None:
    mailing = a_mailing(tag="vip", time_start=time(9), time_end=time(18))
    moment.shift(timedelta(days=3))

    copy = services.copy(mailing.pk, by=BY)

    assert (copy.status, copy.tag, copy.text) == ("draft", "vip", "Hello")
    assert copy.date_start == clock.now()
    assert copy.time_start == time(9)


def test_an_end_tells_the_author_once() -> None:
    author = a_user(is_staff=True)
    mailing = a_mailing(by=author)

    run_chunks(seconds=5)
    run_chunks(seconds=5)

    mailing.refresh_from_db()
    assert mailing.status == MailingStatus.DONE
    told = Notification.objects.get(recipient=author)
    assert told.title == f"Mailing {mailing.pk} is done"
    assert told.url == f"/admin/mailings/mailing/{mailing.pk}/change/"


def test_operators_hear_of_the_end_of_what_a_service_wrote() -> None:
    people = [a_user(), an_operator(), a_user(is_superuser=True), an_operator()]
    User.objects.filter(pk=people[3].pk).update(is_active=False)
    mailing = a_mailing()

    run_chunks(seconds=5)

    told = Notification.objects.filter(title=f"Mailing {mailing.pk} is done")
    assert sorted(told.values_list("recipient", flat=True)) == [
        people[1].pk,
        people[2].pk,
    ]


def test_every_act_is_in_the_log() -> None:
    author = a_user()
    mailing = a_mailing(by=author, status="draft")
    by = Author(author, f"user:{author.pk}")

    services.start(mailing.pk, by=by)
    services.pause(mailing.pk, by=by)
    services.resume(mailing.pk, by=by)
    services.cancel(mailing.pk, by=by)

    actions = list(AuditEntry.objects.order_by("id").values_list("action", flat=True))
    assert actions == ["create", "start", "pause", "resume", "cancel"]
    assert AuditEntry.objects.filter(actor=author).count() == 5


def test_a_start_can_be_brought_forward(moment: Any) -> None:
    later = clock.now() + HOUR
    mailing = a_mailing(date_start=later, date_end=later + HOUR)

    started = services.start(mailing.pk, by=BY)

    assert started.status == MailingStatus.RUNNING
    assert started.date_start == clock.now()


def test_a_pause_before_the_start_lasts_beyond_it(moment: Any) -> None:
    later = clock.now() + HOUR
    a_client()
    mailing = a_mailing(date_start=later, date_end=later + HOUR)
    services.pause(mailing.pk, by=BY)

    moment.shift(HOUR)
    run_chunks(seconds=5)
    assert statuses(mailing) == []
    services.resume(mailing.pk, by=BY)
    run_chunks(seconds=5)

    assert statuses(mailing) == [SendingStatus.PLANNED]


def test_a_pause_that_lasts_to_the_end_says_what_was_not_sent(moment: Any) -> None:
    a_client()
    mailing = a_mailing()
    services.pause(mailing.pk, by=BY)

    moment.shift(HOUR)
    run_chunks(seconds=5)

    mailing.refresh_from_db()
    assert mailing.status == MailingStatus.DONE
    assert statuses(mailing) == [SendingStatus.EXPIRED]


def test_a_preview_says_how_many_when_and_how_long(moment: Any) -> None:
    a_client(timezone="Asia/Tokyo")
    a_client()
    mailing = a_mailing(
        status="draft",
        text="П" * 71,
        time_start=time(9),
        time_end=time(18),
        date_end=clock.now() + 24 * HOUR,
    )

    found = selectors.preview(mailing, now=clock.now())

    assert (found["clients"], found["segments"], found["total_segments"]) == (2, 2, 4)
    opens = {each["timezone"]: each["opens_at"] for each in found["openings"]}
    assert opens == {
        "UTC": clock.now(),
        "Asia/Tokyo": clock.now() + 14 * HOUR,
    }


def test_no_client_is_a_row_of_everybodys() -> None:
    a_client()

    assert Client.objects.get().deleted_at is None
