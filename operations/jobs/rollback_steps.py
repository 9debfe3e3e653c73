"""The doing of a rollback, step by step. What may be left behind is journaled before each effect."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from operations.engine.model import Step, StepFailed
from operations.engine.steps import StepContext
from operations.errors import VigieError
from operations.jobs.going_live import SMOKE_FAILED, GoingLive
from operations.jobs.smoke import smoke_step
from operations.platforms.base import Platform
from operations.repository import recovery_tag


class RollbackSteps(GoingLive):
    """The steps of one rollback."""

    @property
    def _forward(self) -> bool:
        return bool(self._plan.request.get("forward"))

    @property
    def _build_title(self) -> str:
        return f"rebuilt for a rollback from {self._text('from_name')}"

    def all(self, names: Sequence[str]) -> Sequence[Step]:
        """The steps named, in that order."""
        doing: dict[str, Callable[[StepContext], None]] = {
            "prerequisites": self.prerequisites,
            "recovery-tag": self.recovery_tag,
            "promote": self.promote,
            "checkout": self.checkout,
            "install": self.install,
            "build": self.build,
            "publish": self.publish,
            "wait": self.wait,
            "smoke": self.smoke,
            "record": self.record,
        }
        return [Step(name, doing[name]) for name in names]

    def prerequisites(self, context: StepContext) -> None:
        """The live release is still the one the plan takes back."""
        self._check_still_live()
        context.report(
            **{name: self._details[name] for name in ("from_name", "to_name", "from_commit", "to_commit", "how")}
        )

    def recovery_tag(self, context: StepContext) -> None:
        """Mark the commit that is about to be left; without it the way forward is harder, but the way back is open."""
        commit = self._text("from_commit")
        at = context.now()
        wanted = recovery_tag(self._desk.environment, commit, at)
        debris = context.leaves(
            "recovery-tag",
            f"recovery tag {wanted}",
            tag=wanted,
            release=self._text("publish_as"),
            at=at.isoformat(),
        )
        message = (
            f"Before a rollback of {self._desk.environment} from {self._text('from_name')} to {self._text('to_name')}"
        )
        try:
            name = self._repository.tag_recovery(self._desk.environment, commit, at, message)
        except VigieError as error:
            context.settled(debris)
            context.say(f"no recovery tag: {error}", "warn")
            return
        context.say(f"recovery tag {name}")
        context.report(recovery_tag=name)
        context.memory.update(tag=name, tag_debris=debris)

    def promote(self, context: StepContext) -> None:
        """Switch to the kept build."""
        how = "promote" if self._forward else "rollback"
        target = self._text("to_id")

        def act(platform: Platform) -> str:
            return platform.promote(target, who=self._who, how=how, groups=context.groups)

        self._switch(context, target, act)

    def smoke(self, context: StepContext) -> None:
        """Run the smoke tests; a failure ends here, with the way forward named and not taken."""
        report = smoke_step(self._desk, context)
        context.report(smoke=report.as_data(), smoke_ok=report.ok, checks=report.as_data()["checks"])
        if not report.ok:
            self.record(context)
            raise StepFailed(
                SMOKE_FAILED, f"{self._text('to_name')} is live, but {report.says}", forward=self._way_on(context)
            )
        context.report(says=f"{self._text('to_name')} is live and {report.says}{context.memory.get('so_before', '')}")

    def record(self, context: StepContext) -> None:
        """Push the recovery tag where the settings say so; the platform wrote its own record at the switch."""
        tag = context.memory.get("tag")
        if tag and self._desk.settings.site.push_recovery_tags:
            complaint = self._repository.push_tag(tag)
            context.say(
                f"the recovery tag stays local: {complaint}" if complaint else f"pushed {tag}",
                "warn" if complaint else "info",
            )

    def _way_on(self, context: StepContext) -> dict[str, Any]:
        return {
            "name": self._text("from_name"),
            "commit": self._text("from_commit"),
            "tag": context.memory.get("tag", ""),
            "command": f"vigie rollback --env {self._desk.environment} --forward",
        }
