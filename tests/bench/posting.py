"""The peer: posting, a full-screen Textual program that people like, in an environment of its own.

It needs another Textual than ours, so it is never a dependency: the bench installs it into a folder that it removes
again. Where it cannot be had, its column says so.
"""

from __future__ import annotations

import subprocess
import venv
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.idling import Idle, idle_once
from tests.bench.keys import at_rest
from tests.bench.report import middle, percentile
from tests.bench.starting import Start, start_once

WANTED = ("posting", "tree-sitter==0.25.2")
"""posting 2 draws with the grammar packages of tree-sitter 0.25; a newer one breaks them."""
FIRST_SCREEN = r"(?s)Collection is empty.*Quit"
HELP = (("\x10", r"Search for commands"), ("\x1b", r"(?s)\A(?!.*Search for commands)"))
"""Ctrl+P opens its palette, Esc closes it: a dialog of its own."""
PACE = 1.5
"""Seconds between its keys: its palette may still be on the way when ours would be gone again."""
PATIENCE = 240.0


@dataclass(frozen=True, slots=True)
class Posting:
    """The command, empty with the reason where there is none; what was measured of it is kept for the table."""

    argv: tuple[str, ...] = ()
    home: Path = field(default_factory=Path)
    trouble: str = ""
    name: str = ""

    def start(self) -> Start | None:
        """One start to its first screen."""
        return start_once(self.argv, FIRST_SCREEN, more=self._own()) if self.argv else None

    def idle(self, settling: float, window: float) -> Idle | None:
        """One look at it while nothing happens."""
        return idle_once(self.argv, FIRST_SCREEN, settling, window, more=self._own()) if self.argv else None

    def keys(self, rounds: int) -> tuple[float, float] | None:
        """p95 and median of its palette opened and closed at rest, in ms."""
        if not self.argv:
            return None
        found = at_rest(self.argv, FIRST_SCREEN, HELP, rounds, pace=PACE, more=self._own())
        return 1000 * percentile(found, 95), 1000 * middle(found)

    def _own(self) -> dict[str, str]:
        """Its settings and collections lie in the scratch folder, not in the home of who measures."""
        home = str(self.home)
        return {"HOME": home, "XDG_CONFIG_HOME": home, "XDG_DATA_HOME": home, "PYTHONPATH": ""}


def install(folder: Path) -> Posting:
    """Install it under `folder`; with the reason instead where that fails (no network, no wheel for this machine)."""
    try:
        venv.create(folder / "environment", with_pip=True)
        pip = [str(folder / "environment" / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        pip += ["--disable-pip-version-check", "--no-input", *WANTED]
        done = subprocess.run(pip, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except (OSError, subprocess.SubprocessError) as error:
        return Posting(trouble=f"no environment for it: {error}")
    program = folder / "environment" / "bin" / "posting"
    if done.returncode or not program.exists():
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or [f"exit {done.returncode}"]
        return Posting(trouble=f"pip could not install it: {said[-1]}")
    return Posting((str(program),), folder, name=_version(folder))


def _version(folder: Path) -> str:
    """Which posting was measured, with which Textual."""
    python = str(folder / "environment" / "bin" / "python")
    script = 'from importlib.metadata import version as v; print(f\'posting {v("posting")}, Textual {v("textual")}\')'
    return subprocess.run([python, "-c", script], capture_output=True, text=True, timeout=60, check=True).stdout.strip()
