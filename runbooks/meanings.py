"""What lists, tables and paragraphs of somebody's runbook are about: people, limits of measures, when to act and when
not to, warnings, message templates. Recognised by the words of their heads; nothing here changes what is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from runbooks.anchors import plain
from runbooks.model import Code, Element, Item, ItemList, Meaning, Paragraph, Table
from runbooks.mojibake import repaired
from runbooks.parts import Contact, Threshold
from runbooks.windows import after_in, without_time

_LOUD = re.compile(
    r"\W*(WARNING|CAUTION|DANGER|IMPORTANT|ATTENTION|NEVER|DO NOT)\b"
    r"|\W*(Warning|Caution|Danger|Important|Attention|Note)\s*(?:\*\*|__)?\s*[:!]"
)
_AGAINST = re.compile(
    r"\b(?:when|if)\s+not\s+to\b|\b(?:do not|don't|never)\b.*\b(?:if|when)\b|\bnot\s+(?:if|when)\b", re.IGNORECASE
)
_FOR = re.compile(
    r"^when\s+to\b"
    r"|^(?:roll ?back|restore|escalate|stop|abort|undo|fail ?over|call\b.*|page\b.*"
    r"|use(?: this| it)?|run\b.*)\s+(?:if|when)\b",
    re.IGNORECASE,
)
_CONTACTS = re.compile(
    r"\bcontacts?\b|\bescalat|\bon[- ]call\b|\bwho to (?:call|page)\b|\bexternal (?:support|services)\b|\bsupport\b",
    re.IGNORECASE,
)
_ESCALATION = re.compile(r"\bescalat", re.IGNORECASE)
_RUNG = re.compile(
    r"(?:contact|call|page|escalate to)\s+(?:the\s+)?(.{2,60}?)((?:\s+(?:if|after)\b.*)?)$", re.IGNORECASE
)
_PERSON = re.compile(
    r"^(?:role|name|who|person|team|service|vendor|provider|level|position|function|for|title)\b", re.IGNORECASE
)
_WAY = re.compile(
    r"^(?:phone|e-?mail|mail|slack|contact|pager|mobile|cell|how|call|reach|handle|number|tel|channel|support)\b",
    re.IGNORECASE,
)
_METRIC = re.compile(r"^(?:metric|check|indicator|measure|signal|kpi|sli|parameter|what)\b", re.IGNORECASE)
_EXPECTED = re.compile(r"\b(?:target|expected|normal|goal|slo|healthy|baseline)\b", re.IGNORECASE)
_ALARM = re.compile(r"\b(?:alert|alarm|threshold|critical|warning|limit|page)\b", re.IGNORECASE)
_HOW = re.compile(r"^(?:command|how|where|source|query|tool)\b", re.IGNORECASE)
_ACTION = re.compile(r"^(?:actions?|response|what to do|runbook|then)\b", re.IGNORECASE)
_LEVEL = re.compile(r"^(?:warn(?:ing)?|crit(?:ical)?|alert|alarm|page|emergency)\b", re.IGNORECASE)
_NESTED = re.compile(r"(threshold|alert on|alarm on|metric|check|target)\s*:\s*(.+)", re.IGNORECASE | re.DOTALL)
_REACHED = re.compile(r"@|\+?\d[\d ()-]{5,}|\[[^\]]+\]|https?://|#[a-z]|pagerduty|opsgenie|slack|portal", re.IGNORECASE)
_LABEL = re.compile(r"^\W*(?:\*\*|__)?([A-Z][A-Za-z ]{2,30}?)(?:\*\*|__)?\s*:")
_STATUS = frozenset(
    {
        "status",
        "impact",
        "started",
        "last update",
        "next update",
        "what happened",
        "current status",
        "date",
        "duration",
        "deployed by",
        "verified by",
        "approved by",
        "since",
        "summary",
        "service",
        "resolved",
        "severity",
        "cause",
    }
)
_FACTS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), fact)
    for pattern, fact in (
        (r"database.*(?:latency|query)|quer", ""),
        (r"error rate|5xx|errors?\b.*rate", "errors.rate"),
        (r"p95|(?:api|response|page)\W+(?:latency|time)|response time", "latency.p95"),
        (r"database.*connection|connection.*database", "database.ok"),
        (r"connections?", "database.connections_used"),
        (r"health", "health.ok"),
        (r"\bcpu\b|processor", "host.cpu"),
        (r"\bmemory\b", "host.memory"),
        (r"backup", "backup.age"),
        (r"smoke", "smoke.ok"),
        (r"\bfront(?:end| page)\b|page loads", "page.ok"),
    )
)
_TEXTS = frozenset({"", "text", "txt", "markdown", "md", "plain", "plaintext", "email", "mail"})


def loud(text: str) -> str:
    """WARNING, CAUTION, … when a paragraph begins with such a word."""
    start = text[:60]
    found = _LOUD.match(start if start.isascii() else repaired(start).lstrip("\ufe0f\u26a0 *_"))
    return (found[1] or found[2]).upper() if found else ""


def given_meaning(elements: Sequence[Element], headings: Sequence[str]) -> list[Element]:
    """The elements of one section, its lists and tables with their meaning. `headings` are the titles above, outermost
    first."""
    found: list[Element] = []
    said = ""
    for element in elements:
        if isinstance(element, ItemList):
            element = _list(element, said, headings)
        elif isinstance(element, Table):
            element = replace(element, meaning=_table(element))
        found.append(element)
        said = plain(element.text) if isinstance(element, Paragraph) else ""
    return found


def contacts_in(element: Element, headings: Sequence[str]) -> Iterator[Contact]:
    """The people and services that an element names."""
    if isinstance(element, Table) and element.meaning == "contacts":
        yield from _contacts_of_table(element)
    elif isinstance(element, ItemList) and element.meaning == "contacts":
        for item in element.items:
            yield _contact(item)
    elif isinstance(element, ItemList) and headings and _ESCALATION.search(headings[-1]):
        for item in element.items:
            if found := _RUNG.match(plain(item.text)):
                yield Contact(item.lines[0], found[1], (), _rung_time(found[2]))
    elif isinstance(element, Paragraph) and headings and _CONTACTS.search(headings[-1]):
        found = re.match(r"(?:\*\*|__)([^*_]+?):?(?:\*\*|__):?\s*(\S.*)", element.text, re.DOTALL)
        if found:
            yield Contact(element.lines[0], plain(found[1]), (plain(found[2]),))


def thresholds_in(element: Element) -> Iterator[Threshold]:
    """The measures with limits that an element names."""
    if isinstance(element, Table) and element.meaning == "thresholds":
        yield from _thresholds_of_table(element)
    elif isinstance(element, ItemList):
        for item in element.items:
            yield from _nested_threshold(item)


def message_name(code: Code) -> str:
    """What a fence is called when it is a text to send with blanks to fill: two labels such as Status and Impact, or
    more, and a blank at the least. Empty when it is none."""
    if code.language.lower() not in _TEXTS or "[" not in code.text:
        return ""
    lines = code.text.split("\n")
    labels = {found[1].strip().lower() for line in lines if (found := _LABEL.match(line))}
    if len(labels & _STATUS) < 2:
        return ""
    return "report" if "report" in plain(lines[0]).lower() else "update"


def _list(listed: ItemList, said: str, headings: Sequence[str]) -> ItemList:
    lead = said.rstrip(":").strip()
    meaning: Meaning = ""
    if lead and _AGAINST.search(lead):
        meaning = "hint-against"
    elif lead and len(lead) < 60 and _FOR.search(lead):
        meaning = "hint-for"
    elif any(item.is_task for item in listed.items):
        meaning = ""
    elif _is_contacts(listed, lead, headings):
        meaning = "contacts"
    elif sum(_names_a_limit(item) for item in listed.items) * 2 > len(listed.items):
        meaning = "thresholds"
    elif listed.ordered and any(item.lead for item in listed.items):
        meaning = "steps"
    return replace(listed, meaning=meaning, said=said if meaning.startswith("hint") else "")


def _is_contacts(listed: ItemList, lead: str, headings: Sequence[str]) -> bool:
    """A list under such a title or lead whose entries name somebody: with a way to reach them, a time, or a level."""
    near = [lead, *headings[-1:]] if not lead else [lead]
    under = any(_CONTACTS.search(one) for one in headings[-2:])
    if not (any(_CONTACTS.search(one) for one in near) or (under and listed.items and listed.items[0].lead)):
        return False
    named = [item for item in listed.items if _names_somebody(item)]
    return len(named) * 2 > len(listed.items)


def _names_somebody(item: Item) -> bool:
    words = plain(item.text)
    if item.children or len(words) > 120:
        return False
    return (
        after_in(words) is not None
        or bool(_REACHED.search(words))
        or bool(re.match(r"(?:level|tier|l)\s*\d", words, re.IGNORECASE))
    )


def _contact(item: Item) -> Contact:
    words = plain(item.text)
    role, colon, ways = words.partition(":")
    if not colon and " - " in words:
        role, _, ways = words.partition(" - ")
    return Contact(
        item.lines[0],
        without_time(role),
        tuple(way.strip() for way in ways.split(" - ") if way.strip()),
        after_in(words),
    )


def _rung_time(words: str) -> float | None:
    found = re.search(r"(\d+)\s*(\w+)", words)
    return after_in(f"({found[0]})") if found else None


def _table(table: Table) -> Meaning:
    head = [plain(cell) for cell in table.rows[0]] if table.rows else []
    if not head:
        return ""
    if _PERSON.match(head[0]) and any(_WAY.match(cell) for cell in head[1:]):
        return "contacts"
    measured = any(_EXPECTED.search(cell) or _ALARM.search(cell) for cell in head[1:])
    return "thresholds" if measured and _METRIC.match(head[0]) else ""


def _contacts_of_table(table: Table) -> Iterator[Contact]:
    for number, row in enumerate(table.rows[1:]):
        cells = [plain(cell) for cell in row]
        if cells and cells[0]:
            line = table.lines[0] + 2 + number
            yield Contact(
                line, without_time(cells[0]), tuple(cell for cell in cells[1:] if cell), after_in(" ".join(cells))
            )


def _thresholds_of_table(table: Table) -> Iterator[Threshold]:
    head = [plain(cell) for cell in table.rows[0]]
    how = next((n for n, cell in enumerate(head) if _HOW.search(cell)), None)
    how = next((n for n, cell in enumerate(head) if _ACTION.search(cell)), None) if how is None else how
    alarms = [n for n, cell in enumerate(head[1:], 1) if _ALARM.search(cell) and n != how]
    alarm = alarms[0] if alarms else None
    expected = next((n for n, cell in enumerate(head[1:], 1) if _EXPECTED.search(cell) and n not in alarms), None)
    for number, row in enumerate(table.rows[1:]):
        cells = [plain(cell) for cell in row]
        if cells and cells[0]:
            yield Threshold(
                line=table.lines[0] + 2 + number,
                metric=cells[0],
                expected=_cell(cells, expected),
                alarm=_cell(cells, alarm) if len(alarms) < 2 else _levels(head, cells, alarms),
                how=_cell(cells, how),
                fact=_fact(cells[0]),
            )


def _levels(head: Sequence[str], cells: Sequence[str], alarms: Sequence[int]) -> str:
    """Several limits of one measure, each with its level: "200 warning, 1000 critical"."""
    found = [(_LEVEL.match(head[n]), head[n], _cell(cells, n)) for n in alarms]
    return ", ".join(f"{value} {(level[0] if level else name).lower()}" for level, name, value in found if value)


def _nested_threshold(item: Item) -> Iterator[Threshold]:
    """`1. **High error rate**` with entries "Metric: …", "Threshold: …", "Alert on: …"."""
    parts = _nested_parts(item)
    limit = "; ".join(parts[key] for key in ("threshold", "target", "alert on", "alarm on") if key in parts)
    if limit:
        how = parts.get("metric") or parts.get("check", "")
        name = plain(item.lead)
        yield Threshold(item.lines[0], name, alarm=limit, how=how, fact=_fact(f"{name} {parts.get('metric', '')}"))


def _nested_parts(item: Item) -> dict[str, str]:
    parts: dict[str, str] = {}
    for child in item.children if item.lead else ():
        for entry in child.items if isinstance(child, ItemList) else ():
            found = _NESTED.match(plain(entry.text))
            if found:
                parts.setdefault(found[1].lower(), found[2].strip())
    return parts


def _names_a_limit(item: Item) -> bool:
    """A measure and no step; a step may have a target or a check of its own."""
    return not _nested_parts(item).keys().isdisjoint(("threshold", "metric", "alert on", "alarm on"))


def _cell(cells: Sequence[str], index: int | None) -> str:
    return cells[index] if index is not None and index < len(cells) else ""


def _fact(metric: str) -> str:
    return next((fact for pattern, fact in _FACTS if pattern.search(metric)), "")
