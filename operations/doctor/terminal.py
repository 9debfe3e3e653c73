"""What the terminal can show: its size, colours and letters, and whether text can be copied out of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from operations.doctor.finding import Finding, fail, ok, skip, warn

SMALLEST, COMFORTABLE = (80, 24), (120, 36)
_LIMIT = 2.0
_COPY = "Select with the mouse (in tmux with Shift), or see what a page shows by its command."


@dataclass(frozen=True, slots=True)
class Terminal:
    """A terminal as its environment tells it. `clipboard` is tmux' own setting, empty outside tmux."""

    variables: Mapping[str, str]
    columns: int
    rows: int
    encoding: str
    clipboard: str = ""


def check_terminal() -> Iterator[Finding]:
    """The terminal this runs in; without one nothing is claimed."""
    if not (sys.stdin is not None and sys.stdin.isatty() and sys.__stderr__ is not None and sys.__stderr__.isatty()):
        yield skip("terminal", "there is none here: run this where the console will be opened")
        return
    size = shutil.get_terminal_size((0, 0))
    encoding = getattr(sys.__stdout__, "encoding", "") or ""
    clipboard = _tmux_clipboard() if os.environ.get("TMUX") else ""
    yield from judge_terminal(Terminal(os.environ, size.columns, size.lines, encoding, clipboard))


def judge_terminal(terminal: Terminal) -> Iterator[Finding]:
    """TERM, size, letters, colours, copying."""
    kind = terminal.variables.get("TERM", "")
    if kind in ("", "dumb"):
        says = f"TERM is {kind or 'not set'}: the console cannot be drawn here; the commands work"
        yield fail("terminal", says, "Set TERM, e.g. export TERM=xterm-256color")
        return
    yield ok("terminal", kind)
    yield _size(terminal.columns, terminal.rows)
    yield _letters(terminal, kind)
    yield _colours(terminal.variables, kind)
    yield _copying(terminal, kind)


def _size(columns: int, rows: int) -> Finding:
    says = f"{columns}x{rows}"
    if columns < SMALLEST[0] or rows < SMALLEST[1]:
        return warn("size", f"{says}, smaller than 80x24: lines will be cut", "Make the window 80x24 or larger.")
    wide = columns >= COMFORTABLE[0] and rows >= COMFORTABLE[1]
    return ok("size", says if wide else f"{says} (at 120x36 walk and changes stand side by side)")


def _letters(terminal: Terminal, kind: str) -> Finding:
    if kind in ("linux", "vt100"):
        return ok("letters", f"{kind}: drawn with ASCII signs")
    if "utf" not in terminal.encoding.lower():
        says = f"the locale is not UTF-8 ({terminal.encoding or 'none'}): drawn with ASCII signs"
        return warn("letters", says, "export LANG=C.UTF-8 (or another locale of `locale -a` that ends with UTF-8)")
    return ok("letters", "UTF-8")


def _colours(variables: Mapping[str, str], kind: str) -> Finding:
    if variables.get("NO_COLOR"):
        return ok("colours", "none, NO_COLOR is set: signs and words tell")
    if variables.get("COLORTERM") in ("truecolor", "24bit"):
        return ok("colours", "16 million")
    return ok("colours", "256" if "256" in kind else "16: signs and words tell as well")


def _copying(terminal: Terminal, kind: str) -> Finding:
    """OSC 52 lets a program over SSH fill the clipboard here; multiplexers stand between."""
    name = "copying"
    if terminal.variables.get("TMUX"):
        if terminal.clipboard == "on":
            return ok(name, "tmux passes the clipboard on (OSC 52)")
        says = f"tmux does not pass the clipboard on (set-clipboard {terminal.clipboard or 'unknown'})"
        return warn(name, says, "tmux set -s set-clipboard on; and the same line in ~/.tmux.conf")
    if kind.startswith("screen") or terminal.variables.get("STY"):
        return warn(name, "GNU screen does not pass the clipboard on (OSC 52)", _COPY)
    return ok(name, "left to the terminal (OSC 52 where it allows it)")


def _tmux_clipboard() -> str:
    try:
        done = subprocess.run(
            ["tmux", "show-options", "-sv", "set-clipboard"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_LIMIT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()
