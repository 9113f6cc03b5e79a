"""The API's description: complete, public or not, and without off-host requests."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.staticfiles import finders
from django.test import Client
from pytest_django import Settings

from tests.security.routes import routes

PAGES = ("/docs/", "/api/docs/", "/redoc/")
# Pages and documents, not operations; everything else below /api/ is described.
UNDESCRIBED = {"api/notifications/", "api/docs/"}
pytestmark = pytest.mark.django_db


@pytest.fixture
def schema(client: Client) -> Any:
    return client.get("/docs.json").json()


def operations(schema: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    base = schema["basePath"].rstrip("/")
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                yield f"{method.upper()} {base}{path}", operation


def test_x2_every_operation_is_described(schema: Any) -> None:
    for name, operation in operations(schema):
        assert operation["summary"].strip(), name
        assert operation["description"].strip(), name
        assert operation["tags"], name


def test_x2_every_operation_says_who_may_call(schema: Any) -> None:
    known = set(schema["securityDefinitions"])

    for name, operation in operations(schema):
        assert "security" in operation, name
        for alternative in operation["security"]:
            assert set(alternative) <= known, name


def test_x2_every_operation_has_a_success_with_its_body(schema: Any) -> None:
    for name, operation in operations(schema):
        good = {code for code in operation["responses"] if code.startswith("2")}
        assert good, name
        for code in good - {"204"}:
            assert "schema" in operation["responses"][code], name


def test_x2_every_operation_has_its_error_answers(schema: Any) -> None:
    for name, operation in operations(schema):
        answers = set(operation["responses"])
        assert "503" in answers, name
        if operation["security"]:
            assert {"401", "403"} <= answers, name
        if "{" in name:
            assert "404" in answers, name
        if name.startswith(("PUT", "PATCH")):
            assert {"400", "413"} <= answers, name


def test_x2_operation_ids_are_unique(schema: Any) -> None:
    ids = [operation["operationId"] for _, operation in operations(schema)]

    assert len(ids) == len(set(ids))


def test_b12_x2_every_route_of_the_api_is_in_the_schema(schema: Any) -> None:
    described = {re.sub(r"\{\w+\}", "{}", name) for name, _ in operations(schema)}

    expected = {
        f"{method} /{re.sub(r'<[^>]+>', '{}', route.pattern)}"
        for route in routes()
        if route.pattern.startswith("api/") and route.pattern not in UNDESCRIBED
        for method in route.methods
    }

    assert expected == described


def test_x2_the_title_and_a_how_to_are_there(schema: Any) -> None:
    assert schema["info"]["title"] == "Carillon"
    assert "Authorization: Token" in schema["info"]["description"]
    assert "X-Service-Id" in schema["info"]["description"]


@pytest.mark.parametrize("url", [*PAGES, "/docs.json", "/docs.yaml"])
def test_x2_the_documentation_answers_everybody(client: Client, url: str) -> None:
    assert client.get(url).status_code == 200


@pytest.mark.parametrize("url", [*PAGES, "/docs.json", "/docs.yaml"])
def test_x2_the_documentation_is_for_staff_where_it_is_not_public(
    client: Client,
    settings: Settings,
    url: str,
) -> None:
    settings.DOCS_PUBLIC = False
    users = get_user_model().objects
    plain = users.create(username="plain")
    staff = users.create(username="staff", is_staff=True)

    assert client.get(url).status_code == 401
    client.force_login(plain)
    assert client.get(url).status_code == 403
    client.force_login(staff)
    assert client.get(url).status_code == 200


@pytest.mark.parametrize("url", PAGES)
def test_no_page_of_the_documentation_names_another_host(
    client: Client,
    url: str,
) -> None:
    text = client.get(url).content.decode()

    links = re.findall(r'(?:src|href)="([^"]*)"', text)
    assert links
    assert all(link.startswith("/") and link[1] != "/" for link in links)
    assert "validator" not in text.replace('"validatorUrl": null', "")
    assert "googleapis" not in text


def test_what_the_documentation_loads_is_installed(client: Client) -> None:
    for url in PAGES:
        text = client.get(url).content.decode()
        for link in re.findall(r'src="/static/([^"]+)"', text):
            assert finders.find(link), link


def test_no_stylesheet_of_the_documentation_loads_from_another_host(
    client: Client,
) -> None:
    for url in PAGES:
        text = client.get(url).content.decode()
        for link in re.findall(r'href="/static/([^"]+\.css)"', text):
            found = finders.find(link)
            assert isinstance(found, str)
            style = Path(found).read_text(encoding="utf-8")
            assert not re.search(r"(@import|url\()\s*['\"]?(https?:)?//", style), link


def test_x9_the_entry_points_are_listed_and_exist(client: Client) -> None:
    listed = client.get("/api/").json()

    assert {"token", "status", "inbox", "send", "documentation"} <= set(listed)
    for path in listed.values():
        if not path.startswith("/ws/"):
            assert client.get(path).status_code != 404, path
