"""The quick way of sending answers exactly as the view does."""

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.supply import Running

PATH = "/api/notifications/send/"
# A query leaves the request to the view.
VIEW_PATH = PATH + "?view"
GIVEN = ("id", "key", "seq", "created_at")


def post(
    running: Running,
    body: bytes,
    *,
    path: str = PATH,
    **headers: str,
) -> tuple[int, Any, http.client.HTTPMessage]:
    deployment = running.deployment
    credentials = {
        "X-Service-Id": deployment.service_id,
        "X-Service-Token": deployment.service_token,
        "Content-Type": "application/json",
    } | {name.replace("_", "-"): text for name, text in headers.items()}
    connection = http.client.HTTPConnection(
        urlsplit(deployment.url).netloc,
        timeout=20,
    )
    connection.request("POST", path, body, credentials)
    response = connection.getresponse()
    answer = json.loads(response.read())
    connection.close()
    return response.status, answer, response.headers


def is_quick(headers: http.client.HTTPMessage) -> bool:
    """Say whether the view was left out: it names its methods in every answer."""
    return "Allow" not in headers


RIGHT = [
    b'{"user_id": 2, "payload": {"b": 1, "a": [1.50, "\\u0416"]}}',
    b'{"user_id": 2, "title": "Only a title"}',
    b'{"user_id":2,"payload":0,"title":"t","body":"b","severity":"critical",'
    b'"kind":"order.paid","url":"/orders/7"}',
]
OTHERS = [
    b'{"user_id": 2}',
    b'{"user_id": 2, "payload": null}',
    b'{"user_id": 999999, "payload": 1}',
    b'{"user_id": 0, "payload": 1}',
    b'{"user_id": -1, "payload": 1}',
    b'{"user_id": 9223372036854775808, "payload": 1}',
    b'{"user_id": true, "payload": 1}',
    b'{"user_id": 2.0, "payload": 1}',
    b'{"user_id": "2", "payload": 1}',
    b'{"user_id": 2, "payload": 1, "extra": 1}',
    b'{"user_id": 2, "payload": 1, "severity": "loud"}',
    b'{"user_id": 2, "payload": 1, "kind": "No Spaces"}',
    b'{"user_id": 2, "payload": 1, "url": "javascript:alert(1)"}',
    b'{"user_id": 2, "payload": 1, "title": null}',
    b'{"user_id": 2, "payload": 1, "user_id": 2}',
    b'{"user_id": 2, "payload": "\\u0000"}',
    b'{"user_id": 2, "payload": NaN}',
    b'{"user_id": 2, "payload": "' + b"x" * 32_800 + b'"}',
    b'{"user_id": 2, "payload": 1, "title": "' + b"x" * 201 + b'"}',
    b'{"user_id": 2, "payload": 1, "expires_at": "2020-01-01T00:00:00Z"}',
    b'{"user_id": 2, "payload": 1, "expires_at": "2099-01-01T00:00:00Z"}',
    b'{"external_id": "nobody", "payload": 1}',
    b"[1]",
    b"",
    b"not json",
    b"\xff",
]


@pytest.mark.slow
@pytest.mark.parametrize("body", RIGHT)
def test_what_is_right_is_answered_alike_and_quickly(
    embedded_running: Running,
    body: bytes,
) -> None:
    status, quick, headers = post(embedded_running, body)
    view_status, view, view_headers = post(embedded_running, body, path=VIEW_PATH)

    assert is_quick(headers)
    assert not is_quick(view_headers)
    assert status == view_status == 200
    assert quick.keys() == view.keys()
    assert quick["seq"] + 1 == view["seq"]
    assert [type(quick[name]) for name in GIVEN] == [type(view[name]) for name in GIVEN]
    assert {name: quick[name] for name in quick if name not in GIVEN} == {
        name: view[name] for name in view if name not in GIVEN
    }


@pytest.mark.slow
@pytest.mark.parametrize("body", OTHERS)
def test_everything_else_is_left_to_the_view(
    embedded_running: Running,
    body: bytes,
) -> None:
    status, answer, _ = post(embedded_running, body)
    view_status, view, _ = post(embedded_running, body, path=VIEW_PATH)

    for answered in (answer, view):
        for name in GIVEN:
            answered.pop(name, None)
    assert (status, answer) == (view_status, view)


@pytest.mark.slow
@pytest.mark.parametrize(
    "headers",
    [
        {"X_Service_Token": "wrong"},
        {"X_Service_Id": "ck_unknown0"},
        {"Authorization": "Token nonsense"},
        {"Content_Type": "text/plain"},
        {"Idempotency_Key": ""},
    ],
)
def test_who_may_not_send_gets_the_answer_of_the_view(
    embedded_running: Running,
    headers: dict[str, str],
) -> None:
    status, answer, received = post(embedded_running, RIGHT[0], **headers)
    view = post(embedded_running, RIGHT[0], path=VIEW_PATH, **headers)

    assert not is_quick(received)
    assert 400 <= status < 500
    assert (status, answer) == view[:2]


@pytest.mark.slow
def test_an_idempotency_key_is_honoured(embedded_running: Running) -> None:
    first = post(embedded_running, RIGHT[0], Idempotency_Key="quick-1")
    second = post(embedded_running, RIGHT[0], Idempotency_Key="quick-1")

    assert first[1] == second[1]
    assert second[2]["Idempotent-Replayed"] == "true"


@pytest.mark.slow
def test_a_request_id_comes_back(embedded_running: Running) -> None:
    _, _, headers = post(embedded_running, RIGHT[0], X_Request_Id="my-request-7")

    assert headers["X-Request-ID"] == "my-request-7"
