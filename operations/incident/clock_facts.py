"""What an incident's events say that the clock needs: since when it counts, who was told and called, what was said.

Pure. Spans are counted from times that a clock set back cannot push into the future (`order.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from operations.incident.model import Incident, IncidentState, Severity
from operations.incident.order import Timed, as_it_happened, folded, in_order
from operations.incident.tasks import moment
from operations.incident.well import well_again

TELLS_USERS = ("initial", "update", "resolved", "correction")
"""Kinds of messages after which users know how it stands."""
ACTED = ("role.taken", "incident.note", "walk.answered", "walk.ticked", "job.created", "message.sent", "help.called")
"""Somebody is at work once one of these happened."""
ALARM_BEFORE = timedelta(hours=1)
"""An alarm that is older at the opening may be about something else."""
_OVER = (IncidentState.RESOLVED, IncidentState.CLOSED)


@dataclass(frozen=True, slots=True)
class Notice:
    """A message to users that reached somebody, or may have. `promised`: when it said the next one comes."""

    event: str
    kind: str
    at: datetime
    promised: datetime | None


@dataclass(frozen=True, slots=True)
class Said:
    """How often a timer was said, and when last; or when it was put off to, if that came after."""

    times: int = 0
    last: datetime | None = None
    snoozed_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Armed:
    """A timer that somebody set."""

    timer: str
    kind: str
    words: str
    due: datetime


@dataclass(frozen=True, slots=True)
class Box:
    """The time box of the question at hand: `event` led there, `offers` is where it offers to go when it is over."""

    event: str
    question: str
    offers: str
    entered_at: datetime
    seconds: float


@dataclass(slots=True)
class Facts:
    """Times are UTC; `began` is the opening, or when it went on after it was over, and `turn` counts that."""

    began: datetime
    alarm: datetime | None = None
    """The first alarm that was known by the opening; None after it went on once more."""
    turn: int = 0
    state: IncidentState = IncidentState.INVESTIGATING
    resolved_at: datetime | None = None
    severity: Severity = Severity.P0
    raised_at: datetime | None = None
    """When the severity last went up."""
    assumed: bool = False
    acted: bool = False
    notices: list[Notice] = field(default_factory=list)
    """Since it began, oldest first."""
    called: set[str] = field(default_factory=set)
    """Names of contacts that were reached since it began."""
    armed: dict[str, Armed] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)
    said: dict[str, Said] = field(default_factory=dict)
    well: bool = False
    """All that was down since it began was seen well again."""
    box: Box | None = None
    """Of the walk that went on last."""
    last: datetime | None = None
    """When the newest event was written down."""

    def by(self, now: datetime) -> Facts:
        """The same at `now`: a clock that was set back since makes what has happened no later than this moment."""
        if self.last is None or self.last <= now:
            return self
        back = self.last - now

        def moved(at: datetime) -> datetime:
            return at if at <= now else at - back

        return replace(
            self,
            began=moved(self.began),
            alarm=moved(self.alarm) if self.alarm else None,
            resolved_at=moved(self.resolved_at) if self.resolved_at else None,
            raised_at=moved(self.raised_at) if self.raised_at else None,
            notices=[replace(one, at=moved(one.at)) for one in self.notices],
            box=replace(self.box, entered_at=moved(self.box.entered_at)) if self.box else None,
            said={name: replace(one, last=moved(one.last) if one.last else None) for name, one in self.said.items()},
            last=now,
        )


@folded
def facts_of(incident: Incident) -> Facts:
    """Fold the events; those that cannot be read are left out. Whoever asks changes nothing in it."""
    facts = Facts(began=incident.opened_at)
    failed = _undelivered(in_order(incident))
    for one in in_order(incident):
        _take(facts, one, failed)
        facts.last = one.written
    if not facts.turn:
        alarms = (one.at for one in in_order(incident) if one.event.kind == "alarm.opened")
        facts.alarm = first_alarm(facts.began, alarms)
    well = well_again(as_it_happened(one.event for one in in_order(incident) if one.event.kind == "probe.changed"))
    facts.well = well is not None and well >= facts.began
    facts.box = _box(incident) if incident.walk else None
    return facts


def first_alarm(began: datetime, alarms: Iterable[datetime]) -> datetime | None:
    """The first of these that told of what the incident was opened for at `began`; None where a person was quicker."""
    return min((at for at in alarms if began - ALARM_BEFORE <= at <= began), default=None)


def _box(incident: Incident) -> Box | None:
    # The header knows this module before a walk is needed.
    from operations.incident.walks import walk_of

    state = walk_of(incident)
    seconds = state.section.timebox if state is not None else None
    if state is None or seconds is None:
        return None
    led = [one for one in in_order(incident) if one.event.kind.startswith("walk.") and one.event.at == state.entered_at]
    if not led:
        return None
    section, after = state.section, state.book.section(state.section.on_expire)
    question = f"{section.label} {section.title}".strip()
    return Box(led[-1].event.id, question, after.title if after else "", led[-1].at, seconds)


def _take(facts: Facts, one: Timed, failed: set[str]) -> None:
    event, data, kind = one.event, one.event.data, one.event.kind
    facts.acted = facts.acted or kind in ACTED
    if kind == "incident.opened":
        facts.began, facts.severity = one.at, _severity(data.get("severity"))
        facts.assumed = data.get("assumed") is True
    elif kind == "incident.severity":
        severity = _severity(data.get("severity"))
        if severity < facts.severity:
            facts.raised_at = one.at
        facts.severity, facts.assumed = severity, False
    elif kind == "incident.state":
        _move(facts, one, str(data.get("state")))
    elif kind == "message.sent" and str(data.get("message") or event.id) not in failed:
        if data.get("kind") in TELLS_USERS:
            facts.notices.append(Notice(event.id, str(data["kind"]), one.at, moment(data.get("promised"))))
    elif kind == "help.called" and data.get("delivered") is True:
        facts.called.add(str(data.get("contact") or ""))
    elif kind.startswith("timer.") and data.get("timer"):
        _timer(facts, one, str(data["timer"]), data)


def _move(facts: Facts, one: Timed, word: str) -> None:
    if word not in set(IncidentState):
        return
    state = IncidentState(word)
    if facts.state in _OVER and state not in _OVER:
        facts.turn += 1
        facts.began, facts.resolved_at, facts.acted = one.at, None, True
        facts.notices, facts.called = [], set()
    elif state is IncidentState.RESOLVED:
        facts.resolved_at = one.at
    facts.state = state


def _timer(facts: Facts, one: Timed, timer: str, data: Mapping[str, object]) -> None:
    kind = one.event.kind
    before = facts.said.get(timer, Said())
    if kind == "timer.armed" and (due := moment(data.get("due"))):
        words = str(data.get("words") or "reminder")
        facts.armed[timer] = Armed(timer, str(data.get("kind") or "custom"), words, one.later(due))
        facts.cancelled.discard(timer)
    elif kind == "timer.cancelled":
        facts.cancelled.add(timer)
    elif kind == "timer.snoozed" and (until := moment(data.get("until"))):
        facts.said[timer] = Said(before.times, before.last, one.later(until))
    elif kind == "timer.said":
        facts.said[timer] = Said(before.times + 1, one.at)


def _undelivered(events: tuple[Timed, ...]) -> set[str]:
    """Messages of which every target is known to have failed at its last attempt: nobody was told.

    One whose answer is not on record (yet) may have arrived.
    """
    results: dict[str, dict[str, str]] = {}
    for one in events:
        data, message = one.event.data, str(one.event.data.get("message") or "")
        begun = data.get("targets") if one.event.kind in ("message.sent", "message.retried") else None
        if isinstance(begun, list):
            results.setdefault(message, {}).update(dict.fromkeys(map(str, begun), ""))
        elif one.event.kind == "message.delivered":
            results.setdefault(message, {})[str(data.get("target"))] = str(data.get("result"))
    return {message for message, targets in results.items() if set(targets.values()) == {"failed"}}


def _severity(word: object) -> Severity:
    """The severity an event names; one that is not known counts as the highest."""
    return Severity(str(word)) if str(word) in set(Severity) else Severity.P0


def wait_for_the_end(facts: Facts) -> bool:
    """True where users were told that it broke, and not yet that it is over; a correction takes nothing of it back."""
    said = [one.kind for one in facts.notices if one.kind != "correction"] or [one.kind for one in facts.notices]
    return bool(said) and said[-1] != "resolved"
