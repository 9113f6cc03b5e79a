"""Everything goes through once; run by `test_hourglass` in a process of its own."""

import json

from apps.notifications import delivering
from tests.hourglass.entrances import cells
from tests.hourglass.world import EXITS, SECONDS, a_world
from tests.processes import wait_until


def main() -> None:
    """Use every way in and print what left by which way out as the last line."""
    with a_world() as world:
        texts = {}
        for number, (entrance, channels) in enumerate(cells()):
            texts[number] = f"The tower is on fire, number {number}."
            entrance(world, texts[number], channels)
        delivering.work(SECONDS)
        on_page = sum("in_app" in channels for _, channels in cells())
        wait_until(
            lambda: len(world.left()["in_app"]) >= on_page,
            seconds=SECONDS,
            what="everything on the page",
        )
        left = world.left()
    found = [
        {way_out: sum(text in each for each in left[way_out]) for way_out in EXITS}
        for text in texts.values()
    ]
    print(json.dumps(found))  # noqa: T201  (the parent process reads it)
