"""The report of an incident as JSON: the same facts as the paper, for programs. Its shape is a promise (`schema`)."""

from __future__ import annotations

from typing import Any

import msgspec

from operations.engine.record import JobRecord
from operations.incident.report import Report
from operations.incident.report_document import report_document
from operations.incident.timeline import Line
from operations.incident.times import DEFINITIONS, SPANS
from operations.text import clean

SCHEMA = "vigie.incident-report/1"


def report_json(report: Report) -> str:
    """The whole report as one indented JSON document; times are UTC, and no text in it holds a control character."""
    body = _inert(msgspec.to_builtins(report_data(report)))
    return msgspec.json.format(msgspec.json.encode(body), indent=2).decode() + "\n"


def _inert(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(str(name)): _inert(item) for name, item in value.items()}
    return [_inert(item) for item in value] if isinstance(value, list | tuple) else value


def report_data(report: Report) -> dict[str, Any]:
    """The report as plain data."""
    incident, times = report.incident, report.times
    return {
        "schema": SCHEMA,
        "id": incident.id,
        "site": incident.site,
        "environment": incident.environment,
        "title": incident.title,
        "severity": incident.severity.value,
        "highest_severity": report.highest,
        "state": incident.state.value,
        "restricted": report.restricted,
        "drill": report.drill,
        "opened_at": incident.opened_at,
        "opened_by": incident.opened_by,
        "told": report.told,
        "moments": {name: {"at": one.at, "how": one.how} for name, one in times.moments.items()},
        "onset": {"earliest": times.onset.earliest, "latest": times.onset.latest} if times.onset else None,
        "seconds_to": {span: times.seconds(span) for span in SPANS},
        "definitions": {"moments": dict(DEFINITIONS), "seconds_to": {name: list(ends) for name, ends in SPANS.items()}},
        "curve": {
            "step": report.curve.step,
            "points": [[point.at, point.errors, point.p95] for point in report.curve.points],
            "marks": report.curve.marks,
        },
        "timeline": [_line(line) for line in report.timeline],
        "alarms": report.alarms,
        "changes": report.changes,
        "roles": report.roles,
        "messages": report.messages,
        "jobs": [_job(job) for job in report.jobs],
        "evidence": report.judgements,
        "calls": report.calls,
        "tasks": report.tasks,
        "left_open": report.left_open,
        "to_be_written": report_document(report).blanks,
    }


def _line(line: Line) -> dict[str, Any]:
    entry = line.entry
    return {
        "event": entry.event, "at": entry.at, "recorded_at": entry.recorded_at, "late": entry.late, "who": entry.who,
        "kind": entry.kind, "text": line.text, "before": line.before, "pinned": line.pinned, "job": entry.job,
    }  # fmt: skip


def _job(job: JobRecord) -> dict[str, Any]:
    return {
        "id": job.id, "operation": job.operation, "environment": job.environment, "confirmed_by": job.actor,
        "reason": job.reason, "created_at": job.created_at, "ended_at": job.ended_at, "exit_code": job.code,
        "meaning": job.meaning, "says": job.says, "to": str(job.plan.details.get("to_name") or ""),
        "left_behind": [piece.words for piece in job.debris],
    }  # fmt: skip
