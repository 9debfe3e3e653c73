"""Links: those in the text and those to other runbooks lead somewhere; what was meant as an answer is one. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from runbooks.lint_finding import Finding, Lookup, error
from runbooks.model import Book, Decision, Element, ItemList, Next, Paragraph, Section
from runbooks.source_marks import Link, links, named_places

_TOPS = frozenset({"", "top"})
_ANOTHER = re.compile(r"(?![a-z][a-z0-9+.-]*:)(?!/)([^#?]+\.md)(?:#(.*))?", re.IGNORECASE)
_MEANT_AS_NEXT = re.compile(r"(?:\*\*)?next:(?:\*\*)?.*\]\(#", re.IGNORECASE | re.DOTALL)


def links_lead_somewhere(book: Book, other: Lookup | None) -> Iterator[Finding]:
    """Every `[x](#y)` has its section, and every `[x](other.md#y)` its runbook and section, where `other` can tell."""
    places = named_places(book)
    told = _told_by_reader(book)
    for link in links(book):
        if link.target.startswith("#"):
            anchor = link.target[1:]
            known = anchor in book.anchors or anchor in places or anchor in _TOPS
            if not known and (link.line, anchor) not in told:
                yield error(link.line, "target", f"there is no section “#{anchor}”{did_you_mean(anchor, book)}")
        elif other is not None and (found := _ANOTHER.fullmatch(link.target)):
            yield from _to_another(link, found[1], found[2] or "", other)


def near_misses(book: Book) -> Iterator[Finding]:
    """Answers that no walk would see, and a `Next:` that is none."""
    for section in book.sections:
        yield from _several_next(section)
        for element in section.elements:
            if isinstance(element, Paragraph) and _MEANT_AS_NEXT.match(element.text):
                words = (
                    "“Next:” is the way on only when it stands alone with one link: move the rest to a line of its own"
                )
                yield error(element.lines[0], "near-miss", words)
            for item in element.items if isinstance(element, ItemList) else ():
                yield from _nested(item.children)


def _several_next(section: Section) -> Iterator[Finding]:
    found = [element for element in section.elements if isinstance(element, Next)]
    for _, again in pairwise(found):
        yield error(again.lines[0], "near-miss", "a section has one “Next:”: make the ways on answers instead")


def _nested(elements: tuple[Element, ...]) -> Iterator[Finding]:
    for element in elements:
        if isinstance(element, Decision):
            words = "these answers stand inside another list, where no walk sees them: move them to the left margin"
            yield error(element.lines[0], "near-miss", words)
        elif isinstance(element, ItemList):
            for item in element.items:
                yield from _nested(item.children)


def _to_another(link: Link, file: str, anchor: str, other: Lookup) -> Iterator[Finding]:
    book = other(file)
    if book is None:
        yield error(link.line, "target", f"there is no runbook “{file}”: correct the link, or write that file")
    elif anchor and anchor not in book.anchors and anchor not in named_places(book):
        yield error(link.line, "target", f"“{file}” has no section “#{anchor}”{did_you_mean(anchor, book)}")


def _told_by_reader(book: Book) -> set[tuple[int, str]]:
    """Broken links of answers and of `Next:`; the reader has reported these."""
    return {
        (problem.line, problem.words.partition("“#")[2].removesuffix("”"))
        for problem in book.problems
        if problem.words.startswith("there is no section “#")
    }


def did_you_mean(anchor: str, book: Book) -> str:
    """The way to mend a link to a section that is not there: the nearest anchor of the book, if one is near."""
    from difflib import get_close_matches

    near = get_close_matches(anchor[:200], list(book.anchors)[:500], 1, 0.6)
    return f": did you mean “#{near[0]}”?" if near else ": correct the link, or add the section"
