"""What a deploy brings: which commit, under which name, how it is built, which migrations. Changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from operations.applied_migrations import Applied, read_applied
from operations.desk import Desk
from operations.errors import PrerequisiteMissing, VigieError
from operations.jobs.building import BuildCommands, build_commands
from operations.jobs.rollback_aim import free_name
from operations.jobs.situation import Situation
from operations.migrating import Pending, doubled_at, names_at, pending_at
from operations.migration_names import plain_name
from operations.migrations import MigrationsBetween, judge_lost
from operations.repository import Commit
from operations.text import one_line


@dataclass(frozen=True, slots=True)
class Migrations:
    """What is pending. `baseline` are names that count as applied where the database kept no record until now.

    `trouble` says why it cannot be told; `failed` names migrations that the database says did not end.
    """

    pending: tuple[Pending, ...] = ()
    baseline: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    trouble: str = ""
    skipped: bool = False

    @property
    def one_way(self) -> bool:
        """The live code may break once these are in."""
        return any(one.word != "adds" for one in self.pending)

    @property
    def undoable(self) -> bool:
        """A failure leaves nothing of any of them."""
        return all(one.running.wrapped for one in self.pending)


@dataclass(frozen=True, slots=True)
class DeployAim:
    """The commit (full hash) with its author and subject, the branches that hold it, and the release's name."""

    commit: Commit
    branches: tuple[str, ...]
    allowed: bool
    publish_as: str
    building: BuildCommands
    migrations: Migrations
    redeploy: bool
    why: str
    lost: MigrationsBetween | None = None
    """What the live commit made of the schema and this one knows nothing of; None where no live commit is lost."""

    @property
    def keeps_schema(self) -> bool:
        """False when old code is to run on a schema that may not fit it: what a rollback asks for twice."""
        return self.lost is None or self.lost.safe


def take_deploy_aim(desk: Desk, situation: Situation, request: Mapping[str, Any], *, redeploy: bool) -> DeployAim:
    """Find the commit that is asked for. Raises VigieError: 1 for one that is none, 2 where git cannot tell."""
    if situation.no_repository:
        raise PrerequisiteMissing(situation.no_repository)
    hash_, why = _commit_of(desk, situation, str(request.get("commit") or "").strip(), redeploy=redeploy)
    found = situation.repository.commit(hash_)
    branches = tuple(situation.repository.branches_with(hash_))
    return DeployAim(
        commit=found,
        branches=branches,
        allowed=any(fnmatchcase(name, pattern) for name in branches for pattern in allowed_branches(desk)),
        publish_as=free_name(situation, hash_),
        building=BuildCommands() if request.get("skip_build") else build_commands(desk, situation.repository, hash_),
        migrations=_migrations(desk, situation, hash_, skipped=bool(request.get("skip_migrations")) or redeploy),
        redeploy=redeploy,
        why=why,
        lost=_lost(desk, situation, hash_),
    )


def allowed_branches(desk: Desk) -> Sequence[str]:
    """Patterns of the branches whose commits may go to production."""
    return desk.settings.deploy.branches or (desk.settings.site.branch, "release/*", "hotfix/*")


def _commit_of(desk: Desk, situation: Situation, wanted: str, *, redeploy: bool) -> tuple[str, str]:
    repository, branch = situation.repository, desk.settings.site.branch
    if wanted:
        return repository.resolve(wanted), "asked for"
    if redeploy:
        if situation.live is None:
            raise VigieError("There is nothing to publish again: the platform has no live release yet.")
        if not situation.live_in_git:
            raise PrerequisiteMissing(
                f"The live commit {situation.live_commit[:7] or '(unknown)'} is not in this checkout.",
                next_step="git fetch --tags",
            )
        return situation.live_commit, "what is live"
    forms = repository.forms_of(branch)
    if not forms:
        raise PrerequisiteMissing(
            f"There is no branch {branch} in this checkout.", next_step="Set site.branch, or name a commit: --commit."
        )
    local = next(iter(forms.values()))
    chosen, found = next(reversed(forms.items()))
    why = f"the newest of {chosen.removeprefix('refs/heads/').removeprefix('refs/remotes/')}"
    if local != found:
        why += f"; {branch} here is at {local[:7]}"
    return found, why


def _migrations(desk: Desk, situation: Situation, commit: str, *, skipped: bool) -> Migrations:
    address, folder = desk.env.database, desk.settings.site.migrations
    repository, driver = situation.repository, desk.settings.deploy.migrations
    if not names_at(repository, commit, folder, driver):
        return Migrations(skipped=skipped)
    if not address:
        # Nothing to bring anything into. That a release needs more than its code only git can say then.
        new = set(names_at(repository, commit, folder, driver)) - set(_live_names(situation, folder, driver))
        trouble = f"no database is configured, and {len(new)} migrations are new" if new else ""
        return Migrations(trouble=trouble, skipped=skipped)
    try:
        recorded = read_applied(address)
    except VigieError as error:
        return Migrations(trouble=error.what, skipped=skipped)
    if two := doubled_at(repository, commit, folder, recorded or (), driver):
        return Migrations(trouble=two, skipped=skipped)
    if recorded is not None:
        pending = pending_at(repository, commit, folder, recorded, driver)
        return Migrations(pending, failed=_failed(recorded), skipped=skipped)
    if not situation.live_in_git:
        why = "the database keeps no record of migrations, and the live commit is not in this checkout to go by"
        return Migrations(trouble=why, skipped=skipped)
    baseline = _live_names(situation, folder, driver)
    pending = pending_at(repository, commit, folder, [Applied(name) for name in baseline], driver)
    return Migrations(pending, baseline, skipped=skipped)


def _lost(desk: Desk, situation: Situation, commit: str) -> MigrationsBetween | None:
    """As a rollback judges it: an older commit, or a branch beside, takes live commits away."""
    repository, folder, live = situation.repository, desk.settings.site.migrations, situation.live_commit
    if not situation.live_in_git or commit == live or not repository.count_between(commit, live):
        return None
    try:
        recorded = read_applied(desk.env.database) if desk.env.database else None
    except VigieError:
        recorded = None
    return judge_lost(repository, folder, commit, live, recorded)


def _live_names(situation: Situation, folder: str, driver: str) -> tuple[str, ...]:
    return names_at(situation.repository, situation.live_commit, folder, driver) if situation.live_in_git else ()


def _failed(recorded: Sequence[Applied]) -> tuple[str, ...]:
    """Names of what stopped half way and was not mended since, fit to be shown."""
    mended = {plain_name(row.name) for row in recorded if not row.failed}
    failed = [row for row in recorded if row.failed and plain_name(row.name) not in mended]
    return tuple(one_line(row.name, 200) for row in failed)
