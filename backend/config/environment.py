"""Settings from the environment; a bad value is one sentence, never a traceback."""

import os
import secrets
import urllib.parse
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

env = environ.Env()


def whole_number(name: str, default: int, *, least: int = 1) -> int:
    """Read an integer of at least `least`.

    Raises: ImproperlyConfigured, naming the variable but not its value.
    """
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or int(text) < least:
        message = f"{name} must be a whole number of at least {least}."
        raise ImproperlyConfigured(message)
    return int(text)


def seconds(name: str, default: float) -> float:
    """Read a positive number of seconds.

    Raises: ImproperlyConfigured, naming the variable but not its value.
    """
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    try:
        value = float(text)
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
    text = os.environ.get(name, "").strip().lower()
    if not text:
        return default
    if text in {"1", "true", "yes", "on"}:
        return True
    if text in {"0", "false", "no", "off"}:
        return False
    message = f"{name} must be 1 or 0 (or true/false, yes/no, on/off)."
    raise ImproperlyConfigured(message)


def listing(name: str, default: list[str] | None = None) -> list[str]:
    """Read a comma-separated list; surrounding blanks and empty items are dropped."""
    text = os.environ.get(name, "").strip()
    if not text:
        return list(default or [])
    return [item.strip() for item in text.split(",") if item.strip()]


def one_of(name: str, choices: tuple[str, ...]) -> str:
    """Read one of the given words; the first is the default.

    Raises: ImproperlyConfigured naming the words that are understood.
    """
    text = os.environ.get(name, "").strip().lower() or choices[0]
    if text not in choices:
        message = f"{name} must be one of: {', '.join(choices)}."
        raise ImproperlyConfigured(message)
    return text


def database_url() -> str:
    """Say the database URL: DATABASE_URL, or one made of the POSTGRES_* variables.

    Empty means the embedded SQLite.
    """
    url = os.environ.get("DATABASE_URL", "").strip()
    host = os.environ.get("POSTGRES_HOST", "").strip()
    if url or not host:
        return url
    quote = urllib.parse.quote
    user = quote(os.environ.get("POSTGRES_USER", "carillon"), safe="")
    password = quote(os.environ.get("POSTGRES_PASSWORD", ""), safe="")
    port = whole_number("POSTGRES_PORT", 5432)
    name = quote(os.environ.get("POSTGRES_DB", "carillon"), safe="")
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
