"""Alerts on open sockets: A20, A32 and A33 on real servers.

Every alert here is for people of its test alone: the servers are shared.
"""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.conformance.client import FRAME_SECONDS, Socket
from tests.conformance.door import Door, Person
from tests.conformance.shapes import Frame

ADMIN = "/api/admin/alerts/"


def moment(seconds: float) -> str:
    """Say a time from now as the API takes it."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def publish(door: Door, *people: Person, **given: object) -> int:
    """Write an alert for these people; say its id."""
    body = {
        "title": "Maintenance",
        "message": "Tonight.",
        "severity": "critical",
        "visibility_type": "user",
        "target_users": [person.id for person in people],
        "start_time": moment(-1),
        "expiry_time": moment(3600),
        **given,
    }
    made: dict[str, Any] = door.deployment.service.post(ADMIN, body)
    return int(made["id"])


def change(door: Door, alert: int, **given: object) -> None:
    """Change an alert."""
    door.deployment.service.put(f"{ADMIN}{alert}/", given)


def until(
    socket: Socket, kind: str, alert: int, *, seconds: float = FRAME_SECONDS
) -> Frame:
    """Read on to a change of this alert."""
    while True:
        frame = socket.until("alert", change=kind, seconds=seconds)
        if frame["alert"]["id"] == alert:
            return frame


def own(frame: Frame, alert: int) -> list[Frame]:
    """List what a snapshot says of an alert."""
    return [each for each in frame["alerts"] if each["id"] == alert]


def test_a20_late_joiners_are_greeted_with_what_is_on_show(door: Door) -> None:
    person, other = door.person(), door.person()
    alert = publish(door, person)

    greeting = person.connect().greeting()
    foreign = other.connect().greeting()

    assert greeting.snapshots[0]["type"] == "alerts"
    [shown] = own(greeting.snapshots[0], alert)
    assert shown["state"] == "unread"
    assert greeting.hello["alerts_version"] <= greeting.snapshots[0]["version"]
    assert own(foreign.snapshots[0], alert) == []


def test_a33_publishing_changing_and_withdrawing_reach_open_sockets(
    door: Door,
) -> None:
    person, other = door.person(), door.person()
    first, second, foreign = person.tab(), person.tab(), other.tab()

    alert = publish(door, person)
    published = [until(tab, "published", alert) for tab in (first, second)]
    change(door, alert, title="Other", severity="info")
    updated = [until(tab, "updated", alert) for tab in (first, second)]
    door.deployment.service.request("DELETE", f"{ADMIN}{alert}/")
    withdrawn = [until(tab, "withdrawn", alert) for tab in (first, second)]

    assert [each["alert"]["title"] for each in published] == ["Maintenance"] * 2
    assert [each["alert"]["title"] for each in updated] == ["Other"] * 2
    assert withdrawn[0]["alert"] == {"id": alert}
    assert published[0]["version"] < updated[0]["version"] < withdrawn[0]["version"]
    assert not [frame for frame in foreign.quiet() if frame["type"] == "alert"]


def test_a33_reading_and_snoozing_show_on_the_users_other_pages(door: Door) -> None:
    member = door.member()
    alert = publish(door, Person(door, member.user_id))
    tab, other = (door.open_by_url(_ticket(member.web)) for _ in range(2))
    tab.greeting(), other.greeting()

    member.web.post(f"/api/user/alerts/{alert}/read/", {})
    read = [until(each, "state", alert) for each in (tab, other)]
    member.web.post(f"/api/user/alerts/{alert}/snooze/", {"minutes": 5})
    snoozed = [until(each, "state", alert) for each in (tab, other)]

    assert [each["alert"]["state"] for each in read] == ["read"] * 2
    assert [each["alert"]["state"] for each in snoozed] == ["snoozed"] * 2
    assert snoozed[0]["alert"]["snoozed_until"] is not None


def test_a32_start_and_expiry_happen_by_themselves(door: Door) -> None:
    person = door.person()
    tab = person.tab()

    alert = publish(door, person, start_time=moment(1), expiry_time=moment(9))

    begun = until(tab, "published", alert)
    ended = until(tab, "expired", alert, seconds=9 + FRAME_SECONDS)
    assert begun["version"] < ended["version"]
    assert [f["change"] for f in tab.frames if f["type"] == "alert"] == [
        "published",
        "expired",
    ]


def test_another_audience_takes_it_from_those_and_shows_it_to_these(
    door: Door,
) -> None:
    leaving, staying, coming = (door.person() for _ in range(3))
    tabs = [person.tab() for person in (leaving, staying, coming)]
    alert = publish(door, leaving, staying)
    for tab in tabs[:2]:
        until(tab, "published", alert)

    change(door, alert, target_users=[staying.id, coming.id])

    until(tabs[0], "withdrawn", alert)
    until(tabs[1], "updated", alert)
    until(tabs[2], "published", alert)


def test_who_read_it_before_it_was_withdrawn_finds_it_read_when_it_returns(
    door: Door,
) -> None:
    member = door.member()
    alert = publish(door, Person(door, member.user_id))
    tab = door.open_by_url(_ticket(member.web))
    tab.greeting()
    member.web.post(f"/api/user/alerts/{alert}/read/", {})
    until(tab, "state", alert)
    change(door, alert, is_active=False)
    until(tab, "withdrawn", alert)

    change(door, alert, is_active=True)

    snapshot = tab.until("alerts")
    [shown] = own(snapshot, alert)
    assert shown["state"] == "read"


def _ticket(web: Any) -> str:
    return str(web.post("/api/auth/ticket/", {})["ticket"])


def test_who_changes_teams_sees_the_other_teams_alerts_on_an_open_page(
    door: Door,
) -> None:
    service, name = door.deployment.service, f"mover-{uuid.uuid4().hex}"
    path = f"/api/users/by-external-id/{name}/"
    made = service.put(path, {"username": name, "team": "Operations"})
    operations = made["team"]["id"]
    marketing = service.put(path, {"team": "Marketing"})["team"]["id"]
    tab = Person(door, made["id"]).connect()
    greeting = tab.greeting()
    to_team: dict[str, object] = {"visibility_type": "team", "target_users": []}
    theirs = publish(door, target_teams=[marketing], **to_team)
    until(tab, "published", theirs)
    others = publish(door, target_teams=[operations], **to_team)

    service.put(path, {"team": "Operations"})

    snapshot = tab.until("alerts")
    assert own(greeting.snapshots[0], others) == []
    assert own(snapshot, theirs) == []
    assert own(snapshot, others)[0]["state"] == "unread"
    for alert in (theirs, others):
        change(door, alert, is_active=False)
