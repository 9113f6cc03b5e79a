"""The page that shows what arrived, for staff."""

from django.contrib import admin
from django.contrib.admin.views.decorators import staff_member_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET, require_POST

from apps.sandbox.store import MANNERS, Kind, Manner, store

SHOWN = 100
LABELS = {Kind.SMS: "SMS gateway", Kind.EMAIL: "Mail"}


@require_GET
@staff_member_required
def page(request: HttpRequest) -> HttpResponse:
    """Show what arrived last, and the switches."""
    context = {
        **admin.site.each_context(request),
        "title": "Sandbox",
        "switches": [
            {
                "kind": kind.value,
                "label": LABELS[kind],
                "manners": [
                    {"value": each.value, "says": says, "is_on": each is current}
                    for each, says in MANNERS.items()
                ],
            }
            for kind in Kind
            for current in [store.manner(kind)]
        ],
        **_arrivals(),
    }
    return TemplateResponse(request, "sandbox/page.html", context)


@require_GET
@staff_member_required
def arrivals(request: HttpRequest) -> HttpResponse:
    """Give the part of the page that changes by itself."""
    return TemplateResponse(request, "sandbox/arrivals.html", _arrivals())


@require_POST
@staff_member_required
def switch(request: HttpRequest) -> HttpResponse:
    """Answer in another manner from now on."""
    kind, manner = request.POST.get("kind"), request.POST.get("manner")
    if kind in set(Kind) and manner in set(Manner):
        store.turn(Kind(kind), Manner(manner))
    return redirect("sandbox")


@require_POST
@staff_member_required
def clear(request: HttpRequest) -> HttpResponse:
    """Forget what arrived."""
    store.clear()
    return redirect("sandbox")


def _arrivals() -> dict[str, object]:
    return {"arrivals": store.newest(SHOWN), "count": store.count(), "shown": SHOWN}
