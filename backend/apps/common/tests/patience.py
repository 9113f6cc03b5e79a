"""Time for what runs many threads at once on a machine that may stand still."""

from django.db import connection

SECONDS = 60
_LIMITS = (
    "lock_timeout",
    "statement_timeout",
    "idle_in_transaction_session_timeout",
)


def wait_long_for_the_database() -> None:
    """Lift the product's limits of seconds; call it before anything is connected.

    Who queues behind twenty others for a row, or for a connection, is not wrong. A
    deadlock is found as always.
    """
    if connection.vendor != "postgresql":
        return
    options = connection.settings_dict["OPTIONS"]
    options["pool"]["timeout"] = SECONDS
    options["options"] += "".join(f" -c {name}={SECONDS}s" for name in _LIMITS)
