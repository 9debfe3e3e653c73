"""The simulated API's HTTP server on loopback. It asks for its token and its team, as Vercel does."""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from operations.practice.vercel import replies
from operations.practice.vercel.faults import Fault, next_fault
from operations.practice.vercel.world import Build, No, World

_ROUTES: tuple[tuple[str, str, re.Pattern[str]], ...] = (
    ("project", "GET", re.compile(r"/v9/projects/([^/]+)")),
    ("deployments", "GET", re.compile(r"/v[67]/deployments")),
    ("deployment", "GET", re.compile(r"/v1[13]/deployments/([^/]+)")),
    ("builds", "GET", re.compile(r"/v11/deployments/([^/]+)/builds")),
    ("delete", "DELETE", re.compile(r"/v13/deployments/([^/]+)")),
    ("create", "POST", re.compile(r"/v13/deployments")),
    ("rollback", "POST", re.compile(r"/v9/projects/([^/]+)/rollback/([^/]+)")),
    ("promote", "POST", re.compile(r"/v10/projects/([^/]+)/promote/([^/]+)")),
    ("aliases", "GET", re.compile(r"/v9/projects/([^/]+)/(?:rollback|promote)/aliases")),
    ("user", "GET", re.compile(r"/v2/user")),
    ("token", "GET", re.compile(r"/v5/user/tokens/current")),
    ("team", "GET", re.compile(r"/(?:v2/)?teams/([^/]+)")),
    ("teams", "GET", re.compile(r"/v[12]/teams")),
)
_HELD = 30.0
_TOKEN = {"id": "t" * 64, "name": "bastion", "type": "token", "origin": "manual", "activeAt": 1, "createdAt": 1}
_BIG = 5_000_000


class Simulator:
    """A running server: `url` is its base, `seen` every request so far as method and path with query.

    `on_request` is called with both before a request is dealt with.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.seen: list[tuple[str, str]] = []
        self.let_go = threading.Event()
        self.url = ""
        self.on_request: Callable[[str, str], None] = _unheard

    def posts(self) -> list[str]:
        """Paths of the POSTs so far."""
        return [urlsplit(path).path for method, path in self.seen if method == "POST"]


@contextmanager
def vercel_simulator(world: World) -> Iterator[Simulator]:
    """Serve that world on a free loopback port until the block ends."""
    simulator = Simulator(world)

    class Bound(_Handler):
        site = simulator

    server = _Server(("127.0.0.1", 0), Bound)
    simulator.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield simulator
    finally:
        simulator.let_go.set()
        server.shutdown()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Askers that leave in the middle are nothing to print a traceback for; anything else is."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    site: Simulator

    def handle_any(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.site.seen.append((self.command, self.path))
        self.site.on_request(self.command, self.path)
        world = self.site.world
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        call, given = _route(self.command, parts.path)
        fault = next_fault(world.faults, call)
        if fault is not None and self._harmed_before(fault):
            return
        try:
            status, body = _answer(world, call, given, query, sent, self.headers.get("Authorization", ""))
        except No as no:
            status, body = no.status, {"error": {"code": no.code, "message": no.message}}
        if fault is None:
            self._send(status, json.dumps(body).encode() if body is not None else b"")
        elif fault.harm == "500-after":
            self._send(500, b'{"error": {"code": "internal_server_error", "message": "An unexpected error"}}')
        else:
            self._reset()

    do_GET = do_POST = do_DELETE = do_PATCH = handle_any

    def _harmed_before(self, fault: Fault) -> bool:
        """Do the harm that keeps the request from being dealt with; False for harm that comes after it."""
        if fault.harm == "429":
            body = b'{"error": {"code": "rate_limited", "message": "Rate limit exceeded"}}'
            self._send(429, body, retry_after=fault.retry_after)
        elif fault.harm == "500":
            self._send(500, b'{"error": {"code": "internal_server_error", "message": "An unexpected error"}}')
        elif fault.harm == "html":
            self._send(200, b"<!DOCTYPE html><html><title>Sign in</title></html>", kind="text/html")
        elif fault.harm == "big":
            self._send(200, b'{"id": "' + b"x" * _BIG + b'"}')
        elif fault.harm == "garbage":
            self._send(200, b'{"id": 5, "deployments": "many"}')
        elif fault.harm == "slow":
            self.site.let_go.wait(_HELD)
            self._reset()
        elif fault.harm == "reset":
            self._reset()
        else:
            return False
        return True

    def _send(self, status: int, body: bytes, *, kind: str = "application/json", retry_after: str = "") -> None:
        try:
            self.send_response(status)
            if body:
                # Vercel's own client reads an empty "JSON" answer as a failure, and sends its POST again.
                self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            if retry_after:
                self.send_header("Retry-After", retry_after)
            self.end_headers()
            self.wfile.write(body)
        except ConnectionError:
            # The asker left: it had enough of a body without end, or of waiting.
            self.close_connection = True

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.close()

    def log_message(self, format: str, *arguments: object) -> None:
        """Nobody reads it."""


def _unheard(_method: str, _path: str) -> None:
    return None


def _route(method: str, path: str) -> tuple[str, list[str]]:
    for call, wanted, pattern in _ROUTES:
        found = pattern.fullmatch(path)
        if found and method == wanted:
            return call, [unquote(group) for group in found.groups()]
    return "", []


def _answer(
    world: World, call: str, given: list[str], query: dict[str, str], sent: bytes, authorization: str
) -> tuple[int, dict[str, Any] | None]:
    if authorization != f"Bearer {world.token}":
        raise No(403, "forbidden", "Not authorized")
    if call in ("user", "team", "teams"):
        return 200, _account(world, call)
    if call == "token":
        if world.token_scopes is None:
            raise No(403, "forbidden", "Not authorized")
        return 200, {"token": {**_TOKEN, "scopes": world.token_scopes, "expiresAt": world.token_ends}}
    team = query.get("teamId") or ("" if "slug" not in query else world.account_id if query["slug"] == "acme" else "-")
    if (team or ("" if world.wants_team else world.account_id)) != world.account_id:
        raise No(403, "forbidden", "You don't have permission to access this resource")
    if call in ("project", "rollback", "promote", "aliases") and given[0] not in (world.project_id, world.project_name):
        raise No(404, "not_found", "Project not found")
    with world.lock:
        if call == "project":
            return 200, replies.project(world, rollback_info=query.get("rollbackInfo") == "true")
        if call == "deployments":
            return 200, _deployments(world, query)
        if call == "deployment":
            return 200, replies.deployment(world, world.find(given[0]))
        if call == "builds":
            return 200, replies.builds(world.find(given[0]))
        if call == "rollback":
            return world.switch("rollback", given[1]), None
        if call == "promote":
            return world.switch("promote", given[1]), None
        if call == "aliases":
            return 200, replies.aliases(world, query.get("failedOnly") == "true")
        if call == "create":
            return 200, replies.deployment(world, _created(world, sent))
        if call == "delete":
            world.remove(given[0])
            return 200, {"uid": given[0], "state": "DELETED"}
    raise No(404, "not_found", "The requested API endpoint was not found")


def _created(world: World, sent: bytes) -> Build:
    """A deployment that is ready at once; the real one takes its files first."""
    try:
        asked = json.loads(sent)
        meta = {str(name): str(value) for name, value in (asked.get("meta") or {}).items()}
        target = str(asked.get("target") or "preview")
    except (ValueError, AttributeError):
        raise No(400, "bad_request", "Invalid request: the body is no JSON object") from None
    return world.build(meta=meta, creator="ci", target=target)


def _deployments(world: World, query: dict[str, str]) -> dict[str, Any]:
    states = query["state"].split(",") if "state" in query else None
    rows = [one for one in world.builds if states is None or one.state in states]
    if "target" in query:
        rows = [one for one in rows if one.target == query["target"]]
    until = int(query["until"]) if "until" in query else None
    return replies.page(world, rows, min(100, int(query.get("limit", "20"))), until)


def _account(world: World, call: str) -> dict[str, Any]:
    team = {"id": world.account_id, "slug": "acme", "name": "Acme", "avatar": None, "createdAt": 1}
    if call == "team":
        return team
    if call == "teams":
        return {"teams": [team], "pagination": {"count": 1, "next": None, "prev": None}}
    name = {"id": "user_1", "email": "tom@example.test", "username": "tom", "name": "Tom"}
    return {"user": {**name, "version": "northstar", "defaultTeamId": world.account_id}}
