"""The supervisor's ear: one JSON line in, one out, on a loopback port; the token in `state.json` proves the caller."""

from __future__ import annotations

import asyncio
import hmac
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from operations.errors import VigieError
from operations.practice import faults, recovery
from operations.practice.layout import ENVIRONMENTS, write_private
from operations.practice.request_history import add_setting
from operations.practice.session import make_session
from operations.text import one_line

if TYPE_CHECKING:
    from operations.practice.supervisor import Supervisor

LINE_LIMIT = 65_536
READ_LIMIT = 5.0
RESTART_ANSWER = 5.0
"""Seconds a restart is waited for before the answer is "asked"."""


class ControlServer:
    """Takes requests for one supervisor."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._server: asyncio.Server | None = None
        self._restarts: set[asyncio.Task[bool]] = set()

    async def open(self) -> int:
        """Listen; returns the port."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=LINE_LIMIT)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Listen no more."""
        if self._server:
            self._server.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = await asyncio.wait_for(reader.readline(), READ_LIMIT)
            reply = await self._answer(line)
            writer.write(json.dumps(reply).encode() + b"\n")
            await writer.drain()
        except (OSError, TimeoutError, ValueError):
            return
        finally:
            writer.close()

    async def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            request = json.loads(line)
            token = str(request["token"])
        except (ValueError, KeyError, TypeError):
            return {"ok": False, "says": "a request is one JSON object with a token"}
        if not hmac.compare_digest(token.encode(), self._supervisor.token.encode()):
            return {"ok": False, "says": "wrong token"}
        try:
            return {"ok": True, **await self._do(request)}
        except VigieError as error:
            return {"ok": False, "says": str(error)}
        except (KeyError, ValueError, TypeError) as error:
            return {"ok": False, "says": f"that request cannot be read: {error}"}
        except Exception as error:  # noqa: BLE001 - the caller learns of any failure, and the site goes on
            return {"ok": False, "says": one_line(f"{type(error).__name__}: {error}")}

    async def _do(self, request: dict[str, Any]) -> dict[str, Any]:
        supervisor = self._supervisor
        match request.get("do"):
            case "status":
                shown = supervisor.state()
                del shown["control"]
                return shown
            case "stop":
                supervisor.ending.set()
                return {}
            case "restart":
                return await self._restart(_environment(request))
            case "mend":
                return {"says": await supervisor.mend(str(request["kind"]))}
            case "session":
                seed, speed = int(request["seed"]), float(request["speed"])
                await supervisor.deal(make_session(datetime.now(UTC), seed, str(request["scenario"]), speed))
                return {"session": supervisor.session.id if supervisor.session else ""}
            case "recovered":
                return await self._recovered()
            case "flag" | "maintenance" as what:
                return self._switch(what, _environment(request), request)
            case "database":
                action = {"stop": "stop_database", "start": "start_database"}[str(request["value"])]
                await faults.act(supervisor.world, action, {"environment": _environment(request)})
                supervisor.note("acted", {"action": action})
                return {}
            case "link" | "provider" | "stub" | "alert" as what:
                name = {"alert": "add_alert"}.get(what, f"set_{what}")
                given = {key: value for key, value in request.items() if key not in ("do", "token")}
                await faults.act(supervisor.world, name, given)
                return {}
            case unknown:
                return {"ok": False, "says": f"unknown request {unknown!r}"}

    async def _restart(self, environment: str) -> dict[str, Any]:
        self._supervisor.note("restart", {"environment": environment})
        task = asyncio.create_task(self._supervisor.world.restart_app(environment))
        self._restarts.add(task)
        task.add_done_callback(self._restarts.discard)
        done, _ = await asyncio.wait({task}, timeout=RESTART_ANSWER)
        if not done:
            return {"says": "asked"}
        if await task:
            return {"says": "restarted"}
        return {"ok": False, "says": self._supervisor.world.apps[environment].problem or "it did not come up"}

    async def _recovered(self) -> dict[str, Any]:
        session = self._supervisor.session
        scenario = session.scenario if session else None
        if scenario is None:
            return {"recovered": True, "says": "no fault was dealt"}
        found = await asyncio.to_thread(recovery.check, self._supervisor.world, scenario.recovery)
        return {"recovered": not found, "says": "; ".join(found) or "the service is right"}

    def _switch(self, what: str, environment: str, request: dict[str, Any]) -> dict[str, Any]:
        layout = self._supervisor.layout
        on = {"on": True, "off": False}[str(request["value"])]
        path = layout.switches(environment)
        switches = json.loads(path.read_text("utf-8"))
        name = "maintenance" if what == "maintenance" else str(request["name"])
        if what == "maintenance":
            switches["maintenance"] = on
        else:
            switches["flags"][name] = on
        write_private(path, json.dumps(switches))
        add_setting(layout.settings_log(environment), datetime.now(UTC), "flag", name, str(request.get("who", "")))
        self._supervisor.note(what, {"environment": environment, "name": name, "on": on})
        return {}


def _environment(request: dict[str, Any]) -> str:
    name = request.get("environment")
    if name not in ENVIRONMENTS:
        raise VigieError(f"There is no environment {name!r} here.", next_step=f"Known: {', '.join(ENVIRONMENTS)}.")
    return str(name)
