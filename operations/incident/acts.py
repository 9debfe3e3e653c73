"""What a person does to an incident: open it, note, change severity or state. Each is one event in the journal.

The console and the command line call these same functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from operations.engine.events import Event, EventBook
from operations.errors import JournalUnavailable, VigieError
from operations.incident.book import IncidentBook
from operations.incident.heads import TITLE_MOST
from operations.incident.model import Incident, IncidentState, Severity
from operations.incident.naming import new_incident_id
from operations.incident.opening import alone
from operations.incident.order import turn_key
from operations.text import clean, one_line


def open_incident(
    journal: EventBook,
    book: IncidentBook,
    *,
    site: str,
    environment: str,
    severity: Severity | None,
    title: str,
    now: datetime,
    another: bool = False,
    restricted: str = "",
    drill: bool = False,
) -> str:
    """Open an incident and return its id; `severity` None: nobody has said it, so it counts as P0 until somebody does.

    `another`: beside one that is open; `restricted`: why only few may know; `drill`: nothing of it is real, which its
    report says. Raises VigieError when one is already open for that environment.
    """
    data: dict[str, object] = {
        "site": site,
        "environment": environment,
        "severity": (severity or Severity.P0).value,
        "title": one_line(title, TITLE_MOST) or "no title",
    }
    if severity is None:
        data["assumed"] = True
    if why := one_line(restricted, 300):
        data |= {"restricted": True, "why": why}
    if drill:
        data["drill"] = True
    with alone(book.path):
        with suppress(JournalUnavailable):  # what cannot be read keeps nobody from opening one
            book.refresh()
        if not another:
            _refuse_second(book, environment)
        id = new_incident_id(now, book.ids())
        journal.append("incident.opened", data, incident=id)
    return id


def _refuse_second(book: IncidentBook, environment: str) -> None:
    already = book.open_for(environment)
    if already is not None:
        raise VigieError(
            f"Incident {already.id} is already open for {environment}.",
            next_step=f"See: vigie incident show {already.id}. For one more beside it: --another",
        )


NOTE_MOST = 500
"""Characters of a note that are kept."""


def add_note(journal: EventBook, incident: Incident, text: str, at: datetime | None = None) -> str:
    """Put a note on the timeline; `at` (UTC) when it is about an earlier moment. Empty notes are refused.

    What is left out of one that is too long is said in the words that are returned; else they are empty.
    """
    words = one_line(" ".join(clean(text, limit=4 * NOTE_MOST).split()), NOTE_MOST)
    if not words:
        raise VigieError("An empty note is not kept.")
    journal.append("incident.note", {"text": words}, incident=incident.id, at=at)
    return left_out(text, words)


def left_out(text: str, kept: str) -> str:
    """That the end of a text is not kept, in words; empty where all of it is."""
    whole = len(" ".join(text.split()))
    return f"too long: of {whole} characters {len(kept)} are kept" if kept.endswith("…") and whole > len(kept) else ""


def set_severity(journal: EventBook, incident: Incident, severity: Severity) -> None:
    """Change how bad it is. The same severity again confirms one that nobody has said yet; else it is no event."""
    if severity is not incident.severity or severity_is_assumed(incident):
        key = turn_key(incident, "incident.severity", severity.value, journal.actor)
        data = {"before": incident.severity.value, "severity": severity.value, "key": key}
        journal.append("incident.severity", data, incident=incident.id)


def set_title(journal: EventBook, incident: Incident, title: str) -> str:
    """Call it so from now on, in lists, brief and report. The same title again is no event; an empty one refused.

    What is left out of one that is too long is said in the words that are returned; else they are empty.
    """
    words = one_line(" ".join(clean(title, limit=4 * TITLE_MOST).split()), TITLE_MOST)
    if not words:
        raise VigieError("A title needs a word.")
    if words != incident.title:
        key = turn_key(incident, "incident.title", words, journal.actor)
        data = {"before": incident.title, "title": words, "key": key}
        journal.append("incident.title", data, incident=incident.id)
    return left_out(title, words)


def severity_is_assumed(incident: Incident) -> bool:
    """True while nobody has said how bad it is."""
    opened = next((event for event in incident.events if event.kind == "incident.opened"), None)
    said = any(event.kind == "incident.severity" for event in incident.events)
    return opened is not None and opened.data.get("assumed") is True and not said


def set_state(
    journal: EventBook,
    incident: Incident,
    state: IncidentState,
    *,
    still_open: Sequence[str] = (),
    why: str = "",
) -> None:
    """Move an incident on. Past what is `still_open` (`jobs.still_open`) it is *resolved* with a reason only."""
    words = one_line(why, 300)
    if state is IncidentState.RESOLVED and still_open and not words:
        raise VigieError(
            f"It is not over: {'; '.join(still_open)}.",
            next_step="See to that first, or say with --why why it is over all the same.",
        )
    if state is not incident.state and not moved_meanwhile(journal, incident, state):
        key = turn_key(incident, "incident.state", state.value, journal.actor)
        journal.append("incident.state", {"state": state.value, "why": words, "key": key}, incident=incident.id)


def moved_meanwhile(journal: EventBook, incident: Incident, wanted: IncidentState) -> bool:
    """True where somebody else has just moved the incident to `wanted`, as others know it and this console not yet.

    Raises VigieError where it was moved elsewhere: what was chosen looking at the old state may not be meant any more,
    and an incident that is over would go on without a reason.
    """
    told: list[Event] = []
    with suppress(JournalUnavailable):  # what cannot be read keeps nobody from going on
        told = [event for _, event in journal.events(kinds=("incident.state",), incident=incident.id)]
    known = {event.id for event in incident.events}
    news = [one for one in told if one.id not in known and str(one.data.get("key", "")) not in incident.observed]
    if not news:
        return False
    state, who = one_line(str(news[-1].data.get("state")), 40), one_line(news[-1].actor, 40)
    if state == wanted.value:
        return True
    raise VigieError(f"Incident {incident.id} was moved meanwhile: {who} said {state}.", next_step="Look, then choose.")


def reopen(journal: EventBook, book: IncidentBook, incident: Incident, why: str, *, another: bool = False) -> None:
    """Go on with an incident that was resolved or closed. Raises VigieError without a reason, or beside an open one."""
    words = one_line(why, 300)
    if not words:
        raise VigieError(f"Incident {incident.id} is {incident.state.value}.", next_step="Say with --why it goes on.")
    if not another:
        _refuse_second(book, incident.environment)
    data = {"state": IncidentState.INVESTIGATING.value, "why": words, "reopened": True}
    journal.append("incident.state", data, incident=incident.id)
