"""Everything a rollback meets, real and small: a git repository, release folders, a site process, settings, a desk."""

from __future__ import annotations

import atexit
import json
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from operations.desk import Desk
from operations.engine.model import Operation, Outcome, Plan, StepFailed
from operations.engine.process import Child, Hooks, Streams, run_child
from operations.engine.record import UNHEARD, Debris, JobRecord, JobState
from operations.engine.redaction import Redactor
from operations.engine.steps import Cancelled, Completed, Level
from operations.errors import VigieError
from operations.jobs.deploy import Deploy
from operations.jobs.rollback import Rollback
from operations.platforms.releases import ReleasesPlatform
from operations.settings import Settings
from operations.settings_reader import load_settings
from operations.watch.model import Overall, Snapshot
from tests.operations.gitsite import GitSite
from tests.operations.jobs.siteserver import SiteServer, restart_command

BUILD = """
import os, pathlib, signal, sys, time
how = pathlib.Path("build-fault").read_text().strip() if pathlib.Path("build-fault").exists() else ""
if how == "hangs": time.sleep(600)
if how == "killed": os.kill(os.getpid(), signal.SIGKILL)
if how == "fails": sys.exit("npm ERR! missing script")
pathlib.Path("built").write_text("yes")
"""
FIRST = {"app.txt": "1", "build.py": BUILD, "migrations/0001_calls.sql": "create table calls (id int);"}


@dataclass
class Rig:
    """One site with releases v1, v2 and v3 (live, the last one), three commits, one environment `production`."""

    folder: Path
    site: SiteServer
    git: GitSite
    commits: dict[str, str]
    platform: ReleasesPlatform
    now: datetime
    more: str = ""
    kind: str = "production"
    tables: str = ""
    jobs: list[JobRecord] = field(default_factory=list)
    snapshot: Snapshot | None = None
    traffic: Callable[[datetime, datetime], float | None] = lambda start, end: 44.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.site.port}"

    @property
    def root(self) -> Path:
        return self.platform.root

    def write_settings(self, *, version: str = "/api/version#commit", build: bool = True, limit: float = 60.0) -> Path:
        """The settings file, with `more` appended to the environment, `tables` at the end."""
        build_command = json.dumps([sys.executable, "build.py"] if build else [])
        restart = json.dumps(restart_command(self.root))
        text = f"""
operator = "ana"
state_dir = "state"
lock_dir = "locks"
[watch]
control_targets = ["{self.url}", "{self.url}/"]
[site]
name = "dispatch"
repository = "{self.git.path}"
[environments.production]
kind = "{self.kind}"
url = "{self.url}"
version = "{version}"
{self.more}
[environments.production.platform]
driver = "releases"
root = "{self.root}"
restart = {restart}
build = {build_command}
build_limit = {limit}
{self.tables}
"""
        path = self.folder / "vigie.toml"
        path.write_text(text)
        return path

    def settings(self, **how: Any) -> Settings:
        return load_settings(self.write_settings(**how), {})

    def desk(self, settings: Settings | None = None) -> Desk:
        return Desk(
            settings or self.settings(),
            "production",
            lambda: self.now,
            lambda: self.snapshot,
            lambda: tuple(self.jobs),
            self.traffic,
        )

    def served(self) -> str:
        """The name of the release users get right now; empty when nobody answers."""
        try:
            with urllib.request.urlopen(f"{self.url}/api/version", timeout=5) as answer:
                return str(json.load(answer)["name"])
        except OSError:
            return ""

    def wait_until_served(self, name: str) -> None:
        deadline = time.monotonic() + 30
        while self.served() != name:
            assert time.monotonic() < deadline, f"{self.served()} is served, not {name}"
            time.sleep(0.02)

    def live(self) -> str:
        live = self.platform.live()
        return live.name if live else ""

    def release(self, name: str, files: Mapping[str, str | None], *, hours_ago: float) -> str:
        """Commit, tag and publish a release that went live so many hours ago; the full hash."""
        commit = self.git.commit(f"work for {name}", files, tag=name)
        build = self.folder / f"build-{name}"
        shutil.copytree(self.git.path, build, ignore=shutil.ignore_patterns(".git"))
        self.publish(name, commit, build, hours_ago)
        return commit

    def publish(self, name: str, commit: str, build: Path, hours_ago: float) -> None:
        """Have that build go live so many hours ago."""
        self.commits[name] = commit
        clock = lambda: self.now - timedelta(hours=hours_ago)  # noqa: E731
        ReleasesPlatform(self.root, keep=9, now=clock).publish(build, name=name, commit=commit, who="tom")

    def start_site(self) -> None:
        subprocess.run(restart_command(self.root), check=True, capture_output=True, timeout=30)
        self.wait_until_served(self.live())

    def watched(self, **more: Any) -> Snapshot:
        """A snapshot of a site that has been watched for ten days."""
        values: dict[str, Any] = {
            "at": self.now,
            "environment": "production",
            "overall": Overall.DOWN,
            "since": self.now,
            "states": (),
            "alarms": (),
            "facts": {},
            "changes": (),
            "watching_since": self.now - timedelta(days=10),
            "recorded": True,
        }
        self.snapshot = Snapshot(**{**values, **more})
        return self.snapshot

    def remember(self, plan: Plan, code: int, *, past_no_return: bool = True) -> JobRecord:
        """A job of the past with that plan and end."""
        job = JobRecord(
            id=f"job{len(self.jobs)}",
            number=len(self.jobs) + 1,
            operation=plan.operation,
            environment="production",
            site="dispatch",
            title=plan.title,
            actor="ana",
            state=JobState.DONE if code == 0 else JobState.FAILED,
            created_at=self.now,
            plan=plan,
            past_no_return=past_no_return,
            code=code,
        )
        self.jobs.insert(0, job)
        return job


@cache
def _history(bad: tuple[tuple[str, str | None], ...]) -> tuple[GitSite, Mapping[str, str], Path]:
    """The three releases' repository, their commits, and the folder of their builds: made once a process."""
    folder = Path(tempfile.mkdtemp(prefix="vigie-test-history-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    git = GitSite(folder / "repository")
    commits = {}
    for name, files in (("v1", FIRST), ("v2", {"app.txt": "2"}), ("v3", dict(bad))):
        commits[name] = git.commit(f"work for {name}", files, tag=name)
        shutil.copytree(git.path, folder / name, ignore=shutil.ignore_patterns(".git"))
    return git, commits, folder


@contextmanager
def a_rig(folder: Path, *, bad: Mapping[str, str | None] | None = None, now: datetime | None = None) -> Iterator[Rig]:
    """Build it, start the site on v3, and end the site afterwards."""
    now = now or datetime.now(UTC)
    platform = ReleasesPlatform(folder / "platform", keep=9)
    git, commits, builds = _history(tuple((bad or {"app.txt": "3", "new.txt": "3"}).items()))
    rig = Rig(folder, SiteServer(folder / "platform"), git.copy(folder / "repository"), {}, platform, now)
    try:
        for name, hours_ago in (("v1", 200), ("v2", 74), ("v3", 0.2)):
            rig.publish(name, commits[name], builds / name, hours_ago)
        rig.start_site()
        yield rig
    finally:
        rig.site.stop()


class Bench:
    """A StepContext without a journal: keeps what was said, left and reported. `cancel_in` cancels in that step."""

    def __init__(self, plan: Plan, *, cancel_in: str = "") -> None:
        self.job = "job1"
        self.plan = plan
        self.memory: MutableMapping[str, Any] = {}
        self.groups = UNHEARD
        self.said: list[str] = []
        self.details: dict[str, Any] = {}
        self.debris: dict[str, Debris] = {}
        self.past_no_return = False
        self.step = ""
        self.behind = timedelta()
        self.before: Callable[[str], None] = lambda step: None
        self._cancel_in = cancel_in
        self.redactor = Redactor()

    def now(self) -> datetime:
        return datetime.now(UTC) - self.behind

    def say(self, text: str, level: Level = "info") -> None:
        self.said.append(text)

    def hide(self, *secrets: str) -> None:
        self.redactor.add(*secrets)

    def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        limit: float,
        quiet: bool = False,
        streams: Streams | None = None,
    ) -> Completed:
        nothing: Callable[[Any], None] = lambda _: None  # noqa: E731
        hooks = Hooks(line=self.said.append, started=nothing, ended=nothing, stop=self.checkpoint)
        return run_child(Child(argv, cwd=cwd, env=env or {}, limit=limit, grace=0.5), hooks, self.redactor, streams)

    def leaves(self, kind: str, words: str, **data: Any) -> str:
        identity = f"d{len(self.debris) + len(self.said)}-{kind}"
        self.debris[identity] = Debris(identity, kind, words, data, self.now())
        return identity

    def settled(self, debris: str) -> None:
        self.debris.pop(debris, None)

    def no_return(self) -> None:
        self.checkpoint()
        self.past_no_return = True

    def checkpoint(self) -> None:
        if self.step == self._cancel_in and self.step and not self.past_no_return:
            raise Cancelled(15)

    def wait(self, seconds: float) -> None:
        self.checkpoint()
        time.sleep(min(seconds, 0.05))

    def report(self, **details: Any) -> None:
        self.details.update(details)

    def progress(self, text: str) -> None:
        self.said.append(text)

    def go(self, operation: Operation, desk: Desk) -> Outcome:
        """Run the plan's steps as the worker does, without its journal and lock."""
        for step in operation.steps(desk, self.plan):
            self.step = step.name
            self.before(step.name)
            try:
                self.checkpoint()
                step.run(self)
            except Cancelled as cancelled:
                self._clean(operation, desk)
                return Outcome(128 + cancelled.signal, "cancelled")
            except StepFailed as failed:
                self._clean(operation, desk)
                return Outcome(
                    failed.code, operation.codes[failed.code], failed.says, {**self.details, **failed.details}
                )
            except VigieError as error:
                self._clean(operation, desk)
                return Outcome(error.code, operation.codes[error.code], str(error), self.details)
        return Outcome(0, operation.codes[0], str(self.details.get("says", "")), self.details)

    def _clean(self, operation: Operation, desk: Desk) -> None:
        if self.past_no_return:
            return
        for piece in reversed(list(self.debris.values())):
            operation.clean(desk, {**piece.data, "kind": piece.kind}, self.say)
            del self.debris[piece.id]


def deployed(rig: Rig, request: Mapping[str, Any] | None = None, **how: Any) -> tuple[Outcome, Bench]:
    """Plan and run a deploy in this process."""
    return _done(rig, Deploy(wait_limit=how.pop("wait_limit", 20.0)), request, **how)


def roll_back(rig: Rig, request: Mapping[str, Any] | None = None, **how: Any) -> tuple[Outcome, Bench]:
    """Plan and run a rollback in this process."""
    return _done(rig, Rollback(wait_limit=how.pop("wait_limit", 20.0)), request, **how)


def _done(rig: Rig, operation: Operation, request: Mapping[str, Any] | None, **how: Any) -> tuple[Outcome, Bench]:
    cancel_in = str(how.pop("cancel_in", ""))
    before = how.pop("before", None)
    desk = rig.desk(rig.settings(**how))
    plan = operation.plan(desk, request or {})
    assert plan.refusal is None, plan.refusal
    bench = Bench(plan, cancel_in=cancel_in)
    if before is not None:
        bench.before = before
    return bench.go(operation, desk), bench
