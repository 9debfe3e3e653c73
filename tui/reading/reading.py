"""A whole runbook as rows: every line of the file that is not blank stands in exactly one place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from operations.ages import age_words, seconds_between
from operations.text import clean, one_line
from runbooks.annotations import tells_only_keys
from runbooks.checks import telling_line
from runbooks.events import Acted, Failed, Noted, Skipped, Ticked
from runbooks.facts import Facts
from runbooks.model import (
    Book,
    Branch,
    Code,
    Comment,
    Decision,
    Element,
    FrontMatter,
    Heading,
    Item,
    ItemList,
    Next,
    Paragraph,
    Quote,
    Raw,
    Section,
    Table,
)  # fmt: skip
from runbooks.mojibake import repaired
from runbooks.units import in_words, seconds_in_words
from runbooks.view import TaskView, steps_of, task_view
from runbooks.walk import WalkState
from tui.lines import Line, Span, Tone, line, rule
from tui.reading.code import code_rows, table_rows
from tui.reading.inline import spans, targets, wrapped
from tui.reading.rows import Reading, Rows, Stop
from tui.theme import Glyphs

_BREAK = re.compile(r"(?:(?<! ) {2,}+|\\)?\n(?=\s*(?:\*\*|__))|(?:(?<! ) {2,}+|\\)\n")
"""Where a paragraph's line really ends: as Markdown says, and before a line that begins with a bold label."""
_QUOTE_BREAK = re.compile(r"\n(?=[^\S\n]*+(?:\n|$|[-*+>|#`]|\d+[.)]\s))")
_FOLD_TAGS = re.compile(r"</?details[^<>]*>|<summary[^<>]*>.*?</summary>", re.IGNORECASE | re.DOTALL)
LOUD: Mapping[str, Tone] = {"WARNING": "bad", "CAUTION": "bad", "DANGER": "bad", "NEVER": "bad", "DO NOT": "bad"}


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside the text: the walk with its ticks and runs, live facts, the moment, what was unfolded, and
    whether the file was changed since."""

    now: datetime
    state: WalkState | None = None
    facts: Facts = field(default_factory=dict)
    unfolded: frozenset[int] = frozenset()
    changed: bool = False


def reading(book: Book, width: int, glyphs: Glyphs, beside: Beside) -> Reading:
    """The rows of a book."""
    maker = _Maker(book, Rows(width), glyphs, beside)
    for section in book.sections:
        maker.section(section)
    return Reading(tuple(maker.rows.rows), tuple(maker.rows.stops), maker.at, maker.hidden)


class _Maker:
    """Makes the rows of one book."""

    def __init__(self, book: Book, rows: Rows, glyphs: Glyphs, beside: Beside) -> None:
        self.book = book
        self.rows = rows
        self.glyphs = glyphs
        self.beside = beside
        self.at: dict[str, int] = {}
        self.hidden = 0
        self.lines = book.source.split("\n")
        self._marks = beside.state.marks if beside.state is not None else {}
        self._noted = _notes(beside.state)
        self._told = _told(beside.state, beside.now)
        self._live = {t.line: live_value(t.fact, beside) for t in book.thresholds if t.fact}
        self._by_line = {step.lines[0]: section for section in book.sections for step in steps_of(section)}

    def section(self, section: Section) -> None:
        """A section with its title, and the notes that were written at it."""
        self.rows.section = section.anchor
        self._folding: int | None = None
        self.prose = not (steps_of(section) or section.branches or section.blocks)
        for element in section.elements:
            if isinstance(element, Heading):
                self._heading(section, element)
            elif not self._folded(element):
                self._element(element, "")
        for note in self._noted.get(section.anchor, ()):
            self.rows.add(wrapped([(clean(note), "warn")], self.rows.width, line((" note: ", "dim"))), (0, 0))

    def _heading(self, section: Section, heading: Heading) -> None:
        self.rows.gap()
        self.at[section.anchor] = len(self.rows.rows)
        chips = [section.severity] if section.severity else []
        chips += [f"time box {seconds_in_words(section.timebox)}"] if section.timebox else []
        here = self.beside.state is not None and self.beside.state.current == section.anchor
        chips += ["the walk is here"] if here else []
        title = one_line(repaired(section.title), 300) or "(no title)"
        right = ", ".join(chips)
        if heading.level <= 2:
            rows = [rule(title, self.rows.width, self.glyphs.dash, right)]
        else:
            chip: list[Span] = [(f" ({right})", "warn")] if right else []
            rows = wrapped([(title, "title"), *chip], self.rows.width)
        self.rows.add(rows, heading.lines)

    def _folded(self, element: Element) -> bool:
        """True for what stands between `<details>` and its end and was not unfolded."""
        if isinstance(element, Raw) and element.kind == "details":
            open_now = element.lines[0] in self.beside.unfolded
            self._folding = None if open_now else element.lines[0]
            sign = "-" if open_now else "+"
            stop = self.rows.stop(Stop("fold", self.rows.section, element.lines[0], element.text))
            self.rows.gap()
            words = one_line(repaired(element.text), 200) or "more"
            self.rows.add([line((f"{sign} ", "key"), (words, "strong"))], element.lines, stop)
            rest = self._without_tags(element)
            if rest and open_now:
                self.rows.add(self._raw(rest, ""), element.lines)
            self.hidden += bool(rest and not open_now)
            return True
        if isinstance(element, FrontMatter):
            self._front(element)
            return True
        if isinstance(element, Raw) and element.kind == "details-end":
            self._folding = None
            rest = self._without_tags(element)
            self.rows.add(self._raw(rest, "") if rest or not self.rows.rows else [], element.lines)
            return True
        if self._folding is not None:
            self.hidden += element.lines[1] - element.lines[0] + 1
            return True
        return False

    def _without_tags(self, element: Element) -> str:
        """What stands in the same block as the tags of something folded."""
        first, last = element.lines
        return _FOLD_TAGS.sub("", "\n".join(self.lines[first - 1 : last])).strip()

    def _front(self, front: FrontMatter) -> None:
        """The book's own settings in one row, and whole when they are unfolded."""
        open_now = front.lines[0] in self.beside.unfolded
        values = front.values or {}
        told = [f"{key} {values[key]}" for key in ("severity", "owner", "reviewed") if isinstance(values.get(key), str)]
        stop = self.rows.stop(Stop("fold", self.rows.section, front.lines[0], front.text))
        words = one_line("about this runbook" + "".join(f", {one}" for one in told), self.rows.width)
        self.rows.add([line(("- " if open_now else "+ ", "key"), (words, "dim"))], front.lines, stop)
        if open_now:
            self.rows.add(self._raw(front.text, "  "), front.lines, stop)
        else:
            self.hidden += front.lines[1] - front.lines[0] + 1

    def _element(self, element: Element, indent: str) -> None:
        rows = self.rows
        if not indent:
            rows.gap()
        if isinstance(element, Paragraph):
            self._paragraph(element, indent)
        elif isinstance(element, ItemList):
            self._list(element, indent)
        elif isinstance(element, Decision):
            self._decision(element)
        elif isinstance(element, Code):
            code_rows(rows, element, self.glyphs, indent, self._told.get(rows.section, {}))
        elif isinstance(element, Table):
            table_rows(rows, element, self._live)
        elif isinstance(element, Quote):
            self._quote(element, indent)
        elif isinstance(element, Next):
            found = self.book.section(element.target)
            stop = rows.stop(
                Stop("link", rows.section, element.lines[0], links=((element.text, f"#{element.target}"),))
            )
            words = found.title if found else element.text
            rows.add([line((f"{self.glyphs.pointer} ", "key"), f"Next: {one_line(words, 200)}")], element.lines, stop)
        elif isinstance(element, Comment):
            # What a renderer hides: quiet, and without its marks; keys of ours are said where they count.
            words = element.text.replace("<!--", "").replace("-->", "").strip()
            rows.add([] if rows.rows and tells_only_keys(element.text) else self._raw(words, indent), element.lines)
        elif isinstance(element, Raw):
            shown = (
                [rule("", rows.width, self.glyphs.dash)] if element.kind == "rule" else self._raw(element.text, indent)
            )
            rows.add(shown, element.lines)

    def _raw(self, text: str, indent: str) -> list[Line]:
        """Kept as it stands, and quiet."""
        made: list[Line] = []
        for one in text.split("\n"):
            made += wrapped([(clean(repaired(one), limit=1_000_000), "dim")], self.rows.width, line(indent))
        return made

    def _paragraph(self, element: Paragraph, indent: str) -> None:
        links = targets(element.text)
        kind = "link" if links else "text"
        stop = None
        if links or (self.prose and not indent):
            stop = self.rows.stop(Stop(kind, self.rows.section, element.lines[0], element.text, links))  # type: ignore[arg-type]
        tone = LOUD.get(element.loud, "warn") if element.loud else "plain"
        bar: Line = line(indent, (f"{self.glyphs.warn} ", tone)) if element.loud else line(indent)
        mark = self._mark_of(stop, element.lines[0])
        parts = _BREAK.split(element.text)
        for number, part in enumerate(parts):
            more = mark if number == len(parts) - 1 else []
            self.rows.add(wrapped([*spans(part, tone), *more], self.rows.width, bar), element.lines, stop)

    def _mark_of(self, stop: int | None, number: int) -> list[Span]:
        done = self._marks.get((self.rows.section, number)) if stop is not None else None
        if done is None or (isinstance(done.payload, Ticked) and not done.payload.done):
            return []
        payload = done.payload
        words = f"{payload.kind.partition('.')[2]}: {payload.why}" if isinstance(payload, Skipped | Failed) else "done"
        tone: Tone = "good" if words == "done" else "warn"
        return [(f"  {words}", tone), (f"  {done.who} {_age(done.at, self.beside.now)}", "dim")]

    def _quote(self, element: Quote, indent: str) -> None:
        tone: Tone = LOUD.get(element.alert, "warn") if element.alert else "plain"
        bar = line(indent, (f"{self.glyphs.column} ", tone if element.alert else "dim"))
        made = [line(*bar, (element.alert, tone))] if element.alert else []
        for part in _QUOTE_BREAK.split(element.text):
            made += wrapped(list(spans(part)), self.rows.width, bar, bar)
        self.rows.add(made, element.lines)

    def _decision(self, element: Decision) -> None:
        entries: list[tuple[int, Branch | Item]] = [(branch.line, branch) for branch in element.branches]
        entries += [(other.lines[0], other) for other in element.others]
        digit = 0
        for number, (first, entry) in enumerate(sorted(entries, key=lambda one: one[0])):
            after = sorted(one for one, _ in entries)
            last = after[number + 1] - 1 if number + 1 < len(after) else element.lines[1]
            if isinstance(entry, Item):
                self._item(entry, "", "-")
                continue
            digit += 1
            found = self.book.section(entry.target)
            act: Span = (f" {self.glyphs.warn}", "warn") if found is not None and found.is_act else ("", "plain")
            links = ((entry.answer, f"#{entry.target}"),) if entry.target else ()
            stop = self.rows.stop(Stop("link", self.rows.section, first, entry.answer, links))
            where = one_line(found.title, 120) if found is not None else "leads nowhere: its link is broken"
            pieces: list[Span] = [(entry.answer, "strong"), (f" {self.glyphs.path} {where}", "dim"), act]
            pieces += [(f" {entry.then}", "plain")] if entry.then else []
            self.rows.add(wrapped(pieces, self.rows.width, line((f" {digit} ", "key"))), (first, last), stop)

    def _list(self, element: ItemList, indent: str) -> None:
        hint: dict[str, tuple[str, Tone]] = {
            "hint-for": (self.glyphs.ok, "good"),
            "hint-against": (self.glyphs.down, "bad"),
        }
        for number, item in enumerate(element.items, 1):
            sign = f"{number}." if element.ordered else "-"
            self._item(item, indent, sign, hint.get(element.meaning))

    def _item(self, item: Item, indent: str, sign: str, hint: tuple[str, Tone] | None = None) -> None:
        rows = self.rows
        section = self._by_line.get(item.lines[0])
        links = targets(item.text)
        stop: int | None = None
        head: Line = line(f"{indent} ", hint or (sign, "dim"), " ")
        tail: list[Span] = []
        if section is not None:
            stop = rows.stop(Stop("task" if item.is_task else "step", rows.section, item.lines[0], item.text, links))
            standing = self._standing(section, item)
            head, tail = self._ticked(standing, indent, sign, item.ticked is True)
        elif links:
            stop = rows.stop(Stop("link", rows.section, item.lines[0], item.text, links))
        role: list[Span] = [(f"{item.role}: ", "title")] if item.role else []
        due: list[Span] = [(f"  due {seconds_in_words(item.due)}", "dim")] if item.due is not None else []
        last = item.children[0].lines[0] - 1 if item.children else item.lines[1]
        rows.add(wrapped([*role, *spans(item.text), *due, *tail], rows.width, head), (item.lines[0], last), stop)
        for child in item.children:
            self._element(child, indent + "   ")

    def _standing(self, section: Section, item: Item) -> TaskView | None:
        state = self.beside.state
        return task_view(state, section, item, self.beside.now, self._marks) if state is not None else None

    def _ticked(self, seen: TaskView | None, indent: str, sign: str, in_file: bool) -> tuple[Line, list[Span]]:
        """The box of a task or a step with who ticked it; dim where only the file has its tick."""
        boxes: dict[str, tuple[str, Tone]] = {
            "open": ("[ ]", "key"), "done": ("[x]", "good"), "skipped": ("[-]", "warn"), "failed": ("[!]", "bad"),
        }  # fmt: skip
        box = boxes[seen.standing if seen is not None else "open"]
        if in_file and (seen is None or seen.at is None):
            box = ("[x]", "dim")
        head = line(f"{indent} ", box, " " if sign == "-" else f" {sign} ")
        if seen is None or seen.at is None:
            return head, []
        why = f"{seen.standing}: {seen.why}, " if seen.why else ""
        return head, [(f" ({why}{seen.who} {_age(seen.at, self.beside.now)})", "dim")]


def _told(state: WalkState | None, now: datetime) -> dict[str, dict[int, Line]]:
    """What became of commands and checks, by section and the line where they begin."""
    told: dict[str, dict[int, Line]] = {}
    if state is None:
        return told
    for done in state.done:
        if isinstance(done.payload, Acted) and done.payload.line:
            code = done.payload.exit_code
            words: Span = (
                ("running", "warn") if code is None else (f"ended, exit {code}", "good" if code == 0 else "bad")
            )
            told.setdefault(done.payload.section, {})[done.payload.line] = line(
                words, (f"  {done.who} {_age(done.at, now)}", "dim")
            )
    results = state.results
    for section in state.book.sections:
        for check in section.codes("check"):
            if check.name not in results:
                continue
            at, result = results[check.name]
            tones: dict[int | None, tuple[str, Tone]] = {
                0: ("ok", "good"),
                2: ("a warning", "warn"),
                None: ("unknown", "unknown"),
            }
            word, tone = tones.get(result.exit_code, (f"failed, exit {result.exit_code}", "bad"))
            first = one_line(telling_line(result) or result.why, 200)
            told.setdefault(section.anchor, {})[check.lines[0]] = line(
                (word, tone), (f"  {_age(at, now)}", "dim"), f"  {first}" if first else ""
            )
    return told


def _notes(state: WalkState | None) -> dict[str, list[str]]:
    """The notes of a walk by the section that they were written at."""
    found: dict[str, list[str]] = {}
    for one in state.done if state is not None else ():
        if isinstance(one.payload, Noted):
            found.setdefault(one.payload.section, []).append(one.payload.text)
    return found


def live_value(fact: str, beside: Beside) -> Span:
    """A live value beside a threshold."""
    found = beside.facts.get(fact)
    value = found.known(beside.now) if found is not None else None
    if found is None or value is None:
        return "?", "unknown"
    from runbooks.names import FACT_NAMES

    named = FACT_NAMES.get(fact)
    if found.says:
        return found.says, "strong"
    if named is not None and isinstance(value, bool):
        return (named.yes, "good") if value else (named.no, "bad")
    return in_words(value, named.unit if named else ""), "strong"


def _age(at: datetime, now: datetime) -> str:
    return f"{age_words(seconds_between(at, now))} ago"
