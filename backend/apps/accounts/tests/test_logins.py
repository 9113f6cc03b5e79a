"""Logging in and out, passwords, and what ends with them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client
from rest_framework.test import APIClient

from apps.accounts import retention
from apps.accounts.models import AuthToken, LoginFailures, Ticket, User, UserSession
from apps.accounts.tests.conftest import PASSWORD, token_of
from apps.common import clock

LOGIN = {"username": "alice", "password": PASSWORD}
WRONG = {"username": "alice", "password": "wrong"}
ClientOf = Callable[[User], APIClient]


def test_a01_a_password_buys_a_token_that_opens_the_api(alice: User) -> None:
    client = APIClient()

    answer = client.post("/api/auth/token/", LOGIN, "json")

    assert answer.status_code == 200
    assert set(answer.json()) == {"token", "expiry"}
    client.credentials(HTTP_AUTHORIZATION=f"Token {answer.json()['token']}")
    assert client.get("/api/user/me/").json()["username"] == "alice"


@pytest.mark.parametrize(
    "header",
    ["", "Token", "Token nonsense", "Token é", "Token " + "0" * 64, "Token a b"],
)
def test_a01_without_a_valid_token_the_answer_is_401(db: None, header: str) -> None:
    answer = APIClient().get("/api/user/me/", HTTP_AUTHORIZATION=header)

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Token"
    assert "code" in answer.json()


def test_an_expired_token_and_one_of_a_disabled_user_are_refused(
    alice: User,
    client_of: ClientOf,
) -> None:
    client = client_of(alice)
    AuthToken.objects.update(expiry=clock.now() - timedelta(seconds=1))
    expired = client.get("/api/user/me/").status_code
    AuthToken.objects.update(expiry=None)
    User.objects.update(is_active=False)

    assert (expired, client.get("/api/user/me/").status_code) == (401, 401)


def test_wrong_logins_of_every_kind_get_one_and_the_same_answer(alice: User) -> None:
    User.objects.create_user("gone", password=PASSWORD, is_active=False)
    client = APIClient()

    answers = [
        client.post("/api/auth/token/", {"username": name, "password": word}, "json")
        for name, word in (("alice", "x"), ("nobody", PASSWORD), ("gone", PASSWORD))
    ]

    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1


def test_an_unknown_name_costs_one_hash_like_a_known_one(
    alice: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hashed: list[str] = []
    original = MD5PasswordHasher.encode

    def encode(self: Any, password: str, salt: str) -> str:
        hashed.append(password)
        return str(original(self, password, salt))

    monkeypatch.setattr(MD5PasswordHasher, "encode", encode)
    counts = []
    for name in ("alice", "nobody"):
        hashed.clear()
        APIClient().post(
            "/api/auth/token/",
            {"username": name, "password": "wrong"},
            "json",
        )
        counts.append(len(hashed))

    assert counts == [1, 1]


def test_after_five_failures_the_right_password_is_not_looked_at(alice: User) -> None:
    client = APIClient()
    for _ in range(5):
        assert client.post("/api/auth/token/", WRONG, "json").status_code == 401

    answer = client.post("/api/auth/token/", LOGIN, "json")

    assert answer.status_code == 429
    assert 880 <= int(answer["Retry-After"]) <= 900
    assert answer.json()["code"] == "throttled"
    assert not AuthToken.objects.exists()


def test_the_limit_holds_for_one_name_and_network_and_ends_with_the_window(
    alice: User,
    bob: User,
) -> None:
    client = APIClient()
    for _ in range(6):
        client.post("/api/auth/token/", WRONG, "json")

    other_name = client.post("/api/auth/token/", {**LOGIN, "username": "bob"}, "json")
    elsewhere = client.post(
        "/api/auth/token/",
        LOGIN,
        "json",
        REMOTE_ADDR="10.9.9.9",
    )
    neighbour = client.post(
        "/api/auth/token/",
        LOGIN,
        "json",
        REMOTE_ADDR="127.0.0.200",
    )
    LoginFailures.objects.update(since=clock.now() - timedelta(minutes=16))
    later = client.post("/api/auth/token/", LOGIN, "json")

    codes = [answer.status_code for answer in (other_name, elsewhere, neighbour, later)]
    assert codes == [200, 200, 429, 200]


def test_a_successful_login_resets_the_counter(alice: User) -> None:
    client = APIClient()
    for _ in range(3):
        for _ in range(4):
            client.post("/api/auth/token/", WRONG, "json")
        assert client.post("/api/auth/token/", LOGIN, "json").status_code == 200


def test_forwarded_addresses_count_from_trusted_proxies_only(
    alice: User,
    settings: Any,
) -> None:
    client = APIClient()
    forged = [f"10.0.{number}.1" for number in range(6)]
    for address in forged:
        client.post("/api/auth/token/", WRONG, "json", HTTP_X_FORWARDED_FOR=address)
    untrusted = client.post(
        "/api/auth/token/",
        LOGIN,
        "json",
        HTTP_X_FORWARDED_FOR="10.1.1.1",
    )
    settings.TRUSTED_PROXIES = ["127.0.0.1"]
    trusted = client.post(
        "/api/auth/token/",
        LOGIN,
        "json",
        HTTP_X_FORWARDED_FOR="127.0.0.9, 10.1.1.1",
    )

    assert (untrusted.status_code, trusted.status_code) == (429, 200)


def _browser() -> Client:
    browser = Client(enforce_csrf_checks=True)
    browser.cookies["csrftoken"] = "c" * 32
    return browser


def _post(browser: Client, path: str, data: Any = None) -> Any:
    return browser.post(
        path,
        data or {},
        "application/json",
        headers={"X-CSRFToken": browser.cookies["csrftoken"].value},
    )


def test_a_browser_logs_in_with_a_session_and_needs_the_csrf_token(alice: User) -> None:
    browser = _browser()

    bare = browser.post("/api/auth/session/", LOGIN, "application/json")
    answer = _post(browser, "/api/auth/session/", LOGIN)
    unprotected = browser.post("/api/auth/ticket/", {}, "application/json")

    assert (bare.status_code, bare.json()["code"]) == (403, "csrf_failed")
    assert answer.status_code == 200
    assert answer.json() == browser.get("/api/user/me/").json()
    assert unprotected.status_code == 403
    session = UserSession.objects.get()
    assert (session.user, session.ip_address) == (alice, "127.0.0.1")


def test_a_wrong_session_login_is_401_and_throttled_together_with_tokens(
    alice: User,
) -> None:
    browser = _browser()
    codes = [_post(browser, "/api/auth/session/", WRONG).status_code for _ in range(5)]

    throttled = APIClient().post("/api/auth/token/", LOGIN, "json")

    assert codes == [401] * 5
    assert throttled.status_code == 429


def test_logging_out_ends_the_credential_that_called_and_no_other(
    alice: User,
    client_of: ClientOf,
) -> None:
    first, second = client_of(alice), client_of(alice)
    browser = _browser()
    _post(browser, "/api/auth/session/", LOGIN)
    _post(browser, "/api/auth/ticket/")

    assert first.post("/api/auth/logout/").status_code == 204
    assert _post(browser, "/api/auth/logout/").status_code == 204

    assert first.get("/api/user/me/").status_code == 401
    assert browser.get("/api/user/me/").status_code == 401
    assert second.get("/api/user/me/").status_code == 200
    assert (UserSession.objects.count(), Ticket.objects.count()) == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_logging_out_everywhere_ends_everything_of_one_user(
    alice: User,
    bob: User,
    client_of: ClientOf,
    announced: list[int],
) -> None:
    client, other = client_of(alice), client_of(bob)
    browser = _browser()
    _post(browser, "/api/auth/session/", LOGIN)
    client.post("/api/auth/ticket/")
    announced.clear()

    assert client.post("/api/auth/logout-all/").status_code == 204

    assert client.get("/api/user/me/").status_code == 401
    assert browser.get("/api/user/me/").status_code == 401
    assert other.get("/api/user/me/").status_code == 200
    assert not Ticket.objects.exists()
    assert set(announced) == {alice.pk}


def test_a_browser_that_logs_out_everywhere_is_logged_out_itself(alice: User) -> None:
    browser = _browser()
    _post(browser, "/api/auth/session/", LOGIN)

    assert _post(browser, "/api/auth/logout-all/").status_code == 204

    assert browser.get("/api/user/me/").status_code == 401
    assert not UserSession.objects.filter(user=alice).exists()


CHANGE = {"old_password": PASSWORD, "new_password": "another long phrase"}


@pytest.mark.django_db(transaction=True)
def test_x8_a_password_change_ends_all_but_the_calling_session(
    alice: User,
    client_of: ClientOf,
    announced: list[int],
) -> None:
    token, browser, other_browser = client_of(alice), _browser(), _browser()
    _post(browser, "/api/auth/session/", LOGIN)
    _post(other_browser, "/api/auth/session/", LOGIN)

    answer = _post(browser, "/api/user/password/", CHANGE)

    assert answer.status_code == 204
    assert browser.get("/api/user/me/").status_code == 200
    assert other_browser.get("/api/user/me/").status_code == 401
    assert token.get("/api/user/me/").status_code == 401
    assert UserSession.objects.get().user == alice
    assert alice.pk in announced
    client = APIClient()
    assert client.post("/api/auth/token/", LOGIN, "json").status_code == 401


def test_x8_a_password_change_with_a_token_leaves_that_token(
    alice: User,
    client_of: ClientOf,
) -> None:
    client, other = client_of(alice), client_of(alice)

    assert client.post("/api/user/password/", CHANGE, "json").status_code == 204

    assert client.get("/api/user/me/").status_code == 200
    assert other.get("/api/user/me/").status_code == 401


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({**CHANGE, "old_password": "wrong"}, "old_password"),
        ({**CHANGE, "new_password": "12345"}, "new_password"),
        ({"old_password": PASSWORD}, "new_password"),
    ],
)
def test_a_bad_password_change_is_400_and_changes_nothing(
    alice: User,
    client_of: ClientOf,
    change: dict[str, str],
    field: str,
) -> None:
    client = client_of(alice)

    answer = client.post("/api/user/password/", change, "json")

    assert answer.status_code == 400
    assert list(answer.json()) == [field]
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_guessing_the_old_password_is_throttled(
    alice: User,
    client_of: ClientOf,
) -> None:
    client = client_of(alice)
    wrong = {**CHANGE, "old_password": "wrong"}
    for _ in range(5):
        client.post("/api/user/password/", wrong, "json")

    assert client.post("/api/user/password/", CHANGE, "json").status_code == 429


def test_no_secret_is_stored_in_clear(
    alice: User,
    service_client: APIClient,
    service: Any,
) -> None:
    token = token_of(alice)
    answer = service_client.post("/api/auth/ticket/", {"user_id": alice.pk}, "json")
    secrets = [token, service.secret, PASSWORD]
    secrets += [answer.json()["ticket"], answer.json()["inbox_token"]]

    rows = [
        *AuthToken.objects.values_list(),
        *Ticket.objects.values_list(),
        *User.objects.values_list(),
        *type(service.key).objects.values_list(),
    ]

    stored = repr(rows)
    assert [secret for secret in secrets if secret[:12] in stored] == []


def test_pruning_deletes_what_is_past_use_and_nothing_else(
    alice: User,
    client_of: ClientOf,
) -> None:
    client = client_of(alice)
    client.post("/api/auth/ticket/")
    client.post("/api/auth/token/", WRONG, "json")
    Client().post("/api/auth/session/", LOGIN, "application/json")
    client.post("/api/auth/token/", WRONG, "json")
    now = clock.now()

    kept = retention.prune(now)
    tickets = retention.prune(now + timedelta(minutes=1))
    rest = retention.prune(now + timedelta(days=60))

    assert (kept, tickets, rest) == (0, 1, 3)


def test_asking_who_one_is_takes_two_queries(
    alice: User,
    client_of: ClientOf,
    django_assert_max_num_queries: Any,
) -> None:
    client = client_of(alice)

    with django_assert_max_num_queries(2):
        client.get("/api/user/me/")
