"""A whole site to attack: git repository, three releases, a site in this process, settings, and ways to run Vigie."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from unittest import mock

from operations.cli import run as run_command
from operations.platforms.releases import ReleasesPlatform
from operations.settings import Settings
from operations.settings_reader import load_settings
from tests.attack.site import Site, a_site
from tests.e2e.terminal import Terminal
from tests.operations.gitsite import GitSite

VIGIE = str(Path(sys.executable).parent / "vigie")
DEADLINE = 60.0
HEAD = """
operator = "ana"
state_dir = "state"
lock_dir = "locks"
[site]
name = "dispatch"
repository = "repository"
"""
ENVIRONMENT = """
[watch]
control_targets = ["{url}"]
[environments.production]
kind = "production"
url = "{url}"
version = "/api/version#commit"
{more}
[environments.production.platform]
driver = "releases"
root = "platform"
{platform}
{rest}
"""


@dataclass
class World:
    """Releases v1, v2 and v3 (live) of the site `dispatch`; `config` is its settings file."""

    folder: Path
    site: Site
    git: GitSite
    platform: ReleasesPlatform
    commits: dict[str, str] = field(default_factory=dict)
    file: str = "vigie.toml"

    @property
    def config(self) -> Path:
        return self.folder / self.file

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def configure(self, *, more: str = "", platform: str = "", rest: str = "") -> Path:
        """Write the usual settings; the texts go into the environment, its platform, and after both."""
        body = ENVIRONMENT.format(url=self.site.url, more=more, platform=platform, rest=rest)
        text = HEAD + body
        for relative in ("state", "locks", "repository", "platform"):
            text = text.replace(f'= "{relative}"', f'= "{self.folder / relative}"')
        self.config.parent.mkdir(exist_ok=True)
        self.config.write_text(text)
        return self.config

    def settings(self) -> Settings:
        return load_settings(self.config, {})

    def live(self) -> str:
        live = self.platform.live()
        return live.name if live else ""

    def release(self, name: str, *, hours_ago: float, subject: str = "", files: Mapping[str, str] | None = None) -> str:
        """Commit, tag and publish."""
        commit = self.git.commit(subject or f"work for {name}", files or {"app.txt": name}, tag=name)
        self.commits[name] = commit
        build = self.folder / f"build-{name}"
        build.mkdir()
        (build / "app.txt").write_text(name)
        clock = lambda: datetime.now(UTC) - timedelta(hours=hours_ago)  # noqa: E731
        ReleasesPlatform(self.platform.root, keep=9, now=clock).publish(build, name=name, commit=commit, who="tom")
        return commit

    @property
    def environment(self) -> dict[str, str]:
        """A bare environment with a home and a folder for temporary files of its own."""
        home, temporary = self.folder / "home", self.folder / "tmp"
        for place in (home, temporary):
            place.mkdir(exist_ok=True)
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "TMPDIR": str(temporary),
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
        }

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start a command in a process of its own, without a terminal."""
        return subprocess.Popen(
            [VIGIE, "--config", str(self.config), *arguments],
            env={**self.environment, **environment},
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        process = self.start(*arguments, **environment)
        try:
            out, err = process.communicate(timeout=DEADLINE)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise AssertionError(f"{arguments} went on for {DEADLINE:g} s:\n{out}\n{err}") from None
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def quickly(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """As `run`, in this very process: a start costs more than most commands do. Workers are real all the same."""
        with mock.patch.dict(os.environ, self.environment, clear=True):
            return heard("--config", str(self.config), *arguments)

    def terminal(self, *arguments: str, columns: int = 80, rows: int = 24, **environment: str) -> Terminal:
        """A command, or without arguments the console, in a terminal of its own."""
        argv = [VIGIE, "--config", str(self.config), *arguments]
        env = {**self.environment, **environment}
        return Terminal(argv, env=env, cwd=self.folder, columns=columns, rows=rows)

    def roll_back(self, *more: str) -> subprocess.CompletedProcess[str]:
        """The rollback command with everything it wants."""
        return self.quickly("rollback", "--reason", "because", "--confirm", "dispatch production", *more)


def here(*arguments: str) -> int:
    """A command in this very process; its words go where this process' words go."""

    def no_console(session: object) -> int:
        raise AssertionError("the console was opened")

    return run_command(no_console, list(arguments))


def heard(*arguments: str) -> subprocess.CompletedProcess[str]:
    """As `here`, with what it says taken down: quicker than a process, and its workers are real all the same."""
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = here(*arguments)
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


@contextmanager
def a_world(folder: Path) -> Iterator[World]:
    """Build it, and serve the site until the block ends."""
    platform = ReleasesPlatform(folder / "platform", keep=9)
    with a_site(folder / "platform") as site:
        world = World(folder, site, GitSite(folder / "repository"), platform)
        world.release("v1", hours_ago=200)
        world.release("v2", hours_ago=74)
        world.release("v3", hours_ago=0.2)
        world.configure()
        yield world
