"""Clients over HTTP: written, listed, taken in from a file and given out as one."""

import csv
import io
from collections.abc import AsyncIterator, Iterator
from http import HTTPStatus
from typing import Any

from asgiref.sync import sync_to_async
from django.http import Http404, StreamingHttpResponse
from drf_yasg import openapi
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.callers import caller_name
from apps.common import clock, idempotency
from apps.common.errors import TooLarge
from apps.common.openapi import PERSON, SERVICE, described, errors
from apps.mailings import audit, clients, descriptions, imports, pages, selectors
from apps.mailings.csv_files import COLUMNS, safe_cell
from apps.mailings.filters import ClientFilter, ReportFilter
from apps.mailings.models import Client, ClientImport, ImportRow
from apps.mailings.permissions import MayRunMailings, author_of
from apps.mailings.serializers import (
    ClientBody,
    ClientPage,
    ClientRow,
    ImportBody,
    ImportReport,
    ReportRow,
)
from apps.notifications.descriptions import IDEMPOTENCY_KEY

TAGS = ["Clients"]
PERSON_OR_SERVICE = PERSON + SERVICE
ROWS_AT_ONCE = 1000
_ONE: dict[int, Any] = {200: ClientBody, **errors(400, 401, 403, 404, 413)}


class ClientsView(APIView):
    """All clients."""

    permission_classes = [MayRunMailings]

    @described(
        summary="List clients",
        description="Newest first, with masked numbers; the filters combine.",
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=descriptions.CLIENTS,
        responses={200: ClientPage, **errors(400, 401, 403, 404)},
    )
    def get(self, request: Request) -> Response:
        """List."""
        rows = pages.filtered(ClientFilter, request, selectors.clients())
        return pages.listed(request, rows.order_by("-id"), shown=ClientRow)

    @described(
        summary="Add a client",
        description="The operator code is taken from the number.",
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=[IDEMPOTENCY_KEY],
        request_body=ClientBody,
        responses={201: ClientBody, **errors(400, 401, 403, 409, 413, 422)},
    )
    def post(self, request: Request) -> Response:
        """Add."""
        return idempotency.once(
            request,
            caller=caller_name(request),
            effect=lambda: Response(_created(request), status=HTTPStatus.CREATED),
        )


class ClientView(APIView):
    """One client."""

    permission_classes = [MayRunMailings]

    @described(
        summary="Show a client",
        description="With the whole number.",
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=[descriptions.CLIENT_ID],
        responses={200: ClientBody, **errors(401, 403, 404)},
    )
    def get(self, request: Request, client_id: int) -> Response:
        """Show."""
        with pages.refusing():
            return Response(ClientBody(selectors.clients().get(pk=client_id)).data)

    @described(
        summary="Change a client",
        description="What is left out stays; mailings that run keep what they have.",
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=[descriptions.CLIENT_ID],
        request_body=ClientBody(partial=True),
        responses=_ONE,
    )
    def put(self, request: Request, client_id: int) -> Response:
        """Change."""
        return Response(_updated(request, client_id))

    @described(
        summary="Change a part of a client",
        description="The same as PUT.",
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=[descriptions.CLIENT_ID],
        request_body=ClientBody(partial=True),
        responses=_ONE,
    )
    def patch(self, request: Request, client_id: int) -> Response:
        """Change."""
        return Response(_updated(request, client_id))

    @described(
        summary="Delete a client",
        description="Cancels what is not sent to it and frees the number.",
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=[descriptions.CLIENT_ID],
        responses={204: "Deleted.", **errors(401, 403, 404)},
    )
    def delete(self, request: Request, client_id: int) -> Response:
        """Delete."""
        with pages.refusing():
            clients.delete(client_id, by=author_of(request))
        return Response(status=HTTPStatus.NO_CONTENT)


class ImportView(APIView):
    """Files with clients."""

    permission_classes = [MayRunMailings]
    parser_classes = [MultiPartParser]

    @described(
        summary="Import clients from a file",
        description=(
            "CSV in UTF-8 with the columns phone_number, tag and timezone, at most "
            "20 MiB. A worker checks every line first and writes only if all are "
            "right, or with `skip_invalid=true` those that are; a known number is "
            "updated. `GET /api/clients/imports/{id}/` has the report."
        ),
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=[descriptions.FILE, descriptions.SKIP_INVALID],
        responses={202: ImportBody, **errors(400, 401, 403, 413)},
    )
    def post(self, request: Request) -> Response:
        """Take it in."""
        file = request.FILES.get("file")
        if file is None:
            raise ValidationError({"file": ["Send a file in the field `file`."]})
        skips = request.POST.get("skip_invalid", "").lower() in {"1", "true"}
        try:
            row = imports.begin(
                file.chunks(imports.PART_BYTES),
                by=author_of(request),
                skip_invalid=skips,
            )
        except imports.FileTooLargeError as error:
            raise TooLarge from error
        return Response(ImportBody(row).data, status=HTTPStatus.ACCEPTED)


class ImportReportView(APIView):
    """What became of a file."""

    permission_classes = [MayRunMailings]

    @described(
        summary="Show an import",
        description="Where it stands, and a page of its report, a row per line.",
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=[descriptions.IMPORT_ID, *descriptions.REPORT],
        responses={200: ImportReport, **errors(400, 401, 403, 404)},
    )
    def get(self, request: Request, import_id: int) -> Response:
        """Show."""
        row = ClientImport.objects.filter(pk=import_id).first()
        if row is None:
            raise Http404
        report = ImportRow.objects.filter(client_import=row).order_by("line")
        rows = pages.filtered(ReportFilter, request, report)
        paged = pages.listed(request, rows, shown=ReportRow).data
        return Response({**ImportBody(row).data, "report": paged})


class ExportView(APIView):
    """All clients as a file."""

    permission_classes = [MayRunMailings]
    writes_always = True

    @described(
        summary="Export clients",
        description="CSV with whole numbers; the filters of the list apply. Is logged.",
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=descriptions.CLIENT_FILTERS,
        responses={
            200: openapi.Response("A CSV file.", openapi.Schema(type="string")),
            **errors(400, 401, 403),
        },
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """Give it out."""
        rows = pages.filtered(ClientFilter, request, selectors.clients())
        audit.log("export", by=author_of(request), now=clock.now())
        return exported(rows)


def exported(rows: Any) -> StreamingHttpResponse:
    """Answer with clients as a file, a thousand at a time."""
    answer = StreamingHttpResponse(
        _pieces(rows.order_by("id")),
        content_type="text/csv; charset=utf-8",
    )
    answer["Content-Disposition"] = 'attachment; filename="clients.csv"'
    return answer


async def _pieces(rows: Any) -> AsyncIterator[str]:
    yield ",".join(COLUMNS) + "\r\n"
    last = 0
    while True:
        chunk = await sync_to_async(_chunk)(rows, last)
        if not chunk:
            return
        last = chunk[-1].pk
        yield "".join(_lines(chunk))


def _chunk(rows: Any, last: int) -> list[Client]:
    return list(rows.filter(pk__gt=last)[:ROWS_AT_ONCE])


def _lines(chunk: list[Client]) -> Iterator[str]:
    text = io.StringIO()
    writer = csv.writer(text)
    for row in chunk:
        writer.writerow([row.phone_number, safe_cell(row.tag), safe_cell(row.timezone)])
    yield text.getvalue()


def _created(request: Request) -> Any:
    body = ClientBody(data=request.data)
    body.is_valid(raise_exception=True)
    with pages.refusing():
        return ClientBody(clients.create(body.validated_data)).data


def _updated(request: Request, client_id: int) -> Any:
    body = ClientBody(data=request.data, partial=True)
    with pages.refusing():
        selectors.clients().get(pk=client_id)
        body.is_valid(raise_exception=True)
        return ClientBody(clients.update(client_id, body.validated_data)).data
