"""Reads a runbook: sections with their anchors, decisions, time boxes, and everything else kept as it stands.

Any text is a runbook; nothing here raises, and the file's bytes are never changed.
"""

from __future__ import annotations

import gc
import hashlib
import re
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from runbooks.anchors import plain
from runbooks.annotations import anchor_in, notes_in
from runbooks.answers import condition, time_of
from runbooks.front_matter import front_matter, value_of
from runbooks.hazards import hazards_in_words
from runbooks.meanings import contacts_in, given_meaning, thresholds_in
from runbooks.model import Book, Branch, Comment, Decision, Element, Heading, Next, Problem, Raw, Section
from runbooks.mojibake import garbled_lines
from runbooks.names import changes_something
from runbooks.parts import Hazard, Window
from runbooks.windows import LONGEST_BOX, severity_in, window_in

ACT_MARK = "⚠"
_BEGINS_BLOCK = re.compile(r"[-*+|>#]|\d+[.)]")


def read(source: str | bytes, name: str) -> Book:
    """The runbook in `source`. Bytes are read as UTF-8, what is not UTF-8 is replaced; `name` is the file's name."""
    with _uncollected():
        return _read(source, name)


@contextmanager
def _uncollected() -> Iterator[None]:
    """No search for garbage meanwhile: thousands of new tokens, all in use, would be looked through again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _read(source: str | bytes, name: str) -> Book:
    raw = source if isinstance(source, bytes) else source.encode("utf-8", "surrogatepass")
    text = raw.decode("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    problems: list[Problem] = []
    front = front_matter(lines)
    places: dict[str, int] = {}
    found = _elements(lines, front.lines[1] + 1 if front else 1, problems, places)
    sections = _sections([front, *found] if front else found, problems)
    starts = [section.lines[0] for section in sections]
    anchors = {anchor: bisect_right(starts, line) - 1 for anchor, line in places.items()}
    sections = tuple(_linked(section, anchors, problems) for section in sections)
    above = _titles_above(sections)
    if front is not None and front.values is None:
        problems.append(Problem(1, "the front matter is not `key: value` lines; it is kept as text"))
    return Book(
        name=name,
        title=value_of(front, "title") or _title(sections) or name,
        hash=hashlib.sha256(raw).hexdigest(),
        source=text,
        front=front,
        sections=sections,
        start=_start(anchor_in(value_of(front, "start")), sections, anchors, problems),
        help=next((section.anchor for section in sections if section.is_help), ""),
        problems=tuple(sorted(problems, key=lambda problem: problem.line)),
        anchors=anchors,
        contacts=tuple(
            c for s, up in zip(sections, above, strict=True) for e in s.elements for c in contacts_in(e, up)
        ),
        thresholds=tuple(t for s in sections for e in s.elements for t in thresholds_in(e)),
        hazards=_hazards(sections, lines),
        garbled=() if text.isascii() else garbled_lines(lines),
        check_names=tuple(code.name for section in sections for code in section.codes("check")),
    )


def _elements(lines: list[str], first: int, problems: list[Problem], places: dict[str, int]) -> list[Element]:
    from runbooks.blocks import elements

    try:
        return elements(lines, first, problems, places)
    except Exception as error:  # noqa: BLE001 - somebody else's parser on anybody's text: the text is still shown
        problems.append(Problem(first, f"this file is shown as plain text; reading it failed: {type(error).__name__}"))
        return [Raw((number, number), line) for number, line in enumerate(lines[first - 1 :], first) if line.strip()]


def _sections(found: list[Element], problems: list[Problem]) -> tuple[Section, ...]:
    """Cut at the headings; what stands before the first one is a section of level 0 without title or anchor."""
    parts: list[list[Element]] = [[]]
    for element in found:
        if isinstance(element, Heading):
            parts.append([])
        parts[-1].append(element)
    above: list[tuple[int, str]] = []
    made: list[Section] = []
    for part in parts:
        if part and isinstance(part[0], Heading):
            above = [one for one in above if one[0] < part[0].level] + [(part[0].level, plain(part[0].text))]
        if part:
            made.append(_section(tuple(given_meaning(part, [title for _, title in above])), problems))
    return tuple(made)


def _section(parts: tuple[Element, ...], problems: list[Problem]) -> Section:
    head = parts[0]
    title = plain(head.text) if isinstance(head, Heading) else ""
    notes = notes_in(head.text) if isinstance(head, Heading) else {}
    for element in parts:
        if isinstance(element, Comment):
            notes = {**element.annotations, **notes}
    line = head.lines[0]
    window = window_in(title)
    section = Section(
        anchor=head.anchor if isinstance(head, Heading) else "",
        title=title,
        level=head.level if isinstance(head, Heading) else 0,
        lines=(line, parts[-1].lines[1]),
        elements=parts,
        label=notes.get("label", ""),
        severity=severity_in(title),
        window=window,
        timebox=time_of(notes.get("timebox"), "timebox", line, problems) or _box(window),
        on_expire=anchor_in(notes.get("on-expire", "")),
        wait=time_of(notes.get("wait"), "wait", line, problems),
        then=anchor_in(notes.get("then", "")),
        unless=condition(notes.get("unless"), line, problems),
        never_suggested="never-suggested" in notes,
        is_help="help" in notes,
        is_end="end" in notes,
    )
    if title.startswith(ACT_MARK) or any(changes_something(action.name) for action in section.actions):
        return replace(section, is_act=True)
    return section


def _box(window: Window | None) -> float | None:
    """A window as a time box: one that is long is a plan, and no clock to watch."""
    return window.length if window is not None and 0 < window.length <= LONGEST_BOX else None


def _titles_above(sections: tuple[Section, ...]) -> list[list[str]]:
    """The titles over each section, its own last."""
    found: list[list[str]] = []
    above: list[tuple[int, str]] = []
    for section in sections:
        above = [one for one in above if one[0] < section.level] + [(section.level, section.title)]
        found.append([title for _, title in above if title])
    return found


def _hazards(sections: tuple[Section, ...], lines: list[str]) -> tuple[Hazard, ...]:
    """The destructive lines of the whole file: those of its commands, and those that running text names."""
    fenced = [(block.lines, block.groups) for section in sections for block in section.blocks]
    inside = {number for (first, last), _ in fenced for number in range(first, last + 1)}
    found = [hazard for _, groups in fenced for group in groups for hazard in group.hazards]
    for number, text in _paragraphs(lines, inside):
        found += hazards_in_words(text, number)
    return tuple(sorted(found, key=lambda hazard: hazard.line))


def _paragraphs(lines: list[str], inside: set[int]) -> Iterator[tuple[int, str]]:
    """The text outside of fences with its line, where it has backticks; they pair across the lines of a paragraph."""
    run: list[str] = []
    begun = 0
    for number, line in enumerate([*lines, ""], 1):
        bare = line.lstrip()
        if run and (not bare or number in inside or _BEGINS_BLOCK.match(bare)):
            if any("`" in one for one in run):
                yield begun, "\n".join(run)
            run = []
        if bare and number not in inside:
            begun = begun if run else number
            run.append(line)


def _linked(section: Section, anchors: dict[str, int], problems: list[Problem]) -> Section:
    """The section with every link checked: one that leads to no section is emptied and reported."""
    if not (section.branches or section.next or section.on_expire or section.then):
        return section
    line = section.lines[0]

    def checked(anchor: str, where: int) -> str:
        if anchor and anchor not in anchors:
            problems.append(Problem(where, f"there is no section “#{anchor}”"))
            return ""
        return anchor

    def linked(element: Element) -> Element:
        if isinstance(element, Next):
            return replace(element, target=checked(element.target, element.lines[0]))
        if not isinstance(element, Decision):
            return element
        return replace(element, branches=tuple(led(branch) for branch in element.branches))

    def led(branch: Branch) -> Branch:
        target, instead = checked(branch.target, branch.line), checked(branch.instead, branch.line)
        unchanged = (target, instead) == (branch.target, branch.instead)
        return branch if unchanged else replace(branch, target=target, instead=instead)

    return replace(
        section,
        elements=tuple(linked(element) for element in section.elements),
        on_expire=checked(section.on_expire, line),
        then=checked(section.then, line),
    )


def _title(sections: tuple[Section, ...]) -> str:
    return next((section.title for section in sections if section.level == 1), "")


def _start(wanted: str, sections: tuple[Section, ...], anchors: dict[str, int], problems: list[Problem]) -> str:
    """Where a walk begins: as the front matter says, else at the first decision, else at the first heading."""
    if wanted in anchors:
        return wanted
    if wanted:
        problems.append(Problem(1, f"there is no section “#{wanted}” to start from"))
    headed = [section for section in sections if section.level]
    first = next((section for section in headed if section.branches), headed[0] if headed else None)
    return first.anchor if first else ""
