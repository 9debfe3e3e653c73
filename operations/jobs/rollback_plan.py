"""The rollback's plan: from, to, how, what it takes back, the migrations in between, evidence, guards and steps."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from operations.ages import age_words, expected_words
from operations.applied_migrations import read_applied
from operations.coherence import check_story, same_version
from operations.desk import Desk
from operations.engine.confirm import confirmation
from operations.engine.model import Plan, PlanLine, PlannedStep
from operations.errors import VigieError
from operations.jobs.between import brought, diff_of
from operations.jobs.building import BuildCommands, build_commands, building_steps
from operations.jobs.rollback_aim import Aim, take_aim
from operations.jobs.rollback_evidence import weigh
from operations.jobs.rollback_guards import guards_of
from operations.jobs.rollback_target import skipped_words
from operations.jobs.situation import Situation, survey
from operations.jobs.timings import MEASURED, expected_seconds
from operations.migrations import WORDS, MigrationsBetween, judge_between, unreadable
from operations.platforms.base import LivePeriod, Release
from operations.repository import recovery_tag
from operations.settings import address_of
from operations.text import one_line

NAME = "rollback"
_DEFAULTS = {
    "prerequisites": (1.0, 5.0),
    "recovery-tag": (1.0, 3.0),
    "promote": (3.0, 0.0),
    "checkout": (0.0, 20.0),
    "install": (0.0, 283.0),
    "build": (0.0, MEASURED["build"]),
    "publish": (0.0, MEASURED["publish"]),
    "wait": (5.0, 40.0),
    "smoke": (MEASURED["smoke"], MEASURED["smoke"]),
    "record": (0.0, 0.0),
}
"""Seconds for a promote (10 and the smoke tests) and for a rebuild (454 together, as measured)."""
_CANDIDATES = 12


def plan_rollback(desk: Desk, request: Mapping[str, Any]) -> Plan:
    """Compute the plan. Raises VigieError for a request that makes no sense, with the code it would end with."""
    situation = survey(desk)
    live = situation.live
    if live is None:
        raise VigieError("There is nothing to roll back from: the platform has no live release yet.")
    aim = take_aim(desk, situation, live, request)
    migrations = migrations_between(desk, situation, aim)
    commands = _commands(desk, situation, aim)
    period = situation.periods[0] if situation.periods else None
    evidence = weigh(situation.snapshot, live, period, situation.now)
    story = check_story(desk.settings, desk.environment, situation.observed)
    steps = tuple(_steps(desk, situation, aim, commands, bool(request.get("skip_tests"))))
    title = "Go forward" if aim.forward else "Roll back"
    return Plan(
        operation=NAME,
        site=desk.site,
        environment=desk.environment,
        config=desk.config,
        title=title,
        request=_normalised(aim, request),
        lines=tuple(_lines(situation, live, aim, migrations, period, steps)),
        against=evidence.against,
        in_favour=evidence.in_favour,
        other_changes=evidence.other_changes,
        weighed=True,
        guards=guards_of(desk, situation, live, aim, commands, story),
        steps=steps,
        confirm=confirmation(
            "rollback",
            production=desk.is_production,
            phrase=desk.settings.phrase(desk.environment),
            one_way=not migrations.safe,
        ),
        details={**_details(situation, live, aim, migrations), **commands.details},
        decisive=_decisive(desk, situation, live, aim, migrations, commands, bool(request.get("skip_tests"))),
        diff=_diff(situation, aim),
    )


def migrations_between(desk: Desk, situation: Situation, aim: Aim) -> MigrationsBetween:
    """The verdict on what lies between target and live; going forward meets the schema its code was made for."""
    if aim.forward:
        return MigrationsBetween("none", (), ("forward: the schema stays as that release left it",))
    if situation.no_repository:
        return unreadable(situation.no_repository)
    if not (situation.live_in_git and aim.in_git):
        missing = situation.live_commit if not situation.live_in_git else aim.commit
        return unreadable(f"commit {missing[:7] or 'of the release'} is not in this checkout (git fetch --tags)")
    address = desk.env.database or desk.env.database_readonly
    try:
        return judge_between(
            situation.repository,
            desk.settings.site.migrations,
            aim.commit,
            situation.live_commit,
            (lambda: read_applied(address)) if address else None,
            since=aim.candidate.since,
        )
    except VigieError as error:
        return unreadable(error.what)


def _commands(desk: Desk, situation: Situation, aim: Aim) -> BuildCommands:
    if aim.how == "promote" or not aim.in_git:
        return BuildCommands()
    return build_commands(desk, situation.repository, aim.commit)


def release_words(release: Release) -> str:
    """`v2.4.1 a1b2c3d`."""
    return f"{release.name} {release.commit[:7]}".strip()


def _lines(
    situation: Situation,
    live: Release,
    aim: Aim,
    migrations: MigrationsBetween,
    period: LivePeriod | None,
    steps: Sequence[PlannedStep],
) -> Iterator[PlanLine]:
    age = f"live {age_words((situation.now - period.start).total_seconds())}" if period else "live"
    who = f", {period.who}" if period and period.who else ""
    yield PlanLine("From", f"{release_words(live)}   {age}{who}")
    standing = aim.candidate.standing
    severity = "plain" if standing == "healthy" else "warn"
    yield PlanLine("To", f"{release_words(aim.release)}   {aim.candidate.says}", severity, _others(aim))  # type: ignore[arg-type]
    if aim.why != "asked for" and standing != "healthy":
        yield PlanLine("", aim.why, "warn")
    if aim.candidate == aim.choice.target and (skipped := skipped_words(aim.choice)):
        yield PlanLine("Skipped", skipped, "warn")
    yield _how_line(aim, steps)
    yield _takes_back(situation, aim)
    bad = "plain" if migrations.verdict == "none" else "good" if migrations.safe else "bad"
    yield PlanLine("Migrations", migrations.words, bad)  # type: ignore[arg-type]
    for item in migrations.items:
        if item.reasons and item.verdict not in ("none", "adds"):
            yield PlanLine("", f"{item.name}: {'; '.join(item.reasons[:3])}", "bad")
    for note in migrations.notes:
        yield PlanLine("", note, "plain" if migrations.safe else "warn")
    back = situation.platform.brings_back(aim.release.id) if aim.how == "promote" else ()
    yield PlanLine("Brings back", ", ".join(back) or "no settings", "warn" if back else "plain")
    if situation.platform.pins and aim.how == "promote":
        after = "what is pushed goes live by itself again" if aim.forward else "no push goes live until a promote"
        yield PlanLine("Afterwards", after, "plain" if aim.forward else "warn")
    if not situation.live_in_git:
        yield PlanLine("Recovery", f"no tag: commit {live.commit[:7]} is not in this checkout", "warn")


def _others(aim: Aim) -> str:
    count = len([one for one in aim.choice.candidates if one.release.id != aim.release.id])
    return f"({count} other{'s' if count > 1 else ''})" if count else ""


def _how_line(aim: Aim, steps: Sequence[PlannedStep]) -> PlanLine:
    seconds = sum(step.expected for step in steps if step.name != "smoke")
    if aim.how == "promote":
        rebuild = expected_words(sum(default for _, default in _DEFAULTS.values()))
        return PlanLine(
            "How", f"promote the kept build, about {expected_words(seconds)}", aside=f"(rebuild, {rebuild})"
        )
    return PlanLine("How", f"rebuild from git, about {expected_words(seconds)}: {aim.why_how}")


def _takes_back(situation: Situation, aim: Aim) -> PlanLine:
    label = "Brings" if aim.forward else "Takes back"
    if not (situation.live_in_git and aim.in_git):
        return PlanLine(label, "cannot be told: not both commits are in this checkout", "warn")
    old, new = _ends(situation, aim)
    try:
        return PlanLine(label, brought(situation.repository, old, new), aside="(show the diff)")
    except VigieError as error:
        return PlanLine(label, f"cannot be told: {error.what}", "warn")


def _ends(situation: Situation, aim: Aim) -> tuple[str, str]:
    """Older and newer commit of what lies between."""
    pair = (aim.commit, situation.live_commit)
    return pair[::-1] if aim.forward else pair


def _diff(situation: Situation, aim: Aim) -> str:
    if situation.no_repository or not (situation.live_in_git and aim.in_git):
        return ""
    return diff_of(situation.repository, *_ends(situation, aim))


def _steps(
    desk: Desk, situation: Situation, aim: Aim, building: BuildCommands, skip_tests: bool
) -> Iterator[PlannedStep]:
    history = [job for job in situation.history if job.plan.details.get("how") == aim.how]

    def step(name: str, title: str, effect: str = "", *commands: str, no_return: bool = False) -> PlannedStep:
        default = _DEFAULTS[name][1 if aim.how == "rebuild" else 0]
        if name == "build" and not building.install:
            default += _DEFAULTS["install"][1]  # then the build installs, too
        expected = expected_seconds(history, NAME, name, default)
        return PlannedStep(name, title, expected, effect, tuple(commands), no_return)

    platform = desk.env.platform
    to = aim.release.name
    restart = (shlex.join(platform.restart),) if platform.restart else ()
    yield step("prerequisites", "look once more that nothing changed")
    if situation.live_in_git:
        tag = recovery_tag(desk.environment, situation.live_commit, situation.now)
        command = f"git tag --annotate {tag} {situation.live_commit[:7]}"
        yield step("recovery-tag", "recovery tag", f"tag {tag} in {situation.repository.path}", command)
    if aim.how == "promote":
        made = f"{situation.platform.name}: promote {to}"
        yield step("promote", f"promote {to}", f"{to} goes live", made, *restart, no_return=True)
    else:
        yield from building_steps(step, building, aim.commit, to)
        made = f"{situation.platform.name}: publish {aim.publish_as}"
        publishes = (shlex.join(situation.platform.publishes_with),) if situation.platform.publishes_with else ()
        effect = f"{aim.publish_as} goes live"
        yield step("publish", f"publish {aim.publish_as}", effect, made, *publishes, *restart, no_return=True)
    yield step("wait", f"wait for {to}", "", f"GET {desk.env.url}{desk.env.version or desk.env.health}")
    if not skip_tests:
        yield step("smoke", "smoke", "", "the smoke tests")
    pushed = ("git push origin <the recovery tag>",) if desk.settings.site.push_recovery_tags else ()
    yield step("record", "record", "the recovery tag on origin" if pushed else "", *pushed)


def _normalised(aim: Aim, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """The request with its target nailed down, so that the worker aims at the very same one."""
    return {
        "to_commit": aim.commit,
        "target": aim.release.id,
        "rebuild": bool(request.get("rebuild")),
        "skip_tests": bool(request.get("skip_tests")),
        "forward": aim.forward,
    }


def _details(situation: Situation, live: Release, aim: Aim, migrations: MigrationsBetween) -> Mapping[str, Any]:
    candidates = {one.release.id: one for one in (aim.candidate, *aim.choice.candidates)}
    return {
        "from_name": live.name,
        "from_id": live.id,
        "from_commit": situation.live_commit,
        "from_in_git": situation.live_in_git,
        "to_name": aim.release.name,
        "to_id": aim.release.id,
        "to_commit": aim.commit,
        "publish_as": aim.publish_as,
        "how": aim.how,
        "can_rebuild": aim.in_git and not situation.no_repository,
        "migrations": asdict(migrations),
        "candidates": [
            {
                "name": one.release.name,
                "commit": one.release.commit,
                "words": one.words,
                "standing": one.standing,
                "ran": one.ran,
                "kept": one.release.kept,
            }
            for one in list(candidates.values())[:_CANDIDATES]
        ],
    }


def _decisive(
    desk: Desk,
    situation: Situation,
    live: Release,
    aim: Aim,
    migrations: MigrationsBetween,
    commands: BuildCommands,
    skip_tests: bool,
) -> Mapping[str, str]:
    """What must be the same when it runs. A site that answers now and then must not make two plans of one."""
    told = situation.look.version
    agrees = told is None or same_version(told, situation.live_commit, live.name)
    names = ", ".join(f"{item.name} {item.verdict}" for item in migrations.items)
    platform = desk.env.platform
    restart = [shlex.join(platform.restart)] if platform.restart else []
    publishing = situation.platform.publishes_with if aim.how == "rebuild" else ()
    ran = [*restart, *commands.words, *([shlex.join(publishing)] if publishing else [])]
    return {
        "Where": f"{address_of(desk.env.url)} from {situation.platform.place}",
        "Commands": "; ".join([f"git in {situation.repository.path}", *ran]),
        "From": release_words(live),
        "To": release_words(aim.release),
        "How": aim.how,
        "Migrations": f"{WORDS[migrations.verdict]}{f' ({names})' if names else ''}",
        "Site reports": "what the platform says" if agrees else one_line(told or "", 60),
        "Smoke": "skipped" if skip_tests else "run",
    }
