"""The demo's event: right in every channel and language, and made once."""

import pytest

from apps.accounts import demo, vocabulary
from apps.events import services
from apps.events.models import Event


@pytest.mark.django_db
def test_a40_the_demo_has_an_event_that_can_be_sent_by_every_channel() -> None:
    demo.load()
    demo.load()

    event = Event.objects.get()
    for language in ("en", "ru"):
        made = services.preview(event, language=language)
        assert {each.template.channel for each in made} == set(services.channels())
        assert all(each.rendered.is_right for each in made)
    assert "orders" in vocabulary.kinds()
