"""What comes after a restore: swap back to the database that was there before, or remove what the restore left beside.

Both find the databases by the job's id in their names on the server, so that a job that was killed can be undone, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from operations.ages import size_words
from operations.desk import Desk
from operations.dump import server
from operations.engine.confirm import confirmation
from operations.engine.model import Guard, LockName, Plan, PlanLine, PlannedStep, Step, StepFailed
from operations.engine.record import JobRecord
from operations.engine.steps import StepContext
from operations.errors import VigieError, or_error
from operations.jobs.lock_guard import lock_guard
from operations.jobs.restore import CODES
from operations.jobs.restore_plan import NAME
from operations.jobs.restore_steps import RESTORE_FAILED, prove, smoke_after_swap
from operations.jobs.restore_swap import clean_restore, close_and_swap, drop_proven
from operations.proof.identity import read_identity
from operations.proof.not_production import prove_target
from operations.text import one_line

_GONE = 1
_PREFIX = 8
"""Letters of a job's id that name it."""


class RestoreUndo:
    """`vigie restore --undo JOB`: the database that was there before takes its name back. Request: `job`."""

    name = "restore-undo"
    title = "Undo the restore"
    codes: Mapping[int, str] = CODES
    lock: LockName | None = "change"

    def plan(self, desk: Desk, request: Mapping[str, Any]) -> Plan:
        """The whole preview. Raises VigieError (code 1) for a job that was no restore of this environment."""
        job = _restore_job(desk, request)
        proof = prove_target(desk.settings, desk.environment)
        database = proof.identity.database if proof.identity else ""
        before, away = server.named_after(database, "before", job.id), server.named_after(database, "undone", job.id)
        sizes = or_error(lambda: _sizes(desk, (database, before))) if proof.refusal is None else {}
        there = Guard("the old one is there", "pass")
        if isinstance(sizes, VigieError) or before not in sizes:
            why = (
                str(sizes) if isinstance(sizes, VigieError) else f"there is no database {before}: nothing to swap back"
            )
            there = Guard("the old one is there", "refuse", why, _GONE)
        guards = (*proof.guards, *((lock_guard(desk), there) if proof.refusal is None else ()))
        return Plan(
            operation=self.name, site=desk.site, environment=desk.environment, config=desk.config, title=self.title,
            request={"job": job.id},
            lines=(
                PlanLine("Database", proof.place.words if proof.place else "unknown"),
                PlanLine("Back to", f"{before}{_size(sizes, before)}", aside="it takes its name back"),
                PlanLine("Away", f"{database}{_size(sizes, database)}, kept as {away}", "warn"),
                PlanLine("Restored by", f"job {job.number}: {one_line(job.says, 80)}"),
            ),
            guards=guards,
            steps=(
                PlannedStep("swap", "swap the names", 1.0, effect=f"{database} is the old one again", no_return=True),
                PlannedStep("look", "look at it from outside", 1.0),
                PlannedStep("smoke", "smoke tests", 30.0),
            ),
            confirm=confirmation("undo", production=False),
            details={"database": database, "before": before, "away": away},
            decisive={"Database": proof.place.words if proof.place else "unknown", "Back to": before},
        )  # fmt: skip

    def steps(self, desk: Desk, plan: Plan) -> Sequence[Step]:
        """The steps of `plan`."""
        database, before, away = (str(plan.details[name]) for name in ("database", "before", "away"))
        old: list[int] = []

        def swap(context: StepContext) -> None:
            proven = prove(desk)
            with server.connected(desk.env.database) as connection:
                found = server.oid_of(connection, before)
            if found is None:
                raise StepFailed(RESTORE_FAILED, f"there is no database {before} any more")
            old.append(found)
            close_and_swap(context, desk.env.database, ((database, away), (before, database)), proven)
            context.report(database=database, away=away)

        def look(context: StepContext) -> None:
            found = read_identity(desk.env.database)
            if found.oid != old[0]:
                raise StepFailed(RESTORE_FAILED, f"{found.database} is not the old one: somebody changed it")
            context.report(says=f"{database} is the old one again; the restored one is kept as {away}")

        def smoke(context: StepContext) -> None:
            smoke_after_swap(desk, context, f"{database} is the old one again")

        return [Step("swap", swap), Step("look", look), Step("smoke", smoke)]

    def clean(self, desk: Desk, debris: Mapping[str, Any], say: Callable[[str], None]) -> None:
        """Let everybody in again."""
        clean_restore(desk, debris, say)


class RestoreDrop:
    """`vigie restore --drop-before JOB`: removes what that restore left beside the target. Request: `job`."""

    name = "restore-drop"
    title = "Remove the old database"
    codes: Mapping[int, str] = CODES
    lock: LockName | None = "change"

    def plan(self, desk: Desk, request: Mapping[str, Any]) -> Plan:
        """The whole preview. Raises VigieError (code 1) for a job that was no restore of this environment."""
        job = _restore_job(desk, request)
        proof = prove_target(desk.settings, desk.environment)
        database = proof.identity.database if proof.identity else ""
        names = _left_by(database, job)
        sizes = or_error(lambda: _sizes(desk, names)) if proof.refusal is None else {}
        found = {} if isinstance(sizes, VigieError) else sizes
        there = Guard("something to remove", "pass")
        if not found:
            why = str(sizes) if isinstance(sizes, VigieError) else f"job {job.number} left no database"
            there = Guard("something to remove", "refuse", why, _GONE)
        guards = (*proof.guards, *((lock_guard(desk), there) if proof.refusal is None else ()))
        return Plan(
            operation=self.name, site=desk.site, environment=desk.environment, config=desk.config, title=self.title,
            request={"job": job.id},
            lines=(
                PlanLine("Beside", proof.place.words if proof.place else "unknown", aside="it is not touched"),
                *(PlanLine("Remove", f"{name}{_size(found, name)}", "warn") for name in found),
            ),
            guards=guards,
            steps=(PlannedStep("drop", "remove", 1.0, effect=f"removes {', '.join(found)}", no_return=True),),
            confirm=confirmation("drop-before", production=False),
            details={"databases": list(found), "database": database},
            decisive={"Remove": ", ".join(found) or "nothing"},
        )  # fmt: skip

    def steps(self, desk: Desk, plan: Plan) -> Sequence[Step]:
        """The steps of `plan`."""
        names = [str(name) for name in plan.details["databases"]]

        def drop(context: StepContext) -> None:
            target = prove(desk)
            if target.database in names:
                raise StepFailed(RESTORE_FAILED, f"{target.database} is the environment's own: it stays")
            context.no_return()
            try:
                for name in names:
                    drop_proven(desk, name, context.say)
            except VigieError as error:
                raise StepFailed(RESTORE_FAILED if error.code != 1 else _GONE, str(error)) from None
            context.report(removed=names, says=f"{', '.join(names)} removed")

        return [Step("drop", drop)]

    def clean(self, desk: Desk, debris: Mapping[str, Any], say: Callable[[str], None]) -> None:
        """A removal leaves nothing half done."""
        clean_restore(desk, debris, say)


def _restore_job(desk: Desk, request: Mapping[str, Any]) -> JobRecord:
    """The restore that was named, by its id, the beginning of it that lists show, or its short number."""
    wanted = str(request.get("job") or "").strip()
    for job in desk.history():
        named = wanted in (job.id, str(job.number)) or (len(wanted) >= _PREFIX and job.id.startswith(wanted))
        if job.operation == NAME and named:
            return job
    raise VigieError(
        f"There is no restore {one_line(wanted, 40) or 'named'} of {desk.environment} in this journal.",
        next_step="vigie jobs list shows them.",
    )


def _left_by(database: str, job: JobRecord) -> tuple[str, ...]:
    beside = str(job.plan.request.get("as") or "")
    if beside:
        return (beside,)
    return tuple(server.named_after(database, what, job.id) for what in ("before", "undone", "restore"))


def _sizes(desk: Desk, names: Sequence[str]) -> dict[str, float]:
    """Bytes on disk of those of these databases that are there."""
    with server.connected(desk.env.database) as connection:
        rows = connection.execute(
            "select datname, pg_database_size(oid) from pg_database where datname = any(%s) order by datname",
            (list(names),),
        ).fetchall()
    return {str(name): float(size) for name, size in rows}


def _size(sizes: Mapping[str, float] | VigieError, name: str) -> str:
    return f", {size_words(sizes[name])}" if not isinstance(sizes, VigieError) and name in sizes else ""
