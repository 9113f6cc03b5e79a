"""The administration's pages beside lists and forms: acts, files, and what moves."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
)
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.admin import ModelAdmin

from apps.common import clock
from apps.mailings import audit, imports, panel, policy, selectors, services, trying
from apps.mailings.audit import Author
from apps.mailings.client_views import exported
from apps.mailings.forms import ConfirmForm, ImportForm, TestForm
from apps.mailings.models import ClientImport, ImportRow, Mailing, RowResult
from apps.mailings.policy import StateError

BARS = 100
REPORT_ROWS = 200
ACTS: dict[str, Callable[..., Any]] = {
    "start": services.start,
    "pause": services.pause,
    "resume": services.resume,
    "cancel": services.cancel,
    "resend_failed": services.resend_failed,
    "copy": services.copy,
}


def _require(model: ModelAdmin, request: HttpRequest) -> None:
    if not model.has_view_permission(request):
        raise PermissionDenied


def _mailing(mailing_id: int) -> Mailing:
    found = selectors.mailings().filter(pk=mailing_id).first()
    if found is None:
        raise Http404
    return found


def bars(model: ModelAdmin, request: HttpRequest) -> HttpResponse:
    """Answer with how far the mailings of a list are."""
    _require(model, request)
    texts = request.GET.get("ids", "").split(",")[:BARS]
    ids = [int(text) for text in texts if text.isascii() and text.isdecimal()]
    rows = selectors.mailings().filter(pk__in=[each for each in ids if each < 2**63])
    return JsonResponse(
        {
            "mailings": [
                {
                    "id": row.pk,
                    "status": row.status,
                    "total": row.counter.total or 1,
                    "ended": row.counter.total - row.counter.waiting,
                    "numbers": panel.numbers(
                        row.counter.total - row.counter.waiting, row.counter.total
                    ),
                }
                for row in rows
            ]
        }
    )


def panel_page(
    model: ModelAdmin, request: HttpRequest, mailing_id: int
) -> HttpResponse:
    """Answer with a mailing's panel as it is now."""
    _require(model, request)
    return HttpResponse(panel.rendered(_mailing(mailing_id), now=clock.now()))


@dataclass(frozen=True)
class Act:
    """The page that asks before something is done with a mailing, and does it."""

    model: ModelAdmin
    request: HttpRequest
    mailing_id: int
    name: str

    def answer(self, *, by: Author) -> HttpResponse:
        """Ask, or do it."""
        _require(self.model, self.request)
        if self.name not in {*ACTS, "test"}:
            raise Http404
        mailing = _mailing(self.mailing_id)
        preview = selectors.preview(mailing, now=clock.now())
        form = self._form(preview["clients"], is_everyone=self._is_everyone(mailing))
        if self.request.method == "POST" and (form is None or form.is_valid()):
            return self._done(mailing, form, by=by)
        context = {
            **self.model.admin_site.each_context(self.request),
            "title": f"{panel.named(self.name)}: mailing {mailing.pk}",
            "verb": panel.named(self.name),
            "says": panel.says(self.name),
            "opts": self.model.model._meta,
            "mailing": mailing,
            "act": self.name,
            "preview": preview,
            "is_everyone": self._is_everyone(mailing),
            "confirm_above": policy.CONFIRM_ABOVE,
            "form": form,
        }
        return TemplateResponse(self.request, "admin/mailings/act.html", context)

    @staticmethod
    def _is_everyone(mailing: Mailing) -> bool:
        return not mailing.tag and not mailing.mobile_operator_code

    def _form(
        self, recipients: int, *, is_everyone: bool
    ) -> ConfirmForm | TestForm | None:
        data = self.request.POST if self.request.method == "POST" else None
        if self.name == "test":
            return TestForm(data)
        is_big = recipients > policy.CONFIRM_ABOVE or is_everyone
        if self.name == "start" and is_big:
            return ConfirmForm(data, expected=recipients)
        return None

    def _done(
        self, mailing: Mailing, form: ConfirmForm | TestForm | None, *, by: Author
    ) -> HttpResponse:
        try:
            if isinstance(form, TestForm):
                number = form.cleaned_data["phone_number"]
                trying.send_test(mailing, number, by=by)
                said = f"A test is on its way to {policy.masked(number)}."
            else:
                result = ACTS[self.name](mailing.pk, by=by)
                said = self._said(result)
                mailing = result if self.name == "copy" else mailing
            messages.success(self.request, said)
        except StateError as error:
            messages.error(self.request, str(error))
        page = reverse("admin:mailings_mailing_change", args=[mailing.pk])
        return HttpResponseRedirect(page)

    def _said(self, result: Any) -> str:
        if self.name == "resend_failed":
            return f"{result} messages are tried again."
        if self.name == "copy":
            return f"This copy, mailing {result.pk}, is a draft."
        return f"The mailing is {result.status}."


def import_file(model: ModelAdmin, request: HttpRequest, *, by: Author) -> HttpResponse:
    """Take in a file, and lead to its report."""
    _require(model, request)
    form = ImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        skips = form.cleaned_data["skip_invalid"]
        try:
            row = imports.begin(
                file.chunks(imports.PART_BYTES), by=by, skip_invalid=skips
            )
        except imports.FileTooLargeError:
            form.add_error("file", "At most 20 MiB.")
        else:
            page = reverse("admin:mailings_client_report", args=[row.pk])
            return HttpResponseRedirect(page)
    context = {
        **model.admin_site.each_context(request),
        "title": "Import clients",
        "opts": model.model._meta,
        "form": form,
    }
    return TemplateResponse(request, "admin/mailings/import.html", context)


def report(model: ModelAdmin, request: HttpRequest, import_id: int) -> HttpResponse:
    """Show what became of a file: what is wrong first."""
    _require(model, request)
    row = ClientImport.objects.filter(pk=import_id).first()
    if row is None:
        raise Http404
    lines = ImportRow.objects.filter(client_import=row)
    wrong = list(lines.filter(result=RowResult.INVALID)[:REPORT_ROWS])
    context = {
        **model.admin_site.each_context(request),
        "title": f"Import {row.pk}: {row.status}",
        "opts": model.model._meta,
        "row": row,
        "lines": wrong or list(lines[:REPORT_ROWS]),
        "is_open": row.finished_at is None,
    }
    return TemplateResponse(request, "admin/mailings/report.html", context)


def export(model: ModelAdmin, request: HttpRequest, *, by: Author) -> HttpResponseBase:
    """Give out all clients."""
    _require(model, request)
    audit.log("export", by=by, now=clock.now())
    return exported(selectors.clients())
