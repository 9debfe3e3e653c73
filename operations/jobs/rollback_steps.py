"""The doing of a rollback, step by step. What may be left behind is journaled before each effect."""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from operations.desk import Desk
from operations.engine.model import Plan, Step, StepFailed
from operations.engine.steps import Completed, StepContext
from operations.errors import VigieError
from operations.git import git_environment
from operations.jobs.outside import wait_until_seen
from operations.jobs.smoke import smoke_step
from operations.platforms import platform_for
from operations.platforms.base import Platform, Undecided
from operations.repository import Repository, recovery_tag

CHANGED, PREREQUISITE, CHECKOUT_FAILED, BUILD_FAILED, DEPLOY_FAILED, SMOKE_FAILED = 1, 2, 3, 4, 5, 6
WORKTREE_PREFIX = "vigie-rollback-"
_CHECKOUT_LIMIT = 300.0
_SWITCH_LIMIT = 120.0
_KILLED = (137, -9)


class RollbackSteps:
    """The steps of one plan. `wait_limit` is the seconds the site has to answer with the target."""

    def __init__(self, desk: Desk, plan: Plan, wait_limit: float) -> None:
        self._desk = desk
        self._details = plan.details
        self._wait_limit = wait_limit
        self._forward = bool(plan.request.get("forward"))
        self._repository = Repository(desk.settings.resolve(desk.settings.site.repository))

    def all(self, names: Sequence[str]) -> Sequence[Step]:
        """The steps named, in that order."""
        doing: dict[str, Callable[[StepContext], None]] = {
            "prerequisites": self.prerequisites,
            "recovery-tag": self.recovery_tag,
            "promote": self.promote,
            "checkout": self.checkout,
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
        self._switch(context, target, lambda platform: platform.promote(target, who=self._who, how=how))

    def checkout(self, context: StepContext) -> None:
        """Check the target out into a folder of its own; the user's tree is not touched."""
        commit = self._text("to_commit")
        folder = Path(tempfile.gettempdir()) / f"{WORKTREE_PREFIX}{secrets.token_hex(8)}"
        debris = context.leaves("worktree", f"checkout {folder}", folder=str(folder))
        context.memory.update(folder=folder, folder_debris=debris)
        try:
            folder.mkdir(mode=0o700)
        except OSError as error:
            raise StepFailed(CHECKOUT_FAILED, f"{folder} cannot be made: {error.strerror}") from None
        command = self._repository.worktree_command(folder, commit)
        done = context.run(command, env=git_environment(network=True), limit=_CHECKOUT_LIMIT)
        if done.code or done.timed_out:
            raise StepFailed(CHECKOUT_FAILED, f"git could not check out {commit[:7]}: {_how_it_ended(done)}")

    def build(self, context: StepContext) -> None:
        """Run the build command in the checkout."""
        platform = self._desk.env.platform
        if not platform.build:
            context.say("there is no build command: the checkout is the build")
            return
        done = context.run(platform.build, cwd=context.memory["folder"], limit=platform.build_limit)
        if done.timed_out:
            says = f"the build did not end within {platform.build_limit:g} s and was ended"
            raise StepFailed(BUILD_FAILED, says)
        if done.code in _KILLED:
            says = "the build was killed (137): most often the machine ran out of memory. Free some, or build elsewhere"
            raise StepFailed(BUILD_FAILED, says)
        if done.code:
            raise StepFailed(BUILD_FAILED, f"the build failed: {_how_it_ended(done)}")

    def publish(self, context: StepContext) -> None:
        """Hand the build to the platform, which makes it live."""
        name, commit = self._text("publish_as"), self._text("to_commit")
        half = context.leaves("half-published", f"half published release {name}", release=name)
        context.memory["half_debris"] = half
        title = f"rebuilt for a rollback from {self._text('from_name')}"

        def act(platform: Platform) -> str:
            return platform.publish(context.memory["folder"], name=name, commit=commit, who=self._who, title=title)

        self._switch(context, name, act)
        context.settled(half)
        self._repository.remove_worktree(context.memory["folder"])
        context.settled(context.memory["folder_debris"])

    def wait(self, context: StepContext) -> None:
        """Wait until the site itself answers with the target: only then has it happened."""
        names = (self._text("to_name"), self._text("publish_as"))
        try:
            seen = wait_until_seen(
                self._desk,
                self._text("to_commit"),
                names,
                pause=context.wait,
                tell=context.progress,
                limit=self._wait_limit,
            )
        except TimeoutError as late:
            says = f"the platform says {names[0]} is live, but users do not get it: {late}"
            raise StepFailed(DEPLOY_FAILED, says) from None
        context.settled(context.memory["switch_debris"])
        context.say(f"seen from outside: {seen}")
        context.report(seen=seen, verified=bool(self._desk.env.version), says=f"{names[0]} is live: {seen}")

    def smoke(self, context: StepContext) -> None:
        """Run the smoke tests; a failure ends here, with the way forward named and not taken."""
        report = smoke_step(self._desk, context)
        context.report(smoke=report.as_data(), smoke_ok=report.ok, checks=report.as_data()["checks"])
        if not report.ok:
            self.record(context)
            raise StepFailed(
                SMOKE_FAILED, f"{self._text('to_name')} is live, but {report.says}", forward=self._way_on(context)
            )
        context.report(says=f"{self._text('to_name')} is live and {report.says}")

    def record(self, context: StepContext) -> None:
        """Push the recovery tag where the settings say so; the platform wrote its own record at the switch."""
        tag = context.memory.get("tag")
        if tag and self._desk.settings.site.push_recovery_tags:
            complaint = self._repository.push_tag(tag)
            context.say(
                f"the recovery tag stays local: {complaint}" if complaint else f"pushed {tag}",
                "warn" if complaint else "info",
            )

    def _switch(self, context: StepContext, release: str, act: Callable[[Platform], str]) -> None:
        """The one act that changes what users get. A failure says whether the switch happened all the same."""
        platform = self._check_still_live()
        words = f"{release} switched live but not seen from outside"
        debris = context.leaves(
            "switch",
            words,
            release=release,
            from_id=self._text("from_id"),
            commit=self._text("to_commit"),
            names=[self._text("to_name"), self._text("publish_as")],
        )
        context.memory["switch_debris"] = debris
        context.no_return()
        try:
            self._until_done(context, platform, act(platform))
        except Undecided as error:
            # What was left stays named: cleaning it looks again whether the switch came after all.
            says = f"it is not certain whether users get {release}: {error}"
            raise StepFailed(DEPLOY_FAILED, says) from None
        except VigieError as error:
            if not self._is_live(platform, release):
                context.settled(debris)
                self._undo(context, platform)
                code = PREREQUISITE if error.code == PREREQUISITE else DEPLOY_FAILED
                raise StepFailed(code, f"nothing was switched: {error}") from None
            raise StepFailed(DEPLOY_FAILED, f"{release} is switched live, but {error}") from None
        finally:
            if "tag_debris" in context.memory and self._is_live(platform, release):
                # From the switch on the recovery tag is wanted: it names the way forward.
                context.settled(context.memory["tag_debris"])

    def _undo(self, context: StepContext, platform: Platform) -> None:
        """Nothing was switched, so nothing of this attempt stays: no tag, no checkout, no half published release."""
        memory = context.memory
        if "half_debris" in memory and self._discarded(context, platform):
            context.settled(memory["half_debris"])
        if "folder_debris" in memory:
            self._repository.remove_worktree(memory["folder"])
            context.settled(memory["folder_debris"])
        if "tag_debris" in memory:
            self._repository.delete_tag(memory["tag"])
            context.settled(memory["tag_debris"])

    def _discarded(self, context: StepContext, platform: Platform) -> bool:
        try:
            return platform.discard(self._text("publish_as"))
        except VigieError as error:
            context.say(f"what was published half stays: {error}", "warn")
            return False

    def _until_done(self, context: StepContext, platform: Platform, id: str) -> None:
        """Wait for the platform's word. Raises Undecided where it stays open, or is a failure that moved something."""
        began = time.monotonic()
        waited = 0.0
        while True:
            try:
                progress = platform.progress(id)
            except VigieError as error:
                raise Undecided(f"how far it is cannot be learnt: {error}", code=DEPLOY_FAILED) from None
            context.progress(progress.says)
            if progress.state == "succeeded":
                return
            says = f"the platform reports: {progress.says or progress.state}"
            if progress.state == "failed":
                raise (Undecided if progress.partly else VigieError)(says, code=DEPLOY_FAILED)
            if waited > _SWITCH_LIMIT:
                raise Undecided(f"{says}, after {waited:.0f} s; it may still go live by itself", code=DEPLOY_FAILED)
            context.wait(1.0)
            waited = max(waited + 1.0, time.monotonic() - began)

    def _check_still_live(self) -> Platform:
        platform = platform_for(self._desk.settings, self._desk.environment)
        if platform is None:
            raise StepFailed(PREREQUISITE, "the platform is not configured any more")
        live = platform.live()
        expected = self._text("from_id")
        if live is None or live.id != expected:
            now = f"{live.name}, by {live.who or 'somebody'}" if live else "nothing"
            raise StepFailed(
                CHANGED, f"{self._text('from_name')} is not live any more: now it is {now}. Nothing was done"
            )
        return platform

    def _is_live(self, platform: Platform, release: str) -> bool:
        try:
            live = platform.live()
        except VigieError:
            return False
        return live is not None and live.goes_by(release)

    def _way_on(self, context: StepContext) -> dict[str, Any]:
        return {
            "name": self._text("from_name"),
            "commit": self._text("from_commit"),
            "tag": context.memory.get("tag", ""),
            "command": f"vigie rollback --env {self._desk.environment} --forward",
        }

    @property
    def _who(self) -> str:
        return self._desk.settings.operator or "vigie"

    def _text(self, name: str) -> str:
        return str(self._details.get(name) or "")


def _how_it_ended(done: Completed) -> str:
    last = next((line for line in reversed(done.tail) if line.strip()), "it said nothing")
    if done.timed_out:
        return f"ended by its time limit after {done.seconds:.0f} s; last line: {last}"
    how = f"signal {-done.code}" if done.code < 0 else f"exit code {done.code}"
    return f"{how}; last line: {last}"
