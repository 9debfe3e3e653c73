"""Runs one child in a process group of its own: time and output limits, redacted lines; it dies with its parent.

A child that carries data (a dump out, a dump in) has Streams: its output is handed on as bytes, untouched and without
limit, its input is asked for piece by piece, and only what it says on stderr becomes lines.
"""

from __future__ import annotations

import codecs
import contextlib
import ctypes
import fcntl
import os
import selectors
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from operations.engine.alive import end_group, group_of
from operations.engine.record import ProcessGroup
from operations.engine.redaction import Redactor
from operations.engine.steps import Completed
from operations.errors import PrerequisiteMissing, VigieError
from operations.text import clean

TAIL_LINES = 200
OUTPUT_LIMIT = 32 * 1024 * 1024
"""Bytes of one child's output that are kept; what comes after is read, counted and thrown away."""
GRACE = 5.0
"""Seconds a group has between TERM and KILL."""
_LINE_LIMIT = 16_384
_LOOK_AGAIN = 0.05
_STRAGGLERS = 0.3
_STRAGGLERS_TALKING = 2.0
_PR_SET_PDEATHSIG = 1
_PIECE = 262_144
_PIPE_SIZE = 1_048_576
_KEPT_FROM_ENVIRONMENT = ("PATH", "HOME", "LANG", "TZ")


@dataclass(frozen=True, slots=True)
class Child:
    """What to run. `env` is added to PATH, HOME, LANG and TZ; `limit` in seconds; `grace` between TERM and KILL."""

    argv: Sequence[str]
    cwd: Path | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    limit: float = 60.0
    grace: float = GRACE
    output_limit: int = OUTPUT_LIMIT


@dataclass(frozen=True, slots=True)
class Streams:
    """Where a child's bytes go and come from; what either raises ends the child.

    `output` gets stdout; `input` gives the next piece for stdin, b"" at its end. Both are called by one thread in turn.
    """

    output: Callable[[bytes], None] | None = None
    input: Callable[[], bytes] | None = None


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the runner wants to hear: each line, the group when it began and when it ended.

    `stop` is asked all the while: it raises to have the group ended.
    """

    line: Callable[[str], None]
    started: Callable[[ProcessGroup], None]
    ended: Callable[[ProcessGroup], None]
    stop: Callable[[], None]


def run_child(child: Child, hooks: Hooks, redactor: Redactor, streams: Streams | None = None) -> Completed:
    """Run `child` to its end. Raises PrerequisiteMissing when there is no such program, and what `hooks.stop` raises.

    Call it from a thread that lives as long as the process: the parent-death signal comes when the thread ends.
    """
    began = time.monotonic()
    streams = streams or Streams()
    process = _spawn(child, streams)
    group = group_of(process.pid)
    lines = _Lines(redactor, hooks.line, child.output_limit)
    finished = False
    try:
        if group is not None:
            hooks.started(group)
        to_its_end = process.stdout.fileno() if process.stdout is not None and streams.output else None
        finished = _pump(_pipes(process, lines, streams), process, hooks.stop, began + child.limit, to_its_end)
    finally:
        # However this ends, by a cancel or by a full journal, nothing of an unfinished child may go on.
        if not finished:
            _end(process, group, child.grace)
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
        lines.finish()
        if group is not None:
            hooks.ended(group)
    return Completed(
        process.returncode, tuple(lines.tail), time.monotonic() - began, timed_out=not finished, group=group
    )


def child_environment(extra: Mapping[str, str], given: Mapping[str, str] | None = None) -> dict[str, str]:
    """The minimal environment of a child, with `extra` on top."""
    source = os.environ if given is None else given
    kept = {name: source[name] for name in _KEPT_FROM_ENVIRONMENT if name in source}
    return {"PATH": os.defpath, "LANG": "C.UTF-8", **kept, **extra}


class _Lines:
    """Bytes of a child in, clean and redacted lines out; carriage returns of progress bars end a line, too."""

    def __init__(self, redactor: Redactor, line: Callable[[str], None], limit: int) -> None:
        self.tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._redactor = redactor
        self._line = line
        self._left = limit
        self._dropped = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._stream = redactor.stream()
        self._rest = ""

    def feed(self, chunk: bytes) -> None:
        kept = chunk[: self._left]
        self._left -= len(kept)
        self._dropped += len(chunk) - len(kept)
        self._take(self._stream.feed(self._decoder.decode(kept)))

    def finish(self) -> None:
        self._take(self._stream.feed(self._decoder.decode(b"", final=True)) + self._stream.finish() + "\n")
        if self._dropped:
            self._emit(f"… {self._dropped} bytes more were not kept")

    def _take(self, text: str) -> None:
        *whole, self._rest = (self._rest + text).replace("\r", "\n").split("\n")
        while len(self._rest) > _LINE_LIMIT:
            whole.append(self._rest[:_LINE_LIMIT])
            self._rest = self._rest[_LINE_LIMIT:]
        for line in whole:
            for start in range(0, len(line), _LINE_LIMIT):
                # Escape codes in the middle of a secret hide it from the stream: mask once more without them.
                shown = self._redactor.redact(clean(line[start : start + _LINE_LIMIT]).rstrip())
                if shown:
                    self._emit(shown)

    def _emit(self, line: str) -> None:
        self.tail.append(line)
        self._line(line)


def _spawn(child: Child, streams: Streams) -> subprocess.Popen[bytes]:
    if child.cwd is not None and not child.cwd.is_dir():
        raise VigieError(f"There is no folder {child.cwd} to run {child.argv[0]} in.")
    try:
        return subprocess.Popen(
            list(child.argv),
            stdin=subprocess.PIPE if streams.input else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if streams.output else subprocess.STDOUT,
            bufsize=0,
            cwd=child.cwd,
            env=child_environment(child.env),
            process_group=0,
            preexec_fn=die_with_parent(os.getpid()),
        )
    except (FileNotFoundError, PermissionError, NotADirectoryError) as error:
        next_step = "Install it, or correct the command in the settings."
        raise PrerequisiteMissing(f"{child.argv[0]} cannot be run: {error.strerror}.", next_step=next_step) from error


def die_with_parent(parent: int) -> Callable[[], None]:
    """A hook between fork and exec: the kernel sends TERM when the worker dies, even by kill -9 (prctl(2))."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def hook() -> None:
        prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
        if os.getppid() != parent:
            # The worker died before the signal was asked for.
            os._exit(127)

    return hook


Pipe = Callable[[], bool]
"""Does what a ready descriptor is ready for; False when there is no more."""


def _pipes(process: subprocess.Popen[bytes], lines: _Lines, streams: Streams) -> dict[int, tuple[int, Pipe]]:
    """The child's descriptors, what each waits for and what is done when it is ready."""
    found: dict[int, tuple[int, Pipe]] = {}
    for pipe, hand_on in ((process.stdout, streams.output or lines.feed), (process.stderr, lines.feed)):
        if pipe is not None:
            found[pipe.fileno()] = (selectors.EVENT_READ, _reading(pipe.fileno(), hand_on))
    if process.stdin is not None and streams.input is not None:
        found[process.stdin.fileno()] = (selectors.EVENT_WRITE, _writing(process.stdin, streams.input))
    for descriptor in found:
        os.set_blocking(descriptor, False)
        if streams.output or streams.input:
            with contextlib.suppress(OSError):
                fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _PIPE_SIZE)
    return found


def _reading(descriptor: int, hand_on: Callable[[bytes], None]) -> Pipe:
    def read() -> bool:
        chunk = os.read(descriptor, _PIECE)
        hand_on(chunk)
        return bool(chunk)

    return read


def _writing(pipe: IO[bytes], next_piece: Callable[[], bytes]) -> Pipe:
    left = memoryview(b"")

    def write() -> bool:
        nonlocal left
        if not left:
            left = memoryview(next_piece())
            if not left:
                pipe.close()
                return False
        try:
            left = left[os.write(pipe.fileno(), left) :]
        except BrokenPipeError:
            # It wants no more; why, it says itself.
            pipe.close()
            return False
        return True

    return write


def _pump(
    pipes: Mapping[int, tuple[int, Pipe]],
    process: subprocess.Popen[bytes],
    stop: Callable[[], None],
    deadline: float,
    to_its_end: int | None,
) -> bool:
    """Serve the pipes until the child has ended; False when the deadline came first.

    `to_its_end` is a descriptor that carries data: it is read to its end, however long after the child's own that is.
    """
    ended_at = None
    still_open = set(pipes)
    with selectors.DefaultSelector() as selector:
        for descriptor, (event, pipe) in pipes.items():
            selector.register(descriptor, event, pipe)
        while True:
            stop()
            ready = selector.select(_LOOK_AGAIN) if still_open else []
            for key, _ in ready:
                if not key.data():
                    selector.unregister(key.fd)
                    still_open.discard(key.fd)
            if not still_open:
                _wait_a_moment(process)
            if process.poll() is None or to_its_end in still_open:
                if time.monotonic() > deadline:
                    return False
                continue
            # A daemon that the child left behind may keep the pipe open: the child has ended all the same.
            ended_at = ended_at or time.monotonic()
            patience = _STRAGGLERS_TALKING if ready else _STRAGGLERS
            if not still_open or time.monotonic() - ended_at > patience:
                return True


def _wait_a_moment(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(_LOOK_AGAIN)
    except subprocess.TimeoutExpired:
        return


def _end(process: subprocess.Popen[bytes], group: ProcessGroup | None, grace: float) -> None:
    if group is not None:
        end_group(group, grace=grace)
    if process.poll() is None:
        # It changed its own group: this one at least is ours by its handle.
        process.kill()
