"""The plan of a backup: which database, where to, how big it usually is, and what speaks against doing it now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from operations.ages import age_words, size_words
from operations.backups import BackupList, list_backups
from operations.bucket import backup_prefix, place_of
from operations.desk import Desk
from operations.dump.connection import way_to
from operations.dump.tools import Tool, find_tool
from operations.engine.confirm import confirmation
from operations.engine.model import Plan, PlanLine, PlannedStep
from operations.errors import PrerequisiteMissing, VigieError, or_error
from operations.jobs.backup_app import app_guard
from operations.jobs.backup_guards import (
    bucket_guard,
    clock_guard,
    disk_guard,
    mark_guard,
    source_guard,
    tool_guard,
)
from operations.jobs.backup_source import Source, ask_source
from operations.jobs.lock_guard import lock_guard
from operations.jobs.timings import MEASURED, MEASURED_BYTES, expected_seconds
from operations.settings import address_of

NAME = "backup"


def plan_backup(desk: Desk, request: Mapping[str, Any]) -> Plan:
    """The whole preview, changing nothing. Raises VigieError with the code the command would end with."""
    env = desk.env
    if not env.database:
        raise PrerequisiteMissing(
            f"environments.{desk.environment}.database is not set, so there is nothing to back up.",
            next_step="Set it to the database's address, as ${DB_URL}.",
        )
    place = place_of(desk.settings, desk.environment)
    keep_local, app = str(request.get("keep_local") or ""), bool(request.get("app"))
    source = or_error(lambda: ask_source(env.database))
    tool = or_error(lambda: _tool(desk, source))
    found = or_error(lambda: list_backups(desk.settings, desk.environment))
    target = f"s3://{place.bucket}/{backup_prefix(desk.settings, desk.environment)}"
    guards = [
        lock_guard(desk, "backup"), source_guard(source), tool_guard(tool), bucket_guard(found),
        clock_guard(desk, found), mark_guard(desk, source), *((disk_guard(keep_local, found),) if keep_local else ()),
        *((app_guard(desk),) if app else ()),
    ]  # fmt: skip
    return Plan(
        operation=NAME,
        site=desk.site,
        environment=desk.environment,
        config=desk.config,
        title="Back up",
        request={"keep_local": keep_local, "app": app},
        lines=(
            PlanLine("Database", _database_words(desk, source)),
            PlanLine("To", f"{target}…/backup_{desk.environment}_….sql.gz", aside="with checksum and manifest"),
            *((PlanLine("Copy", keep_local),) if keep_local else ()),
            *((PlanLine("Code", "git archive of the live commit, beside it"),) if app else ()),
            *_earlier(desk, found),
        ),
        guards=tuple(guards),
        steps=_steps(desk, target, tool, source, app=app),
        confirm=confirmation("backup", production=desk.is_production),
        details={"bucket": place.bucket},
        decisive={
            "Database": address_of(env.database.reveal()),
            "To": target,
            "Copy": keep_local,
            "Code": "too" if app else "",
        },
    )


def _tool(desk: Desk, source: Source | VigieError) -> Tool:
    at_least = 0 if isinstance(source, VigieError) else source.major
    return find_tool("pg_dump", at_least=at_least, loopback=way_to(desk.env.database).is_loopback)


def _database_words(desk: Desk, source: Source | VigieError) -> str:
    address = address_of(desk.env.database.reveal())
    if isinstance(source, VigieError):
        return address
    return f"{address}   PostgreSQL {source.version}, {source.tables} tables, {size_words(source.size)} on disk"


def _earlier(desk: Desk, found: BackupList | VigieError) -> Iterator[PlanLine]:
    if isinstance(found, VigieError):
        return
    newest = found.newest_trusted
    if newest is None or newest.finished is None:
        words = "none that can be trusted" if found.backups else "none"
        yield PlanLine("Last one", words, "warn")
        return
    age = age_words((desk.now() - newest.finished).total_seconds())
    yield PlanLine("Last one", f"{age} ago, {size_words(newest.size)}, trusted")
    late = [backup for backup in found.backups if backup.at > newest.at and not backup.trusted]
    if late:
        yield PlanLine("Since then", f"{len(late)} that cannot be trusted: {late[0].why_not}", "bad")


def _first_guess(source: Source | VigieError) -> float:
    """Seconds, before any backup ran here: the measured one, taken to this database's size."""
    if isinstance(source, VigieError):
        return MEASURED["backup"]
    return max(1.0, round(MEASURED["backup"] * source.size / MEASURED_BYTES))


def _steps(
    desk: Desk, target: str, tool: Tool | VigieError, source: Source | VigieError, *, app: bool
) -> tuple[PlannedStep, ...]:
    path = "pg_dump" if isinstance(tool, VigieError) else tool.path
    history = desk.history()

    def seconds(step: str, default: float) -> float:
        return expected_seconds(history, NAME, step, default)

    return (
        PlannedStep(
            "dump",
            "dump and upload",
            seconds("dump", _first_guess(source)),
            effect=f"a new object under {target}",
            commands=(f"{path} --format=plain | gzip | s3 multipart",),
        ),
        PlannedStep("checksum", "checksum", seconds("checksum", 1.0), effect="its .sha256 beside it"),
        PlannedStep("manifest", "manifest", seconds("manifest", 1.0), effect="its manifest, last", no_return=True),
        *(
            [PlannedStep("app", "the code", seconds("app", 5.0), f"an archive under {target}", ("git archive",))]
            if app
            else []
        ),
        PlannedStep("look", "look at it in the bucket", seconds("look", 1.0)),
    )
