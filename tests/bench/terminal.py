"""A program on a pty of its own: what it writes is stamped as it arrives, and rendered only when somebody looks.

Rendering costs more than most programs need to write, so a measurement may send keys first and look afterwards: the
stamps are those of the arrival. Linux only (/proc).
"""

from __future__ import annotations

import fcntl
import os
import pty
import queue
import re
import signal
import struct
import termios
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pyte

TICKS = os.sysconf("SC_CLK_TCK")
_PRIVATE = re.compile(rb"\x1b\[[>=<][0-9;:]*[a-zA-Z]|\x1bP.*?\x1b\\|\x1b\[\?[0-9;]*\$p", re.S)
"""Sequences that pyte would print as text."""
_ANSWERS = ((b"\x1b[6n", b"\x1b[1;1R"), (b"\x1b[c", b"\x1b[?62;22c"))
"""Questions a program may wait for, and what a terminal says."""


class NotShown(Exception):
    """What was waited for never came on the screen; carries the screen."""


class Terminal:
    """Start `argv` on a pty. Times are seconds since the start; call `close` in the end."""

    def __init__(
        self, argv: Sequence[str], *, columns: int = 80, rows: int = 24, more: Mapping[str, str] | None = None
    ) -> None:
        self.screen = pyte.Screen(columns, rows)
        self.received = 0
        self._stream = pyte.ByteStream(self.screen)
        self._chunks: queue.Queue[tuple[float, bytes]] = queue.Queue()
        environment = _environment() | dict(more or {})
        size = struct.pack("HHHH", rows, columns, 0, 0)
        self.started = time.perf_counter()
        self.pid, self._pty = pty.fork()
        if self.pid == 0:
            _become(argv, environment, size)
        fcntl.ioctl(self._pty, termios.TIOCSWINSZ, size)
        threading.Thread(target=self._read, daemon=True).start()

    def wait(self, pattern: str, *, after: float = 0.0, limit: float = 30.0) -> float:
        """When the rendered screen first matched `pattern`, looking at what arrived at `after` or later.

        Raises NotShown when it does not within `limit` seconds from now, or the program ended.
        """
        wanted = re.compile(pattern)
        deadline = time.perf_counter() + limit
        while time.perf_counter() < deadline:
            try:
                stamp, data = self._chunks.get(timeout=0.05)
            except queue.Empty:
                if after <= self.now() and wanted.search(self.text()):
                    # It was there before anybody asked.
                    return self.now()
                continue
            if not data:
                raise NotShown(f"the program ended before /{pattern}/ was seen\n{self.text()}")
            self._stream.feed(_PRIVATE.sub(b"", data))
            if stamp >= after and wanted.search(self.text()):
                return stamp
        raise NotShown(f"/{pattern}/ was not seen\n{self.text()}")

    def settle(self, seconds: float) -> None:
        """Render all that comes for some seconds."""
        until = time.perf_counter() + seconds
        while (left := until - time.perf_counter()) > 0:
            with suppress(queue.Empty):
                self._stream.feed(_PRIVATE.sub(b"", self._chunks.get(timeout=left)[1]))

    def text(self) -> str:
        """The screen's rows as they are now."""
        return "\n".join(self.screen.display)

    def send(self, keys: str) -> float:
        """Type; returns the time just before."""
        stamp = self.now()
        os.write(self._pty, keys.encode())
        return stamp

    def now(self) -> float:
        """Seconds since the start."""
        return time.perf_counter() - self.started

    def peak_memory(self) -> float:
        """The most memory the program ever held, in MB (VmHWM)."""
        status = Path(f"/proc/{self.pid}/status").read_text("ascii")
        found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.M)
        return int(found[1]) / 1024 if found else 0.0

    def cpu_seconds(self) -> float:
        """Processor time of the program and of the children it has waited for."""
        fields = Path(f"/proc/{self.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return sum(int(field) for field in fields[11:15]) / TICKS

    def close(self) -> None:
        """End the program, kindly first."""
        for number, patience in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
            if self._ended(patience, number):
                break
        os.close(self._pty)

    def _ended(self, patience: float, number: int) -> bool:
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)
        until = time.perf_counter() + patience
        while time.perf_counter() < until:
            if os.waitpid(self.pid, os.WNOHANG)[0]:
                return True
            time.sleep(0.02)
        return False

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._pty, 65536)
                for question, answer in _ANSWERS:
                    if question in data:
                        os.write(self._pty, answer)
            except OSError:
                data = b""
            self.received += len(data)
            self._chunks.put((self.now(), data))
            if not data:
                return


def _become(argv: Sequence[str], environment: Mapping[str, str], size: bytes) -> None:
    """The child's side of the fork; never returns."""
    try:
        fcntl.ioctl(0, termios.TIOCSWINSZ, size)
        os.execvpe(argv[0], list(argv), dict(environment))
    finally:
        os._exit(127)


def _environment() -> dict[str, str]:
    """Ours without what would change how either program draws."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name == "PYTHONPATH" or not name.startswith(("VIGIE_", "TEXTUAL", "NO_COLOR", "PYTHON"))
    }
    return kept | {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
