"""Clients, mailings and messages over HTTP."""

from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from apps.accounts import service_keys
from apps.common import clock
from apps.mailings import chunks, imports
from apps.mailings.models import (
    AuditEntry,
    Client,
    ClientImport,
    Mailing,
    Message,
    SendingStatus,
)
from apps.mailings.tests.builders import (
    HOUR,
    FakeGateway,
    a_client,
    a_mailing,
    an_operator,
    written,
)

pytestmark = pytest.mark.django_db
Send = Callable[..., bool]
PAGE = ("count", "next", "previous")


@pytest.fixture
def api() -> APIClient:
    """Return an operator's client."""
    client = APIClient()
    client.force_authenticate(an_operator("olga"))
    return client


def a_service(*scopes: str) -> APIClient:
    """Return the client of a service with these scopes."""
    made = service_keys.create_service_key("shop", scopes=scopes, now=clock.now())
    client = APIClient()
    client.credentials(
        HTTP_X_SERVICE_ID=made.key.service_id, HTTP_X_SERVICE_TOKEN=made.secret
    )
    return client


def body(**given: Any) -> dict[str, Any]:
    """Describe a mailing for an hour from now on, as JSON."""
    end = clock.now() + HOUR
    return {"text": "Hello", "date_end": end.isoformat(), **given}


def test_b10_clients_are_written_read_changed_and_deleted(api: APIClient) -> None:
    made = api.post(
        "/api/clients/",
        {"phone_number": "79261234567", "tag": "vip", "timezone": "Europe/Moscow"},
        format="json",
    )
    path = f"/api/clients/{made.data['id']}/"

    changed = api.patch(path, {"tag": "new"}, format="json")
    replaced = api.put(path, {"timezone": "UTC"}, format="json")
    listed = api.get("/api/clients/?tag=new")
    deleted = api.delete(path)

    assert (made.status_code, made.data["mobile_operator_code"]) == (201, "926")
    assert changed.data["tag"] == "new"
    assert replaced.data["timezone"] == "UTC"
    assert listed.data["results"][0]["phone_number"] == "7926***4567"
    assert deleted.status_code == 204
    assert api.get(path).status_code == 404


def test_b10_mailings_are_written_read_changed_and_deleted(api: APIClient) -> None:
    made = api.post("/api/mailings/", body(status="draft", tag="a"), format="json")
    path = f"/api/mailings/{made.data['id']}/"

    changed = api.patch(path, {"tag": "b", "text": "Other"}, format="json")
    replaced = api.put(path, body(mobile_operator_code="926"), format="json")
    listed = api.get("/api/mailings/?status=draft")
    deleted = api.delete(path)

    assert (changed.data["tag"], changed.data["text"]) == ("b", "Other")
    assert replaced.data["mobile_operator_code"] == "926"
    assert {"count", "next", "previous", "results"} == set(listed.data)
    assert [each["id"] for each in listed.data["results"]] == [made.data["id"]]
    assert deleted.status_code == 204
    assert api.get(path).status_code == 404


def test_b10_messages_are_listed_and_shown_and_no_more(api: APIClient) -> None:
    a_client()
    (message,) = written(a_mailing())
    path = f"/api/messages/{message.pk}/"

    assert api.get("/api/messages/").data["count"] == 1
    assert api.get(path).data["id"] == message.pk
    calls = (api.put, api.patch, api.delete, api.post)
    assert {call(path, {}, format="json").status_code for call in calls} == {405}
    assert api.post("/api/messages/", {}, format="json").status_code == 405


def test_b01_the_operator_code_is_not_written(api: APIClient) -> None:
    given = {"phone_number": "79261234567", "mobile_operator_code": "900"}

    api.post("/api/clients/", given, format="json")

    codes = set(Client.objects.values_list("mobile_operator_code", flat=True))
    assert codes <= {"926"}


def test_b01_a_clients_own_page_shows_the_whole_number(api: APIClient) -> None:
    client = a_client()

    found = api.get(f"/api/clients/{client.pk}/").data

    assert found["phone_number"] == client.phone_number


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"phone_number": "89261234567"}, "phone_number"),
        ({"phone_number": 79261234567}, "phone_number"),
        ({"phone_number": "79261234567", "timezone": "UTC+3"}, "timezone"),
        ({"phone_number": "79261234567", "tag": "a\u0007"}, "tag"),
        ({}, "phone_number"),
    ],
)
def test_b01_a_wrong_client_is_400_naming_the_field(
    api: APIClient, given: dict[str, Any], field: str
) -> None:
    answer = api.post("/api/clients/", given, format="json")

    assert answer.status_code == 400
    assert field in answer.data


def test_b02_a_mailing_is_written_and_runs(api: APIClient) -> None:
    made = api.post(
        "/api/mailings/",
        body(tag="vip", time_start="09:00", time_end="18:00"),
        format="json",
    )

    assert made.status_code == 201
    assert made.data["status"] == "running"
    assert (made.data["time_start"], made.data["time_end"]) == ("09:00:00", "18:00:00")
    assert made.data["created_by"] is not None


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"date_end": "2030-01-01T00:00:00"}, "date_end"),
        ({"date_end": "2000-01-01T00:00:00Z"}, "date_end"),
        ({"text": ""}, "text"),
        ({"mobile_operator_code": "9000"}, "mobile_operator_code"),
        ({"time_start": "09:00"}, "time_end"),
        ({"time_start": "25:00", "time_end": "09:00"}, "time_start"),
        ({"status": "done!"}, "status"),
        ({"filter": "vip"}, "filter"),
    ],
)
def test_b02_a_wrong_mailing_is_400_naming_the_field(
    api: APIClient, given: dict[str, Any], field: str
) -> None:
    answer = api.post("/api/mailings/", body(**given), format="json")

    assert answer.status_code == 400
    assert field in answer.data


def test_b02_a_draft_starts_when_it_is_told_to(api: APIClient) -> None:
    made = api.post("/api/mailings/", body(status="draft"), format="json")
    path = f"/api/mailings/{made.data['id']}/"

    started = api.post(f"{path}start/")

    assert made.data["status"] == "draft"
    assert started.data["status"] == "running"


def test_b03_a_message_is_shown_with_its_tries(api: APIClient, send: Send) -> None:
    a_client()
    written(a_mailing())
    send(FakeGateway())

    (row,) = api.get("/api/messages/?sending_status=sent").data["results"]
    found = api.get(f"/api/messages/{row['id']}/").data

    assert set(row) == {
        *("id", "mailing", "client", "phone_number", "time_create", "sending_status"),
        *("attempts", "time_sent", "last_error", "next_attempt_at"),
    }
    assert "***" in row["phone_number"]
    assert [each["outcome"] for each in found["tries"]] == ["sent"]


def test_b11_fullinfo_shows_all_numbers_in_three_queries(
    api: APIClient, django_assert_max_num_queries: Any, send: Send
) -> None:
    for _ in range(3):
        a_client()
    for _ in range(4):
        written(a_mailing())
    send(FakeGateway())

    with django_assert_max_num_queries(1 + 3):  # one asks who is calling
        found = api.get("/api/mailings/fullinfo/?page_size=2").data

    assert set(found) == {"mailings", "counts", "results", *PAGE}
    assert {"id", "status", "text", "counts"} <= set(found["results"][0])
    assert found["mailings"] == found["count"] == 4
    assert found["counts"] == {
        "total": 12,
        "sent": 12,
        "failed": 0,
        "waiting": 0,
        "expired": 0,
        "unknown": 0,
        "cancelled": 0,
    }
    assert len(found["results"]) == 2
    assert found["results"][0]["counts"]["sent"] == 3
    assert found["next"]


def test_b11_info_shows_a_mailing_and_its_messages(
    api: APIClient, django_assert_max_num_queries: Any
) -> None:
    for _ in range(30):
        a_client()
    mailing = a_mailing()
    written(mailing)

    with django_assert_max_num_queries(1 + 3):
        found = api.get(f"/api/mailings/{mailing.pk}/info/").data

    with CaptureQueriesContext(connection) as asked:
        api.get(f"/api/mailings/{mailing.pk}/info/?page=2")
    assert "LIMIT" in asked.captured_queries[-1]["sql"]
    assert set(found) == {"mailing", "counts", "messages"}
    assert set(found["messages"]) == {"results", *PAGE}
    assert found["mailing"]["id"] == mailing.pk
    assert found["counts"]["waiting"] == 30
    assert found["messages"]["count"] == 30
    assert len(found["messages"]["results"]) == 25
    only = api.get(f"/api/mailings/{mailing.pk}/info/?sending_status=sent").data
    assert only["messages"]["count"] == 0
    with django_assert_max_num_queries(1 + 3):
        planned = api.get(f"/api/mailings/{mailing.pk}/info/?sending_status=planned")
    assert planned.data["messages"]["count"] == 30
    last = api.get(f"/api/mailings/{mailing.pk}/info/?page=2").data["messages"]
    shown = [row["id"] for page in (found["messages"], last) for row in page["results"]]
    ids = mailing.messages.order_by("-id").values_list("pk", flat=True)
    assert shown == list(ids)


def test_b11_info_of_an_unknown_mailing_is_404(api: APIClient) -> None:
    assert api.get("/api/mailings/424242/info/").status_code == 404


def test_b26_a_change_of_text_after_the_start_is_409_that_says_so(
    api: APIClient,
) -> None:
    mailing = a_mailing()
    path = f"/api/mailings/{mailing.pk}/"

    refused = api.patch(path, {"text": "Other"}, format="json")
    same = api.put(path, {"text": "Hello", "tag": ""}, format="json")

    assert refused.status_code == 409
    assert "has started" in refused.data["detail"]
    assert same.status_code == 200


def test_b26_the_acts_change_the_status(api: APIClient) -> None:
    path = f"/api/mailings/{a_mailing().pk}/"

    statuses = [
        api.post(f"{path}{act}/").data["status"]
        for act in ("pause", "resume", "cancel")
    ]
    again = api.post(f"{path}resume/")
    copy = api.post(f"{path}copy/")

    assert statuses == ["paused", "running", "cancelled"]
    assert again.status_code == 409
    assert (copy.status_code, copy.data["status"]) == (201, "draft")


def test_b26_resend_failed_says_how_many(api: APIClient) -> None:
    a_client()
    mailing = a_mailing()
    (message,) = written(mailing)
    Message.objects.filter(pk=message.pk).update(sending_status=SendingStatus.FAILED)

    answer = api.post(f"/api/mailings/{mailing.pk}/resend_failed/")

    assert answer.data["resent"] == 1


def test_b26_deleting_a_mailing_cancels_it(api: APIClient) -> None:
    a_client()
    mailing = a_mailing()
    written(mailing)

    answer = api.delete(f"/api/mailings/{mailing.pk}/")
    chunks.withdraw_some(mailing.pk, now=clock.now())

    assert answer.status_code == 204
    assert api.get(f"/api/mailings/{mailing.pk}/").status_code == 404
    assert Message.objects.get().sending_status == SendingStatus.CANCELLED


def test_the_preview_says_what_would_be_sent(api: APIClient) -> None:
    a_client()
    mailing = a_mailing(status="draft")

    found = api.get(f"/api/mailings/{mailing.pk}/preview/").data

    assert (found["clients"], found["segments"]) == (1, 1)
    assert found["openings"][0]["timezone"] == "UTC"


def test_a_service_writes_to_everyone_only_with_a_scope_for_it() -> None:
    some = a_service("mailings:write")
    everyone = a_service("mailings:write", "mailings:all")

    refused = some.post("/api/mailings/", body(), format="json")
    part = some.post("/api/mailings/", body(tag="vip"), format="json")
    widened = some.patch(
        f"/api/mailings/{part.data['id']}/", {"tag": ""}, format="json"
    )
    allowed = everyone.post("/api/mailings/", body(), format="json")

    assert refused.status_code == widened.status_code == 403
    assert "mailings:all" in refused.data["detail"]
    assert part.status_code == allowed.status_code == 201
    assert Mailing.objects.get(pk=part.data["id"]).source.startswith("service:")


def test_a_mailing_is_written_once_for_one_key(api: APIClient) -> None:
    given = body(tag="vip")

    answers = [
        api.post("/api/mailings/", given, format="json", HTTP_IDEMPOTENCY_KEY="k1")
        for _ in range(2)
    ]

    assert Mailing.objects.count() == 1
    assert answers[0].data["id"] == answers[1].data["id"]


def uploaded(api: APIClient, text: str | bytes, **more: Any) -> Any:
    """Send a file and let a worker come by."""
    data = text.encode() if isinstance(text, str) else text
    file = SimpleUploadedFile("clients.csv", data, content_type="text/csv")
    answer = api.post(
        "/api/clients/import/", {"file": file, **more}, format="multipart"
    )
    assert answer.status_code == 202, answer.data
    imports.run_all(seconds=20)
    return api.get(f"/api/clients/imports/{answer.data['id']}/").data


def test_b13_a_file_is_imported_with_a_report_per_row(api: APIClient) -> None:
    a_client(phone_number="79000000002", tag="old")
    a_client(phone_number="79000000003", tag="a")

    found = uploaded(
        api,
        "\ufeffphone_number;tag;timezone\r\n79000000001;a;Europe/Moscow\r\n"
        '79000000002;"a";\r\n\r\n79000000003;a;UTC\r\n',
    )

    assert (found["status"], found["rows"]) == ("done", 3)
    results = {row["line"]: row["result"] for row in found["report"]["results"]}
    assert results == {2: "created", 3: "updated", 5: "unchanged"}
    assert Client.objects.get(phone_number="79000000001").timezone == "Europe/Moscow"
    assert Client.objects.get(phone_number="79000000002").tag == "a"
    assert not ClientImport.objects.get().parts.exists()


BAD = "phone_number,tag\n79000000001,a\n8900,b\n79000000001,c\n79000000004,d,e\n"


def test_b13_with_one_wrong_line_nothing_is_imported(api: APIClient) -> None:
    found = uploaded(api, BAD)

    assert (found["status"], found["invalid"]) == ("refused", 3)
    assert not Client.objects.exists()
    wrong = {row["line"]: row["field"] for row in found["report"]["results"]}
    assert wrong == {2: "", 3: "phone_number", 4: "phone_number", 5: ""}


def test_b13_the_right_lines_are_imported_where_that_is_asked_for(
    api: APIClient,
) -> None:
    found = uploaded(api, BAD, skip_invalid="true")

    assert (found["status"], found["created"], found["invalid"]) == ("done", 1, 3)
    assert Client.objects.get().tag == "a"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "first line"),
        (b"phone_number\n", "no client"),
        (b"number\n79000000001\n", "first line"),
        (b"phone_number,age\n79000000001,7\n", "no column age"),
        ("phone_number,tag\n79000000001,\u044f\n".encode("cp1251"), "UTF-8 at byte 29"),
        ("phone_number\n79000000001\n".encode("utf-16"), "UTF-8"),
        (b"phone_number,tag\n79000000001,\x00\n", "NUL"),
        (b"phone_number,tag\n79000000001," + b"x" * 5000, "longer than"),
        (b'phone_number,tag\n79000000001,"open\n79000000002,b\n', "Line"),
        (b"PK\x03\x04phone_number", "first line"),
    ],
)
def test_b13_a_file_that_cannot_be_read_is_refused_with_the_reason(
    api: APIClient, data: bytes, reason: str
) -> None:
    found = uploaded(api, data)

    assert found["status"] == "refused"
    assert reason in found["reason"]
    assert not Client.objects.exists()


def test_b13_an_import_goes_on_where_it_was_broken_off(
    api: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "CHUNK", 2)
    rows = "".join(f"7900000000{number}\n" for number in range(7))
    original = imports._write_some
    calls: list[int] = []

    def dies(row: ClientImport, chunk: Any) -> None:
        calls.append(len(chunk))
        if len(calls) == 3:
            raise KeyboardInterrupt
        original(row, chunk)

    monkeypatch.setattr(imports, "_write_some", dies)
    with pytest.raises(KeyboardInterrupt):
        uploaded(api, f"phone_number\n{rows}")
    assert Client.objects.count() == 4

    imports.run_all(seconds=20)

    row = ClientImport.objects.get()
    assert (row.status, row.created, Client.objects.count()) == ("done", 7, 7)


def test_b13_clients_are_exported_without_formulas(api: APIClient) -> None:
    a_client(phone_number="79000000001", tag="=1+1")
    a_client(phone_number="79000000002", tag="vip")

    answer = api.get("/api/clients/export/")
    pieces = streamed(answer)

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert pieces.splitlines() == [
        "phone_number,tag,timezone",
        "79000000001,'=1+1,UTC",
        "79000000002,vip,UTC",
    ]
    assert AuditEntry.objects.filter(action="export").exists()


def streamed(answer: Any) -> str:
    """Read what is streamed, as the server does."""

    async def read() -> str:
        return "".join([piece.decode() async for piece in answer])

    return async_to_sync(read)()


def test_b13_a_file_larger_than_the_limit_is_413(
    api: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "FILE_LIMIT", 10)
    file = SimpleUploadedFile("clients.csv", b"phone_number\n79000000001\n")

    answer = api.post("/api/clients/import/", {"file": file}, format="multipart")

    assert answer.status_code == 413
    assert not ClientImport.objects.exists()
