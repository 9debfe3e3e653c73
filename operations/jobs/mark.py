"""Marking a database: a line in its comment says which environment it is. Production's place is written down, too.

A restore needs the mark of its target; what was written down of production proves a target while production is down.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from operations.ages import size_words
from operations.coherence import Observed, check_story, story_guard
from operations.database_mark import write_mark
from operations.desk import Desk
from operations.engine.confirm import confirmation
from operations.engine.model import Guard, LockName, Plan, PlanLine, PlannedStep, Step, StepFailed
from operations.engine.steps import StepContext
from operations.errors import PrerequisiteMissing, VigieError
from operations.proof.identity import Identity, read_identity
from operations.proof.known import remember
from operations.proof.not_production import belongs_to_another
from operations.proof.place import place_of_database

CODES = {
    0: "marked",
    1: "invalid arguments, not confirmed, or another environment's database",
    2: "missing prerequisite",
}
_REFUSED, _PREREQUISITE = 1, 2


class Mark:
    """`vigie mark`: says in the database's own comment which environment it belongs to."""

    name = "mark"
    title = "Mark the database"
    codes: Mapping[int, str] = CODES
    lock: LockName | None = "change"

    def plan(self, desk: Desk, request: Mapping[str, Any]) -> Plan:
        """The whole preview, changing nothing. Raises VigieError without a database."""
        address = desk.env.database
        if not address:
            raise PrerequisiteMissing(
                f"environments.{desk.environment}.database is not set, so there is nothing to mark.",
                next_step="Set it to the database's address, as ${DB_URL}.",
            )
        place = place_of_database(address)
        found: Identity | None = None
        guards = [story_guard(check_story(desk.settings, desk.environment, Observed()))]
        try:
            found = read_identity(address)
            guards += [Guard("database answers", "pass"), _free(desk.environment, found)]
            guards.append(belongs_to_another(desk.settings, desk.environment))
        except VigieError as error:
            guards.append(Guard("database answers", "refuse", error.what, _PREREQUISITE))
        told = found.mark or "none" if found else "unknown"
        about = f"   PostgreSQL {found.version}, {size_words(found.size)} on disk" if found else ""
        kept = "written down, to tell it from others while it is down"
        record = (PlannedStep("record", "write down where it is", 1.0, effect=kept),) if desk.is_production else ()
        return Plan(
            operation=self.name,
            site=desk.site,
            environment=desk.environment,
            config=desk.config,
            title=self.title,
            request={},
            lines=(
                PlanLine("Database", f"{place.words}{about}"),
                PlanLine("Mark now", told),
                PlanLine("Mark then", desk.environment, aside="a line in its comment; the rest of it stays"),
            ),
            guards=tuple(guards),
            steps=(
                PlannedStep("mark", "set the mark", 1.0, effect=f"a comment on {place.database}", no_return=True),
                *record,
                PlannedStep("look", "read it again", 1.0),
            ),
            confirm=confirmation("mark", production=desk.is_production, phrase=desk.settings.phrase(desk.environment)),
            decisive={"Database": place.words, "Mark now": told},
        )

    def steps(self, desk: Desk, plan: Plan) -> Sequence[Step]:
        """The steps of `plan`."""
        doing = {"mark": _mark, "record": _record, "look": _look}
        return [Step(one.name, _on(desk, doing[one.name])) for one in plan.steps]

    def clean(self, desk: Desk, debris: Mapping[str, Any], say: Callable[[str], None]) -> None:
        """A mark leaves nothing half done."""
        raise VigieError(f"A mark leaves nothing of the kind {debris.get('kind')}.")


def _free(environment: str, found: Identity) -> Guard:
    if found.mark and found.mark != environment:
        says = f"{found.database} is marked {found.mark} already. If that is wrong, its owner may remove the comment"
        return Guard("not another's", "refuse", says, _REFUSED)
    return Guard("not another's", "pass", "marked so already" if found.mark else "")


def _on(desk: Desk, do: Callable[[Desk, StepContext], None]) -> Callable[[StepContext], None]:
    return lambda context: do(desk, context)


def _mark(desk: Desk, context: StepContext) -> None:
    found = read_identity(desk.env.database)
    for guard in (_free(desk.environment, found), belongs_to_another(desk.settings, desk.environment)):
        if guard.verdict == "refuse":
            raise StepFailed(_REFUSED, guard.says)
    context.no_return()
    write_mark(desk.env.database, desk.environment)


def _record(desk: Desk, context: StepContext) -> None:
    identity, place = read_identity(desk.env.database), place_of_database(desk.env.database)
    known = remember(desk.settings, desk.environment, identity, place, at=context.now(), who=desk.settings.operator)
    context.say(f"written down: {place.words}, server {known.identifier or 'without a number'}")


def _look(desk: Desk, context: StepContext) -> None:
    found = read_identity(desk.env.database)
    if found.mark != desk.environment:
        raise StepFailed(_PREREQUISITE, f"{found.database} says {found.mark or 'nothing'}, not {desk.environment}")
    context.report(says=f"{found.database} is marked {found.mark}", database=found.database, mark=found.mark)
