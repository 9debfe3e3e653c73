"""One practice site for each test process, dealt anew for each test, and consoles and commands on it."""

from __future__ import annotations

import contextlib
import json
import os
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from operations.engine.record import JobRecord
from operations.jobs.launch import jobs_of
from operations.practice import control, site
from operations.practice.layout import Layout
from operations.practice.site import PracticeSite
from operations.settings import Settings
from operations.settings_reader import load_settings
from tests.attack.world import heard
from tests.e2e.terminal import DEADLINE, Terminal

SIZE = 0.05
START_LIMIT = 240.0
SPEED = 60.0
"""People answer and quiet watches pass this much faster than in life."""
LOOK_EVERY = 0.15
PRODUCTION_IS = r"PRODUCTION +\S+ (DOWN|ok|DEGRADED|UNKNOWN)"
VIGIE = (sys.executable, "-m", "tui.main")


@dataclass(frozen=True, slots=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """Its stdout, which must be one JSON document and nothing else."""
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found


@dataclass
class Stage:
    """The practice site in `home`. `folder` is where consoles and commands run: there are no settings in it."""

    home: Path
    folder: Path
    share: PracticeSite | None = None
    scenario: str = ""
    untouched: bool = False
    terminals: ExitStack = field(default_factory=ExitStack)

    @property
    def config(self) -> Path:
        """The site's own settings file."""
        return Layout(self.home).config

    @property
    def settings(self) -> Settings:
        """The settings of the session that is dealt now."""
        return load_settings(self.config, {})

    def deal(self, scenario: str) -> Settings:
        """That scenario ("" for none) as it was dealt, to act on."""
        settings = self.look_at(scenario)
        self.untouched = False
        return settings

    def look_at(self, scenario: str) -> Settings:
        """As `deal`, for a test that changes nothing: the next one need not have it dealt again."""
        if self.share is None or not self.untouched or self.scenario != scenario:
            self.let_go()
            self.share = site.start(self.home, size=SIZE, scenario=scenario, seed=1, speed=SPEED, limit=START_LIMIT)
            self.scenario, self.untouched = scenario, True
        return self.settings

    def held(self, scenario: str | None = None) -> Settings:
        """The site stands, whatever was done on it: for a test that asks for that scenario at most."""
        if self.share is None or scenario not in (None, self.scenario):
            self.deal(scenario or "")
        return self.settings

    def join(self) -> None:
        """Hold the site that runs as it is, whoever started it."""
        self.let_go()
        self.share = site.start(self.home)
        self.scenario, self.untouched = self.share.scenario, False

    def let_go(self) -> None:
        """Hold the site no more; without other users it ends."""
        if self.share is not None:
            self.share.close()
            self.share = None

    def environment(self, **changes: str) -> dict[str, str]:
        """What a program on this stage sees of the world."""
        kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
        return {**kept, "HOME": str(self.folder), "LANG": "C.UTF-8", "TERM": "xterm-256color", **changes}

    def open(self, *arguments: str, columns: int = 80, rows: int = 24, **changes: str) -> Terminal:
        """`vigie ARGUMENTS` on a terminal of its own."""
        terminal = Terminal(
            [*VIGIE, *arguments], env=self.environment(**changes), cwd=self.folder, columns=columns, rows=rows
        )
        return self.terminals.enter_context(terminal)

    def console(self, **how: Any) -> Terminal:
        """A console on the site, once it shows how production is."""
        terminal = self.open("--config", str(self.config), **how)
        terminal.wait_for(PRODUCTION_IS)
        return terminal

    def run(self, *arguments: str, limit: float = 120.0) -> Done:
        """Run `vigie --config … ARGUMENTS` to its end, without a terminal."""
        done = subprocess.run(
            [*VIGIE, "--config", str(self.config), *arguments],
            env=self.environment(),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=limit,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def quickly(self, *arguments: str) -> Done:
        """As `run`, in this very process: a start costs more than most commands do. Workers are real all the same."""
        with mock.patch.dict(os.environ, self.environment(), clear=True), contextlib.chdir(self.folder):
            done = heard("--config", str(self.config), *arguments)
        return Done(done.returncode, done.stdout, done.stderr)

    def set_link(self, name: str, kind: str, amount: float = 0) -> None:
        """Give the wire `name` that fault ("none" mends it)."""
        reply = control.ask(self.home, {"do": "link", "name": name, "kind": kind, "amount": amount})
        assert reply["ok"], reply

    def jobs(self) -> tuple[JobRecord, ...]:
        """Every job of this session, newest first."""
        return jobs_of(self.settings)

    def job_when(self, holds: Callable[[JobRecord], bool], deadline: float = DEADLINE) -> JobRecord:
        """The newest job, once that holds of it."""
        found: list[JobRecord] = []

        def is_so() -> bool:
            found[:] = self.jobs()[:1]
            return bool(found) and holds(found[0])

        until(is_so, deadline, lambda: str(found))
        return found[0]

    def served(self) -> str:
        """The version that production answers with, from outside."""
        env = self.settings.environments["production"]
        trust = ssl.create_default_context(cafile=env.authority)
        with urllib.request.urlopen(f"{env.url}/api/version", timeout=20, context=trust) as answer:
            return str(json.loads(answer.read())["version"])

    def health(self) -> str:
        """What production's health endpoint says."""
        env = self.settings.environments["production"]
        trust = ssl.create_default_context(cafile=env.authority)
        try:
            answer = urllib.request.urlopen(f"{env.url}{env.health}", timeout=20, context=trust)
        except urllib.error.HTTPError as refused:
            answer = refused
        with answer:
            return str(json.loads(answer.read())["status"])


def until(holds: Callable[[], bool], deadline: float = DEADLINE, says: Callable[[], str] = lambda: "") -> None:
    """Look again and again until that holds; fails with what `says` when it does not within `deadline` seconds."""
    end = time.monotonic() + deadline
    while not holds():
        assert time.monotonic() < end, f"not in {deadline:g} s. {says()}"
        time.sleep(LOOK_EVERY)


@pytest.fixture(scope="session")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the site lies, so that its databases are filled once."""
    home = tmp_path_factory.mktemp("e2e") / "site"
    yield home
    site.reset(home)


@pytest.fixture(scope="package")
def playhouse(ground: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The site is held while tests of this folder run: it would take its share of the machine from all others."""
    stage = Stage(ground, tmp_path_factory.mktemp("empty"))
    yield stage
    stage.let_go()


@pytest.fixture
def stage(playhouse: Stage) -> Iterator[Stage]:
    """The practice site; whatever was opened on it is closed after the test."""
    with ExitStack() as terminals:
        playhouse.terminals = terminals
        yield playhouse
