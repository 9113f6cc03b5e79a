"""What push counts."""

from prometheus_client import Counter

from apps.common.metrics import REGISTRY

HINTS_PUBLISHED = Counter(
    "carillon_hints_published_total",
    "Hints handed to the channel layer.",
    registry=REGISTRY,
)
HINTS_DROPPED = Counter(
    "carillon_hints_dropped_total",
    "Hints that were given up; the poll of the hubs heals each within seconds.",
    ["reason"],
    registry=REGISTRY,
)
