"""The parts of a Markdown runbook. Pure data, made by the reader; anchors are as GitHub makes them, without the `#`.

Line numbers count from 1; a `Lines` pair holds the first and the last line. Durations are seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from runbooks.conditions import Condition
from runbooks.parts import Blank, Contact, Group, Hazard, Lines, Threshold, Window

Purpose = Literal["code", "message", "check", "action"]
Meaning = Literal["", "steps", "hint-for", "hint-against", "contacts", "thresholds"]
"""What a list or a table is about, where the reader can tell: numbered steps, when to do the thing beside it, when
not to, people to call, measures with their limits."""
Going = Literal["", "caller", "before-act"]
"""Where an answer goes when no link can say it: back to who called for help, or to the decision before the last act."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something the author meant and we cannot use: the line and what is wrong, in words."""

    line: int
    words: str


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The book's own settings, between `---` lines at its top; `values` is None when they cannot be read."""

    lines: Lines
    text: str
    values: Mapping[str, str | tuple[str, ...]] | None


@dataclass(frozen=True, slots=True)
class Heading:
    """The line that opens a section; `anchor` is where a link to it leads."""

    lines: Lines
    text: str
    level: int
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Text as the file has it, comments left out. `loud` is WARNING, CAUTION, … where it begins with such a word."""

    lines: Lines
    text: str
    loud: str = ""


@dataclass(frozen=True, slots=True)
class Quote:
    """A block quote; `alert` is WARNING, NOTE, … for GitHub's loud boxes."""

    lines: Lines
    text: str
    alert: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a list. `ticked` is None where there is no box; `due` is in seconds from entering the section,
    `notes` are the keys its comments set. `lead` is the bold text it begins with, `window` the time that names."""

    lines: Lines
    text: str
    ticked: bool | None = None
    role: str = ""
    due: float | None = None
    notes: Mapping[str, str] = field(default_factory=dict)
    children: tuple[Element, ...] = ()
    lead: str = ""
    window: Window | None = None

    @property
    def is_task(self) -> bool:
        """True for `- [ ]`."""
        return self.ticked is not None


@dataclass(frozen=True, slots=True)
class ItemList:
    """A list; its items may be tasks. `said` is the line above that gives it its meaning ("Rollback if:")."""

    lines: Lines
    items: tuple[Item, ...]
    ordered: bool = False
    meaning: Meaning = ""
    said: str = ""


@dataclass(frozen=True, slots=True)
class Code:
    """A fenced or indented block. `purpose` says what its attributes make of it and `name` which one.

    `groups` are its commands or statements, one run at a time; `blanks` what to fill in when it is a message.
    """

    lines: Lines
    text: str
    language: str = ""
    purpose: Purpose = "code"
    name: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    groups: tuple[Group, ...] = ()
    blanks: tuple[Blank, ...] = ()
    due: float | None = None
    timeout: float | None = None

    @property
    def wants_phrase(self) -> bool:
        """True for an act whose fence asks for the typed phrase; a fence never asks for less than the operation."""
        return self.purpose == "action" and self.attributes.get("confirm") == "type-env"


@dataclass(frozen=True, slots=True)
class Table:
    """A pipe table; the first row is its head. Cells are Markdown text."""

    lines: Lines
    rows: tuple[tuple[str, ...], ...]
    meaning: Meaning = ""


@dataclass(frozen=True, slots=True)
class Branch:
    """One answer of a decision.

    `target` is empty when its link leads nowhere (then a Problem says so). `then` is the text behind the link, `path`
    the few words the breadcrumb shows. `exits` are the exit codes of the section's action that give this answer. After
    answering, `wait` seconds are counted; once that happened `at_most` times, `instead` is where it leads.
    """

    line: int
    answer: str
    target: str
    when: Condition | None = None
    then: str = ""
    path: str = ""
    exits: tuple[int, ...] = ()
    never_suggested: bool = False
    going: Going = ""
    wait: float | None = None
    at_most: int | None = None
    instead: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """A list of bold answers with an arrow and a link; `others` are entries between them that are no answers."""

    lines: Lines
    branches: tuple[Branch, ...]
    others: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class Next:
    """`Next: [Verify](#verify)`, the single way on."""

    lines: Lines
    text: str
    target: str


@dataclass(frozen=True, slots=True)
class Comment:
    """An HTML comment on lines of its own; `annotations` holds the keys it sets on its section."""

    lines: Lines
    text: str
    annotations: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Raw:
    """Lines that are kept and shown as they are: HTML, rules, link definitions, what nothing else claimed.

    What stands between `details` (whose text is its summary) and `details-end` is folded.
    """

    lines: Lines
    text: str
    kind: Literal["html", "rule", "definitions", "text", "details", "details-end"] = "text"


Element = FrontMatter | Heading | Paragraph | Quote | ItemList | Code | Table | Decision | Next | Comment | Raw


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it, up to the next heading of any level.

    `label` is its short name in tables (N1). `severity` ("P0") and `window` stand in its title; a window with a length
    is its time box unless an annotation sets another. `is_act` marks a section that changes something. `unless` says
    what speaks against its act wherever one comes from. `is_help` is reachable from everywhere and returns.
    """

    anchor: str
    title: str
    level: int
    lines: Lines
    elements: tuple[Element, ...]
    label: str = ""
    severity: str = ""
    window: Window | None = None
    timebox: float | None = None
    on_expire: str = ""
    wait: float | None = None
    then: str = ""
    unless: Condition | None = None
    never_suggested: bool = False
    is_act: bool = False
    is_help: bool = False
    is_end: bool = False

    @property
    def branches(self) -> tuple[Branch, ...]:
        """The answers in order of writing; empty where the section is no decision."""
        return tuple(b for element in self.elements if isinstance(element, Decision) for b in element.branches)

    @property
    def next(self) -> str:
        """The anchor of the single way on, or empty."""
        return next((element.target for element in self.elements if isinstance(element, Next)), "")

    @property
    def tasks(self) -> tuple[Item, ...]:
        """Every box to tick, nested ones included."""
        return tuple(item for item in _items(self.elements) if item.is_task)

    def codes(self, purpose: Purpose) -> tuple[Code, ...]:
        """The blocks with that purpose, those inside lists included."""
        return tuple(code for code in _codes(self.elements) if code.purpose == purpose)

    @property
    def blocks(self) -> tuple[Code, ...]:
        """Every fenced or indented block, those inside lists included."""
        return tuple(_codes(self.elements))

    @property
    def hints(self) -> tuple[ItemList, ...]:
        """The lists that say when to do the thing beside them, and when not to."""
        lists = (element for element in self.elements if isinstance(element, ItemList))
        return tuple(one for one in lists if one.meaning in ("hint-for", "hint-against"))

    @property
    def actions(self) -> tuple[Code, ...]:
        """The acts bound to operations of ours, or commands marked as actions."""
        return self.codes("action")


@dataclass(frozen=True, slots=True)
class Book:
    """A whole runbook. `hash` is the SHA-256 of the file's bytes, `source` its text as read (newlines as `\\n`).

    `garbled` are lines that were read in the wrong encoding once; `mojibake.repaired` shows them as they were meant.
    `hazards` are the destructive lines of the whole file, those in running text included. `check_names` are those of
    this book's own checks.
    """

    name: str
    title: str
    hash: str
    source: str
    front: FrontMatter | None
    sections: tuple[Section, ...]
    start: str
    help: str
    problems: tuple[Problem, ...]
    anchors: Mapping[str, int] = field(repr=False)
    contacts: tuple[Contact, ...] = ()
    thresholds: tuple[Threshold, ...] = ()
    hazards: tuple[Hazard, ...] = ()
    garbled: tuple[int, ...] = ()
    check_names: tuple[str, ...] = ()

    def section(self, anchor: str) -> Section | None:
        """The section with that anchor, if there is one."""
        index = self.anchors.get(anchor)
        return None if index is None else self.sections[index]

    def by_label(self, label: str) -> Section | None:
        """The section that carries that label, if there is one."""
        return next((section for section in self.sections if section.label == label), None)

    def names(self) -> tuple[str, ...]:
        """Every fact that a condition of this book asks, each once."""
        conditions = [b.when for section in self.sections for b in section.branches if b.when]
        conditions += [section.unless for section in self.sections if section.unless]
        return tuple(dict.fromkeys(name for condition in conditions for name in condition.names()))


def _items(elements: tuple[Element, ...]) -> Iterator[Item]:
    for element in elements:
        items = element.items if isinstance(element, ItemList) else ()
        items = element.others if isinstance(element, Decision) else items
        for item in items:
            yield item
            yield from _items(item.children)


def _codes(elements: tuple[Element, ...]) -> Iterator[Code]:
    for element in elements:
        if isinstance(element, Code):
            yield element
        elif isinstance(element, ItemList | Decision):
            for item in element.items if isinstance(element, ItemList) else element.others:
                yield from _codes(item.children)
