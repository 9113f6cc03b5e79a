"""`{% carillon_inbox %}`: the bell and the panel in a page of a Django site.

Needs nothing of this project but the files it names, so that another site may copy it.
"""

from typing import Any
from urllib.parse import urlsplit

from django import template
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

register = template.Library()

MODULE = "carillon-inbox.js"
PLACEMENTS = ("bottom-end", "bottom-start", "top-end", "top-start")
THEMES = ("auto", "light", "dark")


@register.simple_tag(takes_context=True)
def carillon_inbox(context: template.Context, **options: Any) -> SafeString:
    """Show the inbox of the person who is logged in; nothing to anybody else.

    On Carillon's own origin the session is used. A site elsewhere gives `server` and
    `ticket_url`, an address of its own that answers with a ticket (docs/embedding.md).
    Further options: placement, theme, lang (the active language unless given) and
    nonce for the script.

    Raises: TemplateSyntaxError for an option or a value that there is not.
    """
    request: HttpRequest | None = context.get("request")
    server, ticket_url, attributes = _read(options)
    if not ticket_url:
        if request is None or not request.user.is_authenticated:
            return mark_safe("")
        # The cookie lets the inbox ask for tickets and mark notifications.
        get_token(request)
    script = f"{server}/static/{MODULE}" if server else static(MODULE)
    nonce = attributes.pop("nonce", "")
    return format_html(
        '<script type="module" src="{}"{}></script><carillon-inbox{}></carillon-inbox>',
        script,
        format_html(' nonce="{}"', nonce) if nonce else "",
        format_html_join("", ' {}="{}"', attributes.items()),
    )


def _read(options: dict[str, Any]) -> tuple[str, str, dict[str, str]]:
    given = {name: str(value) for name, value in options.items() if value}
    known = {"server", "ticket_url", "placement", "theme", "lang", "nonce"}
    if unknown := given.keys() - known:
        message = f"carillon_inbox has no option {min(unknown)}."
        raise template.TemplateSyntaxError(message)
    server = given.pop("server", "").rstrip("/")
    ticket_url = given.pop("ticket_url", "")
    _check(server, ticket_url, given)
    attributes = {"lang": get_language() or "en", **given}
    if server:
        attributes["server"] = server
    if ticket_url:
        attributes["ticket-url"] = ticket_url
    return server, ticket_url, attributes


def _check(server: str, ticket_url: str, given: dict[str, str]) -> None:
    parts = urlsplit(server)
    if server and (parts.scheme not in {"http", "https"} or parts.path):
        message = (
            "carillon_inbox: server is an origin such as https://push.example.org."
        )
        raise template.TemplateSyntaxError(message)
    if server and not ticket_url:
        message = "carillon_inbox: a server elsewhere needs a ticket_url."
        raise template.TemplateSyntaxError(message)
    for name, choices in (("placement", PLACEMENTS), ("theme", THEMES)):
        if given.get(name, choices[0]) not in choices:
            message = f"carillon_inbox: {name} is one of {', '.join(choices)}."
            raise template.TemplateSyntaxError(message)
