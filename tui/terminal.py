"""Manners toward the terminal: refuse what cannot be drawn on, leave it as it was found, never spin when it is gone."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import sys
import termios
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from operations.errors import VigieError

if TYPE_CHECKING:
    from textual.app import App

STUCK_SECONDS = 4.0
"""Seconds after a signal within which the app has to be gone by itself."""
WATCHDOG_SECONDS = 2.0
"""How often the terminal is looked at: with SIGHUP ignored and the pty closed nothing else would tell."""


def check_terminal() -> None:
    """Raise VigieError with what to do instead when this is no terminal a console can be drawn on."""
    if not sys.stdin.isatty() or not (sys.__stderr__ is not None and sys.__stderr__.isatty()):
        raise VigieError(
            "The console needs a terminal for input and for stderr, and one of them is none.",
            next_step="Run it without redirection, or use: vigie status",
            code=1,
        )
    if os.environ.get("TERM", "dumb") in ("dumb", ""):
        raise VigieError(
            f"TERM is {os.environ.get('TERM') or 'not set'}: this terminal cannot show a full screen.",
            next_step="Use: vigie status, vigie facts, vigie jobs list; or set TERM, e.g. TERM=xterm-256color.",
            code=1,
        )


def prefers_ascii() -> bool:
    """True when the locale cannot show the glyphs (LANG=C with no UTF-8), or the terminal is the Linux console."""
    names = (os.environ.get("LC_ALL"), _character_type(), os.environ.get("LANG"))
    locale = next((name for name in names if name), "C")
    return "utf" not in locale.lower().replace("-", "") or os.environ.get("TERM") in ("linux", "vt100")


def _character_type() -> str | None:
    """LC_CTYPE as it was given: where the locale is C, Python itself sets it to one of these (PEP 538)."""
    value = os.environ.get("LC_CTYPE")
    if value not in ("C.UTF-8", "C.utf8", "UTF-8"):
        return value
    try:
        given = Path("/proc/self/environ").read_bytes().split(b"\0")
    except OSError:
        return value
    return value if f"LC_CTYPE={value}".encode() in given else None


def quiet_the_wire() -> None:
    """Textual reads these at import: no animation, nothing moves while nothing changes."""
    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")


def install_handlers(app: App[Any]) -> None:
    """SIGTERM, SIGHUP: leave the screen as it was found and exit 128+n. A vanished terminal: the same as SIGHUP."""
    loop = asyncio.get_running_loop()
    give_back = _remember_terminal()

    def leave(number: int, _frame: object) -> None:
        # Python runs this between any two of its steps, also where the loop itself is stuck.
        last = threading.Timer(STUCK_SECONDS, _give_up, (128 + number, give_back))
        last.daemon = True
        last.start()
        loop.call_soon_threadsafe(partial(app.exit, return_code=128 + number))

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)
    app.set_interval(WATCHDOG_SECONDS, lambda: _leave_if_gone(app))


def _remember_terminal() -> Callable[[], None]:
    """How to give the terminal back without the app's help: its modes as they were, the first screen, the cursor."""
    try:
        modes = termios.tcgetattr(0)
    except termios.error:
        return lambda: None

    def give_back() -> None:
        with suppress(OSError, termios.error):
            os.write(2, b"\x1b[?1049l\x1b[?25h\x1b[?2004l\x1b[0m")
            termios.tcsetattr(0, termios.TCSANOW, modes)

    return give_back


def _give_up(code: int, give_back: Callable[[], None]) -> None:
    """The app did not leave in time, whatever holds it: jobs are processes of their own, so nothing is lost."""
    give_back()
    os._exit(code)


def let_go_of_gone_terminal() -> None:
    """Where the terminal is gone, send what is still to be said to nowhere.

    The interpreter would else fail to flush it at its end, and exit with a code of its own (120) instead of ours.
    """
    for stream in (sys.__stdout__, sys.__stderr__):
        if stream is None:
            continue
        try:
            stream.flush()
            os.tcgetpgrp(stream.fileno())
        except OSError as error:
            if error.errno == errno.ENOTTY:
                continue  # a file or a pipe, which is still there
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)


def _leave_if_gone(app: App[Any]) -> None:
    if app.is_headless:
        return
    try:
        here = os.isatty(0) and os.isatty(2) and os.tcgetpgrp(0) >= 0
    except OSError:
        here = False
    if not here:
        app.exit(return_code=128 + signal.SIGHUP)
        # The driver may never finish talking to a terminal that is gone; jobs are processes of their own.
        asyncio.get_running_loop().call_later(1.5, os._exit, 128 + signal.SIGHUP)
