"""Runs a runbook's check: a short, read-only command that runs without a person. Its output never runs anything.

What a person would have to type, confirm or know is refused: a blank that nobody can fill, a destructive line or
something that the settings forbid. Blocking: a console calls it beside its loop.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from operations.command_call import Call, calling
from operations.command_group import Kind, Prepared, prepare
from operations.desk import utc_now
from operations.engine.alive import end_group, group_lives
from operations.engine.process import Child, Hooks, run_child
from operations.engine.redaction import Redactor
from operations.engine.steps import Completed
from operations.errors import VigieError
from operations.runbook_values import Values
from operations.settings import Settings
from operations.sql_group import error_line
from runbooks.blanks import blanks_in
from runbooks.changing import changing_words
from runbooks.model import Code

KEPT = 65_536
"""Characters of output that are kept; what comes after is read and thrown away."""
DEFAULT_LIMIT = 10.0
LONGEST_LIMIT = 300.0
WARNS = 2
"""The exit code by which a check says "look at this" instead of "this is wrong" (runbooks.md, level 2)."""
_GRACE = 0.5
_NO_CONNECTION = 2
"""psql's exit code for a connection that could not be made or was lost: it says nothing about what was asked."""
State = Literal["ok", "warn", "failed", "unknown"]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """How a check ended. `exit_code` is None when it did not end by itself, or never ran; `why` says so.

    `out` is what it printed, on both streams, redacted and inert; `cut` that there was more. `at` is when it began
    (UTC), `refused` that it was never run.
    """

    exit_code: int | None
    out: str
    seconds: float
    at: datetime
    cut: bool = False
    why: str = ""
    refused: bool = False

    @property
    def state(self) -> State:
        """ok for 0, warn for 2, failed for any other code; unknown without one: not to be able to ask is no answer."""
        if self.exit_code is None:
            return "unknown"
        return "ok" if self.exit_code == 0 else "warn" if self.exit_code == WARNS else "failed"


class _Stopped(Exception):
    """Whoever asked does not want to know any more."""


def run_check(
    settings: Settings,
    environment: str,
    text: str,
    limit: float = DEFAULT_LIMIT,
    *,
    kind: Kind = "shell",
    first_line: int = 1,
    cancelled: Callable[[], bool] = lambda: False,
    now: Callable[[], datetime] = utc_now,
    environ: Mapping[str, str] | None = None,
) -> CheckResult:
    """Run it now and wait for its end, at most `limit` seconds. Raises nothing for what keeps it from running.

    `cancelled` is asked all the while: once it says yes, the check is ended with everything it started.
    """
    at = now()
    try:
        ready = _ready(settings, environment, text, limit, kind, first_line, environ)
        with calling(settings, environment, ready, writes=False, limit=limit, session="vigie check") as call:
            return _run(settings, ready, call, limit, cancelled, at)
    except VigieError as error:
        return CheckResult(None, "", 0.0, at, why=str(error), refused=True)


def run_check_of(
    settings: Settings, environment: str, code: Code, cancelled: Callable[[], bool] = lambda: False
) -> CheckResult:
    """Run a runbook's check fence: one group of commands or statements that only looks. As `run_check`."""
    running = [group for group in code.groups if group.runs]
    if len(running) != 1:
        why = "it has no command" if not running else f"it is {len(running)} groups of commands, and a check is one"
        return CheckResult(None, "", 0.0, utc_now(), why=why, refused=True)
    (group,) = running
    if words := changing_words(group.text, group.kind):
        why = f"“{words}” changes something, or may, and a check only looks"
        return CheckResult(None, "", 0.0, utc_now(), why=why, refused=True)
    return run_check(
        settings,
        environment,
        group.text,
        code.timeout or DEFAULT_LIMIT,
        kind="sql" if group.kind == "sql" else "shell",
        first_line=group.lines[0],
        cancelled=cancelled,
    )


def _ready(
    settings: Settings,
    environment: str,
    text: str,
    limit: float,
    kind: Kind,
    first_line: int,
    environ: Mapping[str, str] | None,
) -> Prepared:
    """The check made ready. Raises VigieError with the reason why it must not run by itself."""
    if environment not in settings.environments:
        raise VigieError(f"There is no environment {environment}.")
    if not 0 < limit <= LONGEST_LIMIT:
        raise VigieError(f"A check takes at most {LONGEST_LIMIT:g} seconds.")
    values = Values(settings, environment, environ)
    blanks = blanks_in(text, "sql" if kind == "sql" else "command")
    given = {one.written: values.placeholder(one.written) for one in blanks if one.style != "variable"}
    ready = prepare(settings, environment, text, kind, given=given, first_line=first_line, environ=environ)
    if ready.refusal is not None:
        raise VigieError(f"{ready.refusal.name}: {ready.refusal.says}", code=ready.refusal.code)
    if ready.hazards:
        first = ready.hazards[0]
        raise VigieError(f"line {first.line} {first.words}: nothing like that runs without a person")
    return ready


def _run(
    settings: Settings, ready: Prepared, call: Call, limit: float, cancelled: Callable[[], bool], at: datetime
) -> CheckResult:
    def stop() -> None:
        if cancelled():
            raise _Stopped

    heard = _Heard()
    began = time.monotonic()
    hooks = Hooks(line=heard.take, started=lambda group: None, ended=lambda group: None, stop=stop)
    child = Child(call.argv, cwd=call.folder, env=call.env, limit=limit, grace=_GRACE, output_limit=2 * KEPT)
    redactor = Redactor((*settings.secrets(), *ready.secrets))
    try:
        done = run_child(child, hooks, redactor)
    except _Stopped:
        return CheckResult(None, heard.text, time.monotonic() - began, at, heard.cut, "stopped before its end")
    if done.group is not None and group_lives(done.group):
        end_group(done.group, grace=_GRACE)
    code, why = _ended(done, ready.kind, limit)
    return CheckResult(code, heard.text, done.seconds, at, heard.cut, why)


def _ended(done: Completed, kind: Kind, limit: float) -> tuple[int | None, str]:
    """Its exit code, or why that is no answer."""
    if done.timed_out:
        return None, f"stopped after {limit:g} s"
    if kind == "sql" and done.code == _NO_CONNECTION:
        return None, f"the database could not be asked: {error_line(done.tail)}"
    if kind == "sql" and done.code:
        return 1, ""
    return (done.code if done.code >= 0 else 128 - done.code), ""


class _Heard:
    """The first lines of what was printed."""

    def __init__(self) -> None:
        self.cut = False
        self._lines: list[str] = []
        self._left = KEPT

    @property
    def text(self) -> str:
        return "\n".join(self._lines)

    def take(self, line: str) -> None:
        if self.cut:
            return
        self.cut = len(line) > self._left
        self._lines.append(line[: max(0, self._left)])
        self._left -= len(line) + 1
