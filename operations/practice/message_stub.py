"""Where a drill's messages go: a chat that takes Slack's shape and a status page with statuspage.io's API, on loopback.

What came is kept in memory for the page's own answers, and written down for the score.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from operations.practice.layout import Layout

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

STATUS_PAGE = "harbour-tow"
STATUS_KEY = "practice-page-key"
"""Opens the stub alone; it is no secret, and is treated as one to practise with."""
BODY_LIMIT = 262_144
MOST = 200
_STATUSES = ("investigating", "identified", "monitoring", "resolved")


class MessageStub:
    """A chat and a status page; `log` is what they were sent, one JSON line each."""

    def __init__(self, layout: Layout) -> None:
        self._log = layout.logs / "messages.jsonl"
        self._incidents: dict[str, dict[str, Any]] = {}

    async def chat(self, request: Request) -> Response:
        """An incoming webhook: `{"text": "…"}` is answered with `ok`."""
        from starlette.responses import PlainTextResponse

        body = await _body(request)
        if body is None:
            return PlainTextResponse("invalid_payload", 400)
        if not isinstance(body.get("text"), str) or not body["text"].strip():
            return PlainTextResponse("no_text", 400)
        self._write(request.path_params["channel"], "chat", body)
        return PlainTextResponse("ok")

    async def listed(self, request: Request) -> Response:
        """The page's incidents, newest first."""
        refused = _refusal(request)
        return _answer(refused if refused else list(reversed(self._incidents.values())))

    async def create(self, request: Request) -> Response:
        """A new incident with its first update."""
        asked = await _incident(request)
        refused = _refusal(request) or _wrong(asked, ("name",))
        if refused or len(self._incidents) >= MOST:
            return _answer(refused if refused else (422, "too many incidents"))
        id = uuid4().hex[:12]
        made = {"id": id, "page_id": STATUS_PAGE, "name": str(asked["name"]), "incident_updates": []}
        self._incidents[id] = made
        return self._updated(made, asked, 201)

    async def update(self, request: Request) -> Response:
        """One more update of an incident."""
        asked = await _incident(request)
        made = self._incidents.get(request.path_params["incident"])
        refused = _refusal(request) or _wrong(asked)
        if refused or made is None:
            return _answer(refused or (404, "no such incident"))
        return self._updated(made, asked, 200)

    def _updated(self, made: dict[str, Any], asked: Mapping[str, Any], status: int) -> Response:
        from starlette.responses import JSONResponse

        update = {"status": asked["status"], "body": str(asked.get("body") or ""), "created_at": _now()}
        made["status"] = asked["status"]
        made["incident_updates"].insert(0, update)
        self._write("status page", "statuspage", {"incident": made["id"], **update})
        return JSONResponse(made, status)

    def _write(self, target: str, kind: str, body: Mapping[str, Any]) -> None:
        line = {"at": _now(), "target": target, "kind": kind, **body}
        with self._log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def message_routes(layout: Layout) -> list[Route]:
    """The stub's addresses."""
    from starlette.routing import Route

    stub = MessageStub(layout)
    incidents = "/statuspage/v1/pages/{page}/incidents"
    return [
        Route("/messages/{channel}", stub.chat, methods=["POST"]),
        Route(incidents, stub.listed, methods=["GET"]),
        Route(incidents, stub.create, methods=["POST"]),
        Route(incidents + "/{incident}", stub.update, methods=["PATCH", "PUT"]),
    ]


async def _body(request: Request) -> dict[str, Any] | None:
    raw = (await request.body())[:BODY_LIMIT]
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


async def _incident(request: Request) -> dict[str, Any]:
    found = (await _body(request) or {}).get("incident")
    return found if isinstance(found, dict) else {}


def _refusal(request: Request) -> tuple[int, str] | None:
    if request.headers.get("authorization") != f"OAuth {STATUS_KEY}":
        return 401, "Could not authenticate"
    return None if request.path_params["page"] == STATUS_PAGE else (404, "no such page")


def _wrong(asked: Mapping[str, Any], needed: tuple[str, ...] = ()) -> tuple[int, str] | None:
    missing = next((name for name in needed if not asked.get(name)), "")
    if missing:
        return 422, f"{missing} can't be blank"
    return None if asked.get("status") in _STATUSES else (422, "status is none")


def _answer(found: tuple[int, str] | list[Any]) -> Response:
    from starlette.responses import JSONResponse

    return JSONResponse(found) if isinstance(found, list) else JSONResponse({"error": found[1]}, found[0])


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
