"""A site of another origin that shows a user's Carillon inbox on its page.

    python docs/examples/embedding/serve.py \
        --carillon http://127.0.0.1:8000 --key-file shop.key --user-id 2

The key file has the two lines that `manage.py create_service_key shop --scope
tickets:mint` prints. Needs nothing but Python.
"""

import argparse
import json
import urllib.error
import urllib.request
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from string import Template
from urllib.parse import urlsplit

FOLDER = Path(__file__).resolve().parent
FILES = {
    "/": ("page.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
}


class Site(ThreadingHTTPServer):
    """The site's own server; it alone knows the service key."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], options: argparse.Namespace) -> None:
        """Read the key once."""
        super().__init__(address, Handler)
        self.carillon = options.carillon.rstrip("/")
        self.user = {"user_id": options.user_id}
        lines = Path(options.key_file).read_text().splitlines()
        self.key = dict(line.strip().split(": ", 1) for line in lines if ": " in line)

    @property
    def policy(self) -> str:
        """Say what a page of this site may load: itself, and Carillon by name."""
        socket = self.carillon.replace("http", "ws", 1)
        return "; ".join(
            (
                "default-src 'none'",
                f"script-src 'self' {self.carillon}",
                "style-src 'self'",
                "img-src 'self'",
                f"connect-src 'self' {self.carillon} {socket}",
                "base-uri 'none'",
                "form-action 'none'",
                "frame-ancestors 'none'",
            ),
        )

    def new_ticket(self) -> bytes:
        """Ask Carillon for a ticket and an inbox token of the user who is logged in.

        A real site takes the user from its own session, never from the request.
        """
        request = urllib.request.Request(  # noqa: S310  (the address is an option)
            f"{self.carillon}/api/auth/ticket/",
            data=json.dumps(self.user).encode(),
            headers={**self.key, "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            body: bytes = answer.read()
            return body


class Handler(BaseHTTPRequestHandler):
    """The page, its files, and the tickets."""

    server: Site
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Give the page or one of its files."""
        name, kind = FILES.get(urlsplit(self.path).path, ("", ""))
        if not name:
            self._answer(HTTPStatus.NOT_FOUND, b"Not here.", "text/plain")
            return
        text = (FOLDER / name).read_text(encoding="utf-8")
        page = Template(text).safe_substitute(carillon=self.server.carillon)
        self._answer(HTTPStatus.OK, page.encode(), kind)

    def do_POST(self) -> None:
        """Give a ticket to pages of this site alone."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        origin = self.headers.get("Origin", "")
        if self.path != "/ticket" or urlsplit(origin).netloc != self.headers["Host"]:
            self._answer(HTTPStatus.FORBIDDEN, b"{}", "application/json")
            return
        try:
            ticket = self.server.new_ticket()
        except (urllib.error.URLError, TimeoutError) as error:
            self.log_error("no ticket: %s", error)
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE, b"{}", "application/json")
        else:
            self._answer(HTTPStatus.CREATED, ticket, "application/json")

    def _answer(self, status: HTTPStatus, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", self.server.policy)
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say errors only."""

    def log_error(self, format: str, *args: object) -> None:  # noqa: A002
        """Say what went wrong."""
        super().log_message(format, *args)


def main() -> None:
    """Serve until Ctrl-C."""
    options = _options()
    with Site((options.host, options.port), options) as site:
        origin = f"http://{options.host}:{site.server_port}"
        print(f"The site is at {origin}/ . Start Carillon with", flush=True)
        print(f"CORS_ALLOWED_ORIGINS={origin} WS_ALLOWED_ORIGINS={origin}", flush=True)
        try:
            site.serve_forever()
        except KeyboardInterrupt:
            return


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--carillon", required=True, help="http://127.0.0.1:8000")
    parser.add_argument("--key-file", required=True, help="with scope tickets:mint")
    parser.add_argument("--user-id", type=int, default=2, help="whose inbox; 2 is John")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9000, help="0 for any free one")
    return parser.parse_args()


if __name__ == "__main__":
    main()
