"""Which release a rollback goes to and how: promote the kept build, or rebuild it from git. Reads, changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from operations.desk import Desk
from operations.engine.record import JobRecord
from operations.errors import VigieError
from operations.jobs.rollback_target import Candidate, Choice, Record, candidate_for, choose_target
from operations.jobs.situation import Situation, record_of
from operations.platforms.base import Release
from operations.platforms.release_record import RELEASE_NAME
from operations.text import one_line


@dataclass(frozen=True, slots=True)
class Aim:
    """The target. `commit` is a full hash where git has it; `publish_as` the name a rebuilt release gets."""

    candidate: Candidate
    commit: str
    in_git: bool
    how: Literal["promote", "rebuild"]
    why_how: str
    why: str
    choice: Choice
    forward: bool
    publish_as: str

    @property
    def release(self) -> Release:
        """The release aimed at."""
        return self.candidate.release


def take_aim(desk: Desk, situation: Situation, live: Release, request: Mapping[str, Any]) -> Aim:
    """Find the target that the request names, else the default one. Raises VigieError (code 1) when there is none."""
    record = record_of(situation, desk.traffic)
    choice = choose_target(situation.releases, situation.periods, live, record, situation.now)
    forward = bool(request.get("forward"))
    if forward:
        candidate, why = _forward(situation, live, record)
    elif request.get("to_commit") or request.get("target"):
        candidate, why = _named(situation, record, request), "asked for"
    elif choice.target is not None:
        candidate, why = choice.target, choice.why
    else:
        raise VigieError(
            f"There is nothing to roll back to: {choice.why}.",
            next_step="Name one with --to-commit, or go forward: a fix, a flag, maintenance mode.",
        )
    release = candidate.release
    commit = situation.repository.find(release.commit) if not situation.no_repository else ""
    how, why_how = _how(situation, release, bool(request.get("rebuild")))
    return Aim(
        candidate=candidate,
        commit=commit or release.commit,
        in_git=bool(commit),
        how=how,
        why_how=why_how,
        why=why,
        choice=choice,
        forward=forward,
        publish_as=_publish_name(situation, release, commit) if how == "rebuild" else release.name,
    )


def _named(situation: Situation, record: Record, request: Mapping[str, Any]) -> Candidate:
    """The release somebody named: by commit (hash, tag, branch), by its own name; or a commit that never was one."""
    target = str(request.get("target") or "")
    release = next((one for one in situation.releases if one.id == target), None) if target else None
    value = str(request.get("to_commit") or "").strip()
    if release is None:
        commit = "" if situation.no_repository else situation.repository.find(value)
        release = situation.release_of(commit) if commit else None
        release = release or (None if value.startswith("-") else situation.release_of(value))
        if release is None:
            commit = commit or situation.repository.resolve(value)
            release = Release(id="", name=_name_in_git(situation, commit), commit=commit, kept=False)
    return candidate_for(release, situation.periods, record, situation.now)


def _forward(situation: Situation, live: Release, record: Record) -> tuple[Candidate, str]:
    """The release that the last rollback left, as long as its target is still the live one."""
    last = next((job for job in situation.history if _left_something(job)), None)
    details = last.plan.details if last else {}
    if last is None or live.commit[:7] != str(details.get("to_commit"))[:7]:
        raise VigieError(
            "There is nothing to go forward to: the live release is not the target of a rollback from here.",
            next_step="Name a commit with --to-commit.",
        )
    left = situation.release_of(str(details.get("from_name"))) or situation.release_of(str(details.get("from_commit")))
    if left is None:
        left = Release(id="", name=str(details["from_name"]), commit=str(details["from_commit"]), kept=False)
    return candidate_for(left, situation.periods, record, situation.now), f"what job {last.number} rolled back from"


def _left_something(job: JobRecord) -> bool:
    return job.operation == "rollback" and job.past_no_return and not job.plan.request.get("forward")


def _how(situation: Situation, release: Release, rebuild: bool) -> tuple[Literal["promote", "rebuild"], str]:
    if rebuild:
        return "rebuild", "asked for"
    if not release.kept:
        return "rebuild", "no build of it is kept"
    if not situation.platform.can_promote:
        return "rebuild", f"{situation.platform.name} cannot promote"
    return "promote", "its build is kept"


def _publish_name(situation: Situation, release: Release, commit: str) -> str:
    """A name that is free: its own when nothing of that name is there any more, else one with the time."""
    return _free(situation, release.name if RELEASE_NAME.fullmatch(release.name) else commit[:7] or "rebuilt")


def free_name(situation: Situation, commit: str) -> str:
    """A name for a release of that commit: a tag on it, else its short hash; with the time where that is taken."""
    return _free(situation, _name_in_git(situation, commit))


def _free(situation: Situation, stem: str) -> str:
    taken = {one.name for one in situation.releases if one.kept or one.state == "unknown"}
    return stem if stem not in taken else f"{stem[:70]}-{situation.now:%Y%m%dT%H%M%SZ}"


def _name_in_git(situation: Situation, commit: str) -> str:
    """A tag of that commit that can be a release's name, else the short hash."""
    names = [name for name in situation.repository.tags_of(commit) if RELEASE_NAME.fullmatch(name)]
    return one_line(names[0]) if names else commit[:7]
