"""What a deploy and a rollback share: check out, build, publish, switch, and wait until users get it.

What may be left behind is journaled before each effect. One switch changes what users get, and only while what the plan
saw is still live.
"""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from operations.coherence import same_version
from operations.desk import Desk
from operations.engine.model import Plan, StepFailed
from operations.engine.steps import Completed, StepContext
from operations.errors import VigieError
from operations.git import git_environment
from operations.jobs.outside import Look, wait_until_seen
from operations.platforms import platform_for
from operations.platforms.base import Platform, Undecided
from operations.repository import Repository

CHANGED, PREREQUISITE, DEPLOY_FAILED, SMOKE_FAILED = 1, 2, 5, 6
WORKTREE_PREFIX = "vigie-checkout-"
_CHECKOUT_LIMIT = 300.0
_SWITCH_LIMIT = 120.0
_KILLED = (137, -9)


class GoingLive:
    """The steps of one plan. `wait_limit` is the seconds the site has to answer with the target.

    A plan's details hold `from_id`, `from_name`, `to_commit`, `to_name`, `publish_as`, and the commands `install` and
    `build`. The codes are those of the operation.
    """

    checkout_failed = 3
    build_failed = 4

    def __init__(self, desk: Desk, plan: Plan, wait_limit: float) -> None:
        self._desk = desk
        self._plan = plan
        self._details = plan.details
        self._wait_limit = wait_limit
        self._repository = Repository(desk.settings.resolve(desk.settings.site.repository))

    @property
    def _build_title(self) -> str:
        """What the platform is told a build was made for."""
        return ""

    def checkout(self, context: StepContext) -> None:
        """Check the target out into a folder of its own; the user's tree is not touched."""
        commit = self._text("to_commit")
        folder = Path(tempfile.gettempdir()) / f"{WORKTREE_PREFIX}{secrets.token_hex(8)}"
        debris = context.leaves("worktree", f"checkout {folder}", folder=str(folder))
        context.memory.update(folder=folder, folder_debris=debris)
        try:
            folder.mkdir(mode=0o700)
        except OSError as error:
            raise StepFailed(self.checkout_failed, f"{folder} cannot be made: {error.strerror}") from None
        command = self._repository.worktree_command(folder, commit)
        done = context.run(command, env=git_environment(network=True), limit=_CHECKOUT_LIMIT)
        if done.code or done.timed_out:
            raise StepFailed(self.checkout_failed, f"git could not check out {commit[:7]}: {how_it_ended(done)}")

    def install(self, context: StepContext) -> None:
        """Install what the build needs."""
        self._in_checkout(context, "install", self._desk.settings.deploy.install_limit)

    def build(self, context: StepContext) -> None:
        """Run the build command in the checkout."""
        if not self._command("build"):
            context.say("there is no build command: the checkout is the build")
            return
        self._in_checkout(context, "build", self._desk.env.platform.build_limit)

    def _in_checkout(self, context: StepContext, name: str, limit: float) -> None:
        done = context.run(self._command(name), cwd=context.memory["folder"], limit=limit)
        if done.timed_out:
            raise StepFailed(self.build_failed, f"the {name} did not end within {limit:g} s and was ended")
        if done.code in _KILLED:
            memory = "most often the machine ran out of memory. Free some, or build elsewhere"
            raise StepFailed(self.build_failed, f"the {name} was killed (137): {memory}")
        if done.code:
            raise StepFailed(self.build_failed, f"the {name} failed: {how_it_ended(done)}")

    def publish(self, context: StepContext) -> None:
        """Hand the build to the platform, which makes it live."""
        name, commit, title = self._text("publish_as"), self._text("to_commit"), self._build_title
        half = context.leaves("half-published", f"publish of {name} not finished", release=name)
        context.memory["half_debris"] = half

        def act(platform: Platform) -> str:
            folder, who = context.memory["folder"], self._who
            return platform.publish(folder, name=name, commit=commit, who=who, title=title, groups=context.groups)

        self._switch(context, name, act)
        context.settled(half)
        self._drop_checkout(context)

    def _drop_checkout(self, context: StepContext) -> None:
        if "folder_debris" in context.memory:
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
        context.say(f"seen from outside: {seen.says}")
        so_before = self._was_so_before(seen)
        context.memory["so_before"] = so_before
        verified = bool(self._desk.env.version) and not so_before
        context.report(seen=seen.says, verified=verified, says=f"{names[0]} is live: {seen.says}{so_before}")

    def _was_so_before(self, seen: Look) -> str:
        """Words where the release before would have answered with this version, too: then it proves nothing."""
        commit, name = self._text("from_commit"), self._text("from_name")
        if not commit or commit != self._text("to_commit") or not same_version(seen.version or "", commit, name):
            return ""
        return "; the same version was live before: that it was started again cannot be seen from outside, not verified"

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
        self._drop_checkout(context)
        if "tag_debris" in memory:
            self._repository.delete_tag(memory["tag"])
            context.settled(memory["tag_debris"])

    def _discarded(self, context: StepContext, platform: Platform) -> bool:
        try:
            return discard_half(platform, self._text("publish_as"), context.say)
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
        if (live.id if live else "") != self._text("from_id"):
            now = f"{live.name}, by {live.who or 'somebody'}" if live else "nothing"
            was = self._text("from_name") or "nothing"
            raise StepFailed(CHANGED, f"{was} is not live any more: now it is {now}. Nothing was switched")
        return platform

    def _is_live(self, platform: Platform, release: str) -> bool:
        try:
            live = platform.live()
        except VigieError:
            return False
        return live is not None and live.goes_by(release)

    @property
    def _who(self) -> str:
        return self._desk.settings.operator or "vigie"

    def _text(self, name: str) -> str:
        return str(self._details.get(name) or "")

    def _command(self, name: str) -> tuple[str, ...]:
        return tuple(str(word) for word in self._details.get(name) or ())


def discard_half(platform: Platform, release: str, say: Callable[[str], None]) -> bool:
    """Have the platform remove what a publish left half done, and say what came of it; False when it is live."""
    found = platform.discard(release)
    words = {
        "removed": f"half published release {release} removed",
        "live": f"release {release} is live: it is kept",
        "not ours": f"release {release} is not live; what its publish command left is that command's own to remove",
    }
    say(words[found])
    return found != "live"


def how_it_ended(done: Completed) -> str:
    """In words, with the last line it said."""
    last = next((line for line in reversed(done.tail) if line.strip()), "it said nothing")
    if done.timed_out:
        return f"ended by its time limit after {done.seconds:.0f} s; last line: {last}"
    how = f"signal {-done.code}" if done.code < 0 else f"exit code {done.code}"
    return f"{how}; last line: {last}"
