"""The rollback: promote the build that is still kept, or rebuild it; done only when users get it and smoke passes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from operations.desk import Desk
from operations.engine.model import LockName, Plan, Step
from operations.jobs.outside import WAIT_LIMIT
from operations.jobs.rollback_clean import clean_debris
from operations.jobs.rollback_plan import NAME, plan_rollback
from operations.jobs.rollback_steps import RollbackSteps

CODES = {
    0: "success",
    1: "invalid arguments or cancelled",
    2: "missing prerequisite",
    3: "git checkout failed",
    4: "build failed",
    5: "deployment failed",
    6: "smoke tests failed",
}


class Rollback:
    """`vigie rollback`; request: `to_commit`, `rebuild`, `skip_tests`, `forward` (to what the last rollback left).

    `wait_limit`: seconds the site has to answer with the target after the switch.
    """

    name = NAME
    title = "Roll back"
    codes: Mapping[int, str] = CODES
    lock: LockName | None = "change"
    notices = True
    runs_without_journal = True
    """The way out is never blocked by our own machinery."""

    def __init__(self, wait_limit: float = WAIT_LIMIT) -> None:
        self._wait_limit = wait_limit

    def plan(self, desk: Desk, request: Mapping[str, Any]) -> Plan:
        """The whole preview, changing nothing. Raises VigieError with the code the command would end with."""
        return plan_rollback(desk, request)

    def steps(self, desk: Desk, plan: Plan) -> Sequence[Step]:
        """The steps of `plan`."""
        return RollbackSteps(desk, plan, self._wait_limit).all([step.name for step in plan.steps])

    def clean(self, desk: Desk, debris: Mapping[str, Any], say: Callable[[str], None]) -> None:
        """Clean one piece a dead rollback left: tag, checkout, half published release, unfinished switch."""
        clean_debris(desk, debris, say, self._wait_limit)
