"""What `{% carillon_inbox %}` writes into a page."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.template import Context, Template, TemplateSyntaxError
from django.test import RequestFactory
from django.utils import translation

from apps.accounts.models import User

ELSEWHERE = 'server="https://push.example.org" ticket_url="/ticket"'


@pytest.fixture
def request_of_john(rf: RequestFactory) -> HttpRequest:
    request = rf.get("/")
    request.user = User(username="john")
    return request


def rendered(request: HttpRequest | None, options: str = "") -> str:
    text = f"{{% load carillon %}}{{% carillon_inbox {options} %}}"
    return Template(text).render(Context({"request": request}))


def test_on_the_same_origin_the_session_is_used(request_of_john: HttpRequest) -> None:
    assert rendered(request_of_john) == (
        '<script type="module" src="/static/carillon-inbox.js"></script>'
        '<carillon-inbox lang="en"></carillon-inbox>'
    )
    assert request_of_john.META["CSRF_COOKIE_NEEDS_UPDATE"]


def test_nobody_is_shown_nothing(rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = AnonymousUser()

    assert rendered(request) == ""
    assert rendered(None) == ""


def test_a_site_elsewhere_names_the_server_and_its_tickets() -> None:
    assert rendered(None, ELSEWHERE) == (
        '<script type="module" '
        'src="https://push.example.org/static/carillon-inbox.js"></script>'
        '<carillon-inbox lang="en" server="https://push.example.org" '
        'ticket-url="/ticket"></carillon-inbox>'
    )


def test_placement_theme_and_nonce_are_passed_on() -> None:
    options = f'{ELSEWHERE} placement="top-start" theme="dark" nonce="abc"'

    text = rendered(None, options)

    assert ' nonce="abc"></script>' in text
    assert 'placement="top-start" theme="dark"' in text


def test_the_language_is_the_active_one_unless_given() -> None:
    with translation.override("ru"):
        assert 'lang="ru"' in rendered(None, ELSEWHERE)
        assert 'lang="en"' in rendered(None, f'{ELSEWHERE} lang="en"')


def test_values_cannot_break_out_of_their_attribute() -> None:
    request = None
    text = Template(
        '{% load carillon %}{% carillon_inbox server="https://a.example" '
        "ticket_url=address %}",
    ).render(Context({"request": request, "address": '"><script>alert(1)</script>'}))

    assert "<script>alert" not in text
    assert "&quot;&gt;&lt;script&gt;" in text


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ('servre="https://a.example"', "no option servre"),
        ('server="https://a.example"', "needs a ticket_url"),
        ('server="a.example" ticket_url="/t"', "server is an origin"),
        ('server="javascript:alert(1)" ticket_url="/t"', "server is an origin"),
        ('server="https://a.example/path" ticket_url="/t"', "server is an origin"),
        (f'{ELSEWHERE} placement="left"', "placement is one of"),
        (f'{ELSEWHERE} theme="pink"', "theme is one of"),
    ],
)
def test_a_mistake_is_said(options: str, words: str) -> None:
    with pytest.raises(TemplateSyntaxError, match=words):
        rendered(None, options)
