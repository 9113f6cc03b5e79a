"""What the fake domain answers; importing this registers it with the socket."""

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from django.conf import settings

from apps.accounts.admission import Standing
from apps.push import registry
from apps.push.registry import (
    Snapshot,
    Watchable,
    register_snapshot,
    register_watchable,
)
from tests.fake_domain import FILE_NAME


def _domain() -> dict[str, Any]:
    path = Path(settings.DATA_DIR) / FILE_NAME
    empty: dict[str, Any] = {"mailings": {}}
    return {**empty, **json.loads(path.read_text())} if path.exists() else empty


def mailings_frame(standing: Standing) -> str | None:
    """Build the snapshot of the mailings for those who may watch one."""
    visible = [
        mailing["progress"]
        for mailing in _domain()["mailings"].values()
        if standing.user_id in mailing["watchers"]
    ]
    return json.dumps({"type": "mailings", "mailings": visible}) if visible else None


def may_watch(standing: Standing, mailing_id: int) -> bool:
    """Say whether the user is among the mailing's watchers."""
    mailing = _domain()["mailings"].get(str(mailing_id))
    return mailing is not None and standing.user_id in mailing["watchers"]


def progress(mailing_ids: Collection[int]) -> dict[int, str]:
    """Build the progress frames of the mailings that there are."""
    mailings = _domain()["mailings"]
    return {
        mailing_id: json.dumps(mailings[str(mailing_id)]["progress"])
        for mailing_id in mailing_ids
        if str(mailing_id) in mailings
    }


# It stands in for the real one.
registry._registry.snapshots.pop("mailings", None)
registry._registry.watchable = None
register_snapshot(Snapshot("mailings", frame=mailings_frame))
register_watchable(Watchable(may_watch=may_watch, progress=progress))
