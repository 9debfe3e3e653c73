"""What the console is measured on: a healthy practice site, and copies of its settings that change one thing each."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from operations.errors import VigieError
from operations.practice import site

HELLO = (sys.executable, str(Path(__file__).with_name("hello.py")))
FIRST_SCREEN = r"q quit"
HELLO_SCREEN = r"q Quit"


@dataclass(frozen=True, slots=True)
class Ground:
    """Settings files on one site: `recorded` finds the recorder's readings, `alone` has to probe for itself."""

    home: Path
    recorded: Path
    alone: Path

    def copy(self, name: str, **changed: str) -> Path:
        """The settings again with some top-level or [watch] strings changed."""
        text = self.recorded.read_text("utf-8")
        for key, value in changed.items():
            text, found = re.subn(rf'^{key} = ".*"$', f'{key} = "{value}"', text, flags=re.M)
            if found != 1:
                raise VigieError(f"{self.recorded} has {found} settings called {key}.")
        path = self.home / f"bench-{name}.toml"
        path.write_text(text, "utf-8")
        return path

    def in_incident(self) -> Path:
        """Settings with a state directory of its own, in which an incident is open."""
        if (self.home / "bench-incident.toml").exists():
            return self.home / "bench-incident.toml"
        config = self.copy("incident", state_dir=str(self.home / "bench-incident"))
        opening = ("incident", "open", "the board is slow", "--env", "production", "--severity", "P1")
        subprocess.run([*console(config), *opening], capture_output=True, timeout=60, check=True)
        return config


def console(config: Path, *options: str) -> list[str]:
    """The command that opens the console."""
    return [str(Path(sys.executable).with_name("vigie")), "--config", str(config), *options]


@contextmanager
def healthy_site() -> Iterator[Ground]:
    """A practice site with nothing wrong, removed in the end."""
    home = Path(tempfile.mkdtemp(prefix="vigie-bench-"))
    running = site.start(home, seed=1, scenario="", progress=_say)
    try:
        ground = Ground(home, running.config_path, running.config_path)
        yield Ground(home, running.config_path, ground.copy("alone", readings=str(home / "bench-no-recorder.sqlite")))
    finally:
        running.close()
        site.stop(home)
        with suppress(VigieError):
            site.reset(home)
        shutil.rmtree(home, ignore_errors=True)


def _say(words: str) -> None:
    print(f"  {words}", file=sys.stderr)
