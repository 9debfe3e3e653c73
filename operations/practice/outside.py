"""The world beside the site, as one small web application: status pages, mail, maps, alerts, people, control targets.

What it answers is read from `run/outside.json`, which the supervisor writes.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from operations.practice import control
from operations.practice.alerts import alert, error_alert
from operations.practice.layout import Layout
from operations.practice.message_stub import message_routes
from operations.practice.people import Call, Rules, answer, mend_is_due
from operations.practice.request_history import recent_lines

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse, Response

TICK = 0.2
BODY_LIMIT = 262_144
_INDICATORS = {
    "operational": ("none", "All Systems Operational"),
    "degraded_performance": ("minor", "Minor Service Degradation"),
    "partial_outage": ("major", "Partial System Outage"),
    "major_outage": ("critical", "Major Service Outage"),
}


class Outside:
    """Everything that is not the site."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._seen = -1
        self._told: dict[str, Any] = {}
        self._calls: dict[str, Call] = {}
        self._chance = Random(0)  # noqa: S311 - distances of a stub

    def told(self) -> dict[str, Any]:
        """What the supervisor last wrote."""
        try:
            changed = self.layout.outside.stat().st_mtime_ns
            if changed != self._seen:
                self._told = json.loads(self.layout.outside.read_text("utf-8"))
                self._seen = changed
        except (OSError, ValueError):
            return self._told
        return self._told

    async def fine(self, _: Request) -> Response:
        """A control target, or a stub's health."""
        from starlette.responses import PlainTextResponse

        return PlainTextResponse("ok\n")

    async def status_page(self, request: Request) -> Response:
        """`/api/v2/summary.json` of one provider (statuspage.io)."""
        from starlette.responses import JSONResponse

        page = self.told().get("providers", {}).get(request.path_params["provider"])
        return JSONResponse(summary(page), 200) if page else JSONResponse({"error": "no such page"}, 404)

    async def stub(self, request: Request) -> Response:
        """Mail and maps: answer as they are told, late if they are told so."""
        from starlette.responses import JSONResponse

        service = str(request.path_params["service"])
        told = self.told().get("stubs", {}).get(service, {})
        await asyncio.sleep(float(told.get("delay", 0)))
        status = int(told.get("status", 200))
        if status >= 400:
            return JSONResponse({"error": "service unavailable"}, status)
        return JSONResponse({"status": "ok", "kilometres": round(self._chance.uniform(3, 40), 1), "queued": True})

    async def alerts(self, _: Request) -> JSONResponse:
        """Active alerts: the rule over production's log, and the scenario's own."""
        from starlette.responses import JSONResponse

        now = datetime.now(UTC)
        log = self.layout.request_log("production")
        ruled = await asyncio.to_thread(lambda: error_alert(list(recent_lines(log, 1_500_000)), "production", now))
        added = [
            alert(str(one["name"]), "production", str(one["summary"]), datetime.fromisoformat(one["at"]), now)
            for one in self.told().get("alerts", [])
        ]
        return JSONResponse([*([ruled] if ruled else []), *added])

    async def silences(self, _: Request) -> JSONResponse:
        """There are none."""
        from starlette.responses import JSONResponse

        return JSONResponse([])

    async def called(self, request: Request) -> JSONResponse:
        """Somebody is called: the brief comes as JSON. A call's own address takes what was missing."""
        from starlette.responses import JSONResponse

        raw = (await request.body())[:BODY_LIMIT]
        try:
            brief = json.loads(raw)
        except ValueError:
            brief = None
        if not isinstance(brief, dict):
            return JSONResponse({"error": "a brief is a JSON object"}, 400)
        known = self._calls.get(str(request.path_params.get("call", "")))
        if known is not None:
            call = replace(known, brief={**known.brief, **brief})
        else:
            call = Call(uuid4().hex[:12], str(brief.get("kind") or "lead"), brief, datetime.now(UTC))
        self._calls[call.id] = call
        self._log(call, "added" if known else "called")
        return JSONResponse(self._shown(call), 202)

    async def asked(self, request: Request) -> JSONResponse:
        """Where a call stands."""
        from starlette.responses import JSONResponse

        call = self._calls.get(request.path_params["call"])
        return JSONResponse(self._shown(call)) if call else JSONResponse({"error": "no such call"}, 404)

    async def work(self) -> None:
        """Whoever has worked long enough is done: the supervisor mends what is theirs."""
        while True:
            await asyncio.sleep(TICK)
            now = datetime.now(UTC)
            for call in tuple(self._calls.values()):
                if mend_is_due(call, self._rules(), now):
                    says = await asyncio.to_thread(self._mend, call.kind)
                    self._calls[call.id] = replace(self._calls[call.id], mended_at=now, mend_says=says)
                    self._log(self._calls[call.id], "done")

    def _mend(self, kind: str) -> str:
        try:
            reply = control.ask(self.layout.home, {"do": "mend", "kind": kind}, limit=60.0)
        except control.NoSupervisor:
            return "I could not reach it from here either."
        return str(reply.get("says") or "It is done.")

    def _rules(self) -> Rules:
        told = self.told().get("people", {})
        return Rules(tuple(told.get("kinds", ())), float(told.get("speed", 1.0)))

    def _shown(self, call: Call) -> dict[str, Any]:
        found = answer(call, self._rules(), datetime.now(UTC))
        asked = call.asked_at.isoformat(timespec="seconds").replace("+00:00", "Z")
        return {
            "id": call.id,
            "kind": call.kind,
            "state": found.state,
            "says": found.says,
            "missing": list(found.missing),
            "asked_at": asked,
        }

    def _log(self, call: Call, what: str) -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = {"at": at, "what": what, **self._shown(call), "brief": dict(call.brief)}
        with (self.layout.logs / "calls.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def summary(page: Mapping[str, Any]) -> dict[str, Any]:
    """A status page as statuspage.io's summary.json shows it."""
    at = str(page.get("updated_at", ""))
    states = {str(name): str(state) for name, state in dict(page.get("components", {})).items()}
    order = list(_INDICATORS)
    worst = max(states.values(), key=lambda state: order.index(state) if state in order else 0, default=order[0])
    indicator, words = _INDICATORS.get(worst, _INDICATORS["operational"])
    components = [
        {"id": f"c{i}", "name": name, "status": state, "created_at": at, "updated_at": at, "position": i}
        for i, (name, state) in enumerate(states.items(), start=1)
    ]
    return {
        "page": {"id": page["key"], "name": page["name"], "time_zone": "Etc/UTC", "updated_at": at},
        "status": {"indicator": indicator, "description": words},
        "components": components,
        "incidents": list(page.get("incidents", [])),
        "scheduled_maintenances": [],
    }


def create() -> Starlette:
    """The application; HARBOUR_HOME names the practice site's folder."""
    from starlette.applications import Starlette
    from starlette.routing import Route

    outside = Outside(Layout(Path(os.environ["HARBOUR_HOME"])))

    @asynccontextmanager
    async def life(_: Starlette) -> AsyncIterator[None]:
        working = asyncio.create_task(outside.work())
        yield
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)

    return Starlette(
        lifespan=life,
        routes=[
            Route("/", outside.fine),
            Route("/status/{provider}/api/v2/summary.json", outside.status_page),
            Route("/api/v2/alerts", outside.alerts),
            Route("/api/v2/silences", outside.silences),
            Route("/calls", outside.called, methods=["POST"]),
            Route("/calls/{call}", outside.called, methods=["POST"]),
            Route("/calls/{call}", outside.asked, methods=["GET"]),
            *message_routes(outside.layout),
            Route("/{service}/health", outside.stub),
            Route("/{service}/route", outside.stub),
            Route("/{service}/send", outside.stub, methods=["POST"]),
        ],
    )
