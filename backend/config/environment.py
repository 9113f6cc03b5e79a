"""Settings from the environment; a bad value is one sentence, never a traceback."""

import hashlib
import hmac
import ipaddress
import os
import secrets
import urllib.parse
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

env = environ.Env()

# Every variable that was asked for; what resembles one of them is probably a typo.
KNOWN: set[str] = set()


def text(name: str, default: str = "") -> str:
    """Read a text without surrounding blanks; empty counts as not set."""
    KNOWN.add(name)
    return os.environ.get(name, "").strip() or default


def whole_number(name: str, default: int, *, least: int = 1, most: int = 10**9) -> int:
    """Read an integer between two bounds.

    Raises: ImproperlyConfigured, naming the variable but not its value.
    """
    given = text(name)
    if not given:
        return default
    # Digits beyond ten are too many in any case, and int() refuses thousands.
    is_number = given.isascii() and given.isdigit() and len(given) <= 10
    if not is_number or not least <= int(given) <= most:
        message = f"{name} must be a whole number between {least} and {most}."
        raise ImproperlyConfigured(message)
    return int(given)


def seconds(name: str, default: float) -> float:
    """Read a positive number of seconds.

    Raises: ImproperlyConfigured, naming the variable but not its value.
    """
    given = text(name)
    if not given:
        return default
    try:
        value = float(given)
    except ValueError:
        value = -1.0
    if not 0 < value < 1e9:
        message = f"{name} must be a positive number of seconds, such as {default:g}."
        raise ImproperlyConfigured(message)
    return value


def switch(name: str, *, default: bool) -> bool:
    """Read a yes/no value.

    Raises: ImproperlyConfigured for anything but 1/0, true/false, yes/no, on/off.
    """
    given = text(name).lower()
    if not given:
        return default
    if given in {"1", "true", "yes", "on"}:
        return True
    if given in {"0", "false", "no", "off"}:
        return False
    message = f"{name} must be 1 or 0 (or true/false, yes/no, on/off)."
    raise ImproperlyConfigured(message)


def listing(name: str, default: list[str] | None = None) -> list[str]:
    """Read a comma-separated list; surrounding blanks and empty items are dropped."""
    given = text(name)
    if not given:
        return list(default or [])
    return [item.strip() for item in given.split(",") if item.strip()]


def networks(name: str) -> list[str]:
    """Read a list of addresses and networks.

    Raises: ImproperlyConfigured, naming the variable.
    """
    listed = listing(name)
    try:
        for item in listed:
            ipaddress.ip_network(item, strict=False)
    except ValueError as error:
        message = f"{name} must list addresses or networks, such as 10.0.0.0/8."
        raise ImproperlyConfigured(message) from error
    return listed


def url(name: str, schemes: tuple[str, ...], example: str) -> str:
    """Read a URL with one of these schemes; empty when it is not set.

    Raises: ImproperlyConfigured with the example, never the value: a password may be
    in it.
    """
    given = text(name)
    if given and not _is_url(given, schemes):
        message = f"{name} must look like {example}."
        raise ImproperlyConfigured(message)
    return given


def origins(name: str, default: list[str]) -> list[str]:
    """Read a list of origins, each with its scheme and, where unusual, its port.

    Raises: ImproperlyConfigured, naming the variable.
    """
    listed = listing(name, default)
    if not all(_is_url(item, ("http", "https")) for item in listed):
        message = f"{name} must list origins, such as https://app.example.org."
        raise ImproperlyConfigured(message)
    return listed


def pairs(name: str, choices: tuple[str, ...]) -> dict[str, str]:
    """Read a list of word:choice.

    Raises: ImproperlyConfigured, naming the variable and the choices.
    """
    listed = dict(item.partition(":")[::2] for item in listing(name))
    if not all(key and choice in choices for key, choice in listed.items()):
        message = f"{name} must list pairs, such as sms:{choices[0]}."
        raise ImproperlyConfigured(message)
    return listed


def _is_url(given: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urllib.parse.urlsplit(given)
        # Reading the port is what checks it.
        return parts.scheme in schemes and (parts.port or 1) > 0
    except ValueError:
        return False


def one_of(name: str, choices: tuple[str, ...]) -> str:
    """Read one of the given words; the first is the default.

    Raises: ImproperlyConfigured naming the words that are understood.
    """
    given = text(name, choices[0]).lower()
    if given not in choices:
        message = f"{name} must be one of: {', '.join(choices)}."
        raise ImproperlyConfigured(message)
    return given


def database_url() -> str:
    """Say the database URL: DATABASE_URL, or one made of the POSTGRES_* variables.

    Empty means the embedded SQLite.

    Raises: ImproperlyConfigured for another database, or what is not a URL.
    """
    if text("DATABASE_URL").lower().startswith(("mysql", "mariadb")):
        message = (
            "Carillon does not run on MySQL; set DATABASE_URL to a PostgreSQL, or "
            "leave it unset."
        )
        raise ImproperlyConfigured(message)
    given = url(
        "DATABASE_URL",
        ("postgres", "postgresql", "sqlite"),
        "postgres://user:password@host:5432/name",
    )
    host = text("POSTGRES_HOST")
    quote = urllib.parse.quote
    user = quote(text("POSTGRES_USER", "carillon"), safe="")
    password = quote(text("POSTGRES_PASSWORD"), safe="")
    port = whole_number("POSTGRES_PORT", 5432, most=65_535)
    name = quote(text("POSTGRES_DB", "carillon"), safe="")
    if given or not host:
        return given
    return f"postgres://{user}:{password}@{host}:{port}/{name}"


def kept_secret(path: Path) -> str:
    """Read the secret in `path`, or write a new random one that only we can read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(descriptor, "w") as file:
        secret = secrets.token_urlsafe(64)
        file.write(secret)
    return secret


def derived_secret(secret: str, purpose: str) -> str:
    """Make a secret for one purpose out of another, so that it need not be kept."""
    return hmac.new(secret.encode(), purpose.encode(), hashlib.sha256).hexdigest()
