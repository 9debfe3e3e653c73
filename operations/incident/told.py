"""What people said about the incident (impact, cause, …), and whether it is restricted. The last word counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from operations.engine.events import EventBook
from operations.errors import VigieError
from operations.incident.model import Incident
from operations.incident.order import folded, in_order, turn_key
from operations.text import one_line

FIELDS: Mapping[str, str] = {
    "service": "what users know it as",
    "impact": "who cannot do what",
    "workaround": "another way for users",
    "data_loss": "yes, no or not yet known",
    "cause": "what made it happen",
    "detection": "how it was noticed",
    "summary": "the whole in two sentences",
    "went_well": "what helped",
    "went_badly": "what did not",
    "lucky": "where we were lucky",
}
"""What can be told, and what is meant by it."""
DATA_LOSS = ("yes", "no", "not yet known")
LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Told:
    """One field: its text, and who said so when. An empty text takes back what was said."""

    field: str
    text: str
    who: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Restriction:
    """A restricted incident: why, by whom, since when. Webhooks stay off, and details out of messages."""

    why: str
    who: str
    since: datetime


@folded
def told_of(incident: Incident) -> Mapping[str, Told]:
    """The fields that were told, in the order of `FIELDS`."""
    found: dict[str, Told] = {}
    for one in in_order(incident):
        event = one.event
        name = str(event.data.get("field"))
        if event.kind == "incident.told" and name in FIELDS:
            found[name] = Told(name, str(event.data.get("value") or ""), event.actor, event.at)
    return {name: found[name] for name in FIELDS if name in found and found[name].text}


@folded
def restriction_of(incident: Incident) -> Restriction | None:
    """The restriction that holds, None when everybody may know."""
    holds: Restriction | None = None
    for one in in_order(incident):
        event = one.event
        if event.kind in ("incident.opened", "incident.restricted") and "restricted" in event.data:
            why = str(event.data.get("why") or "")
            holds = Restriction(why, event.actor, event.at) if event.data["restricted"] else None
    return holds


def tell(journal: EventBook, incident: Incident, name: str, text: str) -> None:
    """Say something about the incident; empty takes it back. Raises VigieError for a field there is not."""
    if name not in FIELDS:
        raise VigieError(f"There is no field {one_line(name, 40) or 'without a name'}.", next_step=_names())
    value = "\n".join(one_line(part, LONGEST) for part in text.splitlines() if part.strip())[:LONGEST]
    if name == "data_loss":
        value = value.lower()
        if value and value not in DATA_LOSS:
            raise VigieError(f"Data loss is one of: {', '.join(DATA_LOSS)}.")
    known = told_of(incident).get(name)
    if value != (known.text if known else ""):
        journal.append("incident.told", {"field": name, "value": value}, incident=incident.id)


def restrict(journal: EventBook, incident: Incident, restricted: bool, why: str) -> None:
    """Restrict the incident to those who work on it, or open it to all. Raises VigieError without a reason."""
    words = one_line(why, 300)
    if not words:
        raise VigieError("A reason is missing.", next_step="Say it with --why.")
    if (restriction_of(incident) is not None) != restricted:
        key = turn_key(incident, "incident.restricted", str(restricted), journal.actor)
        data = {"restricted": restricted, "why": words, "key": key}
        journal.append("incident.restricted", data, incident=incident.id)


def _names() -> str:
    return f"There is: {', '.join(FIELDS)}."
