"""Messages to users: which kinds there are, their templates in the runbooks, and the draft filled with what is known.

A draft holds only whitelisted facts (`message_facts`) and what a person typed; what is left blank stays in brackets.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from operations.errors import VigieError
from operations.incident.message_facts import FACTS, Fact, fact_name, facts_of, given_value, whole_minute
from operations.incident.model import Incident
from operations.incident.sent_messages import messages_of
from operations.incident.told import restriction_of
from operations.incident.walks import SITE_DOWN, load_book, walks_of
from operations.settings import Settings
from operations.text import one_line
from operations.watch.model import Snapshot
from runbooks.blanks import filled
from runbooks.model import Book, Code

Kind = Literal["initial", "update", "resolved", "correction", "maintenance", "post-deployment"]
KINDS: tuple[Kind, ...] = ("initial", "update", "resolved", "correction", "maintenance", "post-deployment")
"""The kinds a person chooses from; a runbook may have others of its own."""
OF_AN_INCIDENT = frozenset({"initial", "update", "resolved", "correction"})
RESTRICTED_BOOK = "security-breach"
_BRACKETS = re.compile(r"\[([^\[\]\n]{2,60})\]")
_BOOKS: Mapping[str, str] = {
    "maintenance": "maintenance-window", "maintenance-over": "maintenance-window", "post-deployment": "deploy",
    "release-notice": "deploy", "rolled-back": "rollback",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Template:
    """The texts of one kind by language, and the runbook they are from."""

    kind: str
    book: str
    codes: Mapping[str, Code]


@dataclass(frozen=True, slots=True)
class Draft:
    """A message as it stands: texts by language, blanks that nobody has filled and why, and the facts in it.

    `promised` is the time of the next update that the texts name, None where they name none.
    """

    kind: str
    texts: Mapping[str, str]
    blanks: Mapping[str, tuple[str, ...]]
    why: Mapping[str, str]
    facts: tuple[Fact, ...]
    promised: datetime | None
    book: str
    remarks: tuple[str, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """The blanks left in any language, each once, in the order of the text."""
        return tuple(dict.fromkeys(name for names in self.blanks.values() for name in names))


def drafted(
    incident: Incident | None,
    kind: str,
    now: datetime,
    settings: Settings,
    snapshot: Snapshot | None,
    *,
    given: Mapping[str, str] | None = None,
    promised: datetime | None = None,
    template: Template | None = None,
    runbook: str = "",
) -> Draft:
    """The message of that kind, filled with what is known at `now` (UTC) and with what is `given`.

    `given` holds what a person typed for this message, by blank, `impact.fr` for one language alone. `promised` is the
    next update's time; without it the cadence of the severity counts. Raises VigieError where no runbook has a
    template of that kind.
    """
    template = template or template_for(settings, incident, kind, runbook)
    typed = _typed(given or {})
    codes = {one: template.codes[one] for one in settings.messages.languages if one in template.codes}
    names = {fact_name(blank.name) for code in codes.values() for blank in code.blanks}
    due = promised or next_promise(incident, settings, now)
    due = whole_minute(due) if due is not None and "next update" in names else None
    facts, why = facts_of(
        incident, settings, snapshot, now, promised=due, corrected=_last_sent(incident),
        restricted=is_restricted(incident),
    )  # fmt: skip
    texts: dict[str, str] = {}
    blanks: dict[str, tuple[str, ...]] = {}
    used: dict[str, Fact] = {}
    for language, code in codes.items():
        values = {}
        for blank in code.blanks:
            name = fact_name(blank.name)
            value = _value(name, language, facts, typed)
            if value:
                values[blank.written] = value
                used[name] = _used(name, facts, typed, used.get(name), language, value)
        texts[language] = filled(code.text, values, "message").strip()
        left = [fact_name(blank.name) for blank in code.blanks if blank.written not in values]
        blanks[language] = tuple(dict.fromkeys([*left, *overlooked(texts[language], names)]))
    return Draft(
        kind, texts, {one: left for one, left in blanks.items() if left}, why, tuple(used.values()), due, template.book,
        tuple(_remarks(settings, codes, used)),
    )  # fmt: skip


def overlooked(text: str, names: Collection[str]) -> tuple[str, ...]:
    """Blanks that still stand in a text, of these `names` or of a fact's: Markdown takes some brackets for its own."""
    found = (fact_name(one) for one in _BRACKETS.findall(text))
    return tuple(dict.fromkeys(name for name in found if name in names or name in FACTS))


def template_for(settings: Settings, incident: Incident | None, kind: str, runbook: str = "") -> Template:
    """The template of that kind: of `runbook` if one is named, else of a runbook walked in the incident, else ours.

    The team's own runbook goes over the library's. A restricted incident takes the words that tell nothing.
    """
    names = [runbook] if runbook else list(_candidates(incident, kind))
    for name in names:
        try:
            book = load_book(settings, name)
        except VigieError:
            if runbook:
                raise
            continue
        found = codes_of(book, kind)
        if found:
            return Template(kind, name, found)
    raise VigieError(
        f"No runbook has a message of the kind {one_line(kind, 40) or 'without a name'}.",
        means=f"Looked into: {', '.join(names)}.",
        next_step=f"The usual kinds: {', '.join(KINDS)}; another one: name its runbook with --runbook.",
    )


def codes_of(book: Book, kind: str) -> dict[str, Code]:
    """The book's `message=` fences of that kind, by language."""
    found: dict[str, Code] = {}
    for section in book.sections:
        for code in section.codes("message"):
            if code.name == kind:
                found.setdefault(code.attributes.get("lang", "en"), code)
    return found


def next_promise(incident: Incident | None, settings: Settings, now: datetime) -> datetime | None:
    """When the next update is due by the cadence of the incident's severity; None without either."""
    minutes = settings.incident.cadence.get(incident.severity.value, 0.0) if incident is not None else 0.0
    return now + timedelta(minutes=minutes) if minutes > 0 else None


def is_restricted(incident: Incident | None) -> bool:
    """True while an incident keeps its details to those who are named (a breach)."""
    return incident is not None and restriction_of(incident) is not None


def _candidates(incident: Incident | None, kind: str) -> dict[str, None]:
    names: dict[str, None] = {}
    if is_restricted(incident):
        names[RESTRICTED_BOOK] = None
    elif incident is not None and kind in OF_AN_INCIDENT:
        names.update(dict.fromkeys(walk.book for walk in walks_of(incident) if walk.book))
    names[_BOOKS.get(kind, SITE_DOWN)] = None
    return names


def _typed(given: Mapping[str, str]) -> dict[tuple[str, str], str]:
    """What was typed, by fact and language; an empty language counts for all."""
    typed: dict[tuple[str, str], str] = {}
    for key, value in given.items():
        name, dot, language = key.rpartition(".")
        if not dot or len(language) > 5 or " " in language:
            name, language = key, ""
        if fact_name(name) == "next update":
            raise VigieError("The next update's time is promised, not typed.", next_step="Say it with --next 30m.")
        typed[fact_name(name), language] = value
    return typed


def _value(name: str, language: str, facts: Mapping[str, Fact], typed: Mapping[tuple[str, str], str]) -> str:
    own = typed.get((name, language), typed.get((name, "")))
    if own is not None:
        return given_value(name, own, language)
    fact = facts.get(name)
    return fact.values.get(language, "") if fact else ""


def _used(
    name: str,
    facts: Mapping[str, Fact],
    typed: Mapping[tuple[str, str], str],
    before: Fact | None,
    language: str,
    value: str,
) -> Fact:
    own = (name, language) in typed
    if own or (name, "") in typed:
        base = before or Fact(name, {}, "typed")
        same = not own and bool(base.values) and name != "data loss" and value in base.values.values()
        return replace(base, values={**base.values, language: value}, translated=base.translated and not same)
    return facts[name]


def _remarks(settings: Settings, codes: Mapping[str, Code], used: Mapping[str, Fact]) -> list[str]:
    words = [f"there is no text in {one}" for one in settings.messages.languages if one not in codes]
    words += [
        f"{fact.name} stands in the same words in every language; {fact.name}.fr=… says it in one"
        for fact in used.values()
        if not fact.translated and len(codes) > 1
    ]
    started = used.get("started")
    if started is not None and "no onset" in started.source:
        words.append(f"started is {started.source}")
    loss = used.get("data loss")
    if loss is not None and loss.source == "nobody has said it":
        words.append("data loss: nobody has said yes or no, so it says that it is not yet known")
    return words


def _last_sent(incident: Incident | None) -> datetime | None:
    sent = [one.sent_at for one in messages_of(incident) if one.sent_at is not None] if incident else []
    return max(sent, default=None)
