"""What a worker is told to do: the job.created event, and plans as JSON and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from operations.engine.events import Event, EventBook, plain
from operations.engine.model import Plan
from operations.engine.redaction import Redactor
from operations.errors import VigieError

COMMON_MEANINGS: Mapping[int, str] = {
    1: "failed",
    2: "missing prerequisite",
    75: "environment busy",
    77: "approval missing",
    130: "cancelled while running (SIGINT)",
    137: "the worker died",
    143: "cancelled while running (SIGTERM)",
}
"""Exit codes that all operations share, outside their own tables."""


@dataclass(frozen=True, slots=True)
class JobOrder:
    """A job as it was confirmed. `config` is the settings file; `log` the job's log file; `actor` who confirmed it."""

    job: str
    operation: str
    environment: str
    site: str
    config: str
    plan: Plan
    actor: str
    reason: str = ""
    incident: str = ""
    log: str = ""
    fallback: str = ""


def order_data(order: JobOrder) -> dict[str, Any]:
    """The data of the job.created event."""
    data: dict[str, Any] = plain(order)
    return {name: value for name, value in data.items() if name not in ("job", "actor", "incident")}


def order_from_event(event: Event) -> JobOrder:
    """The order in a job.created event. Raises msgspec.ValidationError when it is none."""
    body = {**event.data, "job": event.job, "actor": event.actor, "incident": event.incident}
    return msgspec.convert(body, JobOrder)


def order_of(book: EventBook, job: str) -> JobOrder:
    """The order of `job`. Raises VigieError when the book does not know it."""
    found = book.events(job=job, kinds=("job.created",), limit=1)
    if not found:
        raise VigieError(f"There is no job {job}.", next_step="vigie jobs lists them.")
    return order_from_event(found[0][1])


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """The plan as JSON types."""
    body: dict[str, Any] = plain(plan)
    return body


def plan_from_json(body: Mapping[str, Any]) -> Plan:
    """The plan back from JSON types. Raises msgspec.ValidationError."""
    return msgspec.convert(body, Plan)


def masked_plan(plan: Plan, redactor: Redactor) -> Plan:
    """The plan as people and the journal may see it. Only such plans are compared: the confirmed one is masked too."""
    return plan_from_json(redactor.data(plan_to_json(plan)))


def meaning_of(codes: Mapping[int, str], code: int) -> str:
    """What an exit code means: from the operation's own table, else from the common one."""
    return codes.get(code) or COMMON_MEANINGS.get(code, "failed")
