"""When an incident began, was seen, taken, understood, mended and over: each moment with how it is known.

Folded from events alone. What the definitions say here is printed in every report and with the figures of many.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from operations.engine.events import Event
from operations.engine.record import JobRecord
from operations.incident.model import Incident, IncidentState
from operations.incident.onset import Onset, onset_of
from operations.incident.order import as_it_happened
from operations.incident.telling import text_of
from operations.incident.well import is_down, well_again
from operations.incident.what_ran import acts_of, jobs_of

_TAKES_EFFECT = timedelta(minutes=15)
"""An act that everything is well this long after is not what helped by itself."""

DEFINITIONS: Mapping[str, str] = {
    "began": "when errors began as the watch measured it, else the first alarm or probe down, else the opening",
    "detected": "the first alarm, or the opening where a person was quicker",
    "acknowledged": "a person took it on: they opened the incident",
    "diagnosed": "the cause was named: the state identified, the cause told, or the act that helped was confirmed",
    "mitigated": "the act that helped had ended well, seen from outside; without one, when all that was down was well",
    "resolved": "somebody said that it is over",
}
SPANS: Mapping[str, tuple[str, str]] = {
    "detect": ("began", "detected"),
    "acknowledge": ("detected", "acknowledged"),
    "diagnose": ("began", "diagnosed"),
    "mitigate": ("began", "mitigated"),
    "resolve": ("began", "resolved"),
}
"""Each time from one moment to another."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment and what shows it; `at` None: not on the record, and `how` says what was looked for."""

    at: datetime | None
    how: str


@dataclass(frozen=True, slots=True)
class Times:
    """The moments of one incident by the names in `DEFINITIONS`, and the bracket of its beginning, where measured."""

    moments: Mapping[str, Moment]
    onset: Onset | None
    helped: JobRecord | None

    def at(self, name: str) -> datetime | None:
        """The moment of that name."""
        return self.moments[name].at

    def seconds(self, span: str) -> float | None:
        """How long a span of `SPANS` took; None where one of its ends is not known. Never negative.

        It is counted from second to second, as the moments are printed, so that a reader finds the same.
        """
        start, end = (self.at(name) for name in SPANS[span])
        if start is None or end is None:
            return None
        return max(0.0, (end.replace(microsecond=0) - start.replace(microsecond=0)).total_seconds())


def times_of(incident: Incident) -> Times:
    """The times of an incident."""
    events = as_it_happened(incident.events)
    jobs = jobs_of(incident)
    onset = onset_of(events)
    resolved = _resolved(events)
    helped, mitigated = _mitigated(incident, events, acts_of(jobs), resolved.at)
    detected = _detected(incident, events)
    return Times(
        {
            "began": _began(incident, events, onset),
            "detected": detected,
            "acknowledged": Moment(incident.opened_at, f"{incident.opened_by} opened the incident"),
            "diagnosed": _diagnosed(events, helped),
            "mitigated": mitigated,
            "resolved": resolved,
        },
        onset,
        helped,
    )


def _began(incident: Incident, events: Sequence[Event], onset: Onset | None) -> Moment:
    if onset is not None:
        return Moment(onset.latest, "errors began, as measured")
    seen = [event for event in events if event.kind == "alarm.opened" or is_down(event)]
    if seen and seen[0].at <= incident.opened_at:
        title = text_of(seen[0].data, "title", 120)
        return Moment(seen[0].at, f"not measured; the first sign on the record: {title or seen[0].kind}")
    return Moment(incident.opened_at, "not measured; the incident was opened")


def _detected(incident: Incident, events: Sequence[Event]) -> Moment:
    alarm = next((event for event in events if event.kind == "alarm.opened"), None)
    if alarm is not None and alarm.at <= incident.opened_at:
        return Moment(alarm.at, f"alarm: {text_of(alarm.data, 'title', 120)}")
    return Moment(incident.opened_at, "a person opened the incident before any alarm")


def _diagnosed(events: Sequence[Event], helped: JobRecord | None) -> Moment:
    found = [Moment(helped.created_at, f"the {helped.operation} was confirmed")] if helped else []
    for event in events:
        if event.kind == "incident.state" and event.data.get("state") == IncidentState.IDENTIFIED.value:
            found.append(Moment(event.at, f"{event.actor} set the state to identified"))
        elif event.kind == "incident.told" and event.data.get("field") == "cause":
            found.append(Moment(event.at, f"{event.actor} told the cause"))
    if not found:
        return Moment(None, "nobody named the cause, and no act of ours helped")
    return min(found, key=lambda one: (one.at or datetime.max, one.how))


def _mitigated(
    incident: Incident, events: Sequence[Event], acts: Sequence[JobRecord], over: datetime | None
) -> tuple[JobRecord | None, Moment]:
    """The act that helped: the last that went well of those begun before everything was well, and its end."""
    well = well_again(events)
    until = well or over
    went_well = [(job, job.ended_at) for job in acts if job.code == 0 and job.ended_at is not None]
    before = [(job, ended) for job, ended in went_well if until is None or job.created_at <= until]
    if before:
        helped, ended = max(before, key=lambda row: (row[1], row[0].id))
        if well is None or well - ended <= _TAKES_EFFECT:
            return helped, Moment(ended, f"the {helped.operation} ended: {helped.says or helped.meaning}")
    if well is not None:
        return None, Moment(well, "all that was down was measured as well again")
    watching = next((e for e in events if e.kind == "incident.state" and e.data.get("state") == "monitoring"), None)
    if watching is not None:
        return None, Moment(watching.at, f"{watching.actor} set the state to monitoring")
    if over is not None:
        return None, Moment(over, "not measured; it was called resolved")
    return None, Moment(None, "no act went well, and what was down was not measured as well again")


def _resolved(events: Sequence[Event]) -> Moment:
    """The last time it was called resolved, unless it was taken up again; closing without that counts, too."""
    found: Moment | None = None
    for event in events:
        if event.kind != "incident.state":
            continue
        state, why = text_of(event.data, "state"), text_of(event.data, "why", 200)
        if state == IncidentState.RESOLVED or (state == IncidentState.CLOSED and found is None):
            found = Moment(event.at, f"{event.actor} called it {state}{f': {why}' if why else ''}")
        elif state != IncidentState.CLOSED:
            found = None
    return found or Moment(None, "it is not resolved yet")
