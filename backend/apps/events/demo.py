"""Demo data: one event that says something by every channel, in two languages."""

from apps.accounts import demo
from apps.events import services
from apps.events.models import Event
from apps.events.policy import TemplateText
from apps.events.services import EventFields, Owner

NAME = "Order shipped"
_PAGE = """<h1>Your order {{ number }} is on its way</h1>
<p>Dear {{ name }},</p>
<ul>{% for item in items %}<li>{{ item.title }}, {{ item.count }}</li>{% endfor %}</ul>
<p><a href="https://example.org/orders/{{ number | url_encode }}">Follow it</a></p>
"""
_PAGE_RU = """<h1>Ваш заказ {{ number }} в пути</h1>
<p>{{ name }}, здравствуйте!</p>
<ul>{% for item in items %}<li>{{ item.title }}, {{ item.count }}</li>{% endfor %}</ul>
<p><a href="https://example.org/orders/{{ number | url_encode }}">Проследить</a></p>
"""
_PAYLOAD = '{"order": "{{ number }}", "items": "{{ items }}", "state": "shipped"}'
_TEMPLATES = [
    TemplateText(
        channel="email",
        locale="en",
        subject="Order {{ number }}",
        is_html=True,
        content=_PAGE,
    ),
    TemplateText(
        channel="email",
        locale="ru",
        subject="Заказ {{ number }}",
        is_html=True,
        content=_PAGE_RU,
    ),
    TemplateText(
        channel="sms", locale="en", content="Order {{ number }} is on its way."
    ),
    TemplateText(channel="sms", locale="ru", content="Заказ {{ number }} в пути."),
    TemplateText(
        channel="telegram",
        locale="en",
        content="Dear {{ name }}, order {{ number }} is coming.",
    ),
    TemplateText(
        channel="in_app",
        locale="en",
        subject="Order {{ number }}",
        content="It is on its way to you.",
        url="/orders/{{ number | url_encode }}",
    ),
    TemplateText(channel="webhook", locale="en", content=_PAYLOAD),
]


def _make_event() -> None:
    if Event.objects.filter(owner="", name=NAME, deleted_at=None).exists():
        return
    fields: EventFields = {
        "name": NAME,
        "description": "The parcel has left the house.",
        "kind": "orders",
        "variables": ["number", "name", "items"],
        "sample": {
            "number": "A-1017",
            "name": "Ann",
            "items": [{"title": "Tea", "count": 2}, {"title": "Jam", "count": 1}],
        },
        "templates": _TEMPLATES,
    }
    services.create(fields, owner=Owner())


demo.register("an event with templates", _make_event)
