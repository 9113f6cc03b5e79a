"""No credential and no payload is found in what a server writes."""

from collections.abc import Callable
from urllib.parse import quote

import pytest

from tests.conformance.door import Deployment, Door
from tests.supply import PASSWORD, Supply

CANARY = "canary-in-a-payload-5d0e"
WRONG = "canary-wrong-password-91c3"


def use_every_credential(door: Door) -> dict[str, str]:
    """Do what a day brings, rightly and wrongly; return the secrets that were in it."""
    deployment, member, person = door.deployment, door.member(), door.person()
    used, unused = person.ticket(), person.ticket()
    minted = deployment.service.post("/api/auth/ticket/", {"user_id": person.id})
    by_url = door.open_by_url(used)
    by_url.greeting()
    door.open_by_url(used).closing()
    door.open_by_url(member.token).closing()
    door.open(f"{unused}x").closing()
    header = door.open(headers={"Authorization": f"Token {member.token}"})
    header.greeting()
    header.send("auth", token=minted["ticket"])
    header.closing()
    by_url.send(CANARY, payload=CANARY)
    person.send({"text": CANARY}, title=CANARY, body=CANARY)
    by_url.until("server_notification")
    stranger = deployment.anonymous.signed(
        Authorization=f"Bearer {deployment.service_id}:{deployment.service_token}x",
    )
    stranger.request("GET", "/api/user/me/")
    login = {"username": member.login.username, "password": WRONG}
    deployment.anonymous.request("POST", "/api/auth/token/", login)
    deployment.anonymous.request("POST", "/api/auth/token/", WRONG.encode())
    query = f"/api/user/me/?token={quote(unused)}&password={WRONG}"
    deployment.anonymous.request("GET", query)
    member.web.post("/api/auth/logout/")
    member.web.request("GET", "/api/user/me/")
    return {
        "used ticket": used,
        "unused ticket": unused,
        "minted ticket": minted["ticket"],
        "inbox token": minted["inbox_token"],
        "token": member.token,
        "password": PASSWORD,
        "wrong password": WRONG,
        "service secret": deployment.service_token,
        "payload": CANARY,
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("web_server", "style"),
    [("uvicorn", "text"), ("uvicorn", "json"), ("daphne", "text")],
)
def test_no_secret_is_found_in_what_a_server_writes(
    supply: Supply,
    enter: Callable[[Deployment], Door],
    web_server: str,
    style: str,
) -> None:
    environment = {"LOG_FORMAT": style, "LOG_LEVEL": "debug"}
    running = supply.embedded(environment, web_server=web_server)

    secrets = use_every_credential(enter(running.deployment))
    metrics = running.deployment.anonymous.request("GET", "/metrics").body.decode()
    running.server.stop()

    log = running.server.log()
    assert [name for name, secret in secrets.items() if secret in log] == []
    assert [name for name, secret in secrets.items() if secret in metrics] == []
    assert "Traceback" not in log
    assert log
