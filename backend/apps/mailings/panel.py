"""A mailing's bar and its panel of numbers, as the administration shows them."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, TypeVar, cast

from django.core.cache import cache
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.mailings import counting, policy, progress, selectors
from apps.mailings.models import Mailing, MailingStatus
from apps.push.protocol import Progress

T = TypeVar("T")

CHART_HEIGHT = 90
BAR_WIDTH = 12
# A mailing that has just begun is no wall.
LEAST_BARS = 20
KINDS = ("sent", "failed", "other")
# What must be counted is counted this often for a mailing above this size.
LARGE = 10_000
LARGE_SECONDS = 10
ACTS = {
    MailingStatus.DRAFT: ("start", "cancel"),
    MailingStatus.SCHEDULED: ("start", "pause", "cancel"),
    MailingStatus.RUNNING: ("pause", "cancel", "resend_failed"),
    MailingStatus.PAUSED: ("resume", "cancel", "resend_failed"),
    MailingStatus.DONE: ("resend_failed",),
    MailingStatus.CANCELLED: (),
}
ALWAYS = ("copy", "test")
# What a mailing that stands waits for.
NEXT = ("start", "resume")
# These are shown even where there is none.
SHOWN = ("failed", "expired", "unknown")
MEANT = {
    "start": "It begins at its start, or now where that has passed.",
    "pause": "Nothing more is sent, within two seconds, until it is resumed.",
    "resume": "It goes on where it was paused.",
    "cancel": "Nothing more is sent, for good. What was sent stays counted.",
    "resend_failed": (
        "What failed and surely reached nobody is tried again, with the same ids."
    ),
    "copy": "A new draft has the same text, filter and hours.",
    "test": "The text goes to one number, and to nobody else.",
}
MEANINGS = {
    policy.END: "not sent before the end",
    policy.HOURS: "the client's hours open after the end",
    policy.AWAY: "the gateway did not answer as it should up to the end",
    policy.LOST: "the sender died while it was under way",
    "connect": "no connection to the gateway",
    "timeout": "no answer in time",
    "cut": "the connection broke before the answer",
    "garbage": "an answer that is none of the gateway's contract",
    "http_400": "the gateway says that the request is wrong",
    "http_401": "the gateway does not accept the token",
    "http_429": "too many at once for the gateway",
    "http_500": "the gateway has an error",
    "http_503": "the gateway is busy",
}


def bar(mailing: Mailing) -> SafeString:
    """Draw how far a mailing is; its counter is loaded."""
    counter = mailing.counter
    ended = counter.total - counter.waiting
    return format_html(
        '<span class="flex items-center gap-2 whitespace-nowrap">'
        '<progress data-mailing="{}" max="{}" value="{}"></progress>'
        '<span data-mailing-numbers="{}">{}</span></span>',
        mailing.pk,
        counter.total or 1,
        ended,
        mailing.pk,
        numbers(ended, counter.total),
    )


def numbers(ended: int, total: int) -> str:
    """Say how far it is in words."""
    return f"{ended} / {total}" if total else "not begun"


def rendered(mailing: Mailing, *, now: datetime) -> str:
    """Render the panel; its counter is loaded."""
    rate = counting.rates([mailing.pk], now=now).get(mailing.pk, 0.0)
    found = progress.progress(mailing, rate=rate, obstacle=progress.obstacle())
    is_before = mailing.status in {MailingStatus.DRAFT, MailingStatus.SCHEDULED}
    context = {
        "mailing": mailing,
        "found": found,
        "ended": found["total"] - found["waiting"],
        "figures": _figures(mailing, found, now=now),
        "preview": selectors.preview(mailing, now=now) if is_before else None,
        "errors": _errors(mailing),
        "chart": chart(mailing),
        "acts": _acts(mailing),
    }
    return render_to_string("admin/mailings/panel.html", context)


def _figures(
    mailing: Mailing, found: Progress, *, now: datetime
) -> list[tuple[str, str, str]]:
    """List what is shown: its name, the figure, and where its messages are."""
    counts = selectors.counts(mailing)
    figures = [("Sent", f"{counts['sent']:,} of {counts['total']:,}", _of(mailing))]
    for status, count in counts.items():
        if status in SHOWN or (status == "cancelled" and count):
            link = _of(mailing, status) if count else ""
            figures.append((status.capitalize(), f"{count:,}", link))
    if found["waiting"]:
        later = _kept("hours", mailing, partial(selectors.waiting_for_hours, now=now))
        figures.append(("Waiting", f"{found['waiting']:,}", ""))
        figures.append(("Waiting for their morning", f"{later:,}", ""))
    if mailing.status == MailingStatus.RUNNING:
        left = _duration(found["eta_seconds"])
        figures.append(("Messages a second", f"{found['rate']:g}", ""))
        figures.append(("Time left", left or "not known", ""))
    return figures


def _of(mailing: Mailing, status: str = "") -> str:
    page = reverse("admin:mailings_message_changelist")
    only = f"&sending_status__exact={status}" if status else ""
    return f"{page}?mailing__id__exact={mailing.pk}{only}"


def _errors(mailing: Mailing) -> list[tuple[str, str, int]]:
    """Say what was wrong most often: its code, what that means, how often."""
    return [
        (code, meaning(code), count)
        for code, count in _kept("errors", mailing, selectors.frequent_errors)
    ]


def meaning(code: str) -> str:
    """Say an error's code for people."""
    is_theirs = code.removeprefix("-").isdecimal()
    return "refused, in the gateway's own code" if is_theirs else MEANINGS.get(code, "")


def _kept(what: str, mailing: Mailing, counted: Callable[[Mailing], T]) -> T:
    """Count, or say what was counted a moment ago: pages ask every second."""
    seconds = LARGE_SECONDS if mailing.counter.total > LARGE else 0
    key = f"mailing-{mailing.pk}-{what}"
    return cast("T", cache.get_or_set(key, lambda: counted(mailing), seconds))


def _acts(mailing: Mailing) -> list[tuple[str, str, bool]]:
    """List what can be done: its name, its page, whether it is the next thing to do."""
    names = (*ACTS[MailingStatus(mailing.status)], *ALWAYS)
    has_failed = mailing.counter.failed > 0
    return [
        (
            named(name),
            reverse("admin:mailings_mailing_act", args=[mailing.pk, name]),
            name in NEXT,
        )
        for name in names
        if name != "resend_failed" or has_failed
    ]


def named(act: str) -> str:
    """Say an act for people."""
    return "Send a test" if act == "test" else act.replace("_", " ").capitalize()


def says(act: str) -> str:
    """Say what an act does."""
    return MEANT[act]


def _duration(seconds: int | None) -> str:
    if seconds is None:
        return ""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}"


def chart(mailing: Mailing) -> dict[str, Any]:
    """Lay out stacked bars of what ended over time."""
    bars = selectors.over_time(mailing)
    sums = [sum(int(str(bar[name])) for name in KINDS) for bar in bars]
    highest = max(sums, default=0) or 1
    drawn = []
    for place, each in enumerate(bars):
        top = float(CHART_HEIGHT)
        for name in KINDS:
            count = int(str(each[name]))
            if not count:
                continue
            height = round(count / highest * CHART_HEIGHT, 1)
            top = round(top - height, 1)
            drawn.append(
                {
                    "x": place * BAR_WIDTH,
                    "y": top,
                    "height": height,
                    "kind": name,
                    "label": f"{each['at']:%H:%M:%S}: {count} {name}",
                }
            )
    return {
        "bars": drawn,
        "highest": highest,
        "width": max(LEAST_BARS, len(bars)) * BAR_WIDTH,
        "height": CHART_HEIGHT,
        "bar_width": BAR_WIDTH - 2,
        "kinds": KINDS,
        "begins": bars[0]["at"] if bars else None,
        "ends": bars[-1]["at"] if bars else None,
    }
