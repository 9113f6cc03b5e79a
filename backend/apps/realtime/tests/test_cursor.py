"""A cursor beside the acknowledgements of other connections."""

import pytest

from apps.notifications.selectors import Outgoing
from apps.realtime.cursor import Cursor
from apps.realtime.window import Window


@pytest.mark.parametrize(
    ("keys", "up_to"), [(["1", "2"], None), ([], 2)], ids=["keys", "up to"]
)
def test_what_is_acknowledged_while_it_is_read_keeps_no_place(
    keys: list[str], up_to: int | None
) -> None:
    sent: list[str] = []
    cursor = Cursor(
        seq=0,
        replay_to=4,
        unacknowledged_only=True,
        window=Window(frames=2, size=1000),
        send=sent.append,
        has_room=lambda: True,
    )
    assert cursor.next_read() is not None

    cursor.release(keys, up_to=up_to)
    cursor.take(
        [Outgoing(seq, str(seq), f"frame {seq}") for seq in (1, 2)],
        up_to=4,
        complete=False,
    )

    assert sent == ["frame 1", "frame 2"]
    assert cursor.window.is_open
    read = cursor.next_read()
    assert read is not None
    assert read.after == 2
