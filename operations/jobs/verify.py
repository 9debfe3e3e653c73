"""Verifying a backup as a job, for the console: followed, cancelled and recorded like any other. It only reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from operations.ages import age_words, size_words
from operations.backups import Backup, choose_backup, list_backups
from operations.bucket import place_of, s3_client
from operations.desk import Desk
from operations.dump.verify import verify_backup
from operations.engine.confirm import confirmation
from operations.engine.model import LockName, Plan, PlanLine, PlannedStep, Step, StepFailed
from operations.engine.steps import StepContext
from operations.errors import VigieError
from operations.jobs.timings import expected_seconds
from operations.text import one_line

NAME = "verify"
CODES = {0: "verified", 1: "it is not what it says", 2: "missing prerequisite", 4: "download failed, or no such backup"}
_BYTES_A_SECOND = 50_000_000
_MOST = 12


class Verify:
    """Downloads a backup again and compares it; request: `file` (empty: the newest trusted one)."""

    name = NAME
    title = "Verify a backup"
    codes: Mapping[int, str] = CODES
    lock: LockName | None = None

    def plan(self, desk: Desk, request: Mapping[str, Any]) -> Plan:
        """The preview. Raises VigieError: 2 without a bucket, 4 without such a backup."""
        backup = _chosen(desk, str(request.get("file") or ""))
        age = age_words((desk.now() - (backup.finished or backup.at)).total_seconds())
        expected = max(1.0, backup.size / _BYTES_A_SECOND)
        seconds = expected_seconds(desk.history(), NAME, "verify", round(expected))
        return Plan(
            operation=NAME,
            site=desk.site,
            environment=desk.environment,
            config=desk.config,
            title=self.title,
            request={"file": backup.name},
            lines=(PlanLine("Backup", f"{backup.name}   {age} ago, {size_words(backup.size)}"),),
            steps=(PlannedStep("verify", "download and compare", seconds, commands=(f"GET {backup.key}",)),),
            confirm=confirmation("verify", production=desk.is_production),
            decisive={"Backup": backup.name},
        )

    def steps(self, desk: Desk, plan: Plan) -> Sequence[Step]:
        """The steps of `plan`."""

        def run(context: StepContext) -> None:
            backup = _chosen(desk, str(plan.request["file"]))

            def each(read: int) -> None:
                context.checkpoint()
                context.progress(f"{size_words(read)} of {size_words(backup.size)}")

            place = place_of(desk.settings, desk.environment)
            s3 = s3_client(place, drill=desk.settings.drill is not None, limit=30.0)
            found = verify_backup(s3, place.bucket, backup, each)
            for words in found.not_compared:
                context.say(f"not compared: {words}", "warn")
            for words in found.problems:
                context.say(words, "error")
            context.report(backup=found.name, sha256=found.sha256, rows=found.rows, problems=list(found.problems))
            if not found.ok:
                raise StepFailed(1, f"{found.name}: {found.problems[0]}")
            rows = f"{found.rows} rows of {found.tables} tables"
            context.report(says=f"{found.name} verified: {size_words(found.size)}, {rows}")

        return (Step("verify", run),)

    def clean(self, desk: Desk, debris: Mapping[str, Any], say: Callable[[str], None]) -> None:
        """It only reads."""
        raise VigieError(f"A verification leaves nothing of the kind {debris.get('kind')}.")


def backup_choices(desk: Desk) -> Sequence[tuple[str, str]]:
    """The newest backups with a line each, for somebody who picks one. Blocks; raises VigieError without a bucket."""
    found = list_backups(desk.settings, desk.environment)
    return [(backup.name, _line(desk, backup)) for backup in found.backups[:_MOST] if backup.size]


def _line(desk: Desk, backup: Backup) -> str:
    age = age_words((desk.now() - (backup.finished or backup.at)).total_seconds())
    state = "trusted" if backup.trusted else f"NOT trusted: {one_line(backup.why_not, 60)}"
    # As few columns as may be: with its number it stands in one row of a dialog of 80.
    return f"{one_line(backup.name, 60)}  {age:>6} ago  {size_words(backup.size):>6}  {state}"


def _chosen(desk: Desk, file: str) -> Backup:
    return choose_backup(list_backups(desk.settings, desk.environment, newest=None), file)
