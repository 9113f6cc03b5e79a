"""A mailing's bar and its panel of numbers, as the administration shows them."""

from datetime import datetime
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.mailings import counting, policy, progress, selectors
from apps.mailings.models import Mailing, MailingStatus

CHART_HEIGHT = 90
BAR_WIDTH = 12
SHADES = (("sent", "1"), ("failed", "0.6"), ("other", "0.25"))
ACTS = {
    MailingStatus.DRAFT: ("start", "cancel"),
    MailingStatus.SCHEDULED: ("start", "pause", "cancel"),
    MailingStatus.RUNNING: ("pause", "cancel", "resend_failed"),
    MailingStatus.PAUSED: ("resume", "cancel", "resend_failed"),
    MailingStatus.DONE: ("resend_failed",),
    MailingStatus.CANCELLED: (),
}
ALWAYS = ("copy", "test")
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
    morning = selectors.waiting_for_hours(mailing, now=now)
    context = {
        "mailing": mailing,
        "found": found,
        "ended": found["total"] - found["waiting"],
        "morning": morning,
        "time_left": _duration(found["eta_seconds"]),
        "preview": selectors.preview(mailing, now=now) if is_before else None,
        "errors": _errors(mailing),
        "chart": chart(mailing),
        "acts": _acts(mailing),
    }
    return render_to_string("admin/mailings/panel.html", context)


def _errors(mailing: Mailing) -> list[tuple[str, str, int]]:
    """Say what was wrong most often: its code, what that means, how often."""
    return [
        (code, MEANINGS.get(code, ""), count)
        for code, count in selectors.frequent_errors(mailing)
    ]


def _acts(mailing: Mailing) -> list[tuple[str, str]]:
    names = (*ACTS[MailingStatus(mailing.status)], *ALWAYS)
    return [
        (named(name), reverse("admin:mailings_mailing_act", args=[mailing.pk, name]))
        for name in names
    ]


def named(act: str) -> str:
    """Say an act for people."""
    return "Send a test" if act == "test" else act.replace("_", " ").capitalize()


def _duration(seconds: int | None) -> str:
    if seconds is None:
        return ""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}"


def chart(mailing: Mailing) -> dict[str, Any]:
    """Lay out stacked bars of what ended over time."""
    bars = selectors.over_time(mailing)
    sums = [sum(int(str(bar[name])) for name, _ in SHADES) for bar in bars]
    highest = max(sums, default=0) or 1
    drawn = []
    for place, each in enumerate(bars):
        top = float(CHART_HEIGHT)
        for name, strength in SHADES:
            count = int(str(each[name]))
            height = round(count / highest * CHART_HEIGHT, 1)
            top = round(top - height, 1)
            drawn.append(
                {
                    "x": place * BAR_WIDTH,
                    "y": top,
                    "height": height,
                    "strength": strength,
                    "label": f"{each['at']:%H:%M:%S}: {count} {name}",
                }
            )
    return {
        "bars": drawn,
        "width": max(1, len(bars)) * BAR_WIDTH,
        "height": CHART_HEIGHT,
        "bar_width": BAR_WIDTH - 2,
        "shades": SHADES,
    }
