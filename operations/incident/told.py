"""What people said about the incident (impact, cause, …), and whether it is restricted. The last word counts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from operations.engine.events import Event, EventBook
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
IN_LANGUAGES = frozenset({"service", "impact", "workaround"})
"""What messages quote: it can be said in one language alone. Everything else stands in the report, in one language."""
DATA_LOSS = ("yes", "no", "not yet known")
LONGEST = 2000
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?")


@dataclass(frozen=True, slots=True)
class Told:
    """One field: its text, and who said so when; in one `language` alone, or for all of them (empty)."""

    field: str
    text: str
    who: str
    at: datetime
    language: str = ""


@dataclass(frozen=True, slots=True)
class Restriction:
    """A restricted incident: why, by whom, since when. Webhooks stay off, and details out of messages; `notices`: the
    channel of deploys and rollbacks was named, and is told all the same."""

    why: str
    who: str
    since: datetime
    notices: bool = False


@folded
def told_of(incident: Incident) -> Mapping[str, Told]:
    """The fields that were told, in the order of `FIELDS`; of several languages English, which the report is in."""
    return {name: main_of(told) for name, told in said_of(incident).items()}


@folded
def said_of(incident: Incident) -> Mapping[str, Mapping[str, Told]]:
    """The fields that were told, in the order of `FIELDS`, by language; the empty one counts for all that have none."""
    return said_in(one.event for one in in_order(incident))


def said_in(events: Iterable[Event]) -> dict[str, dict[str, Told]]:
    """What these events tell, in their order, by field and language. What is said without a language replaces all that
    stood there; an empty text takes back what was said."""
    found: dict[str, dict[str, Told]] = {}
    for event in events:
        name = str(event.data.get("field"))
        if event.kind != "incident.told" or name not in FIELDS:
            continue
        language, value = str(event.data.get("lang") or ""), event.data.get("value")
        text = value if isinstance(value, str) else ""
        told = found.setdefault(name, {})
        if not language:
            told.clear()
        if text:
            told[language] = Told(name, text, event.actor, event.at, language)
        else:
            told.pop(language, None)
    return {name: found[name] for name in FIELDS if found.get(name)}


def main_of(told: Mapping[str, Told]) -> Told:
    """Of one field in several languages the one that a reader of English wants."""
    return told.get("en") or told.get("") or next(iter(told.values()))


@folded
def restriction_of(incident: Incident) -> Restriction | None:
    """The restriction that holds, None when everybody may know."""
    holds: Restriction | None = None
    for one in in_order(incident):
        event = one.event
        if event.kind in ("incident.opened", "incident.restricted") and "restricted" in event.data:
            why = str(event.data.get("why") or "")
            named = event.data.get("notices") is True
            holds = Restriction(why, event.actor, event.at, named) if event.data["restricted"] else None
    return holds


def tell(journal: EventBook, incident: Incident, name: str, text: str, language: str = "") -> str:
    """Say something about the incident, in one language or for all; empty takes it back. That its end was left out is
    said in the words that are returned; else they are empty.

    Raises VigieError for a field there is not, and for a language where the field has none.
    """
    if name not in FIELDS:
        raise VigieError(f"There is no field {one_line(name, 40) or 'without a name'}.", next_step=_names())
    if language and name not in IN_LANGUAGES:
        raise VigieError(
            f"{name} is said once, not by language.", next_step=f"By language: {', '.join(sorted(IN_LANGUAGES))}."
        )
    if language and not _LANGUAGE.fullmatch(language):
        raise VigieError(f"{one_line(language, 20)!r} is no language.", next_step="As in: en, fr.")
    value = "\n".join(one_line(part, LONGEST) for part in text.splitlines() if part.strip())[:LONGEST]
    if name == "data_loss":
        value = value.lower()
        if value and value not in DATA_LOSS:
            raise VigieError(f"Data loss is one of: {', '.join(DATA_LOSS)}.")
    told = said_of(incident).get(name, {})
    known = told[language].text if language in told else ""
    if value != known or (not language and set(told) - {""}):
        data = {"field": name, "value": value, **({"lang": language} if language else {})}
        journal.append("incident.told", data, incident=incident.id)
    whole = len(text.strip())
    return f"too long: of {whole} characters {len(value)} are kept" if len(value) >= LONGEST and whole > LONGEST else ""


def restrict(
    journal: EventBook, incident: Incident, restricted: bool, why: str, *, notices: bool | None = None
) -> None:
    """Restrict the incident to those who work on it, or open it to all. Raises VigieError without a reason.

    `notices` names the channel of deploys and rollbacks as one that is told all the same; None leaves that as it is.
    """
    words = one_line(why, 300)
    if not words:
        raise VigieError("A reason is missing.", next_step="Say it with --why.")
    held = restriction_of(incident)
    named = restricted and (notices if notices is not None else held is not None and held.notices)
    if (held is not None) != restricted or (held is not None and held.notices != named):
        key = turn_key(incident, "incident.restricted", str(restricted), str(named), journal.actor)
        data = {"restricted": restricted, "why": words, "key": key, **({"notices": True} if named else {})}
        journal.append("incident.restricted", data, incident=incident.id)


def _names() -> str:
    return f"There is: {', '.join(FIELDS)}."
