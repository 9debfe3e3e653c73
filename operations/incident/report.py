"""What the report of an incident says, as data: folded from its events alone, with no clock and no settings.

The same events give the same report, whatever order they arrived in. `report_document.py` puts it into words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from operations.ages import clock_words
from operations.engine.events import Event
from operations.engine.record import JobRecord
from operations.incident.changes_seen import changes_of
from operations.incident.curve import Curve, curve_of
from operations.incident.drill_mark import is_drill
from operations.incident.model import Call, Incident
from operations.incident.order import as_it_happened
from operations.incident.refold import incident_from
from operations.incident.report_evidence import Judgement, judgements_of
from operations.incident.report_messages import Sent, sent_of
from operations.incident.tasks import Task, tasks_of
from operations.incident.telling import LINE, rows_of, text_of
from operations.incident.timeline import Line, timeline_of
from operations.incident.times import Times, times_of
from operations.incident.told import main_of, said_in
from operations.incident.what_ran import acts_of, jobs_of
from operations.text import one_line

TOLD = (
    "summary", "service", "impact", "workaround", "data_loss", "cause", "detection", "went_well", "went_badly", "lucky",
)  # fmt: skip
"""What a person may say about an incident (`told.FIELDS`), in the order of the paper."""


@dataclass(frozen=True, slots=True)
class Role:
    """Somebody took a role."""

    at: datetime
    who: str
    role: str


@dataclass(frozen=True, slots=True)
class Sign:
    """An alarm or a change, as the timeline has it."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a report says. Texts are clean lines of plain text."""

    incident: Incident
    restricted: bool
    drill: bool
    highest: str
    told: dict[str, str]
    times: Times
    curve: Curve
    timeline: tuple[Line, ...]
    alarms: tuple[Sign, ...]
    changes: tuple[Sign, ...]
    roles: tuple[Role, ...]
    messages: tuple[Sent, ...]
    jobs: tuple[JobRecord, ...]
    acts: tuple[JobRecord, ...]
    judgements: tuple[Judgement, ...]
    calls: tuple[Call, ...]
    tasks: tuple[Task, ...]
    left_open: tuple[str, ...] = ()
    """What was still open when it was closed last."""


def report_from(events: Iterable[Event], id: str) -> Report | None:
    """The report of the incident of that id out of events; None where none of them opens it."""
    incident = incident_from(events, id)
    return report_of(incident) if incident is not None else None


def report_of(incident: Incident) -> Report:
    """The report of an incident. It is folded anew, so that the order in which its events were read does not show."""
    incident = incident_from(incident.events, incident.id) or incident
    events = as_it_happened(incident.events)
    jobs = jobs_of(incident)
    return Report(
        incident=incident,
        restricted=_restricted(events),
        drill=is_drill(events),
        highest=min((incident.severity.value, *_severities(events))),
        told=_told(events),
        times=times_of(incident),
        curve=curve_of(incident),
        timeline=timeline_of(incident),
        alarms=tuple(Sign(e.at, text_of(e.data, "title", 200)) for e in events if e.kind == "alarm.opened"),
        changes=tuple(Sign(at, words) for at, words in changes_of(events)),
        roles=tuple(Role(e.at, e.actor, text_of(e.data, "role", 40)) for e in events if e.kind == "role.taken"),
        messages=sent_of(events),
        jobs=jobs,
        acts=acts_of(jobs),
        judgements=judgements_of(incident),
        calls=tuple(sorted(incident.calls, key=lambda call: (call.at, call.id))),
        tasks=tasks_of(incident),
        left_open=_left_open(events),
    )


def span_words(seconds: float | None) -> str:
    """How long something took, to the second; `not known` without both ends."""
    return clock_words(seconds) if seconds is not None else "not known"


def _restricted(events: list[Event]) -> bool:
    """As the opening said it, or the last one who changed it."""
    restricted = False
    for event in events:
        if event.kind == "incident.restricted":
            restricted = event.data.get("restricted") is not False
        elif event.kind == "incident.opened":
            restricted = restricted or event.data.get("restricted") is True
    return restricted


def _left_open(events: list[Event]) -> tuple[str, ...]:
    """What the last closing named; nothing where it was taken up again."""
    states = [event.data for event in events if event.kind == "incident.state"]
    return tuple(one_line(str(line), LINE) for line in rows_of(states[-1].get("left"))) if states else ()


def _severities(events: list[Event]) -> Iterator[str]:
    for event in events:
        for name in ("severity", "before"):
            value = text_of(event.data, name, 2)
            if event.kind in ("incident.opened", "incident.severity") and value in ("P0", "P1", "P2", "P3"):
                yield value


def _told(events: list[Event]) -> dict[str, str]:
    said = {field: one_line(main_of(told).text, 4000) for field, told in said_in(events).items()}
    return {field: said[field] for field in TOLD if said.get(field)}
