"""Manners on real terminals: every way to leave, sizes, poor and foreign terminals, tmux, and what is refused."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.conftest import VIGIE, until
from tests.e2e.terminal import LEFT_ALTERNATE_SCREEN, Terminal

pytestmark = [pytest.mark.terminal, pytest.mark.timeout(120)]
SETTINGS = """
state_dir = "{folder}/state"
lock_dir = "{folder}/locks"
operator = "ana"
[site]
name = "pro-remorque"
[environments.production]
kind = "production"
url = "http://127.0.0.1:9"
"""
SHOWN = r"q quit"


class Stand:
    """Consoles on a site that is not there: everything is down, and nothing else matters here."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "vigie.toml").write_text(SETTINGS.format(folder=folder), "utf-8")
        self.terminals = ExitStack()

    def environment(self, **changes: str) -> dict[str, str]:
        base = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LANG": "C.UTF-8", "TERM": "xterm-256color"}
        return {**base, **changes}

    def open(self, **changes: str) -> Terminal:
        terminal = Terminal(VIGIE, env=self.environment(**changes), cwd=self.folder)
        return self.terminals.enter_context(terminal)

    def console(self, **changes: str) -> Terminal:
        terminal = self.open(**changes)
        terminal.wait_for(SHOWN)
        terminal.settle()
        return terminal

    def run(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            VIGIE,
            env=self.environment(),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    made = Stand(tmp_path)
    with made.terminals:
        yield made


def test_q_leaves_with_0_and_gives_the_terminal_back(stand: Stand) -> None:
    console = stand.console()
    assert re.search(r"pro-remorque PRODUCTION", console.text)
    console.press("q")
    assert console.wait_ended() == 0
    assert LEFT_ALTERNATE_SCREEN in console.raw
    assert b"\x1b[?25h" in console.raw, "the cursor is shown again"
    assert not re.search(rb"\x1b\[\?100[0236]h", console.raw), "the mouse stays the terminal's own"


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_signal_leaves_within_5_s_with_128_and_its_number_and_gives_the_terminal_back(
    stand: Stand, number: signal.Signals
) -> None:
    console = stand.console()
    console.kill(number)
    assert console.wait_ended(5.0) == 128 + number
    assert LEFT_ALTERNATE_SCREEN in console.raw


def test_a_terminal_that_is_gone_leaves_no_process_behind_and_none_that_spins(stand: Stand) -> None:
    console = stand.console()
    before = console.processor_seconds()
    console.hang_up()
    assert console.wait_ended(5.0) == 128 + signal.SIGHUP
    assert console.spent - before < 2.0


def test_40x10_and_back_shows_what_matters_and_loses_nothing(stand: Stand) -> None:
    console = stand.console()
    console.resize(40, 10)
    console.wait_for(r"PRODUCTION")
    console.settle()
    assert len(console.text.splitlines()) <= 10
    assert all(len(row) <= 40 for row in console.text.splitlines())
    assert "PRODUCTION" in console.text.splitlines()[0]
    console.resize(80, 24)
    console.settle()
    assert "R rollback" in console.text
    console.resize(120, 36)
    console.settle()
    assert "What changed" in console.text
    console.press("q")
    assert console.wait_ended() == 0


@pytest.mark.parametrize(("name", "changes"), [("the Linux console", {"TERM": "linux"}), ("LANG=C", {"LANG": "C"})])
def test_poor_terminals_get_ascii_signs_only(stand: Stand, name: str, changes: dict[str, str]) -> None:
    console = stand.console(**changes)
    console.wait_for(r"X DOWN|\? UNKNOWN")
    assert console.text.isascii(), name
    shown = console.press_meant("?", "- Keys -")
    assert shown.isascii(), name
    for _ in range(6):
        console.press(" ")
        console.settle()
    console.wait_for(r"\+ ok")
    assert console.text.isascii(), name
    console.press_meant("esc", SHOWN)
    console.press("q")
    assert console.wait_ended() == 0


def test_sixteen_colours_are_enough(stand: Stand) -> None:
    console = stand.console(TERM="xterm-16color")
    console.wait_for(r"✖ DOWN|\? UNKNOWN")
    assert not re.search(rb"\x1b\[[0-9;]*[34]8;[25];", console.raw), "more colours than the terminal has"
    assert re.search(rb"\x1b\[[0-9;]*3[15]\b[0-9;]*m[^\x1b]*(DOWN|UNKNOWN)", console.raw), "red and magenta became grey"
    console.press("q")
    assert console.wait_ended() == 0


def test_no_color_is_heard_and_states_are_still_words_and_signs(stand: Stand) -> None:
    console = stand.console(NO_COLOR="1")
    console.wait_for(r"✖ DOWN|\? UNKNOWN")
    console.press("q")
    assert console.wait_ended() == 0
    coloured = {tuple(map(int, found)) for found in re.findall(rb"\x1b\[[0-9;]*[34]8;2;(\d+);(\d+);(\d+)", console.raw)}
    assert all(max(colour) - min(colour) <= 8 for colour in coloured), "colours beside grey"
    assert re.search(rb"\x1b\[1;7;?[0-9;]*m pro-remorque PRODUCTION ", console.raw), "the bar cannot be missed"


@pytest.mark.parametrize("term", ["dumb", ""])
def test_a_dumb_terminal_is_refused_with_the_way_to_status(stand: Stand, term: str) -> None:
    console = stand.open(TERM=term)
    assert console.wait_ended() == 1
    assert "vigie status" in " ".join(console.text.split())
    assert LEFT_ALTERNATE_SCREEN not in console.raw


def test_without_a_terminal_it_is_refused_with_the_way_to_status(stand: Stand) -> None:
    done = stand.run()
    assert done.returncode == 1
    assert "needs a terminal" in done.stderr
    assert "vigie status" in done.stderr
    assert done.stdout == ""


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed here")
def test_inside_tmux_it_starts_is_read_and_leaves_the_shell_as_it_was(stand: Stand) -> None:
    socket = f"vigie-{os.getpid()}"

    def tmux(*words: str) -> str:
        command = ["tmux", "-L", socket, "-f", os.devnull, *words]
        return subprocess.run(
            command, env=stand.environment(), cwd=stand.folder, capture_output=True, text=True, timeout=30, check=True
        ).stdout

    def shows(pattern: str) -> bool:
        return re.search(pattern, tmux("capture-pane", "-p", "-t", "one")) is not None

    vigie = " ".join(VIGIE)
    tmux("new-session", "-d", "-s", "one", "-x", "80", "-y", "24", "env PS1='ready> ' sh")
    try:
        until(lambda: shows(r"ready>"))
        tmux("send-keys", "-t", "one", f"{vigie}; echo left with $?", "Enter")
        until(lambda: shows(r"PRODUCTION") and shows(SHOWN))
        tmux("send-keys", "-t", "one", "?")
        until(lambda: shows(r"Keys"))
        tmux("send-keys", "-t", "one", "Escape")
        until(lambda: not shows(r"─ Keys ─"))
        tmux("send-keys", "-t", "one", "q")
        until(lambda: shows(r"left with 0"))
        assert not shows(SHOWN)
    finally:
        tmux("kill-server")
