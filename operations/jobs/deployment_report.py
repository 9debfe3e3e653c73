"""The report of a deployment out of its job: who, what, how long, what was seen, and what a person still has to say.

Made from the job's record alone: the same events give the same report.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from operations.ages import clock_words, seconds_between
from operations.documents.model import Blank, Block, Bullets, Document, Paragraph, Section, Table
from operations.engine.record import JobRecord
from operations.engine.redaction import Redactor
from operations.errors import VigieError
from operations.text import one_line

GOES_LIVE = ("deploy", "redeploy", "rollback")
SCHEMA = "vigie.deployment-report/1"


def deployment_report(job: JobRecord) -> Document:
    """The whole paper. Raises VigieError for a job that deploys nothing, or still runs."""
    if job.operation not in GOES_LIVE:
        raise VigieError(
            f"Job {job.number} is a {job.operation}: there is no deployment to report.",
            next_step=f"vigie jobs export {job.number} gives the whole job.",
        )
    if job.live:
        raise VigieError(f"Job {job.number} still runs.", next_step=f"Follow it: vigie jobs follow {job.number}")
    parts = (
        ("Deployment", _head(job)),
        ("Changes", _changes(job)),
        ("Database migrations", _migrations(job)),
        ("Verification", _verified(job)),
        ("Trouble, and what was done", _trouble(job)),
        ("Steps", _steps(job)),
        ("After it", _after(job)),
        ("Signed off", _signed(job)),
    )
    kind = "Rollback" if job.operation == "rollback" else "Deployment"
    title = f"{kind} report: {_text(job, 'to_name') or job.title}, {job.site} {job.environment}"
    return Document(title, tuple(Section(name, blocks) for name, found in parts if (blocks := tuple(found))))


def deployment_data(job: JobRecord) -> dict[str, Any]:
    """The same as JSON types. Raises as `deployment_report`."""
    document = deployment_report(job)
    return {
        "schema": SCHEMA,
        "job": job.id,
        "operation": job.operation,
        "site": job.site,
        "environment": job.environment,
        "version": _text(job, "to_name"),
        "commit": _text(job, "to_commit"),
        "replaced_version": _text(job, "from_name"),
        "replaced_commit": _text(job, "from_commit"),
        "deployed_by": job.actor,
        "confirmed_by": job.actor,
        "reason": job.reason,
        "incident": job.incident or None,
        "started_at": job.created_at,
        "ended_at": job.ended_at,
        "seconds": _seconds(job),
        "exit_code": job.code,
        "meaning": job.meaning,
        "says": job.says,
        "migrations": [{"name": name, "kind": word, "state": _migrated(job)} for name, word in _pending(job)],
        "seen": str(_told(job).get("seen") or ""),
        "checks": [{"name": name, "result": result, "says": says} for name, result, says in _checks(job)],
        "backup": str(_told(job).get("backup") or ""),
        "steps": [{"name": s.name, "title": s.title, "state": s.state, "seconds": s.seconds} for s in job.steps],
        "to_be_written": list(document.blanks),
    }


def redacted_job(job: JobRecord, redactor: Redactor) -> JobRecord:
    """The record without what the settings of today call a secret."""
    return msgspec.convert(redactor.data(msgspec.to_builtins(job)), JobRecord)


def _head(job: JobRecord) -> Iterator[Block]:
    seconds = _seconds(job)
    outcome = f"exit code {job.code}, {job.meaning}" if job.code is not None else "its end is not on the record"
    rows = [
        ("Version", f"{_text(job, 'to_name')} {_text(job, 'to_commit')}".strip()),
        ("Instead of", f"{_text(job, 'from_name')} {_text(job, 'from_commit')}".strip()),
        ("Date", f"{job.created_at:%Y-%m-%d %H:%M:%SZ}"),
        ("Duration", clock_words(seconds) if seconds is not None else "not known"),
        ("Deployed by", job.actor),
        ("Outcome", f"{outcome}{f': {job.says}' if job.says else ''}"),
        ("Reason", job.reason),
        ("Incident", job.incident),
    ]
    yield Table(("What", "Value"), tuple(row for row in rows if row[1]))


def _changes(job: JobRecord) -> Iterator[Block]:
    subject = _text(job, "subject")
    items = [subject] if subject else []
    items += [f"{line.label}: {line.text}" for line in job.plan.lines if line.label in ("Brings", "Takes back")]
    if items:
        yield Bullets(tuple(items))
    yield Blank("what changes for users, in their words")


def _migrations(job: JobRecord) -> Iterator[Block]:
    pending = _pending(job)
    if not pending:
        yield Paragraph("None was applied.")
        return
    words = {"adds": "adds only", "one-way": "one way", "cannot-tell": "cannot be told"}
    state = _migrated(job)
    yield Bullets(tuple(f"{name} ({words.get(word, word)}): {state}" for name, word in pending))


def _verified(job: JobRecord) -> Iterator[Block]:
    told = _told(job)
    seen = str(told.get("seen") or "")
    yield Paragraph(f"Seen from outside: {seen}." if seen else "That users get it was not seen from outside.")
    checks = _checks(job)
    if checks:
        yield Table(("Smoke test", "Result", "What came"), tuple(checks))
    else:
        yield Paragraph("No smoke tests ran.")
    if told.get("backup"):
        yield Paragraph(f"Backed up before it: {told['backup']}.")


def _trouble(job: JobRecord) -> Iterator[Block]:
    failed = [f"{step.title}: {step.says or step.state}" for step in job.steps if step.state == "failed"]
    left = [f"left behind: {piece.words}" for piece in job.debris]
    if failed or left:
        yield Bullets((*failed, *left))
        yield Blank("how it was mended")
    elif job.code == 0:
        yield Paragraph("None on the record.")
    else:
        yield Paragraph(f"It ended with exit code {job.code}: {job.says or job.meaning}.")


def _steps(job: JobRecord) -> Iterator[Block]:
    rows = [
        (step.title, step.state, clock_words(step.seconds) if step.seconds is not None else "", step.says)
        for step in job.steps
    ]
    yield Table(("Step", "State", "Took", "Says"), tuple(rows))


def _after(job: JobRecord) -> Iterator[Block]:
    before = job.plan.details.get("error_rate_before")
    if isinstance(before, int | float) and not isinstance(before, bool):
        yield Paragraph(f"Before it {before:g}% of requests failed.")
    if back := _text(job, "way_back"):
        yield Paragraph(f"The way back: {back}.")
    yield Blank("error rate, p95 and uptime now, and what follows")


def _signed(job: JobRecord) -> Iterator[Block]:
    yield Bullets((f"Deployed by: {job.actor}", f"Plan confirmed by: {job.actor}"))
    yield Blank("verified by, and approved by")


def _pending(job: JobRecord) -> list[tuple[str, str]]:
    rows = job.plan.details.get("pending")
    found = rows if isinstance(rows, list | tuple) else []
    return [
        (one_line(str(row.get("name") or row.get("path") or "?"), 120), str(row.get("word") or ""))
        for row in found
        if isinstance(row, Mapping)
    ]


def _migrated(job: JobRecord) -> str:
    step = next((step for step in job.steps if step.name == "migrate"), None)
    if step is None or job.plan.request.get("skip_migrations"):
        return "skipped"
    return {"done": "applied", "failed": "failed"}.get(step.state, "not applied")


def _checks(job: JobRecord) -> list[tuple[str, str, str]]:
    told = _told(job)
    smoke = told.get("smoke")
    rows = told.get("checks") or (smoke.get("checks") if isinstance(smoke, Mapping) else None)
    found = []
    for row in rows if isinstance(rows, list | tuple) else ():
        if isinstance(row, Mapping):
            result = {True: "passed", False: "FAILED"}.get(row.get("ok"), "skipped")  # type: ignore[arg-type]
            found.append((one_line(str(row.get("name")), 80), result, one_line(str(row.get("actual") or ""), 200)))
    return found


def _seconds(job: JobRecord) -> float | None:
    return seconds_between(job.created_at, job.ended_at) if job.ended_at is not None else None


def _told(job: JobRecord) -> Mapping[str, Any]:
    return job.details or {}


def _text(job: JobRecord, name: str) -> str:
    value = job.plan.details.get(name)
    return one_line(value, 120) if isinstance(value, str) else ""
