"""A console whose loop is stuck still leaves on a signal, with the right code, and gives the terminal back."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from tests.e2e.terminal import LEFT_ALTERNATE_SCREEN, Terminal

STUCK = """
import os
from textual.app import App
from tui import terminal
terminal.STUCK_SECONDS = 0.5

class Stuck(App):
    def on_mount(self):
        terminal.install_handlers(self)
        self.set_timer(0.3, self.spin)

    def compose(self):
        from textual.widgets import Static
        yield Static("here I am")

    def spin(self):
        os.write(2, b"stuck now")
        while True:
            pass

Stuck().run(mouse=False)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_loop_that_is_stuck_ends_on_a_signal(number: signal.Signals, tmp_path: Path) -> None:
    program = tmp_path / "stuck.py"
    program.write_text(STUCK)
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    root = Path(__file__).parents[2]
    argv = [sys.executable, str(program)]
    with Terminal(argv, env={**environment, "PYTHONPATH": str(root)}, cwd=tmp_path, columns=80, rows=24) as terminal:
        terminal.wait_for("stuck now")
        terminal.kill(number)
        assert terminal.wait_ended() == 128 + number
        assert LEFT_ALTERNATE_SCREEN in terminal.raw
