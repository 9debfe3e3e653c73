"""The guards of a deploy: each a named yes or no, with the exit code its refusal gives."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from operations.coherence import Contradiction, same_version, story_guard
from operations.desk import Desk
from operations.dump.connection import way_to
from operations.dump.tools import find_tool
from operations.engine.model import Guard, Plan
from operations.errors import VigieError
from operations.freezes import freeze_guard
from operations.jobs.building import whole_guards
from operations.jobs.deploy_aim import DeployAim, allowed_branches
from operations.jobs.lock_guard import lock_guard
from operations.jobs.rollback_guards import outside_guard, pending_guard
from operations.jobs.situation import Situation
from operations.jobs.standing import commits_taken_back
from operations.migrations import TOO_LARGE
from operations.text import one_line

ARGUMENTS, PREREQUISITE = 1, 2
_SHOWN = 3


def guards_of(
    desk: Desk,
    situation: Situation,
    aim: DeployAim,
    story: Sequence[Contradiction],
    backup: Plan | VigieError | None,
    request: Mapping[str, Any],
) -> tuple[Guard, ...]:
    """All of them, in the order the dialog shows them. `backup` is the plan of the backup that comes first, if any."""
    guards = [lock_guard(desk), story_guard(story)]
    if aim.redeploy:
        guards += [
            _was_live(desk, situation, aim),
            _taken_back(desk, situation, aim, bool(request.get("despite_rollback"))),
        ]
    else:
        guards += [
            _not_live(desk, situation, aim),
            freeze_guard(desk.settings, desk.environment, situation.now, _text(request, "despite_freeze")),
            *([_branch(desk, aim)] if desk.is_production else []),
            _taken_back(desk, situation, aim, bool(request.get("despite_rollback"))),
        ]
    guards += [_pinned(situation, bool(request.get("despite_pin"))), pending_guard(situation)]
    guards += [*_migrations(desk, aim), *_backup(backup), *_programs(aim)]
    guards += [*whole_guards(desk, situation.repository, aim.commit.hash, aim.building), _seen(desk, situation, aim)]
    return tuple(guards)


def _not_live(desk: Desk, situation: Situation, aim: DeployAim) -> Guard:
    if situation.live is not None and situation.live_commit == aim.commit.hash:
        live = f"{situation.live.name} {aim.commit.hash[:7]}"
        says = f"{live} is live already; to build it again use: vigie redeploy --env {desk.environment}"
        return Guard("not live already", "refuse", says, ARGUMENTS)
    return Guard("not live already", "pass")


def _was_live(desk: Desk, situation: Situation, aim: DeployAim) -> Guard:
    """What is published again has been live here before; anything else is a deploy, with all that guards one."""
    lived = {period.release for period in situation.periods}
    commits = {one.commit for one in situation.releases if one.live or one.id in lived}
    if aim.commit.hash in commits or aim.commit.hash == situation.live_commit:
        return Guard("live before", "pass")
    short = aim.commit.hash[:7]
    says = f"{short} was never live here: vigie deploy --env {desk.environment} --commit {short}"
    return Guard("live before", "refuse", says, ARGUMENTS)


def _branch(desk: Desk, aim: DeployAim) -> Guard:
    allowed = ", ".join(allowed_branches(desk))
    if aim.allowed:
        return Guard("branch allowed", "pass")
    more = f" and {len(aim.branches) - _SHOWN} more" if len(aim.branches) > _SHOWN else ""
    where = f"{', '.join(aim.branches[:_SHOWN])}{more}" or "no branch"
    says = f"{aim.commit.hash[:7]} is on {where}; production takes {allowed}"
    return Guard("branch allowed", "refuse", says, ARGUMENTS)


def _taken_back(desk: Desk, situation: Situation, aim: DeployAim, despite: bool) -> Guard:
    """A commit that production was rolled back from comes along, and nothing on the way takes it back."""
    name = "no rolled back commit"
    if aim.commit.hash == situation.live_commit:
        return Guard(name, "pass")
    try:
        taken, left = commits_taken_back(desk, situation, aim.commit.hash)
    except VigieError as error:
        return Guard(name, "unknown", f"{error.what}. {error.next_step}".rstrip(". "))
    if not left:
        return Guard(name, "pass", f"{taken} is reverted on the way" if taken else "")
    says = f"it brings back {' '.join(commit.hash[:7] for commit in left[:5])} of {taken}, which was rolled back from"
    if despite:
        return Guard(name, "warn", says)
    return Guard(name, "refuse", f"{says}. If they are mended: --despite-rollback", ARGUMENTS)


def _pinned(situation: Situation, despite: bool) -> Guard:
    live = situation.live
    if live is None or not live.pinned:
        return Guard("not pinned", "pass")
    says = f"the platform is pinned to {live.name} since a rollback: what is published goes live only by a promote"
    if despite:
        return Guard("not pinned", "warn", says)
    return Guard("not pinned", "refuse", f"{says}. To publish and promote: --despite-pin", ARGUMENTS)


def _migrations(desk: Desk, aim: DeployAim) -> Iterator[Guard]:
    found, name = aim.migrations, "migrations"
    count = len(found.pending)
    if found.skipped:
        if count and not aim.redeploy:
            yield Guard(name, "warn", f"{count} pending, and they are skipped")
        return
    if found.failed:
        says = f"{', '.join(found.failed[:3])} stopped half way: finish or reverse it by hand, then in the record"
        yield Guard(name, "refuse", says, ARGUMENTS)
    elif found.trouble:
        yield Guard(name, "refuse", f"{found.trouble}. To deploy the code alone: --skip-migrations", PREREQUISITE)
    elif count and not desk.settings.deploy.migrations:
        says = f"{count} pending, and deploy.migrations does not say who applies them. Or: --skip-migrations"
        yield Guard(name, "refuse", says, PREREQUISITE)
    elif count and (why := _not_readable(desk, aim)):
        yield Guard(name, "refuse", why, ARGUMENTS)
    elif count and desk.settings.deploy.migrations == "sql":
        yield _psql(desk)
    else:
        yield Guard(name, "pass")


def _not_readable(desk: Desk, aim: DeployAim) -> str:
    foreign = [one.path for one in aim.migrations.pending if not one.path.endswith(".sql")]
    if foreign and desk.settings.deploy.migrations == "sql":
        return f"{one_line(foreign[0])} is no SQL: whoever applies it has to be named in deploy.migrations"
    unread = [one for one in aim.migrations.pending if TOO_LARGE in one.reasons]
    if unread and desk.settings.deploy.migrations == "sql":
        instead = 'Split it, or have a program apply it: deploy.migrations = "command"'
        return f"{unread[0].shown}: {TOO_LARGE}. {instead}"
    broken = (one for one in aim.migrations.pending if one.path.endswith(".sql"))
    says = next((f"{one.shown}: {one.reasons[0]}" for one in broken if _is_broken(one.reasons)), "")
    return f"{says}. It would fail: nothing is built for it" if says else ""


def _is_broken(reasons: Sequence[str]) -> bool:
    return any(reason.startswith("not readable as SQL") for reason in reasons)


def _psql(desk: Desk) -> Guard:
    try:
        tool = find_tool("psql", at_least=0, loopback=way_to(desk.env.database).is_loopback)
    except VigieError as error:
        return Guard("migrations", "refuse", str(error), PREREQUISITE)
    return Guard("migrations", "pass", f"{tool.path} {tool.version}")


def _backup(backup: Plan | VigieError | None) -> Iterator[Guard]:
    """A backup comes first where production's schema changes; what speaks against it speaks against the deploy."""
    if isinstance(backup, VigieError):
        yield Guard("backup first", "refuse", f"{backup}. Or: --skip-migrations", PREREQUISITE)
    elif backup is not None:
        refusal = backup.refusal
        if refusal is not None:
            says = f"{refusal.name}: {refusal.says}. Or: --skip-migrations"
            yield Guard("backup first", "refuse", says, refusal.code if refusal.code == 75 else PREREQUISITE)
        else:
            yield Guard("backup first", "pass")


def _programs(aim: DeployAim) -> Iterator[Guard]:
    """The programs that install and build are there; one inside the checkout only shows when it is checked out."""
    missing = [
        command[0]
        for command in (aim.building.install, aim.building.build)
        if command and shutil.which(command[0]) is None and os.sep not in command[0]
    ]
    if missing:
        says = f"{', '.join(dict.fromkeys(missing))} is not installed here"
        yield Guard("programs there", "refuse", says, PREREQUISITE)
    else:
        yield Guard("programs there", "pass")


def _seen(desk: Desk, situation: Situation, aim: DeployAim) -> Guard:
    """As any operation's, but for a version that users get already: seeing it afterwards proves nothing."""
    told = situation.look.version or ""
    if aim.commit.hash == situation.live_commit and same_version(told, aim.commit.hash, ""):
        says = "the site tells this version already: that it was started again cannot be verified"
        return Guard("seen from outside", "warn", says)
    return outside_guard(desk, situation.look)


def _text(request: Mapping[str, Any], name: str) -> str:
    return str(request.get(name) or "")
