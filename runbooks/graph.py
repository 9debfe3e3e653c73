"""The tree of a runbook as a Mermaid flowchart, and as lines for a terminal. Pure.

Titles are anybody's text: whatever could mean something to Mermaid is written as a character code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from runbooks.model import Book, Section
from runbooks.units import seconds_in_words
from runbooks.ways import Way, arrows, name_of, reached, ways, ways_from

LONGEST = 160
"""Characters of a title or an answer that are drawn."""
DEEPEST = 12
"""Steps to the right that lines of the tree take at most."""

_PLAIN = re.compile(r"[A-Za-z0-9 ,?!'/]")
_LEAD = re.compile(r"(?:[-+*#>]+|\d+[.)])")
_SHAPES: Mapping[str, tuple[str, str]] = {
    "decision": ("{", "}"), "help": ("([", "])"), "end": ("(((", ")))"), "act": ("[[", "]]"), "step": ("[", "]"),
}  # fmt: skip
_CLASSES = (
    "classDef act stroke:red,stroke-width:2px",
    "classDef help stroke:blue,stroke-width:2px",
    "classDef finish stroke:green,stroke-width:2px",
    "classDef seen stroke-width:4px",
    "classDef here fill:gold,stroke-width:4px",
)


@dataclass(frozen=True, slots=True)
class Gone:
    """One step of a path: the section that was left, where it led, and by which answer, counted from 0; None for a step
    without one."""

    section: str
    target: str
    answer: int | None = None


@dataclass(frozen=True, slots=True)
class TreeLine:
    """One line of the tree. `anchor` is the section it names, `answer` what leads there from the line it hangs on.

    `elsewhere` is "above" or "below" where its own ways stand with another mention of it. `seen` marks a line that the
    path really took: from the section it hangs on by that answer. `here` is the one line where the path stands.
    """

    anchor: str
    depth: int
    answer: str
    title: str
    elsewhere: str = ""
    seen: bool = False
    here: bool = False

    @property
    def text(self) -> str:
        """The line as a terminal shows it: `>` where the path stands, `*` where it came through."""
        mark = ">" if self.here else "*" if self.seen else " "
        answer = f"{self.answer} -> " if self.answer else ""
        other = f" ({self.elsewhere})" if self.elsewhere else ""
        return f"{mark} {'  ' * min(self.depth, DEEPEST)}{answer}{self.title}{other}"


def mermaid(book: Book, path: Sequence[str] = ()) -> str:
    """The sections that can be reached, as `flowchart TD`; `path` are the anchors gone through, drawn thick."""
    sections = _drawn(book, path)
    ids = {section.anchor: f"n{number}" for number, section in enumerate(sections)}
    lines = ["flowchart TD"]
    lines += [_node(ids[section.anchor], section) for section in sections]
    gone = set(pairwise(path))
    drawn: set[tuple[str, str]] = set()
    for way in ways(book):
        if way.source in ids and way.target in ids:
            drawn.add((way.source, way.target))
            lines.append(_edge(ids, way, book, (way.source, way.target) in gone))
    lines += [f"    {ids[a]} ==> {ids[b]}" for a, b in pairwise(path) if _is_new(a, b, ids, drawn)]
    lines += [f"    {line}" for line in _CLASSES]
    for anchor in dict.fromkeys(anchor for anchor in path if anchor in ids):
        lines.append(f"    class {ids[anchor]} {'here' if anchor == path[-1] else 'seen'}")
    return "\n".join(lines) + "\n"


def tree_lines(book: Book, gone: Sequence[Gone] = (), here: str = "") -> tuple[TreeLine, ...]:
    """The same tree for a terminal: each section under the nearest way to it, all other ways to it as mentions.

    `gone` are the steps of the path so far, `here` is the section where it stands.
    """
    path = [*(anchor for step in gone for anchor in (step.section, step.target)), *([here] if here else [])]
    sections = _drawn(book, path)
    nearest: dict[str, Way] = {}
    for section in sections:
        for way in ways_from(book, section):
            nearest.setdefault(way.target, way)
    tops = {book.start, book.help} | {section.anchor for section in sections if section.anchor not in nearest}
    shown: set[str] = set()
    found: list[TreeLine] = []
    taken = [_taken(book, step) for step in gone]
    came_by = taken[-1] if gone and gone[-1].target == here else None
    for section in [one for one in sections if one.anchor in tops] + sections:
        if section.anchor not in shown:
            tops.add(section.anchor)
            for by, line in _lines_under(book, section, nearest, tops, shown):
                stands = by == came_by if came_by is not None else line.anchor == here and not line.elsewhere
                seen = by in taken if by is not None else line.anchor in path
                found.append(replace(line, seen=seen or stands, here=stands))
    return tuple(found)


def _taken(book: Book, step: Gone) -> Way | None:
    """The way of the book that a step took; None for one that no way of it shows."""
    section = book.section(step.section)
    if section is None:
        return None
    onward = [way for way in ways_from(book, section) if way.target == step.target]
    if step.answer is None:
        return next((way for way in onward if way.kind not in ("answer", "instead")), None)
    branches = section.branches
    line = branches[step.answer].line if 0 <= step.answer < len(branches) else 0
    return next((way for way in onward if way.kind in ("answer", "instead") and way.line == line), None)


def _drawn(book: Book, path: Sequence[str]) -> list[Section]:
    """What can be reached from the start, from the call for help, from the path so far, nearer ones first."""
    onward = arrows(ways(book))
    found: dict[str, None] = {}
    for begin in (book.start, book.help, *path):
        if begin not in found:
            found.update(reached([begin], onward))
    sections = (book.section(anchor) for anchor in found)
    return [section for section in sections if section is not None]


def _lines_under(
    book: Book, top: Section, nearest: Mapping[str, Way], tops: set[str], shown: set[str]
) -> Iterator[tuple[Way | None, TreeLine]]:
    """A section with what hangs on it. Without recursion: a runbook may be one long chain."""
    stack: list[tuple[int, Way | None, Section]] = [(0, None, top)]
    while stack:
        depth, way, section = stack.pop()
        anchor = section.anchor
        hangs_here = way is None or (anchor not in tops and nearest.get(anchor) == way)
        elsewhere = "" if hangs_here else "above" if anchor in shown else "below"
        source = book.section(way.source) if way else None
        answer = _words(way, source) or "next" if way and source else ""
        yield way, TreeLine(anchor, depth, answer, name_of(section), elsewhere)
        if hangs_here:
            shown.add(anchor)
            onward = [(depth + 1, one, book.section(one.target)) for one in ways_from(book, section)]
            stack += [(deeper, one, target) for deeper, one, target in reversed(onward) if target is not None]


def _is_new(source: str, target: str, ids: Mapping[str, str], drawn: set[tuple[str, str]]) -> bool:
    """A step of the path that no way of the book shows: a jump. Each is drawn once."""
    if source not in ids or target not in ids or source == target or (source, target) in drawn:
        return False
    drawn.add((source, target))
    return True


def _node(id: str, section: Section) -> str:
    kind = _kind(section)
    opening, closing = _SHAPES["decision" if section.branches and kind in ("act", "step") else kind]
    marked = {"act": ":::act", "help": ":::help", "end": ":::finish"}.get(kind, "")
    words = escaped(name_of(section)) or "no title"
    return f'    {id}{opening}"{words}"{closing}{marked}'


def _kind(section: Section) -> str:
    if section.is_help:
        return "help"
    if section.is_end:
        return "end"
    return "act" if section.is_act else "step"


def _edge(ids: Mapping[str, str], way: Way, book: Book, gone: bool) -> str:
    section = book.section(way.source)
    words = escaped(_words(way, section)) if section else ""
    offered = way.kind in ("time box", "wait") or way.returns
    arrow = "==>" if gone else "-.->" if offered else "-->"
    label = f'|"{words}"|' if words else ""
    return f"    {ids[way.source]} {arrow}{label} {ids[way.target]}"


def _words(way: Way, section: Section) -> str:
    """What stands on an arrow."""
    if way.kind == "time box" and section.timebox is not None:
        return f"after {seconds_in_words(section.timebox)}"
    if way.kind == "wait" and section.wait is not None:
        return f"waited {seconds_in_words(section.wait)}"
    return f"{way.words}, too often" if way.kind == "instead" else way.words


def escaped(text: str) -> str:
    """`text` as it may stand between Mermaid's quotes: letters of all languages stay, signs become character codes."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if len(line) > LONGEST:
        line = line[: LONGEST - 1] + "…"
    lead = _LEAD.match(line)
    plain_from = lead.end() if lead else 0
    written = "".join(
        character if _may_stand(character, position >= plain_from) else f"#{ord(character)};"
        for position, character in enumerate(line)
    )
    # Mermaid takes a whole line with "direction LR" anywhere in it for an order, quotes or not.
    return written.replace("direction ", "#100;irection ")


def _may_stand(character: str, past_lead: bool) -> bool:
    """At the beginning a dash or a number with a dot would be read as a list."""
    return not character.isascii() or bool(_PLAIN.match(character)) or (past_lead and character in ".()-")
