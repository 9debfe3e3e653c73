"""The clock of an incident: what is due, what is next, what has to be said now. Pure: events, settings and a time in.

Every reminder is said once and never late silently: what fell due while nothing ran is said as soon as something runs.
A saying is an event whose key names the timer and how often it was said, so that two consoles say it once. Due times
are read off the wall clock; when that is set forward, what falls due by it is said, and when it is set back, spans
count from the moment this was noticed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from operations.ages import age_words, clock_words, seconds_between, time_words
from operations.incident.clock_facts import Facts, Said, facts_of
from operations.incident.model import Incident
from operations.incident.order import ahead_of
from operations.incident.timers import MOST, Timer, TimerKind, timers_of, window_of
from operations.settings import Settings

LATE = timedelta(minutes=1)
"""Said later than this after it fell due, the reminder says since when."""
_FIRST_OF_ALL = ("update", "promise")
_ARE_DUE = ("update", "promise", "review", "custom")
"""What is due is a deed; of the others the words say how it stands."""


@dataclass(frozen=True, slots=True)
class Due:
    """One thing that is due at `due_at` (UTC), or was. `label` is its name in the header; `said` how often it was said.

    `say_at` is when it is to be said next, None when it was said often enough.
    """

    timer: str
    kind: TimerKind
    words: str
    due_at: datetime
    overdue: bool
    label: str = "REMINDER"
    said: int = 0
    say_at: datetime | None = None
    snoozed: bool = False


@dataclass(frozen=True, slots=True)
class Clock:
    """`due`: everything that is or will be due, soonest first; `next`: what the header shows; `window` in words."""

    next: Due | None
    due: tuple[Due, ...]
    window: str = ""

    @property
    def overdue(self) -> tuple[Due, ...]:
        """What should have happened by now."""
        return tuple(one for one in self.due if one.overdue)


def clock_of(incident: Incident, settings: Settings, now: datetime) -> Clock:
    """The clock as it stands at `now` (aware, any zone)."""
    now = now.astimezone(UTC)
    facts = facts_of(incident).by(now)
    found = sorted(_standing(incident, facts, settings, now), key=lambda one: (one.due_at, one.timer))
    return Clock(_next(found), tuple(found), window_of(facts, now))


def unsaid(incident: Incident, settings: Settings, now: datetime) -> tuple[Due, ...]:
    """What has to be said now, what has waited longest first: due since the last look, or while nothing ran."""
    now = now.astimezone(UTC)
    waiting = [one for one in clock_of(incident, settings, now).due if one.say_at is not None and one.say_at <= now]
    ahead = ahead_of(incident, now)
    if ahead is not None:
        timer = f"clock:{ahead.id}"
        if timer not in facts_of(incident).said:
            back = age_words(seconds_between(now, ahead.recorded_at))
            words = f"the clock of this machine went back {back}; what is due is counted on from now"
            waiting.insert(0, Due(timer, "custom", words, now, True, "CLOCK", 0, now))
    return tuple(waiting)


def header_words(clock: Clock, now: datetime, *, count: bool = True) -> str:
    """What the header says: `UPDATE DUE 9m53s`; `UPDATE OVERDUE 2m +1` where one more is overdue (with `count`)."""
    one = clock.next
    if one is None:
        return ""
    more = sum(_stands(other) for other in clock.due if other.timer != one.timer) if count and _stands(one) else 0
    return f"{one.label} {due_words(one, now)}{f' +{more}' if more else ''}"


def due_words(due: Due, now: datetime) -> str:
    """`DUE 9m53s`, or `OVERDUE 2m`."""
    left = seconds_between(now.astimezone(UTC), due.due_at)
    if left > 0:
        return f"DUE {clock_words(left) if left < 86_400 else age_words(left)}"
    return f"OVERDUE {clock_words(-left) if left > -60 else age_words(-left)}"


def say_words(due: Due, now: datetime) -> str:
    """The reminder as it is said; one that comes late says when it fell due."""
    if due.timer.startswith("clock:"):
        return due.words
    now = now.astimezone(UTC)
    late = now - due.due_at
    since = f"{time_words(due.due_at, now)}, {age_words(late.total_seconds())} ago"
    if due.kind == "box":
        return f"time is up: {due.words}" if late < LATE else f"time is up since {since}: {due.words}"
    if due.kind in _ARE_DUE:
        return f"{due.words}: due now" if late < LATE else f"{due.words}: was due {since}"
    return due.words if late < LATE else f"{due.words} (since {since})"


def said_key(due: Due) -> str:
    """The key of the event that says it: the same for everybody who is about to say this."""
    return f"said:{due.timer}:{due.said + 1}"


def _standing(incident: Incident, facts: Facts, settings: Settings, now: datetime) -> Iterable[Due]:
    timers = [timer for timer in timers_of(incident, facts, settings) if timer.id not in facts.cancelled]
    begun = [timer for timer in timers if timer.passing and timer.due_at <= now]
    newest = max(begun, key=lambda timer: timer.due_at, default=None)
    for timer in timers:
        said = facts.said.get(timer.id, Said())
        if timer.passing and (said.times or (timer in begun and timer is not newest)):
            continue
        yield _due(timer, said, now)


def _due(timer: Timer, said: Said, now: datetime) -> Due:
    due_at, snoozed = timer.due_at, False
    if said.snoozed_until is not None and said.snoozed_until > due_at:
        due_at, snoozed = said.snoozed_until, said.snoozed_until > now
    say_at: datetime | None = due_at
    if said.snoozed_until is None and said.last is not None:
        # Counted from the last saying: an hour in which nobody was there does not become ten reminders at once.
        again = said.times < MOST and timer.again is not None
        say_at = max(due_at, said.last + timer.again) if again and timer.again else None
    return Due(timer.id, timer.kind, timer.words, due_at, due_at <= now, timer.label, said.times, say_at, snoozed)


def _stands(one: Due) -> bool:
    """True for what is overdue until somebody acts. A window only begins, and a time box that was said only offers."""
    return one.overdue and one.kind != "window" and not (one.kind == "box" and one.said)


def _next(due: list[Due]) -> Due | None:
    """What is overdue first, whether it was said or not: users, then the oldest. Then what is coming."""

    def rank(one: Due) -> tuple[int, datetime, bool]:
        users = one.kind in _FIRST_OF_ALL
        if _stands(one):
            return (0 if users else 1), one.due_at, not users
        return (4 if one.kind == "window" else 3 if one.overdue else 2), one.due_at, not users

    return min(due, key=rank, default=None)
