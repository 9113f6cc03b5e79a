"""What the socket edge counts."""

from prometheus_client import Counter, Gauge

from apps.common.metrics import REGISTRY

SOCKETS = Gauge(
    "carillon_sockets",
    "WebSocket connections that are open.",
    registry=REGISTRY,
)
FRAMES_SENT = Counter(
    "carillon_frames_sent_total",
    "Frames queued for clients.",
    registry=REGISTRY,
)
FRAMES_REFUSED = Counter(
    "carillon_frames_refused_total",
    "Client frames that were answered with an error.",
    ["code"],
    registry=REGISTRY,
)
SOCKETS_CLOSED = Counter(
    "carillon_sockets_closed_total",
    "Connections closed by the server.",
    ["code"],
    registry=REGISTRY,
)
POLLS = Counter(
    "carillon_polls_total",
    "Reconciliation polls of the database.",
    ["result"],
    registry=REGISTRY,
)
