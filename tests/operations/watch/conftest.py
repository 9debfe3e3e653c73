"""A small real site for the watch's tests: pages over a socket, a request log, a database where one is asked for."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from operations.settings import Environment, Settings, Site, WatchSettings
from tests.operations.web import Web, reply, web_server

PAGE = '<!doctype html><script src="/assets/app.js"></script><link rel="stylesheet" href="/assets/app.css">Calls'


@dataclass
class SmallSite:
    """The site and its files; `settings` names everything it has."""

    web: Web
    folder: Path
    settings: Settings

    def healthy(self) -> None:
        """Everything answers as it should."""
        body = {"status": "healthy", "services": {"database": "healthy", "maps": "healthy"}}
        self.web.routes |= {
            "/": reply(PAGE, kind="text/html"),
            "/assets/app.js": reply("x()", kind="text/javascript"),
            "/assets/app.css": reply("a{}", kind="text/css"),
            "/api/health": reply(json.dumps(body)),
            "/api/version": reply(json.dumps({"commit": "a1b2c3d4e5"})),
            "/api/calls": reply("[]"),
        }

    def log(
        self, at: datetime, path: str = "/api/calls", status: int = 200, seconds: float = 0.1, error: str = ""
    ) -> None:
        """One line of the request log."""
        line = {"at": at.isoformat(), "path": path, "status": status, "seconds": seconds, "error": error}
        with (self.folder / "requests.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")

    def log_calm(self, minutes: int, until: datetime, every: float = 1.0) -> None:
        """Good requests up to a moment."""
        at = until - timedelta(minutes=minutes)
        lines = []
        while at < until:
            line = {"at": at.isoformat(), "path": "/api/calls", "status": 200, "seconds": 0.1, "error": ""}
            lines.append(json.dumps(line))
            at += timedelta(seconds=every)
        with (self.folder / "requests.jsonl").open("a") as file:
            file.write("\n".join(lines) + "\n")


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[SmallSite]:
    """A healthy small site with two control targets, a version endpoint and a request log."""
    async with web_server() as web, web_server() as control:
        control.routes["/"] = reply("ok", kind="text/plain")
        environment = Environment(
            kind="production",
            url=web.url,
            page_marker="Calls",
            endpoints=("/api/calls",),
            version="/api/version#commit",
            request_log=str(tmp_path / "requests.jsonl"),
            settings_log=str(tmp_path / "settings.jsonl"),
        )
        settings = Settings(
            site=Site(name="pro-remorque", repository=str(tmp_path)),
            environments={"production": environment},
            watch=WatchSettings(
                control_targets=(f"{control.url}/", f"{control.url}/"), readings=str(tmp_path / "readings.sqlite")
            ),
            state_dir=str(tmp_path / "state"),
        )
        small = SmallSite(web, tmp_path, settings)
        small.healthy()
        small.log_calm(5, datetime.now(UTC))
        yield small
