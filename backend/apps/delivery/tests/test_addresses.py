"""What data may make this server speak to, and what not, however it is written."""

import socket
from typing import Any

import pytest
from pytest_django import Settings

from apps.delivery import addresses, http
from apps.delivery.tests.faulty_server import FaultyServer, answer

PRIVATE = [
    "0.0.0.0",  # noqa: S104  (nothing is bound)
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "0.1.2.3",
    "100.100.100.200",
    "169.254.170.2",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "198.51.100.7",
    "203.0.113.1",
    "240.0.0.1",
    "::127.0.0.1",
    "::a9fe:a9fe",
    "::ffff:0:127.0.0.1",
    "64:ff9b:1::7f00:1",
    "100::1",
    "2001::1",
    "2001:0:7f00:1::",
    "2001:db8::1",
    "3fff::1",
    "5f00::1",
    "fd00:ec2::254",
    "fec0::1",
    "ff0e::1",
    "nonsense",
    "",
]


@pytest.mark.parametrize("text", PRIVATE)
def test_private_addresses_are_not_public(text: str) -> None:
    assert not addresses.is_public(text)


@pytest.mark.parametrize(
    "text", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_the_open_internet_is_public(text: str) -> None:
    assert addresses.is_public(text)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "ftp://example.org/",
        "file:///etc/passwd",
        "https://",
        "https:///path",
        "https://example.org:8443/",
        "https://example.org:99999/",
        "https://user:password@example.org/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:169.254.169.254]/",
        "https://[broken/",
        "https://[fe80::1%25eth0]/",
        "https://[64:ff9b::7f00:1]/",
        "https://169.254.169.254/latest/meta-data/",
        "https://example.org:443:22/",
        "https://example.org:22/",
        "https:\\\\127.0.0.1/",
        "gopher://127.0.0.1:6379/_FLUSHALL",
        "HTTP://example.org/",
        "//example.org",
        "",
    ],
)
def test_urls_of_other_kinds_are_refused(url: str) -> None:
    assert addresses.url_error(url)


@pytest.mark.parametrize("url", ["https://example.org/a?b", "https://8.8.8.8:443/"])
def test_plain_https_is_allowed(url: str) -> None:
    assert addresses.url_error(url) is None


@pytest.mark.parametrize(
    "found",
    [
        *("127.0.0.1", "169.254.169.254", "10.1.2.3", "0.0.0.0"),  # noqa: S104  (nothing is bound)
        *("::1", "fe80::1", "fd00:ec2::254", "::ffff:169.254.169.254"),
    ],
)
def test_a_name_that_leads_inside_is_refused_where_it_is_connected_to(
    monkeypatch: pytest.MonkeyPatch, found: str
) -> None:
    lookups: list[str] = []

    def lying(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        lookups.append(str(host))
        family = socket.AF_INET6 if ":" in found else socket.AF_INET
        where = (found, port, 0, 0) if ":" in found else (found, port)
        return [(family, socket.SOCK_STREAM, 6, "", where)]

    monkeypatch.setattr(socket, "getaddrinfo", lying)

    with pytest.raises(http.NoReplyError) as caught:
        http.post(f"https://at-{found.replace(':', '-')}.example/", b"{}", headers={})

    assert caught.value.code == "address"
    assert not caught.value.has_begun
    assert len(lookups) == 1


@pytest.mark.parametrize(
    "url",
    [
        *("https://2130706433/", "https://0x7f.1/", "https://0177.0.0.1/"),
        *("https://127.1/", "https://0/", "https://localhost/", "https://localhost./"),
        *("https://127。0。0。1/", "https://①②⑦.0.0.1/", "https://[::1].nip.io/"),
    ],
)
def test_numbers_in_disguise_are_refused(url: str) -> None:
    with pytest.raises(http.NoReplyError) as caught:
        http.post(url, b"{}", headers={})

    assert caught.value.code in {"address", "connect", "url"}


def test_a_host_that_an_operator_named_is_reached(
    server: FaultyServer, settings: Settings
) -> None:
    settings.OUTGOING_ALLOWED_HOSTS = ["127.0.0.1"]
    server.respond = answer(200, b"fine")

    reply = http.get(f"{server.url}/file", limit=100)

    assert reply.body == b"fine"


def test_no_proxy_of_the_surroundings_is_taken(
    server: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    server.respond = answer(200, b"fine")

    reply = http.post(server.url, b"", headers={}, is_trusted=True)

    assert reply.body == b"fine"
