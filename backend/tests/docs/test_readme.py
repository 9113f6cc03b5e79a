"""The commands of the README, as a newcomer runs them in a fresh clone."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.docs.pages import README, ROOT, blocks
from tests.docs.stranger import Stranger
from tests.processes import wait_until

# The first start installs everything.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

RUN_HERE = {
    "run",
    "curl-token",
    "curl-service",
    "curl-alert",
    "curl-alert-answer",
    "curl-event",
    "curl-notify",
    "curl-mailing",
    "python-shell",
    "python-http",
    "javascript",
}
# `make test` is what runs this test; the tests of `compose` run its scripts, as Docker
# is not everywhere; those of `consumers` publish to RabbitMQ.
RUN_ELSEWHERE = {
    "test",
    "compose",
    "rabbitmq-listen",
    "rabbitmq-python",
    "rabbitmq-shell",
}


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stranger]:
    """Clone and start; the clone makes everything of its own."""
    stranger = Stranger(tmp_path_factory.mktemp("stranger"))
    try:
        stranger.start()
        yield stranger
    finally:
        stranger.kill()


def test_the_clone_stands_by_itself(stranger: Stranger) -> None:
    used = {path for process in stranger.processes() for path in process.cmdline()}
    used |= {process.cwd() for process in stranger.processes()}

    assert any(path.startswith(str(stranger.clone)) for path in used)
    assert not any(str(ROOT) in path for path in used)
    assert (stranger.clone / ".venv" / "pyvenv.cfg").is_file()
    assert not (stranger.clone / "data").exists()


def test_the_line_that_make_run_prints_sends_a_notification(stranger: Stranger) -> None:
    [line] = [
        each for each in stranger.printed.splitlines() if each.startswith("curl ")
    ]

    stranger.shell(line)

    payloads = [row["payload"] for row in stranger.inbox("john_eng")]
    assert {"text": "Hello, John!"} in payloads


def test_the_page_and_the_documentation_answer(stranger: Stranger) -> None:
    for path in ("/", "/docs/", "/admin/login/"):
        answer = stranger.web.request("GET", path)

        assert answer.status == 200, path
        assert answer.headers["content-type"].startswith("text/html")


def test_e03_the_event_that_the_readme_shows_is_sent_by_every_channel(
    stranger: Stranger,
) -> None:
    printed = stranger.shell(stranger.block("curl-event"))

    assert '"status":"queued"' in printed.replace(" ", "")
    everything = ["email sent", "email sent", "in_app sent", "sms sent"]
    wait_until(
        lambda: _statuses(stranger) == everything,
        what="the mails, the SMS and the notification",
        seconds=30,
    )


def _statuses(stranger: Stranger) -> list[str]:
    admin = stranger.as_user("admin", "admin123")
    events = admin.get("/api/events/?search=Parcel")["results"]
    path = f"/api/events/{events[0]['id']}/notifications/"
    rows = admin.get(path)["results"]
    return sorted(f"{row['channel']} {row['status']}" for row in rows)


def test_the_alert_that_the_readme_shows_is_on_show(stranger: Stranger) -> None:
    stranger.shell(stranger.block("curl-token") + stranger.block("curl-alert"))

    stranger.shell(stranger.block("curl-alert-answer"))

    shown = stranger.as_user("john_eng").get("/api/user/alerts/")["results"]
    [snoozed] = [each for each in shown if each["state"] == "snoozed"]
    assert snoozed["title"] == "System maintenance"
    assert shown[0]["title"] == "Maintenance tonight"
    assert {each["title"] for each in shown} > {"Security update", "System maintenance"}


def test_what_is_told_by_several_channels_arrives_in_the_sandbox(
    stranger: Stranger,
) -> None:
    said = stranger.shell(stranger.block("curl-token") + stranger.block("curl-notify"))
    # curl prints no line ends: the last answer begins with the last id.
    number = json.loads(said[said.rindex('{"id"') :])["id"]

    login = {"username": "admin", "password": "admin123"}
    token = stranger.web.post("/api/auth/token/", login)["token"]
    admin = stranger.web.signed(Authorization=f"Token {token}")

    def ladder() -> dict[str, Any]:
        found: dict[str, Any] = admin.get(f"/api/notify/{number}/")
        return found

    wait_until(lambda: ladder()["status"] != "pending", seconds=30, what="the mail")
    assert ladder()["channel"] == "email"
    assert [each["channel"] for each in ladder()["attempts"]] == ["telegram", "email"]
    assert "TELEGRAM_BOT_TOKEN" in ladder()["attempts"][0]["error"]


def test_the_mailing_that_the_readme_shows_runs_to_its_end(
    stranger: Stranger,
) -> None:
    shell = stranger.block("curl-token") + stranger.block("curl-mailing")
    # The answers follow one another without an end of the line.
    said = stranger.shell(shell)
    assert json.loads(said[said.rindex('{"mailings":') :])["mailings"] == 2

    login = {"username": "admin", "password": "admin123"}
    token = stranger.web.post("/api/auth/token/", login)["token"]
    admin = stranger.web.signed(Authorization=f"Token {token}")

    def newest() -> dict[str, Any]:
        found: dict[str, Any] = admin.get("/api/mailings/")["results"][0]
        return found

    wait_until(lambda: newest()["status"] == "done", seconds=40, what="its end")
    assert newest()["counts"]["sent"] == newest()["counts"]["total"] == 75


def test_every_way_to_send_that_the_readme_shows_reaches_the_inbox(
    stranger: Stranger,
) -> None:
    (stranger.clone / "send.py").write_text(stranger.block("python-http"))

    stranger.shell(stranger.block("curl-token"))
    stranger.shell(stranger.block("curl-service"))
    stranger.shell(stranger.block("python-shell"))
    printed = stranger.shell("python3 send.py")

    inbox = stranger.inbox("john_eng")
    titles = [row["title"] for row in inbox]
    payloads = [row["payload"] for row in inbox]
    assert "Your order is ready" in titles
    assert "Invoice 31 is overdue" in titles
    assert {"text": "Hello from the shell"} in payloads
    assert {"text": "Hello from Python"} in payloads
    assert "'user_id': 2" in printed


def test_the_javascript_prints_and_acknowledges_what_arrives(
    stranger: Stranger,
    tmp_path: Path,
) -> None:
    (stranger.clone / "listen.mjs").write_text(stranger.block("javascript"))
    output = tmp_path / "listen.log"

    listener = stranger.background(
        *("node", "--experimental-websocket", "listen.mjs"), output=output
    )
    try:
        stranger.shell(stranger.block("curl-token"))
        wait_until(
            lambda: 'Your order is ready {"order":7}' in output.read_text(),
            seconds=20,
            what="the notification printed by Node",
        )
        wait_until(
            lambda: all(row["acked_at"] for row in stranger.inbox("john_eng")),
            seconds=20,
            what="everything acknowledged",
            interval=0.2,
        )
    finally:
        listener.kill()
        listener.wait()


def test_ctrl_c_ends_it_and_started_again_everything_is_still_there(
    stranger: Stranger,
) -> None:
    stranger.shell(stranger.block("curl-token"))
    before = stranger.inbox("john_eng")

    seconds = stranger.interrupt()
    left = stranger.processes()
    stranger.start()

    assert seconds < 8
    assert left == []
    after = stranger.inbox("john_eng")
    assert [row["key"] for row in after] == [row["key"] for row in before]


def test_no_block_of_the_readme_is_left_out() -> None:
    named = {block.name for block in blocks(README)}
    fenced = [
        line for line in README.read_text().splitlines() if line.startswith("```")
    ]

    assert named == RUN_HERE | RUN_ELSEWHERE
    assert len(fenced) == 2 * len(named)


def test_make_knows_every_target_that_the_documentation_names() -> None:
    listed = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    targets = {line.split()[1] for line in listed.splitlines()}

    assert {"run", "test", "test-fast", "lint", "format", "check"} <= targets
