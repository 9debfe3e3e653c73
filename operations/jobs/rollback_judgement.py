"""Whether a rollback could be advised right now: the facts the walk decides on. Cheap; asks no site."""

from __future__ import annotations

from dataclasses import replace

from operations.applied_migrations import read_applied
from operations.desk import Desk
from operations.errors import VigieError
from operations.jobs.rollback_aim import take_aim
from operations.jobs.rollback_plan import migrations_between
from operations.jobs.rollback_target import Choice, Record, choose_target
from operations.jobs.situation import Situation, record_of, survey
from operations.platforms.base import Release
from operations.watch.outside import RollbackJudgement


def judge_rollback(desk: Desk) -> RollbackJudgement:
    """The default target's standing and the migrations before it. Raises nothing: what is not known is None, and said.

    `target_ok` is True for a healthy target, None for one of unknown health, False without any. `other_target` says
    the same of the next one: the target after those that a rollback failed to reach, else the second choice.
    """
    try:
        situation = survey(desk, outside=False)
    except VigieError as error:
        return RollbackJudgement(None, None, None, None, error.what)
    live = situation.live
    if live is None:
        return RollbackJudgement(None, None, None, _failed(desk), "there is no live release yet")
    record = record_of(situation, desk.traffic)
    choice = choose_target(situation.releases, situation.periods, live, record, situation.now)
    if choice.target is None:
        return RollbackJudgement(False, False, None, _failed(desk), choice.why)
    aim = take_aim(desk, situation, live, {})
    found = migrations_between(desk, situation, aim)
    failed = True if found.verdict == "failed" else None if _unread(desk, found.notes) else False
    says = f"{aim.release.name} {aim.candidate.says}"
    other = _other(situation, live, choice, record)
    return RollbackJudgement(_good(choice), other, found.verdict, failed, says, found.words)


def _good(choice: Choice) -> bool | None:
    """True, or None where health is unknown; False without a target."""
    if choice.target is None:
        return False
    return True if choice.target.standing == "healthy" else None


def _other(situation: Situation, live: Release, choice: Choice, record: Record) -> bool | None:
    """Whether there is another good one: what is left after a failure, or else after the first choice."""
    if any(candidate.failed_before for candidate in choice.candidates):
        return _good(choice)
    assert choice.target is not None
    without = replace(record, failed_targets=record.failed_targets | {choice.target.release.id})
    return _good(choose_target(situation.releases, situation.periods, live, without, situation.now))


def _unread(desk: Desk, notes: tuple[str, ...]) -> bool:
    return not (desk.env.database or desk.env.database_readonly) or any("git alone" in note for note in notes)


def _failed(desk: Desk) -> bool | None:
    """Whether a migration failed, also when there is nothing to go back to."""
    address = desk.env.database or desk.env.database_readonly
    if not address:
        return None
    try:
        applied = read_applied(address)
    except VigieError:
        return None
    return None if applied is None else any(row.failed for row in applied)
