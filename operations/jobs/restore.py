"""The restore: prove the target, download, check, load into a fresh database, swap; never onto production."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from operations.desk import Desk
from operations.engine.model import LockName, Plan, Step
from operations.jobs.restore_plan import NAME, plan_restore
from operations.jobs.restore_steps import RestoreSteps
from operations.jobs.restore_swap import clean_restore

CODES = {
    0: "success",
    1: "production detected: blocked (also invalid arguments, not confirmed)",
    2: "missing prerequisite",
    4: "download failed, or no such backup",
    5: "checksum verification failed",
    6: "restore failed",
    7: "smoke tests failed",
}


class Restore:
    """`vigie restore`; request: `file`, `from`, `as`, `in_place`, `services_off` (restore_plan.Asked)."""

    name = NAME
    title = "Restore"
    codes: Mapping[int, str] = CODES
    lock: LockName | None = "change"

    def plan(self, desk: Desk, request: Mapping[str, Any]) -> Plan:
        """The whole preview, changing nothing. Raises VigieError for a request that makes no sense."""
        return plan_restore(desk, request)

    def steps(self, desk: Desk, plan: Plan) -> Sequence[Step]:
        """The steps of `plan`."""
        return RestoreSteps(desk, plan).all()

    def clean(self, desk: Desk, debris: Mapping[str, Any], say: Callable[[str], None]) -> None:
        """Take back one piece of a restore that did not come to its end."""
        clean_restore(desk, debris, say)
