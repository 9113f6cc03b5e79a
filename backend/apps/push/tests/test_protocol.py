"""The frames: payloads pass unchanged, times are UTC with a Z."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from apps.push import groups, protocol, registry
from apps.push.protocol import NotificationFrame
from apps.push.registry import Snapshot, Watchable


def notification(payload: str, *, request_id: str = "") -> NotificationFrame:
    return {
        "key": "k",
        "seq": 7,
        "payload": payload,
        "kind": "message",
        "title": "",
        "body": "",
        "severity": "info",
        "url": "",
        "created_at": datetime(2026, 11, 20, 10, tzinfo=UTC),
        "request_id": request_id,
        "replay": False,
    }


@pytest.mark.parametrize(
    "payload",
    [
        '{"b":1,"a":2}',
        '{ "spaced" : [1.50, 1e3] }',
        '"текст"',
        "0",
        "false",
        '{"__proto__":1}',
    ],
)
def test_a_payload_is_passed_on_as_it_came(payload: str) -> None:
    frame = protocol.server_notification(notification(payload))

    assert f'"value":{payload},' in frame
    assert json.loads(frame)["value"] == json.loads(payload)


def test_the_request_id_is_in_the_frame_only_where_there_is_one() -> None:
    without = json.loads(protocol.server_notification(notification("1")))
    with_id = protocol.server_notification(notification("1", request_id="req-1"))

    assert "request_id" not in without
    assert json.loads(with_id)["request_id"] == "req-1"


def test_times_are_in_utc_with_milliseconds() -> None:
    moment = datetime(2026, 11, 20, 13, 0, 0, 123456, timezone(timedelta(hours=3)))

    assert protocol.timestamp(moment) == "2026-11-20T10:00:00.123Z"


def test_the_size_of_a_frame_is_in_bytes() -> None:
    assert protocol.size("abc") == 3
    assert protocol.size("абв") == 6


def test_group_names_are_valid_for_the_channel_layer() -> None:
    names = [groups.user(1), groups.team(2), groups.mailing(3), groups.EVERYONE]

    assert names == ["user.1", "team.2", "mailing.3", "everyone"]


def test_a_snapshot_and_a_domain_can_be_registered_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(registry, "_registry", type(registry._registry)())
    snapshot = Snapshot("alerts", lambda standing: None, lambda: 4)
    domain = Watchable(lambda standing, mailing: False, lambda ids: {})

    registry.register_snapshot(snapshot)
    registry.register_watchable(domain)

    assert registry.snapshots() == [snapshot]
    assert registry.versions() == {"alerts": 4}
    assert registry.watchable() is domain
    with pytest.raises(ValueError, match="alerts"):
        registry.register_snapshot(snapshot)
    with pytest.raises(ValueError, match="domain"):
        registry.register_watchable(domain)
