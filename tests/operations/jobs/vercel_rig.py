"""A site whose releases live on a simulated Vercel: a git repository, a site that serves what is live there, a desk."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from unittest import mock

from operations.desk import Desk
from operations.engine.model import Outcome, Plan
from operations.jobs.rollback import Rollback
from operations.platforms import vercel_api
from operations.practice.vercel.server import Simulator, vercel_simulator
from operations.practice.vercel.world import Build, World
from operations.settings import Settings
from operations.settings_reader import load_settings
from operations.watch.model import Overall, Snapshot
from tests.operations.gitsite import GitSite
from tests.operations.jobs.rig import Bench

TOKEN = "vcp_1Zy8seedSecret7QwErTy"
_OTHER_PATHS: Mapping[str, tuple[str, bytes]] = {
    "/api/health": ("application/json", b'{"status": "healthy"}'),
    "/": ("text/html", b'<html><script src="/assets/app.js"></script>Dispatch</html>'),
    "/assets/app.js": ("text/javascript", b"start()"),
}


class Unhurried(Bench):
    """Never sleeps: the platform is asked as often as in a real run, only faster."""

    def wait(self, seconds: float) -> None:
        self.checkpoint()


@dataclass
class VercelRig:
    """Releases v1, v2 and v3 (live), each a commit; `cached` is the commit users get instead of the live one."""

    folder: Path
    git: GitSite
    world: World
    simulator: Simulator
    url: str = ""
    cached: str = ""
    commits: dict[str, str] = field(default_factory=dict)
    builds: dict[str, Build] = field(default_factory=dict)

    def release(self, name: str, *, hours_ago: float) -> None:
        self.commits[name] = self.git.commit(f"work for {name}", {"app.txt": name}, tag=name)
        self.builds[name] = self.world.build(self.commits[name], creator="tom", ago=hours_ago * 3600)

    def served(self) -> str:
        """The commit users get."""
        live = self.world.find(self.world.production)
        return self.cached or live.meta.get("githubCommitSha") or live.meta["vigieCommit"]

    def settings(self, more: str = "") -> Settings:
        path = self.folder / "vigie.toml"
        path.write_text(f"""
operator = "ana"
state_dir = "state"
lock_dir = "locks"
[watch]
control_targets = ["{self.url}", "{self.url}/"]
[site]
name = "dispatch"
repository = "{self.git.path}"
[environments.production]
kind = "production"
url = "{self.url}"
version = "/api/version#commit"
[environments.production.platform]
driver = "vercel"
project = "harbour"
token = "${{VERCEL_TOKEN}}"
api = "{self.simulator.url}"
{more}
""")
        return load_settings(path, {"VERCEL_TOKEN": TOKEN})

    def desk(self, more: str = "") -> Desk:
        now = datetime.now(UTC)
        seen: dict[str, Any] = {"states": (), "alarms": (), "facts": {}, "changes": (), "recorded": True}
        seen |= {"environment": "production", "overall": Overall.DOWN, "since": now}
        snapshot = Snapshot(at=now, watching_since=now - timedelta(days=10), **seen)
        return Desk(
            self.settings(more),
            "production",
            lambda: now,
            lambda: snapshot,
            traffic=lambda start, end: 44.0,
        )

    def plan(self, request: Mapping[str, Any] | None = None, more: str = "") -> Plan:
        return Rollback().plan(self.desk(more), request or {})

    def roll_back(
        self, request: Mapping[str, Any] | None = None, *, wait_limit: float = 20.0, more: str = ""
    ) -> tuple[Outcome, Bench]:
        """Plan and run a rollback in this process."""
        operation, desk = Rollback(wait_limit), self.desk(more)
        plan = operation.plan(desk, request or {})
        assert plan.refusal is None, plan.refusal
        bench = Unhurried(plan)
        return bench.go(operation, desk), bench


@contextmanager
def a_vercel_rig(folder: Path) -> Iterator[VercelRig]:
    """Build it, serve it, and end the servers afterwards."""
    world = World(token=TOKEN)
    # Asked again as often as in life, only sooner.
    hurried = mock.patch.object(vercel_api, "_BACK_OFF", 0.01)
    with hurried, vercel_simulator(world) as simulator:
        rig = VercelRig(folder, GitSite(folder / "repository"), world, simulator)

        class Pages(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                version = json.dumps({"commit": rig.served()}).encode()
                known = {**_OTHER_PATHS, "/api/version": ("application/json", version)}
                kind, body = known.get(self.path, ("text/plain", b""))
                self.send_response(200 if body else 404)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
        server.daemon_threads = True
        rig.url = f"http://127.0.0.1:{server.server_address[1]}"
        for name, hours_ago in (("v1", 200.0), ("v2", 74.0), ("v3", 0.2)):
            rig.release(name, hours_ago=hours_ago)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield rig
        finally:
            server.shutdown()
            server.server_close()
