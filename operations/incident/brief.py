"""The brief: twelve lines anyone can read, for whoever is called at night. Goes out with every call for help."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from operations.ages import age_words, seconds_between
from operations.incident.changes_seen import changes_of
from operations.incident.clock_facts import facts_of
from operations.incident.model import Incident
from operations.incident.onset import onset_of
from operations.incident.order import as_it_happened
from operations.incident.telling import text_of
from operations.incident.timeline import moment_words
from operations.incident.times import times_of
from operations.incident.told import told_of
from operations.incident.well import well_again
from operations.text import one_line
from operations.watch.model import Overall, Snapshot, Status
from runbooks.facts import fact_of

WANTED = "a second pair of eyes"
"""What is needed where nobody has said it."""
_ACTS = {"job.finished", "walk.acted", "help.answered"}


@dataclass(frozen=True, slots=True)
class Brief:
    """What is broken, since when, what was tried, where things stand, what is needed."""

    incident: str
    site: str
    environment: str
    severity: str
    broken: str
    since: str
    changed: str
    tried: tuple[str, ...]
    found: tuple[str, ...]
    now: str
    need: str
    who: str

    def lines(self) -> tuple[str, ...]:
        """At most twelve lines of plain text."""
        tried = list(self.tried[-3:]) or ["nothing yet"]
        found = list(self.found[-3:]) or ["nothing yet"]
        return (
            f"{self.severity} {self.site} {self.environment}, incident {self.incident}",
            f"Broken: {self.broken}",
            f"Since:  {self.since}",
            f"Changed just before: {self.changed}",
            *(f"Found:  {line}" for line in found),
            *(f"Tried:  {line}" for line in tried),
            f"Now:    {self.now}",
            f"Need:   {self.need}   ({self.who} is at the console)",
        )[:12]

    def document(self, kind: str) -> dict[str, Any]:
        """What is sent to a call webhook: the fields, and the same as text."""
        return {"kind": kind, **asdict(self), "text": "\n".join(self.lines())}


def make_brief(incident: Incident, snapshot: Snapshot | None, *, need: str, who: str, now: datetime) -> Brief:
    """The brief of an incident at this moment. `need` is what the caller wants from the one who is called; empty: what
    was asked for in the last call.

    Of one that is over it tells what was; what is measured now is no part of it.
    """
    snapshot = snapshot if incident.open else None
    up = _up_again(incident, snapshot) if incident.open else None
    return Brief(
        incident=incident.id,
        site=one_line(incident.site, 60),
        environment=incident.environment,
        severity=incident.severity.value,
        broken=_broken(incident, snapshot, up),
        since=_since(incident, snapshot),
        changed=one_line(_changed(incident, snapshot, up), 160),
        tried=tuple(one_line(entry.text, 100) for entry in incident.entries if entry.kind in _ACTS),
        found=tuple(
            one_line(entry.text, 100)
            for entry in incident.entries
            if entry.kind in ("walk.answered", "incident.note", "walk.noted")
        ),
        now=_now(incident, snapshot, now),
        need=one_line(need, 100) or _asked_for(incident) or WANTED,
        who=one_line(who, 60),
    )


def _broken(incident: Incident, snapshot: Snapshot | None, up: datetime | None) -> str:
    """What users cannot do, as somebody put it, and what is down."""
    # Where nobody can see (no way out of the bastion) what is down is the looking, not the site.
    seen = snapshot is not None and snapshot.overall is not Overall.UNKNOWN
    down = [s for s in snapshot.states if s.status is Status.DOWN] if snapshot and seen and up is None else []
    rows = [f"{s.title} {one_line(s.last.detail if s.last else s.reason, 100)}".strip() for s in down[:3]]
    told = told_of(incident).get("impact")
    words = "; ".join([*([told.text] if told else []), *(rows or [incident.title])])
    return f"was: {one_line(words, 200)}; up again since {up:%H:%M:%SZ}" if up else one_line(words, 240)


def _up_again(incident: Incident, snapshot: Snapshot | None) -> datetime | None:
    """Since when users are served again, by what is measured or else by the record; None while they are not."""
    facts, recorded = facts_of(incident), well_again(as_it_happened(incident.events))
    on_record = recorded if facts.well else None
    if snapshot is None or snapshot.overall is Overall.UNKNOWN:
        return on_record
    if snapshot.overall is Overall.DOWN:
        return None
    if on_record is None and snapshot.overall is Overall.OK and snapshot.since and snapshot.since > facts.began:
        return snapshot.since
    return on_record


def _asked_for(incident: Incident) -> str:
    """What the last call for help asked for."""
    calls = [event for event in as_it_happened(incident.events) if event.kind == "help.called"]
    return next((need for event in reversed(calls) if (need := text_of(event.data, "need", 100))), "")


def _now(incident: Incident, snapshot: Snapshot | None, now: datetime) -> str:
    if not incident.open:
        return incident.state.value
    return f"{snapshot.overall.value if snapshot else 'not watched'} at {now:%H:%MZ}, {incident.state.value}"


def _since(incident: Incident, snapshot: Snapshot | None) -> str:
    if not incident.open:
        times = times_of(incident)
        began, over = times.at("began") or incident.opened_at, times.at("resolved")
        return f"{began:%Y-%m-%d %H:%M:%SZ}{f' to {moment_words(over, began.date())}' if over else ''}"
    if (recorded := onset_of(as_it_happened(incident.events))) is not None:
        return f"{recorded.latest:%Y-%m-%d %H:%M:%SZ} (±{recorded.margin:.0f} s)"
    if snapshot and snapshot.onset:
        return f"{snapshot.onset:%Y-%m-%d %H:%M:%SZ} (±{snapshot.onset_margin:.0f} s)"
    first = times_of(incident).at("began")
    if first is not None and first < incident.opened_at:
        return f"{first:%Y-%m-%d %H:%M:%SZ}, the first sign on the record"
    if snapshot and snapshot.overall is Overall.OK:
        return "nothing is measured to be wrong just now"
    if snapshot and snapshot.since and snapshot.since < incident.opened_at:
        return f"{snapshot.since:%Y-%m-%d %H:%M:%SZ}, when the console saw it"
    return f"{incident.opened_at:%Y-%m-%d %H:%M:%SZ}, when the incident was opened"


def _changed(incident: Incident, snapshot: Snapshot | None, up: datetime | None) -> str:
    """The last change before it began: as it is measured while it lasts, else as the events have it."""
    if not incident.open:
        return _changed_then(incident) or "nothing that was seen"
    measured = _changed_now(snapshot) if up is None else ""
    # Where a watch put anything on record it would have put a change there, too.
    return measured or _changed_then(incident) or ("nothing that was seen" if incident.observed else "not known")


def _changed_then(incident: Incident) -> str:
    began = times_of(incident).at("began") or incident.opened_at
    before = [row for row in changes_of(as_it_happened(incident.events)) if row[0] <= began]
    if not before:
        return ""
    at, words = before[-1]
    return f"{words}, {age_words(seconds_between(at, began))} before"


def _changed_now(snapshot: Snapshot | None) -> str:
    if snapshot is None:
        return ""
    nearest = fact_of(snapshot.facts, "change.nearest")
    if nearest.known(snapshot.at) == "none":
        return "nothing within the hour before"
    if snapshot.onset is None:
        return ""
    window = snapshot.onset - timedelta(hours=1)
    before = [change for change in snapshot.changes if window <= change.at <= snapshot.onset]
    if not before:
        return "nothing within the hour before"
    latest = max(before, key=lambda change: change.at)
    return f"{latest.kind} {latest.title}, {age_words(seconds_between(latest.at, snapshot.onset))} before"
