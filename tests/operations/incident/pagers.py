"""A pager service on loopback: takes PagerDuty's and Opsgenie's calls and answers as it is told to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any


@dataclass
class Heard:
    """One request as it came in."""

    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]


@dataclass
class Behaviour:
    """`raw` goes out as it is, before anything else; `hang` keeps every answer back; `cut` hangs up instead."""

    status: int = 202
    answer: object = None
    raw: bytes = b""
    hang: Event | None = None
    cut: bool = False
    endless: bool = False
    asked: dict[str, object] = field(default_factory=dict)


class Pagers(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.woken: set[str] = set()
        """The keys of calls that woke somebody: one that is known wakes nobody again."""
        self.behaves = Behaviour()
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is what some tests want."""


class Handler(BaseHTTPRequestHandler):
    server: Pagers

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.heard.append(Heard(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        key = body.get("dedup_key") or body.get("alias") or ""
        behaves = self.server.behaves
        if 200 <= behaves.status < 300:
            self.server.woken.add(key)
        if behaves.hang:
            behaves.hang.wait(30)
        if behaves.cut:
            self.connection.close()
            return
        usual = {"status": "success", "message": "Event processed", "dedup_key": key}
        if self.path == "/v2/alerts":
            usual = {"result": "Request will be processed", "requestId": "43a29c5c"}
        self._answer(behaves.status, behaves.raw or json.dumps(behaves.answer or usual).encode())

    def do_GET(self) -> None:
        self.server.heard.append(Heard(self.path, {k.lower(): v for k, v in self.headers.items()}, {}))
        self._answer(200, json.dumps(self.server.behaves.asked).encode())

    def _answer(self, status: int, raw: bytes) -> None:
        self.send_response(status)
        if not self.server.behaves.endless:
            self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)
        while self.server.behaves.endless:
            self.wfile.write(b"x" * 65_536)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@contextmanager
def pagers() -> Iterator[Pagers]:
    """Serve until the block ends."""
    server = Pagers()
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield server
    finally:
        if server.behaves.hang:
            server.behaves.hang.set()
        server.behaves.endless = False
        server.shutdown()
        server.server_close()
