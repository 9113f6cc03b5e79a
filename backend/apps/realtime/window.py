"""What is sent on a connection and not yet acknowledged, and when the server waits."""

from collections import OrderedDict
from collections.abc import Collection, Iterable


class Window:
    """Bounds what is in flight: a number of frames and a number of bytes.

    It is open while both bounds have room, so a single frame larger than the byte
    bound still gets through when nothing else is in flight.
    """

    def __init__(self, *, frames: int, size: int) -> None:
        """Start empty; `size` is in bytes."""
        self._frames = frames
        self._size = size
        self._held = 0
        self._outstanding: OrderedDict[str, tuple[int, int]] = OrderedDict()

    @property
    def is_open(self) -> bool:
        """Say whether one more frame may be sent."""
        return len(self._outstanding) < self._frames and self._held < self._size

    @property
    def free(self) -> int:
        """Count the frames that still fit; bytes may end it earlier."""
        return max(0, self._frames - len(self._outstanding))

    def __contains__(self, key: str) -> bool:
        """Say whether a key is in flight."""
        return key in self._outstanding

    def add(self, key: str, *, seq: int, size: int) -> None:
        """Note that a frame is in flight."""
        self._outstanding[key] = (seq, size)
        self._held += size

    def release(self, keys: Iterable[str]) -> bool:
        """Let go of keys; say whether one of them was in flight."""
        found = False
        for key in keys:
            entry = self._outstanding.pop(key, None)
            if entry is not None:
                self._held -= entry[1]
                found = True
        return found

    def release_up_to(self, seq: int) -> bool:
        """Let go of every number up to `seq`; say whether there was one."""
        return self.release(
            [key for key, (number, _) in self._outstanding.items() if number <= seq],
        )

    def numbers(self) -> dict[int, str]:
        """Return number → key of what is in flight."""
        return {seq: key for key, (seq, _) in self._outstanding.items()}

    def release_numbers(self, numbers: Collection[int]) -> bool:
        """Let go of these numbers; say whether one of them was in flight."""
        return self.release(
            [key for seq, key in self.numbers().items() if seq in numbers],
        )
