"""The deploy's plan: what goes live over what, what it changes, what stands ready if it goes wrong."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from operations.ages import age_words, expected_words
from operations.coherence import check_story
from operations.desk import Desk
from operations.engine.confirm import confirmation
from operations.engine.model import Plan, PlanLine, PlannedStep
from operations.errors import VigieError, or_error
from operations.freezes import freeze_of
from operations.jobs.backup_plan import plan_backup
from operations.jobs.between import brought, diff_of
from operations.jobs.building import building_steps
from operations.jobs.deploy_aim import DeployAim, take_deploy_aim
from operations.jobs.deploy_guards import guards_of
from operations.jobs.ladder import error_rate_before
from operations.jobs.rollback_target import choose_target
from operations.jobs.situation import Situation, record_of, survey
from operations.jobs.standing import commits_taken_back
from operations.jobs.timings import MEASURED, expected_seconds
from operations.migrating import calls_of
from operations.platforms.base import Release
from operations.repository import Commit
from operations.settings import address_of
from operations.text import one_line

_DEFAULTS = {
    "prerequisites": 1.0,
    "checkout": 5.0,
    "install": 180.0,
    "build": MEASURED["build"],
    "migrations": 3.0,
    "backup": MEASURED["backup"],
    "migrate": 10.0,
    "publish": MEASURED["publish"],
    "wait": 40.0,
    "smoke": MEASURED["smoke"],
    "record": 1.0,
}
"""Seconds, before any ran here (timings.py)."""
_SHOWN = 6
_OFFERED = 12
YOURS = "secrets set · people told · release notes read · somebody watches for 72 hours"


def plan_deploy(desk: Desk, request: Mapping[str, Any], *, redeploy: bool) -> Plan:
    """Compute the plan. Raises VigieError for a request that makes no sense, with the code it would end with."""
    situation = survey(desk)
    aim = take_deploy_aim(desk, situation, request, redeploy=redeploy)
    story = check_story(desk.settings, desk.environment, situation.observed)
    first = or_error(lambda: plan_backup(desk, {})) if needs_backup(desk, aim) else None
    name = "redeploy" if redeploy else "deploy"
    steps = tuple(_steps(desk, situation, aim, first, name, request))
    asked = {key: request[key] for key in _ASKED if request.get(key)}
    return Plan(
        operation=name,
        site=desk.site,
        environment=desk.environment,
        config=desk.config,
        title="Publish again" if redeploy else "Deploy",
        request={**asked, "commit": aim.commit.hash},
        lines=tuple(_lines(desk, situation, aim, steps, request)),
        guards=guards_of(desk, situation, aim, story, first, request),
        steps=steps,
        confirm=confirmation(
            "redeploy" if redeploy else "deploy",
            production=desk.is_production,
            phrase=desk.settings.phrase(desk.environment),
            one_way=(_applies(aim) and aim.migrations.one_way) or not aim.keeps_schema,
        ),
        details=_details(desk, situation, aim, request),
        decisive=_decisive(desk, situation, aim, request),
        diff=_diff(situation, aim),
    )


_ASKED = ("skip_build", "skip_migrations", "skip_tests", "despite_freeze", "despite_rollback", "despite_pin")


def needs_backup(desk: Desk, aim: DeployAim) -> bool:
    """Production's schema is about to change."""
    return desk.is_production and _applies(aim)


def _applies(aim: DeployAim) -> bool:
    return bool(aim.migrations.pending) and not aim.migrations.skipped


def _lines(
    desk: Desk, situation: Situation, aim: DeployAim, steps: tuple[PlannedStep, ...], request: Mapping[str, Any]
) -> Iterator[PlanLine]:
    live, commit = situation.live, aim.commit
    since = situation.periods[0].start if situation.periods else None
    age = f"   live {_ago(situation, since)}" if since else ""
    yield PlanLine("Live now", f"{_named(live.name, live.commit)}{age}" if live else "nothing yet")
    made = f"{commit.author}, {_ago(situation, commit.at)} ago: {one_line(commit.subject, 60)}"
    yield PlanLine("Goes live", f"{_named(aim.publish_as, commit.hash)}   {aim.why}")
    yield PlanLine("", made)
    yield _changes(situation, aim)
    yield from _migration_lines(aim, steps)
    yield from _lost_lines(aim)
    if request.get("skip_build"):
        yield PlanLine("Build", "skipped: the checkout is published as it is", "warn")
    else:
        yield PlanLine("Build", "; ".join(aim.building.words) or "nothing to build: the checkout is the build")
    yield from _ready(desk, situation, aim)
    if not aim.redeploy:
        yield PlanLine("You", YOURS)


def _changes(situation: Situation, aim: DeployAim) -> PlanLine:
    if not situation.live_in_git:
        return PlanLine("Brings", "cannot be told: the live commit is not in this checkout", "warn")
    old, new = situation.live_commit, aim.commit.hash
    if old == new:
        return PlanLine("Brings", "the same commit, with today's settings")
    try:
        words = brought(situation.repository, old, new)
        lost = situation.repository.count_between(new, old)
    except VigieError as error:
        return PlanLine("Brings", f"cannot be told: {error.what}", "warn")
    if lost:
        return PlanLine("Brings", f"{words}; takes {lost} live commits away", "bad", "(show the diff)")
    return PlanLine("Brings", words, aside="(show the diff)")


def _migration_lines(aim: DeployAim, steps: tuple[PlannedStep, ...]) -> Iterator[PlanLine]:
    found = aim.migrations
    if found.trouble or not found.pending:
        yield PlanLine("Migrations", found.trouble or "none pending", "warn" if found.trouble else "plain")
        return
    skipped = "; they are skipped" if found.skipped else ""
    yield PlanLine("Migrations", f"{len(found.pending)} pending{skipped}", "warn" if skipped else "plain")
    words = {"adds": "adds only", "one-way": "one way", "cannot-tell": "cannot tell"}
    for one in found.pending[:_SHOWN]:
        reasons = f": {'; '.join(one.reasons[:2])}" if one.reasons else ""
        waits = f"; {', '.join(one.running.holds[:2])}" if one.running.holds else ""
        severity = "plain" if one.word == "adds" else "bad"
        yield PlanLine("", f"{one.shown}, {words[one.word]}{reasons}{waits}", severity)  # type: ignore[arg-type]
        if not one.running.wrapped:
            yield PlanLine("", f"{one.shown} runs outside a transaction: {one.running.why_not or 'it says so'}", "warn")
    if len(found.pending) > _SHOWN:
        yield PlanLine("", f"and {len(found.pending) - _SHOWN} more")
    if found.baseline:
        yield PlanLine("", f"no record yet: the {len(found.baseline)} of the live commit count as applied", "warn")
    if found.one_way and not found.skipped:
        gap = sum(step.expected for step in steps if step.name in ("publish", "wait"))
        yield PlanLine("", f"the live code breaks for about {expected_words(gap)}, until the new one answers", "bad")


def _lost_lines(aim: DeployAim) -> Iterator[PlanLine]:
    """The schema that stays behind when live commits are taken away."""
    if aim.lost is None or aim.lost.verdict == "none":
        return
    yield PlanLine("Schema stays", aim.lost.words, "good" if aim.lost.safe else "bad")
    for item in aim.lost.items[:_SHOWN]:
        if item.reasons:
            yield PlanLine("", f"{item.name}: {'; '.join(item.reasons[:2])}", "plain" if aim.lost.safe else "bad")


def _ready(desk: Desk, situation: Situation, aim: DeployAim) -> Iterator[PlanLine]:
    """What the manuals' checklist asks and the machine can tell: staging, alarms, the way back."""
    if not aim.redeploy and desk.is_production:
        yield _on_staging(desk, situation, aim)
    alarms = list(_alarms(situation))
    if situation.snapshot is None:
        yield PlanLine("Alarms", "nothing is watching", "warn")
    elif alarms:
        yield PlanLine("Alarms", "; ".join(alarms[:3]), "bad")
    else:
        yield PlanLine("Alarms", "none open", "good")
    back = _way_back(situation, aim)
    if back is not None and back.kept:
        yield PlanLine("Way back", f"rollback to {back.name}: its build is kept")
    elif back is not None:
        yield PlanLine("Way back", f"rollback to {back.name} by rebuilding it: its build is not kept", "warn")
    elif situation.live is not None:
        yield PlanLine("Way back", "there is no release to go back to that is known to be good", "warn")


def _on_staging(desk: Desk, situation: Situation, aim: DeployAim) -> PlanLine:
    """Whether this very commit was live on staging, and whether smoke tests passed then."""
    best = "never ran on staging"
    for name, environment in desk.settings.environments.items():
        if environment.kind != "staging":
            continue
        jobs = [job for job in desk.elsewhere(name) if job.plan.details.get("to_commit") == aim.commit.hash]
        for job in jobs:
            if job.operation in ("deploy", "redeploy", "rollback") and job.code in (0, 6):
                at = job.ended_at or job.created_at
                if job.code == 0 and (job.details or {}).get("smoke_ok"):
                    return PlanLine("Staging", f"ran on {name}, smoke passed {_ago(situation, at)} ago", "good")
                best = f"ran on {name}, smoke failed {_ago(situation, at)} ago" if job.code == 6 else f"ran on {name}"
    return PlanLine("Staging", best, "warn")


def _alarms(situation: Situation) -> Iterator[str]:
    for alarm in situation.snapshot.alarms if situation.snapshot else ():
        if alarm.closed_at is None:
            yield f"alarm since {_ago(situation, alarm.opened_at)}: {alarm.title}"


def _steps(
    desk: Desk,
    situation: Situation,
    aim: DeployAim,
    first: Plan | VigieError | None,
    operation: str,
    request: Mapping[str, Any],
) -> Iterator[PlannedStep]:
    history = situation.history

    def step(name: str, title: str, effect: str = "", *commands: str, no_return: bool = False) -> PlannedStep:
        default = first.expected if name == "backup" and isinstance(first, Plan) else _DEFAULTS[name]
        expected = expected_seconds(history, operation, name, default)
        return PlannedStep(name, title, expected, effect, tuple(commands), no_return)

    migrates, name = _applies(aim), aim.publish_as
    yield step("prerequisites", "look once more that nothing changed")
    yield from building_steps(step, aim.building, aim.commit.hash, name)
    if migrates:
        calls = calls_of(desk.settings.deploy, desk.env.database)
        count = len(aim.migrations.pending)
        preview = shlex.join(calls.preview) or "read by Postgres' own parser"
        yield step("migrations", "preview the migrations", "", preview)
        if first is not None:
            yield step("backup", "back up first", "a new backup in the bucket", "as vigie backup does")
        apply = shlex.join(calls.apply) or "psql --file …, one after the other"
        undone = "" if aim.migrations.undoable else ": a failure stays half done"
        what = f"{count} migrations in {address_of(desk.env.database.reveal())}{undone}"
        yield step("migrate", f"apply {count} migrations", what, apply, no_return=True)
    platform = desk.env.platform
    restart = (shlex.join(platform.restart),) if platform.restart else ()
    made = f"{situation.platform.name}: publish {name}"
    publishes = (shlex.join(situation.platform.publishes_with),) if situation.platform.publishes_with else ()
    effect = f"{name} goes live"
    yield step("publish", f"publish {name}", effect, made, *publishes, *restart, no_return=not migrates)
    yield step("wait", f"wait for {name}", "", f"GET {desk.env.url}{desk.env.version or desk.env.health}")
    if not request.get("skip_tests"):
        yield step("smoke", "smoke", "", "the smoke tests")
    yield step("record", "record", f"tag deploy/{desk.environment}/…", "git tag --annotate deploy/…")


def _details(desk: Desk, situation: Situation, aim: DeployAim, request: Mapping[str, Any]) -> Mapping[str, Any]:
    live, back = situation.live, _way_back(situation, aim)
    return {
        "from_id": live.id if live else "",
        "from_name": live.name if live else "",
        "from_commit": situation.live_commit,
        "to_name": aim.publish_as,
        "to_commit": aim.commit.hash,
        "publish_as": aim.publish_as,
        "subject": one_line(aim.commit.subject, 120),
        "pending": [{"name": one.name, "path": one.path, "word": one.word} for one in aim.migrations.pending],
        "baseline": list(aim.migrations.baseline),
        "error_rate_before": error_rate_before(situation.snapshot),
        "candidates": [
            {"name": one.subject, "commit": one.hash, "words": words} for one, words in _offered(desk, situation)
        ],
        "asks": list(_asks(desk, situation, aim, request)),
        "way_back": back.name if back else "",
        "way_back_commit": back.commit if back else "",
        **aim.building.details,
    }


def _way_back(situation: Situation, aim: DeployAim) -> Release | None:
    """What to go back to if this one is bad: what is live now, unless that is in trouble itself or the same commit."""
    live = situation.live
    if live is None:
        return None
    record = record_of(situation, lambda start, end: None)
    in_trouble = any(alarm.about_site and alarm.closed_at is None for alarm in record.alarms)
    left_before = {live.id, live.name, live.commit} & record.rolled_back_from
    if aim.commit.hash != situation.live_commit and not in_trouble and not left_before:
        return live
    choice = choose_target(situation.releases, situation.periods, live, record, situation.now).target
    return choice.release if choice else None


def _offered(desk: Desk, situation: Situation) -> Iterator[tuple[Commit, str]]:
    """The newest commits of the branch that deploys, for somebody who wants another one."""
    forms = situation.repository.forms_of(desk.settings.site.branch)
    for commit in situation.repository.newest(next(reversed(forms)), _OFFERED) if forms else ():
        live = "   live now" if commit.hash == situation.live_commit else ""
        yield commit, f"{commit.hash[:7]} {_ago(situation, commit.at)} ago, {commit.author}: {commit.subject}{live}"


def _asks(desk: Desk, situation: Situation, aim: DeployAim, request: Mapping[str, Any]) -> Iterator[Mapping[str, str]]:
    """What a person may answer so that a guard lets this one through: the key of the request, and the question."""
    live = situation.live
    if not aim.redeploy and not request.get("despite_freeze"):
        freeze = freeze_of(desk.settings, desk.environment, situation.now)
        if freeze is not None:
            yield {"key": "despite_freeze", "words": f"{freeze.words}. Why deploy all the same?", "kind": "text"}
    if aim.commit.hash != situation.live_commit and not request.get("despite_rollback"):
        name, left = _taken_back(desk, situation, aim)
        if left:
            yield {"key": "despite_rollback", "words": f"{name} was rolled back from. Is what broke it mended?"}
    if live is not None and live.pinned and not request.get("despite_pin"):
        yield {"key": "despite_pin", "words": f"The platform is pinned to {live.name}. Publish all the same?"}


def _taken_back(desk: Desk, situation: Situation, aim: DeployAim) -> tuple[str, Sequence[Commit]]:
    try:
        return commits_taken_back(desk, situation, aim.commit.hash)
    except VigieError:
        return "", ()


def _decisive(desk: Desk, situation: Situation, aim: DeployAim, request: Mapping[str, Any]) -> Mapping[str, str]:
    live = situation.live
    deploy = desk.settings.deploy
    pending = ", ".join(f"{one.shown} {one.word}" for one in aim.migrations.pending)
    commands = [*aim.building.words, *([shlex.join(desk.env.platform.restart)] if desk.env.platform.restart else [])]
    commands += [shlex.join(command) for command in (deploy.migrate, situation.platform.publishes_with) if command]
    return {
        "Where": f"{address_of(desk.env.url)} from {situation.platform.place}",
        "Live now": f"{live.name} {live.commit[:7]}" if live else "nothing",
        "Goes live": aim.commit.hash,
        "Migrations": "skipped" if aim.migrations.skipped else pending or aim.migrations.trouble or "none",
        "Schema stays": aim.lost.words if aim.lost else "none",
        "By": f"{deploy.migrations or 'nobody'} in {address_of(desk.env.database.reveal())}",
        "Commands": "; ".join([f"git in {situation.repository.path}", *commands]),
        "Smoke": "skipped" if request.get("skip_tests") else "run",
    }


def _diff(situation: Situation, aim: DeployAim) -> str:
    old, new = situation.live_commit, aim.commit.hash
    if not situation.live_in_git or old == new:
        return ""
    return diff_of(situation.repository, old, new)


def _named(name: str, commit: str) -> str:
    return name if name.startswith(commit[:7]) else f"{name} {commit[:7]}"


def _ago(situation: Situation, at: datetime) -> str:
    return age_words((situation.now - at).total_seconds())
