"""A proxy before a real S3 server that understands HTTP and does harm: refuses, resets, damages or holds what it picks.

The Host header goes through as it came: it is signed.
"""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Harm:
    """What is done to a request: answered with `status` and S3's `code`, or reset, damaged on its way, or held."""

    kind: Literal["answer", "reset", "damage", "hold"] = "answer"
    status: int = 500
    code: str = "InternalError"


Pick = Callable[[str, str], Harm | None]
"""From method and path with query to the harm, or None to let it through."""


@dataclass
class FaultyS3:
    """`endpoint` to use instead of the server's; `pick` may be changed at any time."""

    endpoint: str
    pick: Pick = lambda method, path: None
    seen: list[tuple[str, str]] = field(default_factory=list)
    holding: threading.Event = field(default_factory=threading.Event)
    """Set once a request is held."""
    let_go: threading.Event = field(default_factory=threading.Event)
    """Ends the holding; `pick` is asked once more then."""


def is_part(method: str, path: str) -> bool:
    """A part of an upload."""
    return method == "PUT" and "partNumber=" in path


@contextmanager
def faulty_s3(endpoint: str) -> Iterator[FaultyS3]:
    """Run the proxy until the block ends."""
    behind = urlsplit(endpoint)
    assert behind.hostname is not None
    host, port = behind.hostname, behind.port or 80

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            faulty.seen.append((self.command, self.path))
            harm = faulty.pick(self.command, self.path)
            if harm is not None and harm.kind == "hold":
                faulty.holding.set()
                faulty.let_go.wait(60.0)
                harm = faulty.pick(self.command, self.path)
            if harm is not None and harm.kind == "reset":
                self.close_connection = True
                self.connection.close()
                return
            if harm is not None and harm.kind == "answer":
                self._refuse(harm)
                return
            if harm is not None and harm.kind == "damage":
                body = bytes([body[0] ^ 1]) + body[1:]
            self._pass_on(body)

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_any

        def _refuse(self, harm: Harm) -> None:
            text = f"<Error><Code>{harm.code}</Code><Message>as asked</Message></Error>".encode()
            self.send_response(harm.status)
            self.send_header("Content-Type", "application/xml")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def _pass_on(self, body: bytes) -> None:
            onward = http.client.HTTPConnection(host, port, timeout=30)
            try:
                onward.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                for name, value in self.headers.items():
                    onward.putheader(name, value)
                onward.endheaders(body)
                answer = onward.getresponse()
                content = answer.read()
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                        self.send_header(name, value)
                length = answer.getheader("Content-Length") if self.command == "HEAD" else str(len(content))
                self.send_header("Content-Length", length or "0")
                self.end_headers()
                self.wfile.write(content)
            finally:
                onward.close()

        def log_message(self, format: str, *arguments: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    faulty = FaultyS3(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield faulty
    finally:
        faulty.let_go.set()
        server.shutdown()
        server.server_close()
