"""A runbook as plain text for a terminal or a printer: every line's content once, in the order of the file. Pure.

It follows the source line by line, so that nothing is left out, whatever stands there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from runbooks.anchors import LONGEST
from runbooks.layout import padded, width_of, wrapped
from runbooks.model import (
    Book,
    Code,
    Comment,
    Decision,
    Element,
    FrontMatter,
    Heading,
    ItemList,
    Paragraph,
    Quote,
    Raw,
    Section,
    Table,
)
from runbooks.mojibake import repaired
from runbooks.plain_code import code_lines
from runbooks.plain_inline import cells, flow, inline, note_lines

NARROWEST = 30

_MARK = re.compile(r"\s*([-*+]|\d{1,9}[.)])(?:\s+|$)(?:\[([ xX])\]\s+)?")
_FENCE = re.compile(r"\s*(`{3,}|~{3,})")
_FOLD = re.compile(r"</?(?:details|summary)[^<>]*>", re.IGNORECASE)


def plain_text(book: Book, width: int = 100, sections: Sequence[Section] | None = None) -> tuple[str, ...]:
    """The lines of `sections`, else of the whole book, `width` columns wide; lines of code are never broken."""
    page = _Page(tuple(book.source.split("\n")), _spoken_dangers(book), max(width, NARROWEST))
    chosen = book.sections if sections is None else sections
    found = list(_repaired_lines(book, chosen))
    last = chosen[0].lines[0] - 1 if chosen else 0
    for section in chosen:
        for element in section.elements:
            if found and (element.lines[0] - last > 1 or isinstance(element, Heading)) and found[-1]:
                found.append("")
            found += page.element(element, section)
            last = element.lines[1]
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Page:
    """What every part needs: the source, the destructive commands that running text names, how wide the paper is."""

    source: tuple[str, ...]
    dangers: Mapping[int, tuple[str, ...]]
    width: int

    def lines(self, first: int, last: int) -> list[str]:
        """Source lines as they were meant."""
        return [repaired(line) for line in self.source[first - 1 : last]]

    def element(self, element: Element, section: Section, indent: str = "") -> Iterator[str]:
        """One element."""
        first, last = element.lines
        if isinstance(element, Code):
            yield from code_lines(element, self.lines(first, last), indent)
            return
        if isinstance(element, ItemList | Decision):
            yield from self._list(element, section, indent)
        elif isinstance(element, Heading):
            yield from self._heading(element)
        elif isinstance(element, Table):
            yield from self._table(element, indent)
        elif isinstance(element, Quote):
            yield from self._quote(element, indent)
        elif isinstance(element, Comment):
            yield from note_lines("\n".join(self.lines(first, last)), self.width, indent)
        elif isinstance(element, Raw):
            yield from self._raw(element, indent)
        elif isinstance(element, FrontMatter):
            yield from (f"{indent}  {line.strip()}" for line in self.lines(first + 1, last - 1) if line.strip())
        elif isinstance(element, Paragraph) and element.loud:
            yield from self._box(list(flow(self.lines(first, last), self.width - len(indent) - 4)), "", indent)
        else:
            yield from flow(self.lines(first, last), self.width, indent)
        if not isinstance(element, ItemList | Decision):  # there each entry says its own
            yield from self._dangers(first, last, f"{indent}  ")

    def _dangers(self, first: int, last: int, indent: str) -> Iterator[str]:
        for number in range(first, last + 1) if self.dangers else ():
            yield from (f"{indent}! {words} (line {number})" for words in self.dangers.get(number, ()))

    def _heading(self, heading: Heading) -> Iterator[str]:
        marks = {1: "=", 2: "-"}
        lines = list(
            flow([repaired(heading.text)], self.width, "" if heading.level in marks else "#" * heading.level + " ")
        )
        yield from lines or [""]
        if heading.level in marks:
            yield marks[heading.level] * min(self.width, max(3, width_of(lines[0]) if lines else 3))

    def _list(self, listed: ItemList | Decision, section: Section, indent: str) -> Iterator[str]:
        """The entries in their order, answers with the key that gives them."""
        keys = {branch.line: key for key, branch in enumerate(section.branches, 1)}
        inside = {item.lines[0]: item for item in (listed.items if isinstance(listed, ItemList) else listed.others)}
        starts = sorted(
            {*inside, *(branch.line for branch in (listed.branches if isinstance(listed, Decision) else ()))}
        )
        for number, start in enumerate(starts):
            last = inside[start].lines[1] if start in inside else self._end(starts, number, listed.lines[1])
            children = inside[start].children if start in inside else ()
            key = f"{keys[start]}) " if start in keys and isinstance(listed, Decision) else ""
            yield from self._entry(start, last, children, key, section, indent)

    def _end(self, starts: Sequence[int], number: int, last: int) -> int:
        return starts[number + 1] - 1 if number + 1 < len(starts) else last

    def _entry(
        self, first: int, last: int, children: Sequence[Element], key: str, section: Section, indent: str
    ) -> Iterator[str]:
        """One entry of a list: its own lines with its mark, and what stands inside it."""
        lead = self.source[first - 1]
        found = _MARK.match(lead[:LONGEST])
        mark = key or (f"[{found[2]}] " if found and found[2] else f"{found[1]} " if found else "")
        mark = "- " if mark in ("* ", "+ ") else mark
        deeper = indent + " " * len(mark)
        before, at = indent + mark, first
        for child in [*children, None]:
            own = self.lines(at, child.lines[0] - 1 if child else last)
            if at == first and found and own:
                own[0] = repaired(lead[found.end() :])
            for line in self._loose(own, before, deeper):
                yield line
                before = deeper
            yield from self._dangers(at, child.lines[0] - 1 if child else last, deeper)
            if child is not None:
                if child.lines[0] == first and before != deeper:
                    yield before.rstrip()  # the entry begins with a fence or a list
                    before = deeper
                yield from self.element(child, section, deeper)
                at = max(at, child.lines[1] + 1)

    def _loose(self, lines: Sequence[str], before: str, indent: str) -> Iterator[str]:
        """Lines that no element describes any closer: text is filled, entries and fences keep their lines."""
        text: list[str] = []
        fence = ""
        for line in [*lines, ""]:
            opening = _FENCE.match(line)
            entry = bool(_MARK.match(line[:LONGEST])) and not fence
            if text and (not line.strip() or opening or entry or fence):
                yield from flow(text, self.width, before, indent)
                text, before = [], indent
            if fence or opening:
                fence = (
                    ""
                    if fence and opening and opening[1].startswith(fence)
                    else fence or (opening[1] if opening else "")
                )
                if line.strip():
                    yield before + line.rstrip()
                    before = indent
            elif line.strip():
                text.append(line)

    def _table(self, table: Table, indent: str) -> Iterator[str]:
        """Columns where they fit; else each row as its cells one under the other."""
        first, last = table.lines
        rows = [cells(line) for number, line in enumerate(self.lines(first, last)) if number != 1]
        count = max((len(row) for row in rows), default=0)
        sizes = [max((width_of(row[n]) for row in rows if n < len(row)), default=0) for n in range(count)]
        if sum(sizes) + 2 * count + len(indent) <= self.width:
            for number, row in enumerate(rows):
                yield (indent + "  ".join(padded(cell, sizes[n]) for n, cell in enumerate(row))).rstrip()
                if number == 0:
                    yield indent + "  ".join("-" * size for size in sizes)
            return
        for row in rows:
            for number, cell in enumerate(row):
                if cell:
                    yield from wrapped(cell, self.width, indent if number == 0 else f"{indent}    ")

    def _quote(self, quote: Quote, indent: str) -> Iterator[str]:
        lines = [repaired(line) for line in quote.text.split("\n")]
        inner = self.width - len(indent) - 4
        said = [line for run in _runs(lines) for line in (self._narrow(inner)._loose(run, "", "") if run else [""])]
        yield from self._box(said, quote.alert, indent)

    def _narrow(self, width: int) -> _Page:
        return _Page(self.source, self.dangers, max(width, NARROWEST))

    def _box(self, lines: Sequence[str], title: str, indent: str) -> Iterator[str]:
        head = f"+-- {title} " if title else "+--"
        edge = max([width_of(line) for line in lines] + [width_of(head), 20]) + 2
        yield f"{indent}{head}{'-' * max(2, edge - width_of(head))}"
        yield from (f"{indent}| {line}".rstrip() for line in lines)
        yield f"{indent}+{'-' * (edge - 1)}"

    def _raw(self, raw: Raw, indent: str) -> Iterator[str]:
        lines = self.lines(*raw.lines)
        if raw.kind == "rule":
            yield f"{indent}{'-' * 20}"
        elif raw.kind in ("details", "details-end"):
            said = [inline(bare) for line in lines if (bare := _FOLD.sub("", line).strip())]
            yield from (
                f"{indent}{'[+] ' if n == 0 and raw.kind == 'details' else ''}{line}" for n, line in enumerate(said)
            )
        else:
            yield from (f"{indent}{line.rstrip()}" for line in lines if line.strip())


def _spoken_dangers(book: Book) -> Mapping[int, tuple[str, ...]]:
    """By line, what destructive commands outside fences would do; those in fences are marked beside them."""
    if not book.hazards:
        return {}
    blocks = [block.lines for section in book.sections for block in section.blocks]
    fenced = {number for first, last in blocks for number in range(first, last + 1)}
    found: dict[int, tuple[str, ...]] = {}
    for hazard in book.hazards:
        if hazard.line not in fenced:
            found[hazard.line] = (*found.get(hazard.line, ()), hazard.words)
    return found


def _runs(lines: Sequence[str]) -> Iterator[list[str]]:
    """Paragraphs: runs of lines, with an empty one between."""
    run: list[str] = []
    for line in lines:
        if line.strip():
            run.append(line)
        elif run:
            yield run
            yield []
            run = []
    if run:
        yield run


def _repaired_lines(book: Book, sections: Sequence[Section]) -> Iterator[str]:
    shown = [n for n in book.garbled if any(s.lines[0] <= n <= s.lines[1] for s in sections)]
    if shown:
        named = ", ".join(str(number) for number in shown[:12]) + (", …" if len(shown) > 12 else "")
        lines = "line" if len(shown) == 1 else "lines"
        yield f"[repaired] {len(shown)} {lines} in the wrong encoding, shown as meant: {named}; the file is left."
