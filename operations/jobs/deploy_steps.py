"""The doing of a deploy, step by step. A failed build publishes nothing, a failed migration stops before publishing."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

from operations.applied_migrations import read_applied
from operations.desk import Desk
from operations.dump.connection import way_to
from operations.dump.tools import find_tool
from operations.engine.locks import Locks
from operations.engine.model import Step, StepFailed
from operations.engine.steps import Completed, StepContext
from operations.errors import VigieError
from operations.jobs.backup_plan import plan_backup
from operations.jobs.backup_steps import BackupSteps
from operations.jobs.going_live import CHANGED, PREREQUISITE, SMOKE_FAILED, GoingLive, how_it_ended
from operations.jobs.smoke import smoke_step
from operations.migrating import calls_of, migration_environment, psql_call
from operations.migration_locks import running_of
from operations.migration_names import in_record
from operations.places import places_for
from operations.text import one_line

BUILD_FAILED, MIGRATIONS_FAILED = 3, 4
_PREVIEW_LIMIT = 120.0
_PSQL_PLACE = re.compile(r"^psql:\S*?([^/\s]+:\d+): ")


class DeploySteps(GoingLive):
    """The steps of one deploy."""

    checkout_failed = PREREQUISITE
    build_failed = BUILD_FAILED

    @property
    def _build_title(self) -> str:
        return self._text("subject")

    def all(self, names: Sequence[str]) -> Sequence[Step]:
        """The steps named, in that order."""
        doing: dict[str, Callable[[StepContext], None]] = {
            "prerequisites": self.prerequisites,
            "checkout": self.checkout,
            "install": self.install,
            "build": self.build,
            "migrations": self.preview,
            "backup": self.backup,
            "migrate": self.migrate,
            "publish": self.publish,
            "wait": self.wait,
            "smoke": self.smoke,
            "record": self.record,
        }
        return [Step(name, doing[name]) for name in names]

    def prerequisites(self, context: StepContext) -> None:
        """What the plan saw live is live still."""
        self._check_still_live()
        context.report(**{name: self._details[name] for name in ("from_name", "to_name", "from_commit", "to_commit")})

    def preview(self, context: StepContext) -> None:
        """Show what the migrations would do, and change nothing."""
        for one in self._pending:
            context.say(f"pending: {shown([one['name']])}, {one['word']}")
        deploy = self._desk.settings.deploy
        calls = calls_of(deploy, self._desk.env.database)
        if not calls.preview:
            return
        with migration_environment(self._desk.env.database) as environment:
            done = context.run(calls.preview, cwd=self._folder(context), env=environment, limit=_PREVIEW_LIMIT)
        if done.timed_out or done.code not in calls.previews_with:
            raise StepFailed(MIGRATIONS_FAILED, f"the preview of the migrations failed: {how_it_ended(done)}")

    def backup(self, context: StepContext) -> None:
        """Back production up before its schema changes, exactly as `vigie backup` does."""
        plan = plan_backup(self._desk, {})
        if plan.refusal is not None:
            says = f"the backup before the migrations is not possible: {plan.refusal.says}"
            raise StepFailed(MIGRATIONS_FAILED, says)
        places = places_for(self._desk.settings)
        locks = Locks(places.locks, who=self._desk.settings.operator, now=self._desk.now)
        inner = _Inside(context)
        with locks.acquire(self._desk.site, self._desk.environment, "backup", job=context.job, operation="deploy"):
            for step in BackupSteps(self._desk, plan).all():
                try:
                    step.run(cast(StepContext, inner))
                except (StepFailed, VigieError) as error:
                    says = f"the backup before the migrations failed, so nothing was migrated: {error}"
                    raise StepFailed(MIGRATIONS_FAILED, says) from None
        context.report(backup=inner.details.get("backup", ""))

    def migrate(self, context: StepContext) -> None:
        """Apply what is pending, and believe the database's own record that it is in."""
        self._check_still_live()
        names = [str(one["name"]) for one in self._pending]
        left = context.leaves("migrations", f"migrations begun: {shown(names[:3])}", names=names)
        context.no_return()
        try:
            if self._desk.settings.deploy.migrations == "sql":
                self._apply_sql(context)
            else:
                self._apply_by_program(context)
            missing = self._not_recorded(names)
            if missing:
                raise StepFailed(MIGRATIONS_FAILED, f"reported as applied, but not recorded: {shown(missing[:3])}")
        except (StepFailed, VigieError):
            self._after_failed(context, names, left)
            raise
        if missing is None:
            context.say("the database keeps no record of migrations: not verified", "warn")
        context.settled(left)
        context.memory["migrated"] = names
        context.report(migrations=names, migrations_verified=missing is not None)

    def publish(self, context: StepContext) -> None:
        """Hand the build to the platform; where that fails, say that the schema is already the new one."""
        try:
            super().publish(context)
        except StepFailed as failed:
            names = context.memory.get("migrated")
            if not names:
                raise
            if failed.code == CHANGED:
                # Past the point of no return nobody cleans by itself, and nothing was handed over yet.
                context.settled(context.memory["half_debris"])
                self._drop_checkout(context)
            says = f"{failed.says}. The database is migrated: {shown(names[:3])}"
            raise StepFailed(failed.code, says, **failed.details) from None

    def smoke(self, context: StepContext) -> None:
        """Run the smoke tests; a failure ends here, with the way back named and not taken."""
        report = smoke_step(self._desk, context)
        context.report(smoke=report.as_data(), smoke_ok=report.ok, checks=report.as_data()["checks"])
        if not report.ok:
            back = self._text("way_back") or self._text("from_name")
            command = f"vigie rollback --env {self._desk.environment}"
            says = f"{self._text('to_name')} is live, but {report.says}. Way back: {command} (to {back})"
            self.record(context)
            raise StepFailed(SMOKE_FAILED, says, way_back={"name": back, "command": command})
        context.report(says=f"{self._text('to_name')} is live and {report.says}")

    def record(self, context: StepContext) -> None:
        """Tag what went live; the platform wrote its own record at the switch. A tag that fails stops nothing."""
        title = f"Deployed to {self._desk.environment}: {self._text('to_name')}"
        try:
            tag = self._repository.tag("deploy", self._desk.environment, self._text("to_commit"), context.now(), title)
        except VigieError as error:
            context.say(f"no tag: {error}", "warn")
            return
        context.say(f"tag {tag}")
        context.report(tag=tag)

    def _after_failed(self, context: StepContext, names: Sequence[str], left: str) -> None:
        """The checkout goes, and what the database has of them is said; where nobody can tell, that stays open."""
        self._drop_checkout(context)
        try:
            say_migrations(self._desk, names, lambda words: context.say(words, "warn"))
        except VigieError as error:
            context.say(f"what is in the database cannot be told: {error.what}", "error")
        else:
            context.settled(left)

    def _apply_sql(self, context: StepContext) -> None:
        """Each file by a psql of its own: the statement that fails is shown, and what ran before it stays recorded."""
        deploy, address = self._desk.settings.deploy, self._desk.env.database
        tool = find_tool("psql", at_least=0, loopback=way_to(address).is_loopback)
        baseline = tuple(str(name) for name in self._details.get("baseline") or ())
        folder = self._folder(context)
        for count, one in enumerate(self._pending):
            name, file = str(one["name"]), folder / str(one["path"])
            context.progress(f"{count} of {len(self._pending)}, now {shown([name])}")
            running = running_of(file.read_text("utf-8", errors="replace"))
            call = psql_call(tool.path, file, name, running, lock_timeout=deploy.lock_timeout, baseline=baseline)
            with migration_environment(address) as environment:
                done = context.run(call, cwd=folder, env=environment, limit=deploy.migrate_limit)
            if done.code or done.timed_out:
                left = "nothing of it stayed" if running.wrapped else "what ran before it stayed: mend it by hand"
                raise StepFailed(
                    MIGRATIONS_FAILED, f"{shown([name])} failed: {_statement(done)}; {left}".replace(";; ", "; ")
                )

    def _apply_by_program(self, context: StepContext) -> None:
        deploy, address = self._desk.settings.deploy, self._desk.env.database
        call = calls_of(deploy, address).apply
        with migration_environment(address) as environment:
            done = context.run(call, cwd=self._folder(context), env=environment, limit=deploy.migrate_limit)
        if done.code or done.timed_out:
            raise StepFailed(MIGRATIONS_FAILED, f"the migrations failed: {_statement(done)}")

    def _not_recorded(self, names: Sequence[str]) -> Sequence[str] | None:
        """Which of them the database does not say it has; None where it keeps no record known here."""
        recorded = read_applied(self._desk.env.database)
        if recorded is None:
            return None
        there = in_record((row for row in recorded if not row.failed), names)
        return [name for name in names if name not in there]

    @property
    def _pending(self) -> Sequence[dict[str, Any]]:
        return cast("Sequence[dict[str, Any]]", self._details.get("pending") or ())

    def _folder(self, context: StepContext) -> Path:
        return Path(context.memory["folder"])


class _Inside:
    """The context of a job within a job: its debris and its log are the outer one's, its ending is not.

    A backup that passed its own point of no return has not brought the deploy past its.
    """

    def __init__(self, outer: StepContext) -> None:
        self._outer = outer
        self.details: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._outer, name)

    def no_return(self) -> None:
        """Nothing is past return before the migrations."""
        self._outer.checkpoint()

    def report(self, **details: Any) -> None:
        """Kept for the step to pick from."""
        self.details.update(details)


def _statement(done: Completed) -> str:
    """The error with the statement it came from, as psql and the programs print them."""
    if done.timed_out:
        return how_it_ended(done)
    lines = list(done.tail)
    first = next((n for n, line in enumerate(lines) if re.search(r"\b(ERROR|FATAL|Error)\b", line)), None)
    if first is None:
        return how_it_ended(done)
    return one_line(" ".join(_PSQL_PLACE.sub(r"\1: ", line) for line in lines[first : first + 6]), 400)


def say_migrations(desk: Desk, names: Sequence[str], say: Callable[[str], None]) -> None:
    """Say which of them the database has. Raises VigieError where it does not answer: then nobody knows."""
    recorded = read_applied(desk.env.database)
    if recorded is None:
        say(f"whether {shown(names)} are in, the database does not say: look at its schema")
        return
    there = in_record((row for row in recorded if not row.failed), names)
    broken = in_record((row for row in recorded if row.failed), names)
    for name in names:
        if name in there:
            say(f"{shown([name])} is in the database; the code it was made for may not be live")
        elif name in broken:
            say(f"{shown([name])} stopped half way: finish or reverse it by hand, then in the record")
        else:
            say(f"{shown([name])} is not in the database")


def shown(names: Sequence[str]) -> str:
    """Names of migrations, fit to be shown."""
    return ", ".join(one_line(name, 200) for name in names)
