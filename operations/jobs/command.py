"""One command group of a runbook, or one group of SQL statements, as a job: what a person confirmed and nothing else.

Request: `kind` (shell, sql), `text` as written, `blanks` (how each is written -> what was typed, never a secret),
`book`, `line`, `section` (where it stands), `writes` (SQL may change something), `limit` (seconds),
`confirm` ("phrase": the typed phrase even where a yes would do).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from operations.desk import Desk
from operations.engine.model import LockName, Plan, Step
from operations.errors import VigieError
from operations.jobs.command_plan import plan_command, wanted
from operations.jobs.command_steps import SESSION, run_command
from operations.jobs.deploy_migrating import end_session

CODES = {
    0: "success",
    1: "invalid arguments, or not confirmed",
    2: "missing prerequisite",
    5: "the command failed",
}


class Command:
    """Takes no lock: looking into something must never wait for a deploy, nor keep a rollback waiting."""

    name = "command"
    title = "Run a command"
    codes: Mapping[int, str] = CODES
    lock: LockName | None = None

    def plan(self, desk: Desk, request: Mapping[str, Any]) -> Plan:
        """The whole command as it would run, changing nothing. Raises VigieError (1) for a request that is none."""
        return plan_command(desk, wanted(request))

    def steps(self, desk: Desk, plan: Plan) -> Sequence[Step]:
        """The one step of `plan`."""
        return (Step("run", lambda context: run_command(desk, wanted(plan.request), context)),)

    def clean(self, desk: Desk, debris: Mapping[str, Any], say: Callable[[str], None]) -> None:
        """End what may still run. The processes are the engine's to end; a statement goes on in its server."""
        if debris.get("kind") != SESSION:
            raise VigieError(f"A command leaves nothing of the kind {debris.get('kind')}.")
        if debris.get("session"):
            end_session(desk, str(debris["session"]))
        say("what it had done by then stays: look at what it was meant to change")
