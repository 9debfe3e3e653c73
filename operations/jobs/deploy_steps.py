"""The doing of a deploy, step by step. A failed build publishes nothing, a failed migration stops before publishing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from operations.engine.locks import Locks
from operations.engine.model import Step, StepFailed
from operations.engine.steps import StepContext
from operations.errors import VigieError
from operations.jobs.backup_plan import plan_backup
from operations.jobs.backup_steps import BackupSteps
from operations.jobs.deploy_migrating import MIGRATIONS_FAILED, Migrating, shown
from operations.jobs.going_live import CHANGED, PREREQUISITE, SMOKE_FAILED
from operations.jobs.smoke import smoke_step
from operations.places import places_for

BUILD_FAILED = 3


class DeploySteps(Migrating):
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
            commit = self._text("way_back_commit")
            aim = f" --to-commit {commit[:12]}" if commit else ""
            command = f"vigie rollback --env {self._desk.environment}{aim}"
            says = f"{self._text('to_name')} is live, but {report.says}. Way back: {command} (to {back})"
            self.record(context)
            raise StepFailed(SMOKE_FAILED, says, way_back={"name": back, "command": command})
        context.report(says=f"{self._text('to_name')} is live and {report.says}{context.memory.get('so_before', '')}")

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
