"""One effect per Idempotency-Key, whatever the view behind it does."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory

from apps.common import clock, idempotency
from apps.common.models import IdempotentAnswer
from apps.common.parsing import StrictJSONParser

pytestmark = pytest.mark.django_db

Effect = Callable[[], Response]


def a_request(body: object = None, *, path: str = "/x/", key: str = "k") -> Request:
    """Make a request as a view gets it."""
    made = APIRequestFactory().post(
        path,
        body if body is not None else {},
        format="json",
        headers={"Idempotency-Key": key} if key else {},
    )
    return Request(made, parsers=[StrictJSONParser()])


def counted(status: int = 200) -> tuple[list[int], Effect]:
    """Make an effect that counts itself."""
    calls: list[int] = []

    def effect() -> Response:
        calls.append(1)
        return Response({"n": len(calls), "key": UUID(int=7)}, status=status)

    return calls, effect


def once(request: Request, effect: Effect, *, caller: str = "user:1") -> Response:
    """Call what is tested."""
    return idempotency.once(request, caller=caller, effect=effect)


def test_d09_the_effect_happens_once_and_the_answer_is_the_same() -> None:
    calls, effect = counted(201)

    first = once(a_request({"a": 1}), effect)
    second = once(a_request({"a": 1}), effect)

    assert len(calls) == 1
    assert (second.status_code, second.data["n"]) == (201, first.data["n"])
    assert second.data["key"] == str(first.data["key"])
    assert second["Idempotent-Replayed"] == "true"


def test_the_body_may_have_been_read_before() -> None:
    calls, effect = counted()
    first, second = a_request({"a": 1}), a_request({"a": 1})
    assert first.data == {"a": 1}

    once(first, effect)
    once(second, effect)

    assert second.data == {"a": 1}
    assert len(calls) == 1


def test_without_the_header_every_request_has_its_effect() -> None:
    calls, effect = counted()

    for _ in range(2):
        once(a_request(key=""), effect)

    assert len(calls) == 2
    assert not IdempotentAnswer.objects.exists()


@pytest.mark.parametrize(
    "other",
    [
        a_request({"a": 2}),
        a_request({"a": 1}, path="/y/"),
        a_request({"a": 1}, path="/x/?z"),
    ],
    ids=["body", "path", "query"],
)
def test_another_request_with_the_key_is_refused(other: Request) -> None:
    calls, effect = counted()
    once(a_request({"a": 1}), effect)

    with pytest.raises(idempotency.KeyReused):
        once(other, effect)

    assert len(calls) == 1


def test_another_caller_has_keys_of_its_own() -> None:
    calls, effect = counted()

    once(a_request(), effect, caller="user:1")
    once(a_request(), effect, caller="service:ck_1")

    assert len(calls) == 2


def test_an_effect_that_fails_leaves_nothing_behind() -> None:
    def failing() -> Response:
        IdempotentAnswer.objects.create(
            caller="the effect's own row",
            key="",
            body_hash="",
            status_code=200,
            body="",
            created_at=clock.now(),
        )
        raise APIException

    with pytest.raises(APIException):
        once(a_request(), failing)

    assert not IdempotentAnswer.objects.exists()


def test_only_answers_of_success_are_kept() -> None:
    calls, effect = counted(409)

    for _ in range(2):
        once(a_request(), effect)

    assert len(calls) == 2


def test_a_key_is_forgotten_after_its_retention(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls, effect = counted()
    once(a_request(), effect)
    later = clock.now() + timedelta(hours=72)
    monkeypatch.setattr(clock, "now", lambda: later)

    once(a_request({"another": "body"}), effect)

    assert len(calls) == 2


def test_pruning_goes_through_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "_ROWS_AT_ONCE", 2)
    _, effect = counted()
    for number in range(5):
        once(a_request(key=f"k{number}"), effect)

    assert idempotency.prune(clock.now()) == 0
    assert idempotency.prune(clock.now() + timedelta(hours=72)) == 5
