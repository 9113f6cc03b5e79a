"""Dead letters in the administration."""

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.common import clock
from consumers.models import DeadLetter, OutboxResult

LIST = reverse("admin:consumers_deadletter_changelist")


@pytest.fixture
def admin(db: None, client: Client) -> Client:
    """Log an administrator in."""
    client.force_login(User.objects.create_superuser("root", password="secret"))
    return client


def a_letter(body: bytes = b'{"user_id": 0}') -> DeadLetter:
    """Store a dead letter."""
    now = clock.now()
    return DeadLetter.objects.create(
        reason="invalid",
        detail="user_id: Must be above 0.",
        first_seen_at=now,
        last_seen_at=now,
        times=3,
        body=body,
        body_size=len(body),
    )


def decide(admin: Client, action: str, *letters: DeadLetter) -> str:
    """Apply an action to letters; say what the page says."""
    data = {"action": action, "_selected_action": [letter.pk for letter in letters]}
    return admin.post(LIST, data, follow=True).content.decode()


def test_the_list_says_reason_count_and_body(admin: Client) -> None:
    a_letter()

    page = admin.get(LIST).content.decode()

    for text in ("invalid", "user_id: Must be above 0.", "{&quot;user_id&quot;: 0}"):
        assert text in page


def test_a_hostile_body_is_shown_as_text(admin: Client) -> None:
    letter = a_letter(b"<script>alert(1)</script>\xff")

    pages = [LIST, reverse("admin:consumers_deadletter_change", args=[letter.pk])]

    for page in pages:
        assert "<script>alert(1)" not in admin.get(page).content.decode()


def test_letters_are_sent_again_in_bulk(admin: Client) -> None:
    page = decide(admin, "send_again", a_letter(), a_letter())

    assert "Sent 2 again." in page
    assert OutboxResult.objects.count() == 2


def test_the_log_names_only_the_letters_that_went(admin: Client) -> None:
    whole, cut = a_letter(), a_letter()
    DeadLetter.objects.filter(pk=cut.pk).update(body_size=99)

    page = decide(admin, "send_again", whole, cut)

    assert "Sent 1 again." in page
    assert "Left 1" in page
    entries = LogEntry.objects.values_list("object_id", "change_message")
    assert list(entries) == [(str(whole.pk), "Sent again.")]


def test_letters_are_discarded_in_bulk(admin: Client) -> None:
    page = decide(admin, "discard", a_letter(), a_letter())

    assert "Discarded 2." in page
    assert not DeadLetter.objects.exists()


def test_who_may_only_look_may_not_decide(client: Client, db: None) -> None:
    user = User.objects.create_user("viewer", password="secret", is_staff=True)
    client.force_login(user)

    decide(client, "discard", a_letter())

    assert DeadLetter.objects.count() == 1
