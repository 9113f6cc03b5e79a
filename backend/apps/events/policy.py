"""What a template must be, and what it becomes with its data; pure."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from apps.common import strict_json
from apps.delivery import sms_text
from apps.events.templating import engine, plain_text
from apps.events.templating.engine import TemplateError
from apps.notifications import policy as notifications

SUBJECT_LENGTH = notifications.TITLE_LENGTH
BODY_LENGTH = notifications.BODY_LENGTH
TELEGRAM_LENGTH = 4096
SEGMENTS_AT_MOST = 10
ATTACHMENTS_AT_MOST = 10
PAYLOAD_BYTES = notifications.PAYLOAD_LIMIT_BYTES

LOCALE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")
VARIABLE = re.compile(r"[a-zA-Z_][a-zA-Z0-9_-]{0,63}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")
# Whatever Python or a mail program takes for the end of a line.
_LINE_ENDS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_LONE = re.compile(r"\s*\{\{-?\s*([A-Za-z_][\w.-]*)\s*-?\}\}\s*")

Errors = dict[str, list[str]]


@dataclass(frozen=True, kw_only=True)
class TemplateText:
    """A template as it is written."""

    channel: str
    locale: str
    subject: str = ""
    content: str = ""
    is_html: bool = False
    attachments: int = 0
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """What a template became: right, or with the errors of each field.

    `missing` names what the data lacks.
    """

    subject: str = ""
    text: str = ""
    html: str = ""
    payload: str = ""
    url: str = ""
    missing: list[str] = field(default_factory=list)
    errors: Errors = field(default_factory=dict)

    @property
    def is_right(self) -> bool:
        """Say whether it may be sent."""
        return not self.missing and not self.errors


@dataclass(frozen=True)
class _Fields:
    """Which fields a channel's template has, and which it must have."""

    takes: frozenset[str]
    needs: frozenset[str]


_FIELDS = {
    "email": _Fields(
        frozenset({"subject", "content", "is_html", "attachments"}),
        frozenset({"subject", "content"}),
    ),
    "in_app": _Fields(
        frozenset({"subject", "content", "url"}),
        frozenset({"subject"}),
    ),
}
_TEMPLATE_FIELDS = ("subject", "content", "is_html", "attachments", "url")
_TEXT_ALONE = _Fields(frozenset({"content"}), frozenset({"content"}))


def fields_of(channel: str) -> list[str]:
    """Return the fields that a channel's template has."""
    takes = _FIELDS.get(channel, _TEXT_ALONE).takes
    return [name for name in _TEMPLATE_FIELDS if name in takes]


def template_errors(template: TemplateText, *, variables: Sequence[str]) -> Errors:
    """Say what is wrong with a template, by field.

    variables: where there are any, the template may use no others.
    """
    errors = _field_errors(template)
    if not LOCALE.fullmatch(template.locale):
        errors["locale"] = ["A language, such as en or pt-BR."]
    for name, source in _sources(template):
        try:
            parsed = engine.parse(source, is_html=_is_html(template, name))
        except TemplateError as error:
            errors.setdefault(name, []).append(str(error))
            continue
        unknown = sorted(parsed.names - set(variables)) if variables else []
        if unknown:
            message = f"Not among the event's variables: {', '.join(unknown)}."
            errors.setdefault(name, []).append(message)
    return errors


def set_errors(
    templates: Sequence[TemplateText],
    *,
    default_language: str,
) -> list[str]:
    """Say what is wrong with an event's templates as a whole."""
    places = [(each.channel, each.locale) for each in templates]
    doubled = sorted({place for place in places if places.count(place) > 1})
    errors = [
        f"There are two templates for {channel} in {locale}."
        for channel, locale in doubled
    ]
    lacking = {channel for channel, _ in places} - {
        channel for channel, locale in places if locale == default_language
    }
    errors += [
        f"{channel} lacks a template in {default_language}, the default language."
        for channel in sorted(lacking)
    ]
    return errors


def best_locale(locales: Sequence[str], *, language: str, default: str) -> str:
    """Choose: the language, the language without its region, the default."""
    for wanted in (language, language.split("-", maxsplit=1)[0]):
        if wanted in locales:
            return wanted
    return default


def rendered(template: TemplateText, data: Mapping[str, object]) -> Rendered:
    """Fill a template; what comes is clean, and short enough for its channel."""
    try:
        missing = missing_names(template, data)
        if missing:
            return Rendered(missing=missing)
        made = _made(template, data)
    except TemplateError as error:
        return Rendered(errors={"content": [str(error)]})
    errors = _result_errors(template, made)
    return Rendered(**{**vars(made), "errors": errors})


def missing_names(template: TemplateText, data: Mapping[str, object]) -> list[str]:
    """Name what a template needs and the data does not have."""
    return sorted(
        {
            name
            for field_name, source in _sources(template)
            for name in engine.parse(
                source, is_html=_is_html(template, field_name)
            ).missing(data)
        }
    )


def one_line(text: str) -> str:
    """Return a text without the ends of lines, which would begin another header."""
    return " ".join(_LINE_ENDS.sub(" ", text).split())


def clean(text: str) -> str:
    """Return a text without characters that control anything but lines."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _field_errors(template: TemplateText) -> Errors:
    fields = _FIELDS.get(template.channel, _TEXT_ALONE)
    errors: Errors = {}
    for name in _TEMPLATE_FIELDS:
        given = getattr(template, name)
        if given and name not in fields.takes:
            errors[name] = [f"{template.channel} has no {name}."]
        elif not given and name in fields.needs:
            errors[name] = ["This is needed."]
    if _LINE_ENDS.search(template.subject):
        errors["subject"] = ["One line, without control characters."]
    if template.attachments > ATTACHMENTS_AT_MOST:
        errors["attachments"] = [f"At most {ATTACHMENTS_AT_MOST}."]
    if template.channel == "webhook" and template.content:
        errors.update(_json_errors(template.content))
    return errors


def _json_errors(content: str) -> Errors:
    try:
        strict_json.parse(content, max_depth=notifications.PAYLOAD_DEPTH)
    except strict_json.BadJSON as error:
        return {"content": [f"Must be JSON with templates in its texts: {error}"]}
    return {}


def _is_html(template: TemplateText, name: str) -> bool:
    return template.is_html and name == "content"


def _sources(template: TemplateText) -> Iterator[tuple[str, str]]:
    yield "subject", template.subject
    yield "url", template.url
    if template.channel != "webhook":
        yield "content", template.content
        return
    try:
        document = strict_json.parse(template.content)
    except strict_json.BadJSON:
        return
    for text in _texts(document):
        yield "content", text


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)


def _made(template: TemplateText, data: Mapping[str, object]) -> Rendered:
    subject = one_line(engine.parse(template.subject).render(data))
    url = engine.parse(template.url).render(data).strip()
    if template.channel == "webhook":
        document = _filled(strict_json.parse(template.content), data)
        payload = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        return Rendered(payload=payload)
    text = clean(engine.parse(template.content, is_html=template.is_html).render(data))
    html = text if template.is_html else ""
    if html:
        text = plain_text.of_html(html)
    return Rendered(subject=subject, text=text, html=html, url=url)


def _filled(value: object, data: Mapping[str, object]) -> object:
    """Fill the texts of a JSON document; the document keeps its shape.

    A text that is nothing but one name becomes the value itself, of whatever type.
    """
    if isinstance(value, list):
        return [_filled(item, data) for item in value]
    if isinstance(value, dict):
        return {key: _filled(item, data) for key, item in value.items()}
    if not isinstance(value, str):
        return value
    lone = _LONE.fullmatch(value)
    if lone is None:
        return engine.parse(value).render(data)
    found: object = data
    for name in lone[1].split("."):
        if not isinstance(found, Mapping) or name not in found:
            return engine.parse(value).render(data)
        found = found[name]
    return found


def _result_errors(template: TemplateText, made: Rendered) -> Errors:
    errors: Errors = {}
    if len(made.subject) > SUBJECT_LENGTH:
        errors["subject"] = [f"At most {SUBJECT_LENGTH} characters with its data."]
    for name in _FIELDS.get(template.channel, _TEXT_ALONE).needs:
        shown = made.subject if name == "subject" else made.text or made.payload
        if not shown:
            errors[name] = ["Empty with this data."]
    wrong_url = notifications.url_error(made.url) if made.url else None
    if wrong_url:
        errors["url"] = [wrong_url]
    too_long = _length_error(template.channel, made)
    if too_long:
        errors["content"] = [too_long]
    return errors


def _length_error(channel: str, made: Rendered) -> str | None:
    if channel == "sms" and sms_text.segments(made.text) > SEGMENTS_AT_MOST:
        return f"At most {SEGMENTS_AT_MOST} SMS; this text takes more."
    if channel == "telegram":
        units = len(made.text.encode("utf-16-le")) // 2
        return None if units <= TELEGRAM_LENGTH else _at_most(TELEGRAM_LENGTH)
    if channel == "in_app" and len(made.text) > BODY_LENGTH:
        return _at_most(BODY_LENGTH)
    if len(made.payload.encode()) > PAYLOAD_BYTES:
        return f"At most {PAYLOAD_BYTES} bytes with its data."
    return None


def _at_most(length: int) -> str:
    return f"At most {length} characters with its data."
