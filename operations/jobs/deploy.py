"""Deploy and redeploy: build an exact commit, migrate, publish; done only when users get it and smoke passes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from operations.desk import Desk
from operations.engine.model import LockName, Plan, Step
from operations.jobs.backup import BACKUP_DEBRIS, Backup
from operations.jobs.deploy_migrating import say_migrations
from operations.jobs.deploy_plan import plan_deploy
from operations.jobs.deploy_steps import DeploySteps
from operations.jobs.outside import WAIT_LIMIT
from operations.jobs.rollback_clean import clean_debris

CODES = {
    0: "success",
    1: "invalid arguments or cancelled",
    2: "missing prerequisite",
    3: "build failed",
    4: "migrations failed",
    5: "deployment failed",
    6: "smoke tests failed",
}


class Deploy:
    """`vigie deploy`; request: `commit`, `skip_build`, `skip_migrations`, `skip_tests` and the `despite_…` answers.

    `wait_limit`: seconds the site has to answer with the new release after the switch.
    """

    name = "deploy"
    title = "Deploy"
    codes: Mapping[int, str] = CODES
    lock: LockName | None = "change"
    notices = True
    redeploys = False

    def __init__(self, wait_limit: float = WAIT_LIMIT) -> None:
        self._wait_limit = wait_limit

    def plan(self, desk: Desk, request: Mapping[str, Any]) -> Plan:
        """The whole preview, changing nothing. Raises VigieError with the code the command would end with."""
        return plan_deploy(desk, request, redeploy=self.redeploys)

    def steps(self, desk: Desk, plan: Plan) -> Sequence[Step]:
        """The steps of `plan`."""
        return DeploySteps(desk, plan, self._wait_limit).all([step.name for step in plan.steps])

    def clean(self, desk: Desk, debris: Mapping[str, Any], say: Callable[[str], None]) -> None:
        """Clean one piece a dead deploy left. What migrations did is told, never taken back; what still runs ends."""
        kind = str(debris.get("kind"))
        if kind == "migrations":
            names = [str(name) for name in debris.get("names") or ()]
            say_migrations(desk, names, say, session=str(debris.get("session") or ""))
        elif kind in BACKUP_DEBRIS:
            Backup().clean(desk, debris, say)
        else:
            clean_debris(desk, debris, say, self._wait_limit)


class Redeploy(Deploy):
    """`vigie redeploy`: the live commit again, or another, with today's settings and no migrations."""

    name = "redeploy"
    title = "Publish again"
    redeploys = True
