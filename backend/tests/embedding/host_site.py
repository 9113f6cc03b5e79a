"""The example site of another origin as a process, and what its page may not do."""

import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, WebError

from tests.conformance.door import Deployment
from tests.processes import clean_environment, wait_until

SERVE = (
    Path(__file__).resolve().parents[3] / "docs" / "examples" / "embedding" / "serve.py"
)
_REPORT_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) => console.error(
    "securitypolicyviolation", event.violatedDirective, event.blockedURI,
));
"""


class HostSite:
    """`serve.py`, started for one user of one deployment."""

    def __init__(self, deployment: Deployment, folder: Path, *, port: int) -> None:
        self.deployment = deployment
        self.port = port
        self._key_file = folder / "service.key"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, user_id: int) -> None:
        self._key_file.write_text(
            f"X-Service-Id: {self.deployment.service_id}\n"
            f"X-Service-Token: {self.deployment.service_token}\n",
        )
        options = {
            "--carillon": self.deployment.url,
            "--key-file": str(self._key_file),
            "--user-id": str(user_id),
            "--port": str(self.port),
        }
        arguments = [word for option in options.items() for word in option]
        self._process = subprocess.Popen(
            [sys.executable, str(SERVE), *arguments],
            env=clean_environment({}),
            stdout=subprocess.DEVNULL,
        )
        wait_until(self._answers, seconds=30, what="the host site answers")

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


@dataclass
class Watch:
    """Notes what a page that embeds the inbox must never do."""

    hosts: frozenset[str]
    offences: list[str] = field(default_factory=list)

    def on(self, context: BrowserContext) -> None:
        context.add_init_script(_REPORT_VIOLATIONS)
        context.on("request", self._requested)
        context.on("weberror", self._failed)
        context.on("console", self._said)

    def _requested(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme != "data" and parts.netloc not in self.hosts:
            self.offences.append(f"a request left the two hosts: {request.url}")

    def _failed(self, error: WebError) -> None:
        self.offences.append(f"a script failed: {error.error}")

    def _said(self, message: ConsoleMessage) -> None:
        text = message.text
        if "securitypolicyviolation" in text or "Content Security Policy" in text:
            self.offences.append(f"the policy was violated: {text}")
