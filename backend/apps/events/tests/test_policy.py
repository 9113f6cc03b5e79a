"""What a template must be for its channel, and what it becomes."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.events import policy
from apps.events.policy import TemplateText
from apps.events.tests.builders import EMAIL, EMAIL_RU, IN_APP, SMS

DATA = {"number": 7, "name": "Ann"}
WEBHOOK = TemplateText(
    channel="webhook",
    locale="en",
    content='{"order": "{{ number }}", "all": "{{ lines }}", "text": "# {{ number }}"}',
)


def text(content: str, channel: str = "sms") -> TemplateText:
    return TemplateText(channel=channel, locale="en", content=content)


@pytest.mark.parametrize("template", [EMAIL, EMAIL_RU, SMS, IN_APP, WEBHOOK])
def test_a_right_template_has_no_errors(template: TemplateText) -> None:
    names = ["number", "name", "lines"]

    assert policy.template_errors(template, variables=names) == {}
    assert policy.template_errors(template, variables=[]) == {}


@pytest.mark.parametrize(
    ("template", "field"),
    [
        (replace(EMAIL, subject=""), "subject"),
        (replace(EMAIL, content=""), "content"),
        (replace(EMAIL, content="{{ x"), "content"),
        (replace(EMAIL, subject="{% if %}"), "subject"),
        (replace(EMAIL, subject="a\nBcc: all@example.org"), "subject"),
        (replace(EMAIL, attachments=11), "attachments"),
        (replace(EMAIL, url="/x"), "url"),
        (replace(EMAIL, locale="English"), "locale"),
        (replace(SMS, subject="x"), "subject"),
        (replace(SMS, is_html=True), "is_html"),
        (replace(SMS, attachments=1), "attachments"),
        (replace(IN_APP, subject=""), "subject"),
        (replace(WEBHOOK, content="{{ number }}"), "content"),
        (replace(WEBHOOK, content='{"a": "{{ x"}'), "content"),
    ],
)
def test_e02_what_is_wrong_is_found_when_it_is_saved(
    template: TemplateText,
    field: str,
) -> None:
    assert list(policy.template_errors(template, variables=[])) == [field]


def test_e02_a_name_that_was_not_declared_is_found_when_it_is_saved() -> None:
    errors = policy.template_errors(EMAIL, variables=["name"])

    assert errors == {
        "subject": ["Not among the event's variables: number."],
        "content": ["Not among the event's variables: number."],
    }


def test_each_channel_needs_a_template_in_the_default_language() -> None:
    errors = policy.set_errors([EMAIL_RU, SMS, SMS], default_language="en")

    assert errors == [
        "There are two templates for sms in en.",
        "email lacks a template in en, the default language.",
    ]


@pytest.mark.parametrize(
    ("language", "expected"),
    [("ru", "ru"), ("ru-RU", "ru"), ("en", "en"), ("fr", "en"), ("", "en")],
)
def test_a_language_falls_back_to_the_events_own(language: str, expected: str) -> None:
    found = policy.best_locale(["en", "ru"], language=language, default="en")

    assert found == expected


def test_a_template_is_filled() -> None:
    made = policy.rendered(EMAIL, DATA)

    assert made.is_right
    assert made.subject == "Order 7"
    assert made.text == "Dear Ann, your order 7 is on its way."


def test_html_comes_with_a_text() -> None:
    page = replace(EMAIL, is_html=True, content="<p>Dear <b>{{ name }}</b></p>")

    made = policy.rendered(page, {**DATA, "name": "<Ann>"})

    assert made.html == "<p>Dear <b>&lt;Ann&gt;</b></p>"
    assert made.text == "Dear <Ann>"


HEADERS = [
    "x\r\nBcc: all@example.org",
    "x\nSubject: other",
    "x\rTo: all@example.org",
    "x\u2028Bcc: all@example.org",
    "x\u2029Bcc: all@example.org",
    "x\x85Bcc: all@example.org",
    "x\x0bBcc: all@example.org",
    "x\x0cBcc: all@example.org",
    "x\x1cBcc: all@example.org",
    "x\x00Bcc: all@example.org",
    "=?utf-8?q?x=0ABcc:_all?=\n\n<html>",
    "x%0d%0aBcc: all@example.org\r\n",
]


@pytest.mark.parametrize("evil", HEADERS, ids=repr)
def test_no_data_ends_the_line_of_a_subject(evil: str) -> None:
    made = policy.rendered(EMAIL, {"number": evil, "name": "Ann"})

    assert len(f"Subject: {made.subject}".splitlines()) == 1
    assert made.subject.startswith("Order ")


@given(st.text())
def test_no_text_at_all_ends_the_line_of_a_subject(evil: str) -> None:
    assert len(policy.one_line(evil).splitlines()) <= 1


@given(st.text())
def test_a_message_keeps_its_lines_and_no_other_control(evil: str) -> None:
    kept = policy.clean(evil)

    assert not any(ord(each) < 32 and each not in "\n\t" for each in kept)


def test_what_is_missing_is_named_and_nothing_is_filled() -> None:
    made = policy.rendered(EMAIL, {})

    assert made.missing == ["name", "number"]
    assert not made.is_right


@pytest.mark.parametrize(
    ("template", "data", "field"),
    [
        (EMAIL, {"name": "Ann", "number": "x" * 200}, "subject"),
        (text("{{ x }}"), {"x": ""}, "content"),
        (text("{{ x }}"), {"x": "я" * 700}, "content"),
        (text("{{ x }}", "telegram"), {"x": "🙂" * 2049}, "content"),
        (IN_APP, {"number": "a b"}, "url"),
        (replace(IN_APP, url="{{ number }}"), {"number": "javascript:x"}, "url"),
        (replace(IN_APP, content="{{ number }}"), {"number": "x" * 4001}, "content"),
    ],
)
def test_what_does_not_fit_its_channel_is_refused(
    template: TemplateText,
    data: dict[str, object],
    field: str,
) -> None:
    made = policy.rendered(template, data)

    assert field in made.errors


def test_a_stored_template_that_is_right_no_longer_is_an_error_and_no_fault() -> None:
    made = policy.rendered(replace(EMAIL, content="{{ name | no_such_filter }}"), DATA)

    assert "There is no filter no_such_filter" in made.errors["content"][0]


def test_a_webhook_stays_the_json_that_it_is() -> None:
    evil = '"}, "admin": true, "x": "'

    made = policy.rendered(WEBHOOK, {"number": evil, "lines": [1, {"a": None}]})

    assert json.loads(made.payload) == {
        "order": evil,
        "all": [1, {"a": None}],
        "text": f"# {evil}",
    }
