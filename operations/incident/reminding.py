"""Says what is due, once among all consoles, and lets a person put a timer off, set one, or say it is not needed."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from operations.engine.events import Event, EventBook, utc_text
from operations.errors import VigieError
from operations.incident.clock import Clock, Due, clock_of, said_key, say_words, unsaid
from operations.incident.model import Incident
from operations.settings import Settings
from operations.text import one_line

LONGEST = timedelta(days=7)
"""Nothing is put off longer: by then it would be forgotten."""


def remind(journal: EventBook, incident: Incident, settings: Settings, now: datetime) -> tuple[str, ...]:
    """Write down what has to be said now and return it, in words; what another console said first is left out.

    To be called at the start and every few seconds. Raises JournalUnavailable: then it is said by nobody, and comes
    again.
    """
    waiting, found = unsaid(incident, settings, now), []
    if waiting and waiting[0].label == "CLOCK":
        # That the clock went back moves what is due: what is so by that is said in the same breath.
        event, says = _say(journal, incident, waiting[0], now)
        found.append(says)
        incident = replace(incident, events=(*incident.events, event))
        waiting = unsaid(incident, settings, now)
    found += [_say(journal, incident, due, now)[1] for due in waiting]
    return tuple(says for says in found if says)


def _say(journal: EventBook, incident: Incident, due: Due, now: datetime) -> tuple[Event, str]:
    """Write it down; its words, which are empty where another console said it first."""
    says, key = say_words(due, now), said_key(due)
    data = {"timer": due.timer, "words": due.words, "says": says, "due": utc_text(due.due_at), "key": key}
    written = journal.append("timer.said", data, incident=incident.id)
    return written, says if _first_with(journal, incident, key) == written.id else ""


def snooze(
    journal: EventBook, incident: Incident, settings: Settings, name: str, until: datetime, why: str, now: datetime
) -> Due:
    """Put a timer off until then; who did it and why is on the timeline. Raises VigieError."""
    due, words = timer_named(clock_of(incident, settings, now), name), _reason(why)
    if not timedelta() < until.astimezone(UTC) - now.astimezone(UTC) <= LONGEST:
        raise VigieError("It can be put off for a week at most, and not into the past.")
    data = {"timer": due.timer, "until": utc_text(until), "why": words, "words": due.words}
    journal.append("timer.snoozed", data, incident=incident.id)
    return due


def cancel(journal: EventBook, incident: Incident, settings: Settings, name: str, why: str, now: datetime) -> Due:
    """Say that a timer is not needed, and why. Raises VigieError."""
    due, words = timer_named(clock_of(incident, settings, now), name), _reason(why)
    journal.append("timer.cancelled", {"timer": due.timer, "why": words, "words": due.words}, incident=incident.id)
    return due


def arm(
    journal: EventBook,
    incident: Incident,
    words: str,
    due: datetime,
    new_id: Callable[[], str] = lambda: secrets.token_hex(3),
) -> str:
    """Set a reminder of one's own; returns its id. Raises VigieError."""
    text = one_line(words, 200)
    if not text:
        raise VigieError("A reminder needs words.")
    timer = f"custom:{new_id()}"
    data = {"timer": timer, "kind": "custom", "words": text, "due": utc_text(due)}
    journal.append("timer.armed", data, incident=incident.id)
    return timer


def timer_named(clock: Clock, name: str) -> Due:
    """The timer with that id, else the only one whose id or kind begins so. Raises VigieError."""
    exact = [one for one in clock.due if one.timer == name]
    near = [one for one in clock.due if name and (one.timer.startswith(name) or one.kind.startswith(name))]
    fits = exact or near
    if len(fits) != 1:
        what = f"fits {len(fits)} timers" if fits else "is no timer of this incident"
        there = ", ".join(one.timer for one in fits or clock.due) or "none"
        raise VigieError(f"{one_line(name, 60) or 'Nothing'} {what}.", next_step=f"There is: {there}.")
    return fits[0]


def _first_with(journal: EventBook, incident: Incident, key: str) -> str:
    """Id of the first saying with that key: of two consoles that wrote it at once, one said it."""
    rows = journal.events(incident=incident.id, kinds=("timer.said",))
    return next((event.id for _, event in rows if event.data.get("key") == key), "")


def _reason(why: str) -> str:
    words = one_line(why, 300)
    if not words:
        raise VigieError("A reason is missing.", next_step="Say it with --why.")
    return words
