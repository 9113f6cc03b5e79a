"""How often a client may do something; pure, the time comes from outside."""

from collections import deque


class TokenBucket:
    """Allows `rate` events a second after a burst of `burst`."""

    def __init__(self, *, rate: float, burst: int) -> None:
        """Start full."""
        self._rate = rate
        self._burst = burst
        self._tokens = float(burst)
        self._filled_at: float | None = None

    def allows(self, seconds: float) -> bool:
        """Take one token at the monotonic time `seconds`; say whether there was one."""
        if self._filled_at is not None:
            gained = (seconds - self._filled_at) * self._rate
            self._tokens = min(float(self._burst), self._tokens + gained)
        self._filled_at = seconds
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Budget:
    """Counts events in a sliding span of time."""

    def __init__(self, *, limit: int, span_seconds: float) -> None:
        """Start with nothing spent."""
        self._limit = limit
        self._span_seconds = span_seconds
        self._times: deque[float] = deque()

    def spend(self, seconds: float) -> bool:
        """Count one event at monotonic time `seconds`; say if it is the last."""
        self._times.append(seconds)
        while self._times and self._times[0] <= seconds - self._span_seconds:
            self._times.popleft()
        return len(self._times) >= self._limit
