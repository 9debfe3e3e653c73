"""A real pseudo-terminal with a program on it: press keys, wait for what the screen shows, send signals, hang up.

Nothing here sleeps: a thread feeds the program's output to an emulator, and whoever waits is told of every change.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import pyte

DEADLINE = 40.0
"""Seconds to wait for a thing by default: the machine may be busy with other tests."""
SETTLED = 0.4
"""Seconds without a byte after which nothing is being painted; longer than a dialog's button takes to mean it."""
PAINTED = 0.12
"""Seconds without a byte after which what a key did is on the screen."""
KEYS = {
    "enter": "\r",
    "esc": "\x1b",
    "tab": "\t",
    "backspace": "\x7f",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "left": "\x1b[D",
    "right": "\x1b[C",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
    "ctrl+c": "\x03",
}
ALTERNATE_SCREEN = 1049
FRAMES = 2026
"""Synchronized output: whoever looks between its beginning and its end sees half a screen."""
FRAMES_QUERY, FRAMES_ANSWER = b"\x1b[?2026$p", b"\x1b[?2026;2$y"
LEFT_ALTERNATE_SCREEN = b"\x1b[?1049l"

# The child is the leader of a session of its own; the first terminal it opens becomes its controlling one.
_ONTO = """
import os, signal, sys
terminal = os.open(sys.argv[1], os.O_RDWR)
for place in (0, 1, 2):
    os.dup2(terminal, place)
# Whoever started the tests in the background has the interrupt ignored, and this would be handed on.
for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
    signal.signal(number, signal.SIG_DFL)
os.close(terminal) if terminal > 2 else None
# Not os.environ: where the locale is C this interpreter has set LC_CTYPE in it.
given = open("/proc/self/environ", "rb").read().split(b"\\0")
os.execve(sys.argv[2], sys.argv[2:], dict(pair.split(b"=", 1) for pair in given if pair))
"""


class Emulator(pyte.Screen):
    """What pyte does not know: the alternate screen (empty at every turn here), and frames that are sent as one."""

    in_frame = False

    def set_mode(self, *modes: int, **kwargs: Any) -> None:
        super().set_mode(*modes, **kwargs)
        self._turn(modes, kwargs, on=True)

    def reset_mode(self, *modes: int, **kwargs: Any) -> None:
        super().reset_mode(*modes, **kwargs)
        self._turn(modes, kwargs, on=False)

    def _turn(self, modes: tuple[int, ...], kwargs: dict[str, Any], *, on: bool) -> None:
        if kwargs.get("private") and FRAMES in modes:
            self.in_frame = on
        if kwargs.get("private") and ALTERNATE_SCREEN in modes:
            self.erase_in_display(2)
            self.cursor_position()


class Terminal:
    """One program on a terminal of `columns` x `rows`. `env` is the program's whole environment."""

    def __init__(
        self, argv: Sequence[str], *, env: Mapping[str, str], cwd: Path, columns: int = 80, rows: int = 24
    ) -> None:
        self._screen = Emulator(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._raw = bytearray()
        self._news = threading.Condition()
        self._last_byte = time.monotonic()
        self._ended = False
        self.spent = 0.0
        """Seconds of processor time the program had used when it ended."""
        self._master, slave = pty.openpty()
        self._set_size(columns, rows)
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _ONTO, os.ttyname(slave), *argv],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=dict(env),
                cwd=cwd,
                start_new_session=True,
            )
            # Ours stays open until the program has said something: a read before would find that nobody is there.
            self._slave: int | None = slave
        except BaseException:
            os.close(slave)
            os.close(self._master)
            raise
        self._wake, self._waker = os.pipe()
        self._reader = threading.Thread(target=self._read, name=f"terminal-{self.process.pid}", daemon=True)
        self._reader.start()

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The program's process id (the launcher becomes the program)."""
        return self.process.pid

    @property
    def text(self) -> str:
        """What the screen shows now, one line a row, right ends stripped."""
        with self._news:
            return "\n".join(row.rstrip() for row in self._screen.display)

    @property
    def raw(self) -> bytes:
        """Every byte that came so far."""
        with self._news:
            return bytes(self._raw)

    def row(self, pattern: str) -> str:
        """The first row that matches; fails when none does."""
        found = next((row for row in self.text.splitlines() if re.search(pattern, row)), None)
        assert found is not None, f"no row shows {pattern!r}:\n{self.text}"
        return found

    def wait_for(self, pattern: str, deadline: float = DEADLINE) -> str:
        """Wait until the screen matches; returns the whole screen. Fails with the screen when it does not in time."""
        return self._wait(lambda text: re.search(pattern, text) is not None, f"show {pattern!r}", deadline)

    def wait_while(self, pattern: str, deadline: float = DEADLINE) -> str:
        """Wait until the screen does not match any more; returns the whole screen."""
        return self._wait(lambda text: re.search(pattern, text) is None, f"lose {pattern!r}", deadline)

    def settle(self, deadline: float = DEADLINE, *, quiet: float = SETTLED) -> None:
        """Wait until no byte came for `quiet` seconds: all is painted, and a button that has the focus is ready.

        Where no Enter follows PAINTED is enough.
        """
        until = time.monotonic() + deadline
        with self._news:
            while (left := self._last_byte + quiet - time.monotonic()) > 0:
                assert time.monotonic() < until, f"the screen never settles:\n{self._shown()}"
                self._news.wait(left)

    def press(self, *keys: str) -> None:
        """Press keys, by name where they have one ("enter"), else as typed text. A key counts as a byte that came."""
        for key in keys:
            self._write(KEYS.get(key, key).encode())
        with self._news:
            self._last_byte = time.monotonic()

    def press_meant(self, key: str, pattern: str, deadline: float = DEADLINE) -> str:
        """Press a key and wait for what comes; an Enter, which must be meant, once the screen is quiet.

        Other keys are dealt with in the order they come, whatever is being painted.
        """
        if key == "enter":
            self.settle()
        self.press(key)
        return self.wait_for(pattern, deadline)

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size; the program is told by the kernel."""
        with self._news:
            self._screen.resize(rows, columns)
        self._set_size(columns, rows)

    def kill(self, number: signal.Signals) -> None:
        """Send a signal to the program."""
        os.kill(self.pid, number)

    def hang_up(self) -> None:
        """Close the terminal under the program, as a lost connection does."""
        self._stop_reading()

    def wait_ended(self, deadline: float = DEADLINE) -> int:
        """Wait until the program has ended; its exit code, negative for a signal that killed it."""
        until = time.monotonic() + deadline
        while os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            assert time.monotonic() < until, f"it goes on after {deadline:g} s:\n{self.text}"
            time.sleep(0.01)
        self.spent = self.processor_seconds()
        code = self.process.wait()
        self._give_up_slave()
        if self._master >= 0:
            self._reader.join(5.0)
        return code

    def processor_seconds(self) -> float:
        """Seconds of processor time the program has used so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        """End the program if it still runs, and the terminal."""
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()
        self._stop_reading()

    def _wait(self, holds: object, what: str, deadline: float) -> str:
        assert callable(holds)
        until = time.monotonic() + deadline
        with self._news:
            while True:
                whole = self._ended or not self._screen.in_frame
                if whole and holds(text := self._shown()):
                    return text
                left = until - time.monotonic()
                assert left > 0, f"the screen did not {what} in {deadline:g} s:\n{self._shown()}"
                assert not self._ended, f"the program ended before the screen did {what}:\n{self._shown()}"
                self._news.wait(left)

    def _shown(self) -> str:
        return "\n".join(row.rstrip() for row in self._screen.display)

    def _write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._master, data) :]

    def _read(self) -> None:
        while True:
            ready, _, _ = select.select([self._master, self._wake], [], [])
            if self._wake in ready:
                break
            try:
                chunk = os.read(self._master, 65_536)
            except OSError:
                break
            if not chunk:
                break
            self._give_up_slave()
            with self._news:
                asked = FRAMES_QUERY in self._raw[-len(FRAMES_QUERY) + 1 :] + chunk
                self._raw += chunk
                self._stream.feed(chunk)
                self._last_byte = time.monotonic()
                self._news.notify_all()
            if asked:
                self._write(FRAMES_ANSWER)
        with self._news:
            self._ended = True
            self._news.notify_all()

    def _stop_reading(self) -> None:
        if self._master < 0:
            return
        os.write(self._waker, b"x")
        self._reader.join(5.0)
        self._give_up_slave()
        for place in (self._master, self._wake, self._waker):
            os.close(place)
        self._master = -1

    def _give_up_slave(self) -> None:
        slave, self._slave = self._slave, None
        if slave is not None:
            os.close(slave)

    def _set_size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
