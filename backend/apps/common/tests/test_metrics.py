"""Who may read the metrics, and what is in them."""

from typing import Any

import pytest
from django.test import Client, RequestFactory
from pytest_django import Settings

from apps.common import metrics, views
from apps.common.forwarding import FORWARDED

TOKEN = "a-metrics-token"


def get(client: Client, **extra: Any) -> int:
    return client.get("/metrics", **extra).status_code


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.9.1", "::1"])
def test_this_host_may_read(client: Client, peer: str) -> None:
    assert get(client, REMOTE_ADDR=peer) == 200


@pytest.mark.parametrize("peer", ["192.0.2.1", "::2", "", "nonsense"])
def test_other_hosts_may_not(client: Client, peer: str) -> None:
    assert get(client, REMOTE_ADDR=peer) == 403


def test_what_a_proxy_on_this_host_forwards_may_not(client: Client) -> None:
    assert get(client, REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR="192.0.2.1") == 403


def test_what_the_edge_saw_forwarded_may_not() -> None:
    request = RequestFactory().get("/metrics", REMOTE_ADDR="127.0.0.1")
    request.scope = {FORWARDED: True}  # type: ignore[attr-defined]  # as under ASGI

    assert views.prometheus(request).status_code == 403


def test_the_token_opens_for_every_host(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN

    def with_token(given: str) -> int:
        header = {"HTTP_AUTHORIZATION": given}
        return get(client, REMOTE_ADDR="192.0.2.1", **header)

    assert with_token(f"Bearer {TOKEN}") == 200
    assert with_token(f"Bearer {TOKEN}x") == 403
    assert with_token(f"Token {TOKEN}") == 403
    assert with_token("Bearer ü") == 403


def test_no_token_is_not_an_empty_token(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = ""

    header = {"HTTP_AUTHORIZATION": "Bearer "}

    assert get(client, REMOTE_ADDR="192.0.2.1", **header) == 403


def test_counts_by_route_not_by_path(client: Client) -> None:
    for name in ("one", "two"):
        client.get(f"/nowhere/{name}")
    client.get("/healthz")

    page = client.get("/metrics").content.decode()

    assert "nowhere" not in page
    assert 'carillon_http_requests_total{method="GET",route="healthz"' in page
    assert 'route="none",status="404"' in page
    assert "carillon_database_answering" in page
    assert "process_resident_memory_bytes" in page


def test_methods_that_nobody_knows_share_one_label(client: Client) -> None:
    client.generic("BREW", "/healthz")

    labels = {"route": "healthz", "method": "other", "status": "405"}
    counted = metrics.REGISTRY.get_sample_value("carillon_http_requests_total", labels)
    assert counted is not None
