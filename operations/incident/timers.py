"""The timers of an incident: what is due when, by its facts, its people and the settings. Pure.

A timer's id says what it is about and since when: a new message, a new severity or a new turn makes another timer, and
the old one is moot.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from operations.incident.clock_facts import Box, Facts
from operations.incident.model import Incident, IncidentState, Severity
from operations.incident.roles import Role, roles_of
from operations.incident.tasks import tasks_of
from operations.incident.told import restriction_of
from operations.settings import Contact, Settings

TimerKind = Literal["update", "ladder", "commander", "severity", "window", "box", "review", "promise", "custom"]
MOST = 5
"""A thing is said so often and not oftener."""
NO_COMMANDER = timedelta(minutes=2)
NO_SEVERITY = timedelta(minutes=5)
RESOLVED_NOTICE = timedelta(minutes=5)
TASK_AGAIN = timedelta(hours=24)
_OVER = (IncidentState.RESOLVED, IncidentState.CLOSED)
_PAGED = (Severity.P0, Severity.P1)
_LONG_AGO = timedelta(days=3650)

WINDOWS: dict[Severity, tuple[tuple[float, str], ...]] = {
    Severity.P0: (
        (0, "acknowledge it, open the log, page the on-call, tell users"),
        (5, "triage: whom it touches, whether data is at risk, what changed, whether to roll back, whom to call"),
        (15, "mitigate: roll back, switch off or mend; then verify and watch"),
        (60, "an hour is over: say what holds it up, and who is to decide"),
    ),
    Severity.P1: (
        (0, "acknowledge it, see whom it touches, find a way round and tell users"),
        (15, "find the cause; decide how it is mended, by whom and when"),
        (60, "mend it, test it, publish it; tell users when"),
        (240, "four hours are over: say what holds it up, and who is to decide"),
    ),
}
"""Minutes after which a window begins, and what belongs into it; the last one is past all windows (the manuals)."""
WELL_AGAIN = "all that was down is well again: verify, watch, tell users"


@dataclass(frozen=True, slots=True)
class Timer:
    """Something that falls due. `again` after being said it is said once more, `most` times in all; None: only once.

    `passing`: said, it is over; anything else stays due until somebody acts, puts it off or says it is not needed.
    """

    id: str
    kind: TimerKind
    label: str
    words: str
    due_at: datetime
    again: timedelta | None = None
    passing: bool = False


def timers_of(incident: Incident, facts: Facts, settings: Settings) -> Iterator[Timer]:
    """All timers that are not moot; those that were cancelled or have passed included."""
    over = facts.state in _OVER
    seeking = not over and facts.state is not IncidentState.MONITORING
    yield from _notices(facts, settings, over)
    if not over:
        yield from _people(incident, facts)
    if not over and facts.box is not None:
        yield _time_box(facts.box)
    if seeking and not facts.well:
        yield from _windows(facts)
    if seeking:
        yield from _ladder(incident, facts, settings)
    if facts.state is not IncidentState.CLOSED:
        for armed in facts.armed.values():
            yield Timer(armed.timer, _kind(armed.kind), "REMINDER", armed.words, armed.due)
    for task in tasks_of(incident):
        if not task.done and task.due is not None:
            words = f"{task.text}{f' ({task.owner})' if task.owner else ''}"
            yield Timer(f"task:{task.id}", "review", "TASK", words, task.due, TASK_AGAIN)


def window_of(facts: Facts, now: datetime) -> str:
    """The response window it is in, with what belongs into it; empty where there is none."""
    passed = (now - facts.began).total_seconds() / 60
    begun = [(at, words) for at, words in WINDOWS.get(facts.severity, ()) if at <= max(0.0, passed)]
    if not begun or facts.state in _OVER or facts.state is IncidentState.MONITORING:
        return ""
    if facts.well:
        return WELL_AGAIN
    at, words = begun[-1]
    end = next((later for later, _ in WINDOWS[facts.severity] if later > at), None)
    return f"{at:g}-{end:g} min: {words}" if end is not None else words


def minutes(table: Mapping[str, float], severity: Severity) -> float:
    """What a table of minutes by severity says; 0 where it says nothing."""
    return max(0.0, table.get(severity.value, 0.0))


def first_notice_due(
    seen: datetime, severity: Severity, first_notice: Mapping[str, float], cadence: Mapping[str, float]
) -> tuple[datetime, timedelta] | None:
    """When users are to have heard of it first, and how long that is from `seen`: the alarm, or the opening.

    None where the settings ask for no notice. The score of a drill reads the same figure.
    """
    first = minutes(first_notice, severity) or minutes(cadence, severity)
    return (seen + timedelta(minutes=first), timedelta(minutes=first)) if first else None


def _notices(facts: Facts, settings: Settings, over: bool) -> Iterator[Timer]:
    last = facts.notices[-1] if facts.notices else None
    if facts.state is IncidentState.RESOLVED:
        # Who was told that it broke is told that it is over; a correction of that takes nothing of it back.
        standing = next((one for one in reversed(facts.notices) if one.kind != "correction"), last)
        if standing is not None and standing.kind != "resolved" and facts.resolved_at is not None:
            due = facts.resolved_at + RESOLVED_NOTICE
            yield Timer(f"update:resolved:{facts.turn}", "update", "RESOLVED NOTICE", "resolved notice", due, None)
        return
    cadence = minutes(settings.incident.cadence, facts.severity)
    again = timedelta(minutes=cadence) if cadence else None
    if over:
        return
    if last is None:
        first = first_notice_due(
            facts.alarm or facts.began, facts.severity, settings.incident.first_notice, settings.incident.cadence
        )
        if first is not None:
            due, within = first
            id = f"update:first:{facts.turn}:{within.total_seconds() / 60:g}"
            yield Timer(id, "update", "FIRST NOTICE", "first notice to users", due, again or within)
    elif last.kind == "resolved":
        words = "users were told that it is over: resolve the incident, or correct the notice"
        yield Timer(f"update:told:{last.event}", "custom", "RESOLVE", words, last.at + RESOLVED_NOTICE)
    elif last.promised is not None:
        raised = facts.raised_at is not None and facts.raised_at > last.at and again is not None
        sooner = facts.raised_at + again if raised and facts.raised_at and again else last.promised
        due, worse = min(last.promised, sooner), sooner < last.promised
        id = f"promise:{last.event}{':raised' if worse else ''}"
        words = "update to users: it got worse" if worse else "update to users, as promised"
        yield Timer(id, "promise", "UPDATE", words, due, again)
    elif again is not None:
        id = f"update:{last.event}:{cadence:g}"
        yield Timer(id, "update", "UPDATE", "update to users", last.at + again, again)


def _people(incident: Incident, facts: Facts) -> Iterator[Timer]:
    roles = roles_of(incident)
    if not roles[Role.COMMANDER].who:
        id, due = f"commander:{facts.turn}", facts.began + NO_COMMANDER
        yield Timer(id, "commander", "COMMANDER", "nobody is incident commander", due, NO_COMMANDER)
    for holder in roles.values():
        if holder.offered_to and holder.offered_at is not None:
            words = f"{holder.offered_to} has not taken over: {holder.role.value}"
            due = min(holder.offered_at, facts.last or holder.offered_at) + NO_COMMANDER
            yield Timer(f"offer:{holder.offer}", "commander", "HAND-OVER", words, due)
    if facts.assumed:
        words = f"nobody has said how bad it is; it counts as {facts.severity.value}"
        yield Timer("severity", "severity", "SEVERITY", words, facts.began + NO_SEVERITY, NO_SEVERITY)


def _windows(facts: Facts) -> Iterator[Timer]:
    """Each window as it begins. Of several that began unsaid only the last one matters: `clock` drops the others."""
    for at, words in WINDOWS.get(facts.severity, ())[1:]:
        id = f"window:{facts.severity.value}:{at:g}:{facts.turn}"
        yield Timer(id, "window", "NEXT PHASE", words, facts.began + timedelta(minutes=at), passing=True)


def _time_box(box: Box) -> Timer:
    """It only offers; going on to another question makes it moot."""
    offers = f"; it offers: {box.offers}" if box.offers else ""
    words = f"time box of {box.question}{offers}"
    return Timer(f"box:{box.event}", "box", "TIME BOX", words, box.entered_at + timedelta(seconds=box.seconds))


def _ladder(incident: Incident, facts: Facts, settings: Settings) -> Iterator[Timer]:
    restricted = restriction_of(incident)
    steps: dict[tuple[float, str], list[Contact]] = {}
    if facts.severity in _PAGED:
        # Also while the probes are well again: of lost data or a breach they know nothing, and a step that stops by
        # itself is missed by nobody. Saying "monitoring" ends them.
        for kind, after in settings.incident.escalate.items():
            if kind == "cto" and facts.severity is Severity.P0 and settings.incident.cto_in_outage:
                after = min(after, settings.incident.cto_in_outage)
            steps.setdefault((after, kind), [])
        for contact in settings.contacts:
            step = next(((after, kind) for after, kind in steps if kind == contact.kind), None)
            if contact.after_minutes:
                steps.setdefault((contact.after_minutes, f"{contact.kind}/{contact.name}"), []).append(contact)
            elif step is not None:
                steps[step].append(contact)
    settled = _settled_steps(facts)
    for (after, kind), contacts in steps.items():
        if kind in settled:
            continue
        timer = _call(
            f"ladder:{kind}:{after:g}:{facts.turn}", kind, contacts, facts, timedelta(minutes=after), settings
        )
        if timer is not None:
            yield timer
    security = [contact for contact in settings.contacts if contact.kind == "security"]
    each = {f"security/{contact.name}" for contact in security}
    if restricted is not None and "security" not in settled and not (each and each <= settled):
        since = max(timedelta(), min(restricted.since - facts.began, _LONG_AGO))
        timer = _call(f"ladder:security:breach:{facts.turn}", "security", security, facts, since, settings)
        if timer is not None:
            yield timer


def _settled_steps(facts: Facts) -> set[str]:
    """The steps that somebody called not needed in this turn: no other time and no breach wakes them again."""
    named = [id.split(":", 1)[1].rsplit(":", 2) for id in facts.cancelled if id.startswith("ladder:")]
    return {parts[0] for parts in named if len(parts) == 3 and parts[2] == str(facts.turn)}


def _call(
    id: str, kind: str, contacts: list[Contact], facts: Facts, after: timedelta, settings: Settings
) -> Timer | None:
    """The step that calls them, None once one of them was reached, or when there is nobody to call on it."""
    kind = kind.partition("/")[0]
    whole_kind = [contact for contact in settings.contacts if contact.kind == kind]
    if any(contact.name in facts.called for contact in (contacts or whole_kind)):
        return None
    if kind == "on-call" and (facts.acted or not contacts):
        return None  # somebody is at work
    if not contacts and whole_kind:
        return None  # each of them has a time of its own
    who = " or ".join(f"{one.name}{f' {one.phone}' if one.phone else ''}" for one in contacts)
    words = f"call the {_NAMES.get(kind, kind)}: {who or 'no contact in the settings'}"
    return Timer(id, "ladder", f"CALL {kind.upper()}", words, facts.began + after)


_NAMES = {
    "lead": "team lead",
    "manager": "engineering manager",
    "cto": "CTO",
    "dba": "database administrator",
    "security": "security team",
}


def _kind(word: str) -> TimerKind:
    known: tuple[TimerKind, ...] = (
        "update", "ladder", "commander", "severity", "window", "review", "promise", "custom",
    )  # fmt: skip
    return next((kind for kind in known if kind == word), "custom")
