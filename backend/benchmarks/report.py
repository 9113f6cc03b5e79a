"""The table, and what it was measured on."""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from benchmarks.idling import Idle
from benchmarks.measuring import GENERATOR_IS_BUSY, Measured, median
from tooling.services import programs

PACKAGES = (
    "django",
    "djangorestframework",
    "channels",
    "channels-redis",
    "uvicorn",
    "uvloop",
    "websockets",
    "psycopg",
    "redis",
    "pika",
    "picows",
)
HEAD = (
    "what",
    "Carillon",
    "stock",
    "ratio",
    "nchan",
    "ratio",
    "CPU µs each: Carillon / stock",
    "at least",
    "",
)
Found = Mapping[tuple[str, str], Sequence[Measured]]


@dataclass(frozen=True)
class Line:
    """A line of the table: what it is called and what it must reach."""

    title: str
    threshold: str
    is_met: Callable[[Measured, float, float], bool]
    unit: str = "/s"


# From the measured, its ratio to the stock application, and to nchan (0: not there).
LINES: dict[str, Line] = {
    "broadcast": Line(
        "broadcast to 1,000 sockets, 3 in flight, deliveries",
        "20 × stock, 0.6 × nchan",
        lambda _, stock, nchan: stock >= 20 and (nchan >= 0.6 or nchan == 0),
    ),
    "to users": Line(
        "to one user at a time, fed from Redis",
        "15,000/s or 12 × stock",
        lambda found, stock, _: found.rate >= 15_000 or stock >= 12,
    ),
    "steady": Line(
        "500 sends a second through HTTP, 1,000 sockets, persisted",
        "p95 ≤ 8 ms, 0 lost",
        lambda found, *_: found.extra["p95"] <= 8,
    ),
    "single": Line(
        "HTTP single send, persisted and pushed",
        "2 × stock",
        lambda _, stock, __: stock >= 2,
    ),
    "bulk": Line(
        "HTTP bulk of 100, persisted and pushed, notifications",
        "5,000/s",
        lambda found, *_: found.rate >= 5000,
    ),
    "rabbitmq": Line(
        "RabbitMQ to socket, persisted",
        "12 × stock, 2,500/s",
        lambda found, stock, _: stock >= 12 and found.rate >= 2500,
    ),
    "rabbitmq with results": Line(
        "the same with results",
        "12 × stock, 2,500/s",
        lambda found, stock, _: stock >= 12 and found.rate >= 2500,
    ),
}


def table(found: Found, idle: Idle | None) -> str:
    """Build the table in Markdown."""
    rows = [HEAD, ("---",) * len(HEAD)]
    rows += [
        _row(name, line, found) for name, line in LINES.items() if _has(found, name)
    ]
    if idle is not None:
        rows.append(_idle_row(idle))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _has(found: Found, name: str) -> bool:
    return (name, "carillon") in found


def _row(name: str, line: Line, found: Found) -> tuple[str, ...]:
    carillon = median(found[name, "carillon"])
    stock, nchan = (
        median(found[name, other]) if (name, other) in found else None
        for other in ("stock", "nchan")
    )
    to_stock, to_nchan = _ratio(carillon, stock), _ratio(carillon, nchan)
    # A figure with losses is no figure of the same work, whoever lost them.
    lost_nothing = not any(each.lost for each in (carillon, stock, nchan) if each)
    limited = " (generator at its limit)" if _is_limited(carillon) else ""
    is_met = lost_nothing and line.is_met(carillon, to_stock, to_nchan)
    return (
        line.title,
        _figure(carillon) + limited,
        _figure(stock),
        f"{to_stock:.1f}" if stock else "–",
        _figure(nchan),
        f"{to_nchan:.2f}" if nchan else "–",
        f"{carillon.cost:.1f} / {stock.cost:.1f}" if stock else f"{carillon.cost:.1f}",
        line.threshold,
        "met" if is_met else "**not met**",
    )


def _is_limited(measured: Measured) -> bool:
    return measured.generator >= GENERATOR_IS_BUSY


def _ratio(measured: Measured, other: Measured | None) -> float:
    if other is not None and "p95" in measured.extra:
        return other.extra["p95"] / measured.extra["p95"]
    return measured.rate / other.rate if other is not None and other.rate else 0.0


def _figure(measured: Measured | None) -> str:
    if measured is None:
        return "–"
    lost = f", **{measured.lost} lost**" if measured.lost else ""
    if measured.extra:
        shown = " / ".join(f"{value:.1f}" for value in measured.extra.values())
        return f"p50 / p95 / p99 {shown} ms{lost}"
    return f"{measured.rate:,.0f}/s{lost}"


def _idle_row(idle: Idle) -> tuple[str, ...]:
    is_met = (
        idle.memory <= 35
        and idle.held == idle.sockets
        and idle.seconds <= 60
        and idle.queries <= 3
    )
    return (
        f"memory per idle connection at {idle.sockets:,}",
        (
            f"{idle.memory:.1f} KiB, {idle.held:,} held, `replay_end` by all in "
            f"{idle.seconds:.1f} s, {idle.queries:.1f} queries a connect"
        ),
        *("–",) * 5,
        "≤ 35 KiB, all held, ≤ 60 s, ≤ 3 queries",
        "met" if is_met else "**not met**",
    )


def surroundings() -> str:
    """Say what it ran on."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    postgresql = programs.postgresql()
    servers = [
        _said([str(postgresql / "postgres"), "--version"]) if postgresql else "",
        _said([str(programs.redis()), "--version"]).split(" sha")[0],
        _said([str(programs.nginx()), "-v"]),
        _rabbitmq(),
    ]
    return "\n".join(
        [
            f"Machine: {_processor()}, {platform.system()} {platform.release()}",
            f"Python {platform.python_version()}; {packages}",
            "; ".join(filter(None, servers)),
            f"Load when it ended: {os.getloadavg()[0]:.1f}",
            f"Command: python -m benchmarks {' '.join(sys.argv[1:])}",
        ],
    )


def _processor() -> str:
    names = {
        line.split(":", 1)[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    }
    return ", ".join(names) or platform.machine()


def _rabbitmq() -> str:
    # Asking it starts an Erlang machine; its folder says the same.
    script = programs.rabbitmq()
    folders = script.resolve().parts if script else ()
    versions = [name for name in folders if name.startswith("rabbitmq_server-")]
    return versions[0].replace("rabbitmq_server-", "RabbitMQ ") if versions else ""


def _said(command: list[str]) -> str:
    if shutil.which(command[0]) is None:
        return ""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip()
