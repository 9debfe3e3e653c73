"""Freezing an environment and lifting that again, as jobs: who did it, when and why stands in the record."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from operations.desk import Desk
from operations.engine.confirm import confirmation
from operations.engine.model import LockName, Plan, PlanLine, PlannedStep, Step
from operations.engine.steps import StepContext
from operations.errors import VigieError
from operations.freezes import LONGEST_REASON, STOPS_NOT, Freeze, freeze_of, lift_freeze, set_freeze
from operations.places import places_for

CODES = {0: "success", 1: "invalid arguments, or not confirmed", 2: "it could not be written"}
_ALONE = "only this user sees it: the host's lock folder cannot be used"


class FreezeJob:
    """`vigie freeze`; request: `why`, and `until` as an ISO time in UTC or empty."""

    name = "freeze"
    title = "Freeze"
    codes: Mapping[int, str] = CODES
    lock: LockName | None = None

    def plan(self, desk: Desk, request: Mapping[str, Any]) -> Plan:
        """The preview. Raises VigieError (1) without a reason."""
        why = str(request.get("why") or "").strip()
        if not why:
            raise VigieError("A freeze needs a reason: whoever meets it has to know why.")
        if len(why) > LONGEST_REASON:
            raise VigieError(
                f"A freeze's reason is at most {LONGEST_REASON} characters long.", next_step="Say it shorter."
            )
        until = str(request.get("until") or "")
        there = freeze_of(desk.settings, desk.environment, desk.now())
        return Plan(
            operation=self.name,
            site=desk.site,
            environment=desk.environment,
            config=desk.config,
            title=self.title,
            request={"why": why, "until": until},
            lines=(
                PlanLine("Why", why),
                PlanLine("Until", _until_words(until)),
                *((PlanLine("Replaces", there.words, "warn"),) if there else ()),
                PlanLine("Stops", "deploys of new commits, restores"),
                PlanLine("Stops not", f"redeploy, rollback, backup, smoke; {STOPS_NOT}", "warn"),
                *(() if places_for(desk.settings).shared else (PlanLine("", _ALONE, "warn"),)),
            ),
            steps=(PlannedStep("freeze", "freeze", 1.0, effect=f"{desk.environment} is frozen", no_return=True),),
            confirm=confirmation("freeze", production=desk.is_production),
            decisive={"Why": why, "Until": until, "Replaces": there.words if there else "nothing"},
        )

    def steps(self, desk: Desk, plan: Plan) -> Sequence[Step]:
        """The steps of `plan`."""

        def run(context: StepContext) -> None:
            until = str(plan.request.get("until") or "")
            freeze = Freeze(
                environment=desk.environment,
                why=str(plan.request["why"]),
                who=desk.settings.operator,
                since=context.now(),
                until=datetime.fromisoformat(until) if until else None,
            )
            context.no_return()
            set_freeze(desk.settings, freeze)
            found = freeze_of(desk.settings, desk.environment, context.now())
            if found != freeze:
                raise VigieError("The freeze was written and does not hold.", code=2)
            context.report(says=f"{desk.environment} is {freeze.words}")

        return (Step("freeze", run),)

    def clean(self, desk: Desk, debris: Mapping[str, Any], say: Callable[[str], None]) -> None:
        """A freeze leaves nothing half done."""
        raise VigieError(f"A freeze leaves nothing of the kind {debris.get('kind')}.")


def _until_words(until: str) -> str:
    return f"{datetime.fromisoformat(until):%Y-%m-%d %H:%MZ}" if until else "it is lifted"


class UnfreezeJob:
    """`vigie unfreeze`."""

    name = "unfreeze"
    title = "Lift the freeze"
    codes: Mapping[int, str] = CODES
    lock: LockName | None = None

    def plan(self, desk: Desk, request: Mapping[str, Any]) -> Plan:
        """The preview. Raises VigieError (1) where nothing is frozen."""
        there = freeze_of(desk.settings, desk.environment, desk.now())
        if there is None:
            raise VigieError(f"{desk.environment} is not frozen.")
        return Plan(
            operation=self.name,
            site=desk.site,
            environment=desk.environment,
            config=desk.config,
            title=self.title,
            request={},
            lines=(PlanLine("Freeze", there.words),),
            steps=(PlannedStep("unfreeze", "lift it", 1.0, effect="deploys are possible again", no_return=True),),
            confirm=confirmation("unfreeze", production=desk.is_production),
            decisive={"Freeze": there.words},
        )

    def steps(self, desk: Desk, plan: Plan) -> Sequence[Step]:
        """The steps of `plan`."""

        def run(context: StepContext) -> None:
            context.no_return()
            lift_freeze(desk.settings, desk.environment)
            left = freeze_of(desk.settings, desk.environment, context.now())
            if left is not None:
                raise VigieError(f"The freeze holds all the same: {left.words}", code=2)
            context.report(says=f"{desk.environment} is not frozen any more")

        return (Step("unfreeze", run),)

    def clean(self, desk: Desk, debris: Mapping[str, Any], say: Callable[[str], None]) -> None:
        """Lifting a freeze leaves nothing half done."""
        raise VigieError(f"Lifting a freeze leaves nothing of the kind {debris.get('kind')}.")
