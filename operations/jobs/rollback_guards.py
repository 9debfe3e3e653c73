"""The guards of a rollback: each a named yes or no, with the exit code its refusal gives."""

from __future__ import annotations

from collections.abc import Sequence

from operations.coherence import Contradiction, story_guard
from operations.desk import Desk
from operations.engine.model import Guard
from operations.jobs.building import BuildCommands, whole_guards
from operations.jobs.lock_guard import lock_guard
from operations.jobs.outside import Look
from operations.jobs.rollback_aim import Aim
from operations.jobs.situation import Situation
from operations.platforms.base import Release
from operations.text import one_line

ARGUMENTS, PREREQUISITE = 1, 2


def guards_of(
    desk: Desk,
    situation: Situation,
    live: Release,
    aim: Aim,
    building: BuildCommands,
    story: Sequence[Contradiction],
) -> tuple[Guard, ...]:
    """All of them, in the order the dialog shows them."""
    return (
        lock_guard(desk),
        _repository(situation),
        _build(situation, aim),
        *(whole_guards(desk, situation.repository, aim.commit, building) if _rebuilds(situation, aim) else ()),
        _pinned(live),
        story_guard(story),
        _not_live(desk, live, aim),
        _behind(situation, aim),
        pending_guard(situation),
        outside_guard(desk, situation.look),
    )


def _repository(situation: Situation) -> Guard:
    if situation.no_repository:
        return Guard("repository there", "refuse", situation.no_repository, PREREQUISITE)
    return Guard("repository there", "pass")


def _build(situation: Situation, aim: Aim) -> Guard:
    name = aim.release.name
    if aim.how == "promote":
        return Guard("build kept", "pass")
    if situation.no_repository or not aim.in_git:
        gone = f"the build of {name} is not kept" if not aim.release.kept else "a rebuild was asked for"
        says = f"{gone}, and its commit {aim.commit[:7]} is not in this checkout: git fetch --tags"
        return Guard("build kept or rebuild possible", "refuse", says, PREREQUISITE)
    return Guard("rebuild possible", "pass", aim.why_how)


def _rebuilds(situation: Situation, aim: Aim) -> bool:
    return aim.how == "rebuild" and aim.in_git and not situation.no_repository


def _pinned(live: Release) -> Guard:
    if live.pinned:
        return Guard(
            "not pinned", "warn", f"the platform is pinned to {live.name}: deploys do not go live until a promote"
        )
    return Guard("not pinned", "pass")


def _not_live(desk: Desk, live: Release, aim: Aim) -> Guard:
    same = (aim.release.id and aim.release.id == live.id) or (live.commit and aim.commit == live.commit)
    if same:
        again = f"to build it again use: vigie redeploy --env {desk.environment}"
        says = f"{live.name} {live.commit[:7]} is live already; {again}"
        return Guard("not live already", "refuse", says, ARGUMENTS)
    return Guard("not live already", "pass")


def _behind(situation: Situation, aim: Aim) -> Guard:
    """The target must lie behind the live commit in git; forward it is the other way round."""
    name = "ahead of live" if aim.forward else "behind live"
    if not (situation.live_in_git and aim.in_git):
        return Guard(name, "unknown", "not both commits are in this checkout")
    old, new = (situation.live_commit, aim.commit) if aim.forward else (aim.commit, situation.live_commit)
    answer = situation.repository.is_ancestor(old, new)
    if answer:
        return Guard(name, "pass")
    if answer is None or situation.repository.is_shallow():
        return Guard(name, "unknown", "this checkout does not hold the whole history")
    where = "ahead of" if aim.forward else "behind"
    says = f"{aim.release.name} {aim.commit[:7]} is not {where} the live {situation.live_commit[:7]}: not an ancestor"
    return Guard(name, "refuse", says, ARGUMENTS)


def pending_guard(situation: Situation) -> Guard:
    """No release is on its way live already."""
    building = next((release for release in situation.releases if release.state == "building"), None)
    if building is not None:
        says = f"{building.name} is on its way live: wait for it, or stop it there"
        return Guard("nothing pending", "refuse", says, ARGUMENTS)
    return Guard("nothing pending", "pass")


def outside_guard(desk: Desk, seen: Look) -> Guard:
    """Somebody can look from outside whether it worked; a look that told nothing just now only warns."""
    if not desk.env.url:
        says = f"environments.{desk.environment}.url is not set, so nobody could see whether it worked"
        return Guard("seen from outside", "refuse", says, PREREQUISITE)
    if not desk.env.version:
        return Guard("seen from outside", "warn", "no version setting: two healthy answers in a row must do")
    if seen.version is None:
        says = f"the site does not tell its version now ({one_line(seen.says, 80)}): it has to, once this is done"
        return Guard("seen from outside", "warn", says)
    return Guard("seen from outside", "pass")
