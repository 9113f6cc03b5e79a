"""What works just now, asked with hard time limits.

A part that runs in another process leaves a sign of life in the database; the others
are asked. Nothing here waits longer than `LIMIT_SECONDS`.
"""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import TypedDict

import redis
from celery import current_app
from django.conf import settings
from django.db import Error
from django.db.migrations.executor import MigrationExecutor

from apps.common import clock
from apps.common.models import SignOfLife
from apps.common.probing import Probe, answered, private_database, result_or_none

logger = logging.getLogger(__name__)

LIMIT_SECONDS = 0.9
# Three signs, written every five seconds, may be missed.
STALE_SECONDS = 15.0

BEAT = "beat"
WORKER = "worker"
RABBITMQ_CONSUMER = "rabbitmq_consumer"


class Part(TypedDict):
    """One part: ok, degraded or off, and how old its last sign of life is."""

    state: str
    age_seconds: float | None


class Status(TypedDict):
    """The whole: ok, degraded or down."""

    status: str
    version: str
    time: str
    parts: dict[str, Part]


OK = Part(state="ok", age_seconds=0.0)
DEGRADED = Part(state="degraded", age_seconds=None)
OFF = Part(state="off", age_seconds=None)


class _State:
    draining = False
    migrated = False


def set_draining(draining: bool) -> None:  # noqa: FBT001  (the agreed signature)
    """Say that this process is about to end and wants no new work."""
    _State.draining = draining


def is_draining() -> bool:
    """Say whether this process is about to end."""
    return _State.draining


def sign(part: str) -> None:
    """Leave a sign of life of this part; a database that is away is not its fault."""
    try:
        SignOfLife.objects.update_or_create(
            part=part,
            defaults={"seen_at": clock.now()},
        )
    except Error:
        logger.warning("sign of life not written", extra={"part": part})


def current() -> Status:
    """Ask every part and say what is known after at most `LIMIT_SECONDS`."""
    signs = SIGNS.begin()
    channel_layer = CHANNEL_LAYER.begin()
    broker = BROKER.begin()
    answered([signs, channel_layer, broker], timeout_seconds=LIMIT_SECONDS)
    seen = result_or_none(signs)
    known = seen or {}
    parts = {
        "database": DEGRADED if seen is None else OK,
        "channel_layer": result_or_none(channel_layer) or DEGRADED,
        "broker": result_or_none(broker) or DEGRADED,
        "worker": _seen(known, WORKER),
        "beat": _seen(known, BEAT),
        "rabbitmq_consumer": _seen(known, RABBITMQ_CONSUMER)
        if settings.RABBITMQ_URL
        else OFF,
    }
    return Status(
        status=_overall(parts),
        version=settings.VERSION,
        time=clock.now().isoformat(),
        parts=parts,
    )


def obstacle() -> str | None:
    """Name what keeps this process from serving: draining, database or migrations."""
    if _State.draining:
        return "draining"
    if not _State.migrated:
        migrated = MIGRATED.begin()
        answered([migrated], timeout_seconds=LIMIT_SECONDS)
        applied = result_or_none(migrated)
        if applied is False:
            return "migrations"
        _State.migrated = applied is True
    signs = SIGNS.begin()
    answered([signs], timeout_seconds=LIMIT_SECONDS)
    return "database" if result_or_none(signs) is None else None


def _overall(parts: Mapping[str, Part]) -> str:
    if parts["database"]["state"] != "ok":
        return "down"
    if any(part["state"] == "degraded" for part in parts.values()):
        return "degraded"
    return "ok"


def age_seconds(seen_at: datetime) -> float:
    """Say how old a sign of life is."""
    # A clock that was synchronized a moment ago may be a little behind the row.
    return max(0.0, (clock.now() - seen_at).total_seconds())


def _seen(signs: Mapping[str, datetime], part: str) -> Part:
    if part not in signs:
        return DEGRADED
    age = age_seconds(signs[part])
    state = "ok" if age <= STALE_SECONDS else "degraded"
    return Part(state=state, age_seconds=round(age, 1))


def _ask_signs() -> dict[str, datetime]:
    with private_database():
        return dict(SignOfLife.objects.values_list("part", "seen_at"))


def _ask_migrations() -> bool:
    with private_database() as connection:
        executor = MigrationExecutor(connection)
        return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _ask_channel_layer() -> Part:
    if settings.REDIS_URL:
        _ping_redis(settings.REDIS_URL)
    return OK


def _ping_redis(url: str) -> None:
    client = redis.Redis.from_url(
        url,
        socket_timeout=LIMIT_SECONDS,
        socket_connect_timeout=LIMIT_SECONDS,
    )
    try:
        client.ping()
    finally:
        client.close()


def _ask_broker() -> Part:
    if not settings.CELERY_IS_EMBEDDED:
        with current_app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, timeout=1)
    return OK


SIGNS = Probe(_ask_signs)
MIGRATED = Probe(_ask_migrations)
CHANNEL_LAYER = Probe(_ask_channel_layer)
BROKER = Probe(_ask_broker)
