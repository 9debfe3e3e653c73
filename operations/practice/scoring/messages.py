"""Messages, 20 points: the first notice in time, the cadence kept, impact and next update named, the end told.

Seconds are real ones: writing takes the time it takes. The cadence is the one that the drill's settings have.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from operations.incident.clock_facts import TELLS_USERS, first_alarm
from operations.incident.model import Severity
from operations.incident.sent_messages import Message
from operations.incident.timers import RESOLVED_NOTICE, first_notice_due
from operations.practice.scoring.played import Deduction, Played

FIRST, CADENCE, SAYS, OVER = 8.0, 4.0, 4.0, 4.0
MOST = FIRST + CADENCE + SAYS + OVER
GRACE = timedelta(seconds=60)
"""A message this much after it was due is in time: a person has to type it."""
LATE_UPDATE = 2.0


def taken(played: Played) -> Iterator[Deduction]:
    """What is taken."""
    if not played.notices:
        sent = ", though the end was told" if played.messages else ""
        earns = "a first notice by the time the clock shows (U), updates when due and the end of it earn them"
        yield Deduction("", MOST, f"users were not told that it is broken{sent}; {earns}")
        return
    yield from _first(played, played.notices[0])
    yield from _cadence(played)
    yield from _says(played)
    yield from _over(played)


def _first(played: Played, first: Message) -> Iterator[Deduction]:
    """Within the minutes that the incident's clock gives from the alarm; none of them before it could be seen here."""
    opened = played.opened
    began = opened.at if opened is not None else played.began_at
    alarm = first_alarm(began, (event.at for event in played.events if event.kind == "alarm.opened"))
    since = "the alarm" if alarm or opened is None else "the opening"
    if alarm is not None and alarm < played.began_at:
        # What passed before anybody sat here is nobody's delay.
        alarm, since = played.began_at, "it could be seen"
    severity = Severity(_severity(played, _sent(first)))
    wanted = first_notice_due(alarm or began, severity, played.first_notice, played.cadence)
    if wanted is None:
        return
    due, within = wanted
    late = min(1.0, max(0.0, (_sent(first) - due) / (3 * within)))
    if late > 0:
        seconds = (_sent(first) - due + within).total_seconds()
        words = f"the first notice went out {seconds:.0f} s after {since}; within {within.total_seconds():.0f} s"
        words += f" ({severity.value}) it has all {FIRST:g}"
        yield Deduction(first.event, FIRST * late, words)


def _cadence(played: Played) -> Iterator[Deduction]:
    """Each update by the time that was promised, without a promise by the cadence; until it was called resolved."""
    end = played.resolved.at if played.resolved else played.ended_at
    left = CADENCE
    # A word about planned work is no news of what is broken.
    told = [one for one in played.messages if one.kind in TELLS_USERS and _sent(one) <= end]
    for number, one in enumerate(told):
        due = _due(played, one)
        after = told[number + 1] if number + 1 < len(told) else None
        if due is None or left <= 0 or min(_sent(after) if after else end, end) <= due + GRACE:
            continue
        left -= LATE_UPDATE
        how = f"came {_minutes(_sent(after) - due)} late" if after else "never came"
        words = f"the update due at {due:%H:%M:%SZ} {how}; each one by the time that was promised keeps them"
        yield Deduction(after.event if after else "", LATE_UPDATE, words)


def _due(played: Played, one: Message) -> datetime | None:
    """When the message after this one is due; a promise moves it by another cadence at most. None: no more is due."""
    minutes = played.cadence.get(_severity(played, _sent(one)), 0.0)
    if one.kind == "resolved" or not minutes:
        return None
    usual, latest = (_sent(one) + timedelta(minutes=minutes * times) for times in (1, 2))
    return min(one.promised, latest) if one.promised is not None else usual


def _severity(played: Played, at: datetime) -> str:
    said = [
        str(event.data.get("severity"))
        for event in played.events
        if event.kind in ("incident.opened", "incident.severity") and event.at <= at
    ]
    return said[-1] if said and said[-1] in set(Severity) else "P0"


def _says(played: Played) -> Iterator[Deduction]:
    first = played.notices[0]
    if not _names_impact(played, first):
        words = "the first notice does not name the impact; its blank filled earns them, and every later message has it"
        yield Deduction(first.event, SAYS / 2, words)
    silent = next((one for one in played.notices if one.promised is None and one.kind != "correction"), None)
    if silent is not None:
        words = f"the {silent.kind} notice does not say when the next one comes; the time in its text earns them"
        yield Deduction(silent.event, SAYS / 2, words)


def _names_impact(played: Played, message: Message) -> bool:
    """Whether what was said of the impact stands in the message."""
    said = [
        _plain(str(event.data.get("value") or ""))
        for event in played.events
        if event.kind == "incident.told" and event.data.get("field") == "impact" and event.at <= _sent(message)
    ]
    return any(words and words in _plain(text) for words in said for text in message.texts.values())


def _over(played: Played) -> Iterator[Deduction]:
    over = next((one for one in played.messages if one.kind == "resolved"), None)
    within = f"{RESOLVED_NOTICE.total_seconds() / 60:.0f} minutes"
    if over is None:
        words = f"users were not told that it is over; the resolved notice within {within} of it earns them"
        yield Deduction("", OVER, words)
    elif played.mended_at is None or not played.recovered or _sent(over) < played.mended_at:
        words = "users were told that it is over before it was; the resolved notice after a passed smoke run earns them"
        yield Deduction(over.event, OVER, words)
    elif played.resolved is not None and _sent(over) > played.resolved.at + RESOLVED_NOTICE:
        late = _minutes(_sent(over) - played.resolved.at)
        words = f"the resolved notice went out {late} after it was over; within {within} it has all {OVER:g}"
        yield Deduction(over.event, OVER / 2, words)


def _sent(message: Message) -> datetime:
    assert message.sent_at is not None, "drafts are left out before"
    return message.sent_at


def _minutes(span: timedelta) -> str:
    seconds = span.total_seconds()
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
