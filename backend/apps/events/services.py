"""Writing events and their templates.

Sending them is in `sends`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict

from django.db import IntegrityError, transaction

from apps.accounts import vocabulary
from apps.accounts.models import User
from apps.common import clock
from apps.events import policy, selectors
from apps.events.models import Event, EventTemplate
from apps.events.policy import Rendered, TemplateText

IN_APP = "in_app"
SAMPLE_BYTES = 32_768
TEMPLATES_AT_MOST = 60
_STORED = (
    "name",
    "description",
    "kind",
    "severity",
    "default_language",
    "variables",
    "sample",
)


class EventFields(TypedDict, total=False):
    """What can be written of an event; what is absent stays as it is."""

    name: str
    description: str
    kind: str
    severity: str
    default_language: str
    variables: list[str]
    sample: dict[str, Any]
    templates: list[TemplateText]


class EventError(ValueError):
    """An event that cannot be; `errors` says why for each field."""

    def __init__(self, errors: Mapping[str, Any]) -> None:
        """Keep the errors."""
        self.errors = dict(errors)
        super().__init__(json.dumps(self.errors, ensure_ascii=False))


@dataclass(frozen=True)
class Owner:
    """Whose event it is: a service's, by its lineage, or the administrators'."""

    lineage: str = ""
    user: User | None = None


@dataclass(frozen=True)
class Preview:
    """What one template becomes."""

    template: TemplateText
    rendered: Rendered


def channels() -> tuple[str, ...]:
    """Return the channels that a template can be for."""
    return (IN_APP, *vocabulary.channels())


def create(fields: EventFields, *, owner: Owner) -> Event:
    """Store an event with its templates.

    Raises: EventError naming every field that is wrong; nothing is written then.
    """
    now = clock.now()
    event = Event(
        owner=owner.lineage,
        created_by=owner.user,
        created_at=now,
        updated_at=now,
    )
    templates = fields.get("templates", [])
    _assign(event, fields)
    check(event, templates)
    with transaction.atomic():
        _save(event, force_insert=True)
        _store_templates(event, templates)
    return event


def update(event_id: int, fields: EventFields) -> Event:
    """Change an event; templates that are given take the place of all there are.

    Raises: EventError, Event.DoesNotExist.
    """
    with transaction.atomic():
        event = _locked(event_id)
        templates = fields.get("templates", selectors.templates_of(event))
        _assign(event, fields)
        check(event, templates)
        event.updated_at = clock.now()
        _save(event, update_fields=[*_STORED, "updated_at"])
        if "templates" in fields:
            event.templates.all().delete()
            _store_templates(event, templates)
    return event


def delete(event_id: int, *, now: datetime) -> None:
    """Take an event out of use; what it sent stays.

    Raises: Event.DoesNotExist.
    """
    with transaction.atomic():
        event = _locked(event_id)
        event.deleted_at = event.updated_at = now
        event.save(update_fields=["deleted_at", "updated_at"])


def preview(
    event: Event,
    *,
    data: Mapping[str, object] | None = None,
    language: str = "",
) -> list[Preview]:
    """Fill an event's templates, one a channel, with the data or the event's sample."""
    filled = event.sample if data is None else data
    templates = selectors.templates_of(event)
    return [
        Preview(template, policy.rendered(template, filled))
        for template in chosen(templates, event=event, language=language)
    ]


def chosen(
    templates: Sequence[TemplateText],
    *,
    event: Event,
    language: str,
) -> list[TemplateText]:
    """Choose one template a channel for a language."""
    by_channel: dict[str, dict[str, TemplateText]] = {}
    for each in templates:
        by_channel.setdefault(each.channel, {})[each.locale] = each
    return [
        by_locale[
            policy.best_locale(
                list(by_locale),
                language=language,
                default=event.default_language,
            )
        ]
        for by_locale in by_channel.values()
    ]


def check(event: Event, templates: Sequence[TemplateText]) -> None:
    """Refuse an event that cannot be.

    Raises: EventError.
    """
    errors: dict[str, Any] = event_errors(event)
    in_each = [template_errors(each, event.variables) for each in templates]
    of_all = set_errors(event, templates)
    if any(in_each):
        errors["templates"] = in_each
    elif of_all:
        errors["templates"] = of_all
    _refuse(errors)


def template_errors(
    template: TemplateText,
    variables: Sequence[str],
) -> policy.Errors:
    """Say what is wrong with a template, by field."""
    known = channels()
    if template.channel not in known:
        return {"channel": [f"Unknown; there are {', '.join(known)}."]}
    return policy.template_errors(template, variables=variables)


def event_errors(event: Event) -> dict[str, Any]:
    """Say what is wrong with an event beside its templates, by field."""
    errors: dict[str, Any] = {}
    if not policy.LOCALE.fullmatch(event.default_language):
        errors["default_language"] = ["A language, such as en or pt-BR."]
    wrong = [name for name in event.variables if not policy.VARIABLE.fullmatch(name)]
    if wrong:
        errors["variables"] = [f"Not a name: {', '.join(wrong)[:200]}."]
    size = len(json.dumps(event.sample, ensure_ascii=False).encode())
    if size > SAMPLE_BYTES:
        errors["sample"] = [f"At most {SAMPLE_BYTES} bytes."]
    if _name_is_taken(event):
        errors["name"] = [_TAKEN]
    return errors


def set_errors(event: Event, templates: Sequence[TemplateText]) -> list[str]:
    """Say what is wrong with an event's templates as a whole."""
    if len(templates) > TEMPLATES_AT_MOST:
        return [f"At most {TEMPLATES_AT_MOST}."]
    return policy.set_errors(templates, default_language=event.default_language)


_TAKEN = "There is an event of this name."


def _name_is_taken(event: Event) -> bool:
    same = Event.objects.filter(owner=event.owner, name=event.name, deleted_at=None)
    return same.exclude(pk=event.pk).exists()


def _refuse(errors: Mapping[str, Any]) -> None:
    found = {name: error for name, error in errors.items() if error}
    if found:
        raise EventError(found)


def _locked(event_id: int) -> Event:
    rows = Event.objects.select_for_update().filter(deleted_at=None)
    return rows.get(pk=event_id)


def _assign(event: Event, fields: EventFields) -> None:
    values: Mapping[str, Any] = fields
    for name in _STORED:
        if name in values:
            setattr(event, name, values[name])


def _save(event: Event, **options: Any) -> None:
    try:
        with transaction.atomic():
            event.save(**options)
    except IntegrityError as error:
        # Somebody was quicker with the same name.
        raise EventError({"name": [_TAKEN]}) from error


def _store_templates(event: Event, templates: Sequence[TemplateText]) -> None:
    EventTemplate.objects.bulk_create(
        EventTemplate(
            event=event,
            channel=each.channel,
            locale=each.locale,
            **_columns(each),
        )
        for each in templates
    )


def _columns(template: TemplateText) -> dict[str, Any]:
    return {
        name: getattr(template, name)
        for name in ("subject", "content", "is_html", "attachments", "url")
    }
