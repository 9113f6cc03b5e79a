"""Structured logs: keys and ids, never payloads, with the id of the request."""

from collections.abc import MutableMapping
from typing import Any

import structlog


def _quiet(level: str) -> dict[str, Any]:
    return {"level": level, "handlers": ["console"], "propagate": False}


def _without_request(
    _logger: object,
    _method: str,
    event: MutableMapping[str, Any],
) -> MutableMapping[str, Any]:
    """Drop the request that Django adds: its text has the query in it."""
    event.pop("request", None)
    return event


def logging_config(*, level: str, style: str) -> dict[str, Any]:
    """Say the logging configuration for one process.

    style: "text" for people, "json" for collectors, one object a line.
    Uvicorn writes the path of every socket with its query at INFO, and a ticket
    may be in it: its loggers stay at WARNING whatever `level` says.
    """
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        _without_request,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": shared,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    renderer,
                ],
            },
        },
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": "structured"},
        },
        "root": {"level": level, "handlers": ["console"]},
        "loggers": {
            "uvicorn": _quiet("WARNING"),
            "uvicorn.error": _quiet("WARNING"),
            "uvicorn.access": _quiet("WARNING"),
            "daphne": _quiet("WARNING"),
            "django.channels.server": _quiet("WARNING"),
            # Anybody can send a wrong Host; it is answered with 400.
            "django.security.DisallowedHost": _quiet("CRITICAL"),
            "celery": _quiet("WARNING"),
            "kombu": _quiet("WARNING"),
            "amqp": _quiet("WARNING"),
            # Tells of every lost connection in ten lines; `consumers` does in one.
            "pika": _quiet("CRITICAL"),
            "asyncio": _quiet("WARNING"),
        },
    }
