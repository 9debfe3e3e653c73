"""A site that can be told to misbehave: it echoes what it was sent, answers poison, or the release it holds."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Asked:
    """One request as the site got it."""

    method: str
    path: str
    head: str
    body: str

    @property
    def everything(self) -> str:
        """All of it as text, as a site in debug mode prints it."""
        return f"{self.method} {self.path}\n{self.head}\n{self.body}"


@dataclass(frozen=True)
class Reply:
    """One answer."""

    body: bytes | str = b""
    status: int = 200
    kind: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


Route = Reply | Callable[[Asked], Reply]
HEALTHY = Reply('{"status": "healthy"}')
PAGE = Reply('<html><script src="/assets/app.js"></script>Dispatch</html>', kind="text/html")


def echo(status: int) -> Callable[[Asked], Reply]:
    """Answers with everything it was sent, each time from another line on: only the first is ever shown."""
    turns = itertools.count()

    def answer(asked: Asked) -> Reply:
        lines = [line.partition(": ")[2] or line for line in asked.everything.splitlines() if line.strip()]
        turn = next(turns) % len(lines)
        return Reply(json.dumps({"error": " ".join([*lines[turn:], *lines[:turn]])}), status)

    return answer


class Site(ThreadingHTTPServer):
    """Serves on loopback until closed; `routes` may be changed at any time, `rest` answers every other path."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, root: Path | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.root = root
        self.routes: dict[str, Route] = {"/api/health": HEALTHY, "/": PAGE, "/api/version": self._version}
        self.routes["/assets/app.js"] = Reply("start()", kind="text/javascript")
        self.rest: Route = Reply("not here", 404, "text/plain")
        self.pinned_version = ""

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answer(self, asked: Asked) -> Reply:
        route = self.routes.get(asked.path.partition("?")[0], self.rest)
        return route if isinstance(route, Reply) else route(asked)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up early is nothing to print."""

    def _version(self, asked: Asked) -> Reply:
        if self.pinned_version or self.root is None:
            return Reply(json.dumps({"commit": self.pinned_version}))
        return Reply((self.root / "current" / "release.json").read_bytes())


class _Handler(BaseHTTPRequestHandler):
    server: Site

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode("utf-8", "replace")
        reply = self.server.answer(Asked(self.command, self.path, str(self.headers), body))
        sent = reply.body.encode() if isinstance(reply.body, str) else reply.body
        self.send_response(reply.status)
        self.send_header("content-type", reply.kind)
        self.send_header("content-length", str(len(sent)))
        for name, value in reply.headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(sent)

    do_GET = do_POST = do_HEAD = do_PUT = do_DELETE = _serve

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@contextmanager
def a_site(root: Path | None = None) -> Iterator[Site]:
    """Serve until the block ends."""
    site = Site(root)
    thread = threading.Thread(target=site.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        site.shutdown()
        site.server_close()
        thread.join(5)
