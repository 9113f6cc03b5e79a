"""What Prometheus may read of the whole deployment.

Every process tells the same, since it is read from the database. What does not answer
in time has no samples.
"""

from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily

from apps.common import backlog, status
from apps.common.probing import Probe, answered, private_database, result_or_none

REGISTRY = CollectorRegistry()
FRESH_SECONDS = 10.0


class _Deployment:
    def describe(self) -> Iterator[GaugeMetricFamily]:
        yield from _families({}, {})

    def collect(self) -> Iterator[GaugeMetricFamily]:
        waiting, signs = WAITING.begin(), status.SIGNS.begin()
        answered([waiting, signs], timeout_seconds=status.LIMIT_SECONDS)
        seen, counted = result_or_none(signs) or {}, result_or_none(waiting) or {}
        ages = {part: status.age_seconds(seen_at) for part, seen_at in seen.items()}
        yield from _families(counted, ages)


def _families(
    waiting: Mapping[str, float], ages: Mapping[str, float]
) -> Iterator[GaugeMetricFamily]:
    for name, text, label, samples in (
        ("carillon_waiting", "What waits to be done.", "what", waiting),
        ("carillon_part_age_seconds", "How old the last sign is.", "part", ages),
    ):
        family = GaugeMetricFamily(name, text, labels=[label])
        for key, value in samples.items():
            family.add_metric([key], value)
        yield family


def _count() -> dict[str, float]:
    with private_database():
        return backlog.counted()


WAITING = Probe(_count, fresh_seconds=FRESH_SECONDS)
REGISTRY.register(_Deployment())
