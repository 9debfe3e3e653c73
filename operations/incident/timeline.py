"""The timeline of an incident as it is read: pinned and corrected lines, late ones with both times, filter and search.

A correction and a pin are events of their own; what was written first stays readable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from operations.engine.events import EventBook
from operations.errors import VigieError
from operations.incident.model import Entry, Incident
from operations.incident.order import as_it_happened, folded
from operations.incident.telling import LINE, text_of
from operations.text import one_line

GROUPS: Mapping[str, tuple[str, ...]] = {
    "act": ("job.created", "job.finished", "job.closed"),
    "alarm": ("alarm.",),
    "change": ("change.",),
    "clock": ("timer.",),
    "help": ("help.",),
    "job": ("job.", "step.", "debris."),
    "message": ("message.",),
    "note": ("incident.note", "walk.noted"),
    "people": ("role.", "help."),
    "restrict": ("incident.restricted",),
    "state": ("incident.opened", "incident.state", "incident.severity", "incident.title", "incident.restricted"),
    "task": ("task.",),
    "walk": ("walk.",),
    "watch": ("probe.", "alarm.", "change."),
}
"""What a person may ask for as `kind:`, beside the beginning of an event's own kind."""
_HANDLE = 8


@dataclass(frozen=True, slots=True)
class Correction:
    """What somebody wrote over a line: when, who, and the words that count from then on."""

    at: datetime
    who: str
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it counts now. `entry` is what was written first, `corrections` what came over it, oldest first."""

    entry: Entry
    pinned: bool = False
    corrections: tuple[Correction, ...] = ()

    @property
    def text(self) -> str:
        """The words that count: the last correction's, else the first ones."""
        return self.corrections[-1].text if self.corrections else one_line(self.entry.text, LINE)

    @property
    def before(self) -> tuple[str, ...]:
        """The words that do not count any more, oldest first."""
        if not self.corrections:
            return ()
        return (one_line(self.entry.text, LINE), *(one.text for one in self.corrections[:-1]))

    @property
    def handle(self) -> str:
        """A short name to pin and correct it by: the last characters of its event's id."""
        return self.entry.event[-_HANDLE:]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines are asked for: any of the kinds, any of the people, all of the words."""

    kinds: tuple[str, ...] = ()
    who: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    pinned: bool = False


@folded
def timeline_of(incident: Incident) -> tuple[Line, ...]:
    """Every line of the timeline by when it happened, with its pin and its corrections."""
    pins: dict[str, bool] = {}
    corrections: dict[str, list[Correction]] = {}
    for event in as_it_happened(incident.events):
        about = text_of(event.data, "event")
        if event.kind == "entry.pinned" and about:
            pins[about] = event.data.get("pinned") is not False
        elif event.kind == "entry.corrected" and about and (words := text_of(event.data, "text")):
            corrections.setdefault(about, []).append(Correction(event.at, event.actor, words))
    return tuple(
        Line(entry, pins.get(entry.event, False), tuple(corrections.get(entry.event, ()))) for entry in incident.entries
    )


def parse_wanted(text: str) -> Wanted:
    """What a filter asks for: `kind:walk who:ana zone` is what ana did in walks that says "zone".

    Kinds are the names in `GROUPS` or the beginning of an event's kind; words without a colon of ours are searched.
    """
    wanted = Wanted()
    for word in text.split():
        name, colon, value = word.partition(":")
        if colon and value and name == "kind":
            wanted = replace(wanted, kinds=(*wanted.kinds, value.lower()))
        elif colon and value and name == "who":
            wanted = replace(wanted, who=(*wanted.who, value.lower()))
        elif word == "pinned:":
            wanted = replace(wanted, pinned=True)
        else:
            wanted = replace(wanted, words=(*wanted.words, word))
    return wanted


def chosen(lines: tuple[Line, ...], wanted: Wanted) -> tuple[Line, ...]:
    """The lines that are asked for, in their order."""
    return tuple(line for line in lines if _fits(line, wanted))


def _fits(line: Line, wanted: Wanted) -> bool:
    if wanted.pinned and not line.pinned:
        return False
    if wanted.who and line.entry.who.lower() not in wanted.who:
        return False
    starts = tuple(start for kind in wanted.kinds for start in GROUPS.get(kind, (kind,)))
    if starts and not line.entry.kind.startswith(starts):
        return False
    said = " ".join((line.text, *line.before, line.entry.who)).casefold()
    return all(word.casefold() in said for word in wanted.words)


def line_words(line: Line, day: date, *, pin: str = "*") -> tuple[str, ...]:
    """The line as plain text and, below it, what it said before. `day` is the incident's: another one is named."""
    entry = line.entry
    late = f" (noted {moment_words(entry.recorded_at, entry.at.date())})" if entry.late else ""
    mark = pin if line.pinned else " "
    rows = [f"{mark} {moment_words(entry.at, day)}  {one_line(entry.who, 40):<10} {line.text}{late}"]
    rows += [f"      said before: {words}" for words in line.before]
    if line.corrections:
        last = line.corrections[-1]
        rows[0] += f" (corrected {moment_words(last.at, entry.at.date())} by {one_line(last.who, 40)})"
    return tuple(rows)


def moment_words(at: datetime, day: date) -> str:
    """A moment in UTC to the second, with its date where that is another one than `day`."""
    return f"{at:%H:%M:%SZ}" if at.date() == day else f"{at:%Y-%m-%d %H:%M:%SZ}"


def pin(journal: EventBook, incident: Incident, handle: str, *, pinned: bool = True) -> Line:
    """Pin a line, or take the pin away; the line it was. Raises VigieError for a handle that names none, or several."""
    line = _named(incident, handle)
    if line.pinned is not pinned:
        journal.append("entry.pinned", {"event": line.entry.event, "pinned": pinned}, incident=incident.id)
    return line


def correct(journal: EventBook, incident: Incident, handle: str, text: str) -> Line:
    """Write other words over a line; the line it was. Raises VigieError for no words, and as `pin` does."""
    words = one_line(text, 500)
    if not words:
        raise VigieError("A correction without words is not kept.", next_step="Say what it should read instead.")
    line = _named(incident, handle)
    if words != line.text:
        journal.append("entry.corrected", {"event": line.entry.event, "text": words}, incident=incident.id)
    return line


def _named(incident: Incident, handle: str) -> Line:
    found = [line for line in timeline_of(incident) if handle and line.entry.event.endswith(handle)]
    if len(found) != 1:
        how = "None" if not found else f"{len(found)}"
        raise VigieError(
            f"{how} of the timeline's lines goes by {one_line(handle, 40) or 'no name'}.",
            next_step=f"vigie incident show {incident.id} --handles names each of them.",
        )
    return found[0]
