"""Pruning the bucket: what is older than so many days, never the newest ones that can be trusted, never everything."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from operations.ages import age_words, size_words
from operations.backups import Backup, BackupList, list_backups
from operations.bucket import place_of, s3_client
from operations.desk import Desk
from operations.engine.confirm import confirmation
from operations.engine.model import LockName, Plan, PlanLine, PlannedStep, Step, StepFailed
from operations.engine.steps import StepContext
from operations.errors import VigieError
from operations.jobs.backup_guards import clock_guard
from operations.jobs.lock_guard import lock_guard
from operations.upload import names_under, remove

CODES = {
    0: "removed what the plan named",
    1: "invalid arguments, or not confirmed",
    2: "missing prerequisite",
    5: "the bucket refused",
}
DAYS, KEEP = 30.0, 7
_REFUSED = 5
_SHOWN = 12
_ENDINGS = (".manifest.json", ".sha256", "")
"""The manifest goes first: what is left of a removal that was cut off is incomplete, and not taken for a backup."""


@dataclass(frozen=True, slots=True)
class Pruning:
    """What goes and what stays, newest first."""

    goes: tuple[Backup, ...]
    stays: tuple[Backup, ...]


def prunable(found: BackupList, now: datetime, *, days: float, keep: int) -> Pruning:
    """What may go: older than `days`, and not among the `keep` newest that can be trusted.

    The newest trusted one stays whatever is asked; where none can be trusted everything stays, for each may be the
    last resort.
    """
    trusted = [backup for backup in found.backups if backup.trusted]
    kept = {backup.key for backup in trusted[: max(1, keep)]}
    limit = now - timedelta(days=days)
    goes = tuple(one for one in found.backups if trusted and one.key not in kept and (one.finished or one.at) < limit)
    return Pruning(goes, tuple(one for one in found.backups if one not in goes))


class Prune:
    """`vigie backups prune`; request: `days` and `keep`."""

    name = "prune"
    title = "Prune the backups"
    codes: Mapping[int, str] = CODES
    lock: LockName | None = "backup"

    def plan(self, desk: Desk, request: Mapping[str, Any]) -> Plan:
        """The whole preview, changing nothing. Raises VigieError for limits that make no sense, or without a bucket."""
        days, keep = float(request.get("days", DAYS)), int(request.get("keep", KEEP))
        if not (days >= 0 and keep >= 1):
            raise VigieError("--days must not be below 0, and --keep not below 1.")
        place = place_of(desk.settings, desk.environment)
        found = list_backups(desk.settings, desk.environment, newest=None)
        pruning = prunable(found, desk.now(), days=days, keep=keep)
        newest = found.newest_trusted
        why = (
            "none can be trusted: each may be the last resort" if found.backups and newest is None else "none is older"
        )
        room = sum(backup.size for backup in pruning.goes)
        return Plan(
            operation=self.name,
            site=desk.site,
            environment=desk.environment,
            config=desk.config,
            title=self.title,
            request={"days": days, "keep": keep},
            lines=(
                PlanLine("Bucket", f"{place.bucket}: {len(found.backups)} backups of {desk.environment}"),
                PlanLine("Rule", f"older than {days:g} days, but the {keep} newest trusted ones stay"),
                PlanLine("Stay", f"{len(pruning.stays)}, the newest trusted {newest.name if newest else 'is none'}"),
                PlanLine("Go", f"{len(pruning.goes)}, {size_words(room)}" if pruning.goes else f"none: {why}"),
                *_named(desk, pruning.goes),
            ),
            guards=(lock_guard(desk, "backup"), clock_guard(desk, found)),
            steps=_steps(len(pruning.goes)),
            confirm=confirmation("prune" if pruning.goes else "list", production=desk.is_production),
            details={"keys": [backup.key for backup in pruning.goes], "keeps": newest.key if newest else ""},
            decisive={"Go": ", ".join(backup.name for backup in pruning.goes) or "nothing"},
        )  # fmt: skip

    def steps(self, desk: Desk, plan: Plan) -> Sequence[Step]:
        """The steps of `plan`."""
        keys = [str(key) for key in plan.details["keys"]]
        place = place_of(desk.settings, desk.environment)
        s3 = s3_client(place, drill=desk.settings.drill is not None, limit=30.0)

        def removing(context: StepContext) -> None:
            now = prunable(
                list_backups(desk.settings, desk.environment, s3, newest=None),
                desk.now(),
                days=float(plan.request["days"]),
                keep=int(plan.request["keep"]),
            )
            if not set(keys) <= {backup.key for backup in now.goes}:
                raise StepFailed(1, "the bucket changed: what was to go may not go any more. Nothing was removed")
            context.no_return()
            for number, key in enumerate(keys, 1):
                there = names_under(s3, place.bucket, key)
                for ending in _ENDINGS:
                    if key + ending in there:
                        _remove(s3, place.bucket, key + ending, number - 1)
                context.say(f"{key} removed")
                context.progress(f"{number} of {len(keys)}")

        def look(context: StepContext) -> None:
            found = list_backups(desk.settings, desk.environment, s3, newest=None)
            left = {backup.key for backup in found.backups}
            if still := left & set(keys):
                raise StepFailed(_REFUSED, f"{len(still)} are still there, among them {min(still)}")
            if str(plan.details["keeps"]) not in left:
                raise StepFailed(_REFUSED, f"{plan.details['keeps']} is gone, and this job did not remove it")
            context.report(removed=keys, left=len(left), says=f"{len(keys)} removed, {len(left)} left")

        doing = {"remove": removing, "look": look}
        return [Step(one.name, doing[one.name]) for one in plan.steps]

    def clean(self, desk: Desk, debris: Mapping[str, Any], say: Callable[[str], None]) -> None:
        """A removal that was cut off is finished by the next one."""
        raise VigieError(f"Pruning leaves nothing of the kind {debris.get('kind')}.")


def _steps(count: int) -> tuple[PlannedStep, ...]:
    """With nothing to remove it only looks: a weekly prune that finds nothing has done its work."""
    effect = f"removes {count} backups from the bucket"
    removing = PlannedStep("remove", "remove", max(1.0, count * 0.3), effect=effect, no_return=True)
    return (*((removing,) if count else ()), PlannedStep("look", "look what is left", 1.0))


def _remove(s3: Any, bucket: str, key: str, done: int) -> None:
    try:
        remove(s3, bucket, key)
    except VigieError as error:
        raise StepFailed(_REFUSED, f"{done} removed, then: {error}") from None


def _named(desk: Desk, goes: Sequence[Backup]) -> Sequence[PlanLine]:
    lines = []
    for backup in goes[:_SHOWN]:
        age = age_words((desk.now() - (backup.finished or backup.at)).total_seconds())
        state = "trusted" if backup.trusted else f"not trusted: {backup.why_not}"
        lines.append(PlanLine("", f"{backup.name}   {age} old, {size_words(backup.size)}, {state}"))
    if len(goes) > _SHOWN:
        lines.append(PlanLine("", f"and {len(goes) - _SHOWN} more"))
    return lines
