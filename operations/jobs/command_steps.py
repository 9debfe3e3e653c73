"""Runs a runbook's command and says how it ended. It can be stopped at any time; what it had done by then stays."""

from __future__ import annotations

import signal

from operations.command_call import calling
from operations.database_sessions import session_name
from operations.desk import Desk
from operations.engine.alive import group_lives
from operations.engine.model import StepFailed
from operations.engine.steps import Cancelled, Completed, StepContext
from operations.errors import VigieError
from operations.jobs.command_plan import Wanted, prepared_for
from operations.jobs.deploy_migrating import end_session
from operations.sql_group import error_line, refused_to_write
from operations.text import one_line

FAILED = 5
TIMED_OUT = 124
"""The exit code that timeout(1) gives."""
_CUT_OFF = 128 + signal.SIGPIPE
SESSION = "command"
_SHOWN_LINES = 5


def run_command(desk: Desk, asked: Wanted, context: StepContext) -> None:
    """Run it to its end. Raises StepFailed with 5 where it fails, with 130 or 143 where it is stopped."""
    ready = prepared_for(desk, asked)
    if ready.refusal is not None:
        raise StepFailed(ready.refusal.code, f"{ready.refusal.name}: {ready.refusal.says}")
    context.hide(*ready.secrets)
    session = session_name(context.job)
    context.checkpoint()
    with calling(
        desk.settings, desk.environment, ready, writes=asked.writes, limit=asked.limit, session=session
    ) as call:
        in_server = session if asked.kind == "sql" else ""
        left = context.leaves(SESSION, f"it may still be running: {one_line(ready.text, 120)}", session=in_server)
        try:
            done = context.run(call.argv, cwd=call.folder, env=call.env, limit=asked.limit)
        except Cancelled as cancelled:
            words = _ended_in_server(desk, in_server)
            _settle(context, left, words)
            says = f"stopped while it ran: what it had done by then stays{_more(words)}"
            raise StepFailed(128 + cancelled.signal, says) from None
        except (VigieError, OSError):
            context.settled(left)
            raise
        words = _ended_in_server(desk, in_server) if done.timed_out or done.code < 0 else ""
        _settle(context, left, words)
    _conclude(asked, done, words, context)


def _conclude(asked: Wanted, done: Completed, words: str, context: StepContext) -> None:
    code = TIMED_OUT if done.timed_out else done.code if done.code >= 0 else 128 - done.code
    context.report(exit=code, seconds=round(done.seconds, 2), last_lines=[one_line(one, 200) for one in _last(done)])
    running = done.group is not None and not done.timed_out and group_lives(done.group)
    if running and done.group is not None:
        context.report(left_running=done.group.pgid)
        words = f"what it started still runs, as process group {done.group.pgid}"
    if done.timed_out:
        says = f"stopped after {asked.limit:g} s, its time limit: what it had done by then stays"
    elif done.code < 0:
        says = f"ended by signal {-done.code}"
    else:
        says = f"exit code {done.code} after {done.seconds:.1f} s"
    refused = refused_to_write(done.tail) if asked.kind == "sql" and not asked.writes else ""
    if refused:
        says = f"the server refused: {refused}. If it is meant to change something, run it with writing allowed"
    elif asked.kind == "sql" and code and done.tail:
        says = f"{says}: {error_line(done.tail)}"
    elif last := next(reversed(_last(done)), ""):
        says = f"{says}; last line: {one_line(last, 160)}"
    if code == _CUT_OFF:
        says += " (a program that wrote into a pipe was cut off by the one behind it, as by head: often no failure)"
    says += _more(words)
    if code:
        raise StepFailed(FAILED, says)
    context.report(says=says)


def _last(done: Completed) -> list[str]:
    return [line for line in done.tail if line.strip()][-_SHOWN_LINES:]


def _ended_in_server(desk: Desk, session: str) -> str:
    """End what the server still does for it; why that is not certain, in words, empty where it is."""
    if not session:
        return ""
    try:
        end_session(desk, session)
    except VigieError as error:
        return str(error)
    return ""


def _settle(context: StepContext, left: str, words: str) -> None:
    """What is not certain to have ended stays named until somebody has looked."""
    if not words:
        context.settled(left)


def _more(words: str) -> str:
    return f". {words}" if words else ""
