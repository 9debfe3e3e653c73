"""The board's web application: pages, the API behind them, and what operators ask it."""

from __future__ import annotations

import hmac
import resource
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

from . import dispatch
from .configuration import Configuration, Switches, read_configuration
from .database import Database
from .neighbours import Neighbours
from .observe import Observer

CLOSED = "<!doctype html><title>Harbour Tow</title><p>We are mending the dispatch board. Please call the yard.</p>"


class Board:
    """One running board: its parts and its routes."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration
        self.switches = Switches(configuration.switches)
        self.database = Database(configuration.database, f"harbour-tow {configuration.version}")
        self.neighbours = Neighbours({"mail": configuration.mail, "maps": configuration.maps})
        self.observer = Observer(configuration.request_log)

    def routes(self) -> list[BaseRoute]:
        """Every address the board answers."""
        dist = self.configuration.folder / "dist"
        return [
            Route("/", self.front_page),
            Mount("/assets", StaticFiles(directory=dist / "assets", check_dir=False)),
            Route("/login", self.login, methods=["POST"]),
            Route("/api/health", self.health),
            Route("/api/version", self.version),
            Route("/api/flags", self.flags),
            Route("/api/calls", self.calls),
            Route("/api/trucks", self.trucks),
            Route("/api/quote", self.quote),
            Route("/metrics", self.metrics),
            Route("/auth/v1/health", self.auth_health),
            Route("/rest/v1/", self.rest),
        ]

    async def front_page(self, _: Request) -> Response:
        """The page people open; it names the build's hashed assets."""
        return FileResponse(self.configuration.folder / "dist" / "index.html", headers={"cache-control": "no-cache"})

    async def login(self, request: Request) -> Response:
        """Sign somebody in with the company's key; the answer is a token."""
        try:
            given = await request.json()
            user, key = str(given["user"]), str(given["key"])
        except (ValueError, KeyError, TypeError):
            return JSONResponse({"error": "user and key are needed"}, 400)
        if not hmac.compare_digest(key.encode(), self.configuration.login_key.encode()):
            return JSONResponse({"error": "invalid login key"}, 401)
        found = await run_in_threadpool(self.database.rows, "select id from drivers where name = %s", (user,))
        if not found:
            return JSONResponse({"error": "unknown user"}, 401)
        token = hmac.new(self.configuration.login_key.encode(), user.encode(), "sha256").hexdigest()
        return JSONResponse({"status": "signed in", "token": token})

    async def health(self, _: Request) -> Response:
        """Whether the board can do its work; 503 when it cannot."""
        database = await run_in_threadpool(self.database.answers)
        error = ""
        if database:
            try:
                await run_in_threadpool(dispatch.trucks, self.database, 1)
            except Exception as problem:  # noqa: BLE001 - the health page reports any defect, it never has one itself
                error = words(problem)
        services = {"database": "healthy" if database else "unhealthy", **self.neighbours.states()}
        good = database and not error
        body = {
            "status": "healthy" if good else "unhealthy",
            "timestamp": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            "services": services,
            "memory": {"used_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024},
        }
        if error:
            body = {"error": error, **body}
        return JSONResponse(body, 200 if good else 503, headers={"cache-control": "no-store"})

    async def version(self, _: Request) -> Response:
        """Which release is running."""
        body = {"version": self.configuration.version, "commit": self.configuration.commit}
        return JSONResponse(body, headers={"cache-control": "no-store"})

    async def flags(self, _: Request) -> Response:
        """Which features are on."""
        return JSONResponse(self.switches.flags, headers={"cache-control": "no-store"})

    async def calls(self, _: Request) -> Response:
        """The newest calls."""
        return JSONResponse({"calls": await run_in_threadpool(dispatch.latest_calls, self.database)})

    async def trucks(self, _: Request) -> Response:
        """Where the trucks belong."""
        return JSONResponse({"trucks": await run_in_threadpool(dispatch.trucks, self.database)})

    async def quote(self, request: Request) -> Response:
        """A price."""
        number = request.query_params.get("zone", "1")
        if not number.isdigit():
            return JSONResponse({"error": "zone is a number"}, 400)
        ask = self.switches.flag("maps")

        def price() -> dict[str, object]:
            return dispatch.quote(self.database, self.configuration.maps, int(number), ask_maps=ask)

        return JSONResponse(await run_in_threadpool(price))

    async def metrics(self, _: Request) -> Response:
        """Counters for Prometheus."""
        return PlainTextResponse(self.observer.page(), media_type="text/plain; version=0.0.4")

    async def auth_health(self, request: Request) -> Response:
        """The sign-in service of the database host, as its gateway answers."""
        if not self._knows(request):
            return JSONResponse({"message": "No API key found in request"}, 401)
        return JSONResponse({"version": "v2.178.0", "name": "GoTrue", "description": "user registration and login"})

    async def rest(self, request: Request) -> Response:
        """The data service of the database host."""
        if not self._knows(request):
            return JSONResponse({"message": "No API key found in request"}, 401)
        if not await run_in_threadpool(self.database.answers):
            return JSONResponse({"code": "PGRST000", "message": "Could not connect with the database"}, 503)
        return JSONResponse({"swagger": "2.0", "info": {"title": "harbour-tow", "version": self.configuration.version}})

    def _knows(self, request: Request) -> bool:
        given = request.headers.get("apikey") or request.query_params.get("apikey") or ""
        return hmac.compare_digest(given.encode(), self.configuration.anon_key.encode())


class Watched:
    """Wraps the routes: maintenance page, error words instead of a crash, one log line and one count a request."""

    def __init__(self, board: Board, inner: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self._board = board
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        began = time.monotonic()
        status, error = 0, ""

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            if self._board.switches.maintenance and not scope["path"].startswith(
                ("/api/health", "/api/version", "/api/flags")
            ):
                await HTMLResponse(CLOSED, 503, headers={"retry-after": "300"})(scope, receive, noting)
            else:
                await self._inner(scope, receive, noting)
        except Exception as problem:  # noqa: BLE001 - every defect becomes one logged 500
            error = words(problem)
            if not status:
                await JSONResponse({"error": error}, 500)(scope, receive, noting)
        if status >= 500 and not error:
            error = "closed for maintenance" if self._board.switches.maintenance else f"answered {status}"
        self._board.observer.note(scope["path"], status, time.monotonic() - began, error)


def words(problem: Exception) -> str:
    """The kind of a defect and its first line."""
    first = str(problem).strip().splitlines()
    return f"{type(problem).__name__}: {first[0] if first else ''}"


def create() -> Watched:
    """The application, ready to be served from its release folder."""
    folder = Path(__file__).resolve().parent.parent
    board = Board(read_configuration(folder))

    @asynccontextmanager
    async def life(_: Starlette) -> AsyncIterator[None]:
        board.neighbours.start()
        yield
        board.neighbours.stop()
        board.database.close()
        board.observer.close()

    application = Starlette(routes=board.routes(), lifespan=life)
    # Without Starlette's own error page a defect reaches `Watched`, which logs its words.
    application.middleware_stack = ExceptionMiddleware(application.router)
    return Watched(board, application)
