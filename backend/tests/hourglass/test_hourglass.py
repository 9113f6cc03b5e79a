"""The hourglass: whatever comes in leaves by every way out that it was meant for.

One table goes through the embedded profile, and through PostgreSQL with Redis. Each way
in leads to the page's socket, a mail server, an SMS gateway, Telegram and a webhook.
"""

import json
from collections.abc import Mapping

import pytest

from apps.delivery import channels
from tests.hourglass.entrances import cells
from tests.hourglass.world import EXITS
from tests.processes import manage
from tests.supply import Supply

_RUN = "from tests.hourglass import sand; sand.main()"


def check(environment: Mapping[str, str]) -> None:
    """Let everything through once; it leaves once where it was meant to."""
    printed = manage(environment, "shell", "-v", "0", "-c", _RUN)

    names = [f"{entrance.__name__}: {', '.join(asked)}" for entrance, asked in cells()]
    left = json.loads(printed.splitlines()[-1])
    meant = [{exit_: int(exit_ in asked) for exit_ in EXITS} for _, asked in cells()]
    assert dict(zip(names, left, strict=True)) == dict(zip(names, meant, strict=True))


def test_every_channel_is_a_way_out() -> None:
    assert set(EXITS) == {"in_app", *channels.names()}


@pytest.mark.slow
def test_what_comes_in_goes_out_once_in_the_embedded_profile(supply: Supply) -> None:
    check(supply.data())


@pytest.mark.services
def test_what_comes_in_goes_out_once_with_postgresql_and_redis(
    supply: Supply, postgres_url: str, redis_url: str
) -> None:
    data = supply.data(postgres_url=postgres_url)

    check({**data, "REDIS_URL": redis_url, "REDIS_PREFIX": data["DATA_DIR"]})
