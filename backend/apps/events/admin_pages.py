"""The administration's page on which an event is previewed and tried out."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from unfold.admin import ModelAdmin

from apps.accounts.models import User
from apps.delivery import sms_text
from apps.events import selectors, sends, services
from apps.events.forms import PreviewForm
from apps.events.models import Event
from apps.events.recipients import Part
from apps.events.sends import SendError
from apps.events.services import Preview


def preview(model: ModelAdmin, request: HttpRequest, event_id: int) -> HttpResponse:
    """Show what the templates become; on request send it to who looks at it."""
    if not model.has_view_permission(request):
        raise PermissionDenied
    event = selectors.events(None).filter(pk=event_id).first()
    if event is None:
        raise Http404
    given = request.POST if request.method == "POST" else None
    form = PreviewForm(given, initial={"metadata": event.sample})
    found = []
    if form.is_valid():
        data, language = form.cleaned_data["metadata"], form.cleaned_data["language"]
        if "send" in request.POST:
            _send_to_oneself(request, event, data=data, channel=request.POST["send"])
            return HttpResponseRedirect(request.path)
        found = services.preview(event, data=data, language=language)
    elif given is None:
        found = services.preview(event)
    context = {
        **model.admin_site.each_context(request),
        "title": f"Preview of {event.name}",
        "opts": model.model._meta,
        "event": event,
        "form": form,
        "previews": [_shown(each) for each in found],
    }
    return TemplateResponse(request, "admin/events/event/preview.html", context)


def _send_to_oneself(
    request: HttpRequest,
    event: Event,
    *,
    data: dict[str, Any],
    channel: str,
) -> None:
    assert isinstance(request.user, User)  # noqa: S101  (narrows the type)
    part = Part(channel=channel, user_ids=[request.user.pk], metadata=data)
    try:
        sends.send(event, [part], source=f"user:{request.user.pk}")
    except SendError as error:
        messages.error(request, f"Not sent: {error.told()}")
        return
    messages.success(request, f"Queued for you by {channel}.")


def _shown(preview: Preview) -> dict[str, Any]:
    made = preview.rendered
    is_sms = preview.template.channel == "sms" and made.text
    return {
        "template": preview.template,
        "made": made,
        "missing": ", ".join(made.missing),
        "length": sms_text.length(made.text) if is_sms else None,
        "segments": sms_text.segments(made.text) if is_sms else None,
    }
