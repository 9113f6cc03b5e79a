"""What must hold where a server or worker starts, with a sentence on what to set."""

import difflib
import fcntl
import ipaddress
import os
import re
import sys
from collections.abc import Iterator
from typing import IO, Any
from urllib.parse import unquote, urlsplit

from celery.signals import beat_init, celeryd_init
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import check_password
from django.core import checks
from django.db import Error as DatabaseError

from config import environment

EXIT_CODE = 2
SECRET_LENGTH = 50
SAMPLE_SECRETS = ("django-insecure", "change", "secret", "example", "sample", "your-")
SAMPLE_PASSWORDS = {"password", "passwd", "changeme", "secret", "sample", "example"}
DEMO_PASSWORDS = {
    "admin": "admin123",
    "john_eng": "password123",
    "sarah_eng": "password123",
    "mike_marketing": "password123",
    "lisa_ops": "password123",
}


class _State:
    lock: IO[str] | None = None
    has_started = False


def refuse_to_start(*, alone: bool = True) -> None:
    """End this process with exit code 2 if it must not serve; else hold its lock.

    Called by whatever serves or works, not by `migrate`, `shell` and the like.

    alone: whether it may be the only one on its DATA_DIR; the queue listener, which
    touches the database alone, stands beside a server.
    """
    sentences = list(problems())
    if alone and not sentences and not hold_data_dir_lock():
        sentences = [
            "Another server runs on this DATA_DIR; end it, choose another DATA_DIR, or "
            "set REDIS_URL and CELERY_BROKER_URL to run several.",
        ]
    if sentences:
        sys.stderr.write("".join(f"carillon: {sentence}\n" for sentence in sentences))
        sys.exit(EXIT_CODE)
    _State.has_started = True


def hold_data_dir_lock() -> bool:
    """Take the folder for this process's lifetime where only one process may serve it.

    The in-process channel layer and the memory broker reach one process only.
    """
    if settings.REDIS_URL and not settings.CELERY_IS_EMBEDDED:
        return True
    if _State.lock is not None:
        return True
    lock = (settings.DATA_DIR / "server.lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        return False
    _State.lock = lock
    return True


def release_data_dir_lock() -> None:
    """Give the folder back."""
    if _State.lock is not None:
        _State.lock.close()
        _State.lock = None


def problems() -> Iterator[str]:
    """Say in one sentence each what keeps a server or worker from starting here."""
    yield from _profile_problems()
    if settings.ENVIRONMENT == "production":
        yield from _secret_problems()
        yield from _production_problems()
        yield from _demo_password_problems()


def _profile_problems() -> Iterator[str]:
    single = not settings.REDIS_URL or settings.CELERY_IS_EMBEDDED
    if settings.WEB_CONCURRENCY > 1 and single:
        yield (
            "WEB_CONCURRENCY above 1 needs REDIS_URL and CELERY_BROKER_URL: without "
            "them one process does everything."
        )
    is_open_demo = settings.DEMO and not _is_loopback(settings.HOST)
    if is_open_demo and settings.ENVIRONMENT != "production":
        yield (
            "DEMO=1 has published passwords and listens on this machine only; set "
            "DEMO=0 or HOST=127.0.0.1."
        )


def _secret_problems() -> Iterator[str]:
    secret: str = settings.SECRET_KEY
    hint = "set it to at least 50 random characters."
    if settings.SECRET_KEY_IS_KEPT:
        yield f"SECRET_KEY is not set; {hint}"
    elif secret.lower().startswith(SAMPLE_SECRETS):
        yield f"SECRET_KEY is a sample that others know; {hint}"
    elif len(secret) < SECRET_LENGTH or len(set(secret)) < 10:
        yield f"SECRET_KEY is too short or too simple; {hint}"


def _production_problems() -> Iterator[str]:
    if settings.DEBUG:
        yield "DEBUG shows settings to visitors; unset it where ENVIRONMENT=production."
    if settings.DEMO:
        yield "DEMO is for trying out; unset it where ENVIRONMENT=production."
    if "*" in settings.ALLOWED_HOSTS:
        yield "ALLOWED_HOSTS must name the hosts that this server answers to, not *."
    if settings.DATABASE_IS_SQLITE and settings.WEB_CONCURRENCY > 1:
        yield "WEB_CONCURRENCY above 1 needs PostgreSQL; set DATABASE_URL."
    is_plain = settings.SMS_GATEWAY_URL.startswith("http://")
    is_allowed = settings.ALLOW_INSECURE_GATEWAY or settings.SMS_USES_SANDBOX
    if is_plain and not is_allowed:
        yield (
            "SMS_GATEWAY_URL is plain http, which shows the token on the way; use "
            "https, or set ALLOW_INSECURE_GATEWAY=1 where the way is yours."
        )
    for name in ("RABBITMQ_URL", "CELERY_BROKER_URL"):
        if _is_guest_elsewhere(getattr(settings, name)):
            yield f"{name} uses guest/guest on another host; give it a user of its own."
    yield from _sample_password_problems()


def _sample_password_problems() -> Iterator[str]:
    passwords = {"DATABASE_URL": settings.DATABASES["default"].get("PASSWORD") or ""}
    for name in ("REDIS_URL", "CELERY_BROKER_URL", "RABBITMQ_URL"):
        passwords[name] = unquote(urlsplit(getattr(settings, name)).password or "")
    for name, password in passwords.items():
        # POSTGRES_PASSWORD and RABBITMQ_PASSWORD end up in these, too.
        if re.sub(r"[^a-z]", "", password.lower()) in SAMPLE_PASSWORDS:
            yield f"{name} has a sample password that others know; choose another."


def _is_guest_elsewhere(url: str) -> bool:
    parts = urlsplit(url)
    if not parts.scheme.startswith("amqp"):
        return False
    # Without a user in the URL the client takes guest/guest.
    user, password = parts.username or "guest", parts.password or "guest"
    is_guest = (user, password) == ("guest", "guest")
    return is_guest and not _is_loopback(parts.hostname or "localhost")


def _demo_password_problems() -> Iterator[str]:
    users = get_user_model().objects.filter(
        username__in=DEMO_PASSWORDS,
        is_active=True,
    )
    try:
        found = [
            name
            for name, encoded in users.values_list("username", "password")
            if check_password(DEMO_PASSWORDS[name], encoded)
        ]
    except DatabaseError:
        # Away or not migrated; readiness tells of that, and the next start looks again.
        return
    if found:
        names = ", ".join(sorted(found))
        yield f"Change the demo passwords of these users or delete them: {names}."


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _refuse_standalone(**_: Any) -> None:
    """Hold Celery's own processes to the same rules; in a server they are threads."""
    if _State.has_started:
        return
    if settings.CELERY_IS_EMBEDDED:
        sys.stderr.write(
            "carillon: CELERY_BROKER_URL is not set, so the worker is part of "
            "`manage.py serve`; set it to run workers and beat of their own.\n",
        )
        sys.exit(EXIT_CODE)
    refuse_to_start()


def _deployment_errors(**_: Any) -> list[checks.CheckMessage]:
    return [checks.Error(text, id="carillon.E001") for text in problems()]


def _misspelled_variables(**_: Any) -> list[checks.CheckMessage]:
    return [
        checks.Warning(
            f"{name} is set, and nothing reads it; {meant} was probably meant.",
            id="carillon.W001",
        )
        for name, meant in likely_typos(set(os.environ))
    ]


def likely_typos(names: set[str]) -> list[tuple[str, str]]:
    """Pair names that are almost one of our variables with the one they resemble."""
    strangers = sorted(names - environment.KNOWN)
    pairs = []
    for name in strangers:
        near = difflib.get_close_matches(name, environment.KNOWN, n=1, cutoff=0.85)
        pairs += [(name, meant) for meant in near]
    return pairs


def register() -> None:
    """Connect the checks to Django and Celery."""
    checks.register(_misspelled_variables)
    checks.register(_deployment_errors, deploy=True)
    celeryd_init.connect(_refuse_standalone)
    beat_init.connect(_refuse_standalone)
