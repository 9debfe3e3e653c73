"""The facts a message may be filled with, in the words of each language. Nothing else ever gets into one by itself.

Whitelisted: service, impact, workaround, state, started, ended, next update, data loss, and when the notice that is
corrected went out. Everything else in a template is for a person to type.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from operations.incident.model import Incident, IncidentState
from operations.incident.order import as_it_happened
from operations.incident.told import said_of
from operations.incident.well import well_again
from operations.settings import Settings
from operations.text import clean, one_line
from operations.watch.model import Overall, Snapshot

FACTS = ("service", "impact", "workaround", "data loss", "state", "started", "ended", "next update", "corrected")
TOLD = {"service": "service", "impact": "impact", "workaround": "workaround", "data_loss": "data loss"}
"""Fields of `incident.told` and the facts they are."""
LONGEST_VALUE = 400
_ALSO: Mapping[str, str] = {
    "dataloss": "data loss", "nextupdate": "next update", "start": "started", "since": "started", "end": "ended",
    "status": "state", "prochaine nouvelle": "next update", "perte de données": "data loss", "début": "started",
    "depuis": "started", "fin": "ended", "état": "state", "contournement": "workaround",
    "ce qui fonctionne": "workaround", "effet": "impact", "effets": "impact", "service concerné": "service",
}  # fmt: skip
_STATES: Mapping[str, Mapping[IncidentState, str]] = {
    "en": {
        IncidentState.INVESTIGATING: "we are looking for the cause",
        IncidentState.IDENTIFIED: "the cause is known and is being repaired",
        IncidentState.MONITORING: "it is repaired, and we are watching that it holds",
        IncidentState.RESOLVED: "it is over",
        IncidentState.CLOSED: "it is over",
    },
    "fr": {
        IncidentState.INVESTIGATING: "nous cherchons la cause",
        IncidentState.IDENTIFIED: "la cause est connue et la réparation est en cours",
        IncidentState.MONITORING: "c'est réparé et nous vérifions que cela tient",
        IncidentState.RESOLVED: "c'est terminé",
        IncidentState.CLOSED: "c'est terminé",
    },
}
_BACK = {"en": "it works again, and we are watching that it holds",
         "fr": "cela fonctionne de nouveau et nous vérifions que cela tient"}  # fmt: skip
"""The state while nobody has said it and the site is measured to be well: it claims no repair."""
_YES = frozenset({"yes", "y", "oui", "o", "true", "lost"})
_NO = frozenset({"no", "n", "non", "none", "nothing", "aucune", "false"})
_UNKNOWN = frozenset(
    {"unknown", "not yet known", "not known", "?", "inconnu", "pas encore connu", "not yet", "pas encore", "open"}
)
_LOSS = {"yes": {"en": "yes", "fr": "oui"}, "no": {"en": "no", "fr": "non"},
         "not yet known": {"en": "not yet known", "fr": "pas encore connu"}}  # fmt: skip
_NOTHING = {"en": "nothing for the moment", "fr": "rien pour le moment"}


@dataclass(frozen=True, slots=True)
class Fact:
    """A value for a blank: by language (all the same where it has no words), and where it is from."""

    name: str
    values: Mapping[str, str]
    source: str
    translated: bool = True
    """False where a person's words stand in a language they may not be in."""


def fact_name(blank: str) -> str:
    """The name a blank is known by: `[next_update]`, `[Next update]` and `[prochaine nouvelle]` are one."""
    name = " ".join(blank.replace("_", " ").replace("-", " ").casefold().split())
    return _ALSO.get(name, name)


def facts_of(
    incident: Incident | None,
    settings: Settings,
    snapshot: Snapshot | None,
    now: datetime,
    *,
    promised: datetime | None = None,
    corrected: datetime | None = None,
    restricted: bool = False,
) -> tuple[dict[str, Fact], dict[str, str]]:
    """What is known, by fact; and why of some others it is not."""
    languages = settings.messages.languages
    known: dict[str, Fact] = {}
    why: dict[str, str] = {}

    def take(name: str, values: Mapping[str, str], source: str, *, translated: bool = True) -> None:
        known[name] = Fact(name, values, source, translated)

    def moment(name: str, at: datetime, source: str) -> None:
        take(name, dict.fromkeys(languages, moment_words(at, now, settings.messages.zone)), source)

    take("service", dict.fromkeys(languages, one_line(settings.messages.service or settings.site.name, 80)), "settings")
    for field, name in TOLD.items():
        _told(field, name, incident, languages, known, why)
    if incident is not None:
        at, source = started_at(incident, snapshot)
        moment("started", at, source)
        _ended(incident, snapshot, moment, why)
        if restricted:
            why["state"] = "a restricted incident tells no details by itself"
        else:
            words, source = _state(incident, snapshot)
            take("state", {one: words[one] for one in languages if one in words}, source)
    if promised is not None:
        moment("next update", promised, "the promise")
    else:
        why["next update"] = "no time is promised"
    if corrected is not None:
        moment("corrected", corrected, "the last notice")
    return known, why


def _state(incident: Incident, snapshot: Snapshot | None) -> tuple[Mapping[str, str], str]:
    """Where it stands, by language: as its state says, unless what is measured or told is further than that."""
    state, source = incident.state, "the incident's state"
    if state in (IncidentState.INVESTIGATING, IncidentState.IDENTIFIED) and _well_since(incident, snapshot):
        return _BACK, "all is measured to be well"
    if state is IncidentState.INVESTIGATING and said_of(incident).get("cause"):
        state, source = IncidentState.IDENTIFIED, "the cause was told"
    return {language: words[state] for language, words in _STATES.items()}, source


def _well_since(incident: Incident, snapshot: Snapshot | None) -> datetime | None:
    """Since when all is measured to be well again after it began; None while it is not, or nobody looks."""
    if snapshot is None or snapshot.overall is not Overall.OK or snapshot.since is None:
        return None
    return snapshot.since if snapshot.since > started_at(incident, snapshot)[0] else None


def started_at(incident: Incident, snapshot: Snapshot | None) -> tuple[datetime, str]:
    """When it began for users: the recorded onset, else the measured one, else when the incident was opened."""
    key = f"onset:{incident.id}"
    recorded = next((event.at for event in incident.events if event.data.get("key") == key), None)
    if recorded is not None:
        return recorded, "the recorded onset"
    if snapshot is not None and snapshot.onset is not None and snapshot.onset <= incident.opened_at + _SLACK:
        return snapshot.onset, "the measured onset"
    return incident.opened_at, "when the incident was opened: no onset is measured"


def moment_words(at: datetime, now: datetime, zone: str) -> str:
    """`03:07 UTC (04:07 Europe/Paris)`, each with its day where that is not today's."""
    from zoneinfo import ZoneInfo

    utc = at.astimezone(UTC)
    day = f"{utc:%Y-%m-%d} " if utc.date() != now.astimezone(UTC).date() else ""
    words = f"{day}{utc:%H:%M} UTC"
    if not zone or zone == "UTC":
        return words
    local = at.astimezone(ZoneInfo(zone))
    other = f"{local:%Y-%m-%d} " if day or local.date() != utc.date() else ""
    return f"{words} ({other}{local:%H:%M} {zone})"


def fields_of(given: Mapping[str, str]) -> dict[str, str]:
    """What of `given` (blank, or `blank.fr`, to words) is said of the incident and counts for the next message, too: by
    field, with its language."""
    fields = {fact: field for field, fact in TOLD.items()}
    told = {}
    for key, words in given.items():
        name, dot, language = key.rpartition(".")
        name, language = (name, f".{language}") if dot and len(language) <= 5 else (key, "")
        if field := fields.get(fact_name(name)):
            told[f"{field}{language}"] = one_value(words)
    return told


def one_value(text: str) -> str:
    """What somebody said as one line: a value never becomes a line of its own in a message."""
    return one_line(" ".join(clean(text, limit=4 * LONGEST_VALUE).split()), LONGEST_VALUE)


def whole_minute(at: datetime) -> datetime:
    """That minute, or the next one: what stands in a text and what is promised are the same moment."""
    floor = at.replace(second=0, microsecond=0)
    return floor if floor == at else floor + timedelta(minutes=1)


_SLACK = timedelta(minutes=5)


def _told(
    field: str,
    name: str,
    incident: Incident | None,
    languages: tuple[str, ...],
    known: dict[str, Fact],
    why: dict[str, str],
) -> None:
    """What people said, the last word in each language; one without a language counts for all."""
    told = said_of(incident).get(field, {}) if incident else {}
    heard = {one: told.get(one) or told.get("") for one in languages}
    values = {one: words for one, said in heard.items() if said and (words := one_value(said.text))}
    if name == "data loss":
        _data_loss(values, languages, known, why, told=incident is not None)
    elif values:
        made = {one: _as_nothing(said, one) if name == "workaround" else said for one, said in values.items()}
        foreign = [one for one in made if one not in told and made[one] == values[one]]
        known[name] = Fact(name, made, "told", translated=len(foreign) < 2 or name == "service")
    elif name != "service":
        why[name] = "nobody has said it yet"


def _data_loss(
    values: Mapping[str, str], languages: tuple[str, ...], known: dict[str, Fact], why: dict[str, str], *, told: bool
) -> None:
    """Yes, no, or not yet known; where nobody said anything it is not yet known, and that is what is said."""
    words = {loss_of(said) for said in values.values()}
    if not values and told:
        known["data loss"] = Fact("data loss", _in_all("not yet known", languages), "nobody has said it")
    elif len(words) == 1 and (word := words.pop()):
        known["data loss"] = Fact("data loss", _in_all(word, languages), "told")
    elif values:
        why["data loss"] = "has to be yes, no or not yet known"


def loss_of(said: str) -> str:
    """`yes`, `no` or `not yet known`; empty for anything else."""
    word = said.strip(" .!").casefold()
    return "yes" if word in _YES else "no" if word in _NO else "not yet known" if word in _UNKNOWN else ""


def given_value(name: str, value: str, language: str) -> str:
    """A value as a person typed it for one message, with the words of a language where it is a yes or a no."""
    said = one_value(value)
    if name == "data loss":
        return _LOSS[word].get(language, word) if (word := loss_of(said)) else ""
    return _as_nothing(said, language) if name == "workaround" else said


def _in_all(word: str, languages: tuple[str, ...]) -> dict[str, str]:
    return {one: _LOSS[word].get(one, word) for one in languages}


def _as_nothing(said: str, language: str) -> str:
    return _NOTHING.get(language, said) if said.strip(" .").casefold() in _NO | {"rien", "aucun"} else said


def _ended(
    incident: Incident, snapshot: Snapshot | None, moment: Callable[[str, datetime, str], None], why: dict[str, str]
) -> None:
    recorded = well_again(as_it_happened(incident.events))
    if incident.resolved_at is not None and not incident.open:
        if recorded is not None and recorded <= incident.resolved_at:
            # Users had it back when it was measured well, not when somebody said so.
            moment("ended", recorded, "since when all that was down is on record as well")
        else:
            moment("ended", incident.resolved_at, "when it was resolved")
    elif well := _well_since(incident, snapshot):
        moment("ended", well, "since when all is measured to be well")
    else:
        why["ended"] = "it is neither resolved nor measured to be well"
