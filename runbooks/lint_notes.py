"""Comments with our keys: every key known, where it counts, readable; labels and help once. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from runbooks.annotations import KEYS, parts
from runbooks.lint_finding import Finding, error, warning
from runbooks.model import Book, Comment, Decision, Heading, Item, ItemList, Section
from runbooks.source_marks import Note, comments
from runbooks.units import duration

SECTION_KEYS = frozenset({"label", "timebox", "on-expire", "wait", "then", "unless", "never-suggested", "help", "end"})
ANSWER_KEYS = frozenset({"when", "path", "wait", "then", "at-most", "exit", "go", "never-suggested"})
ITEM_KEYS = frozenset({"due"})

_PLACES = {"a section": SECTION_KEYS, "an answer": ANSWER_KEYS, "a list entry": ITEM_KEYS}


def comments_fit(book: Book) -> Iterator[Finding]:
    """Every rule about comments, and what they name."""
    places = _places(book)
    for note in comments(book):
        yield from _comment(note, places)
    for section in book.sections:
        for element in section.elements:
            yield from _due(element.items if isinstance(element, ItemList) else _others(element))
    yield from _once(book)


def _comment(note: Note, places: dict[int, str]) -> Iterator[Finding]:
    """A comment without any of our keys is somebody else's, unless it nearly has one."""
    given = [(part.partition(":")[0].strip(), part) for part in parts(note.text)]
    given = [(key, part) for key, part in given if key]
    ours = any(key in KEYS for key, _ in given)
    for key, part in given:
        line = note.line + note.text[: note.text.find(part.strip())].count("\n")
        if key not in KEYS:
            if near := _near(key):
                found = error if ours else warning
                yield found(line, "comment", f"“{_short(key)}” is no key of ours: did you mean “{near}”?")
            elif ours:
                yield error(
                    line, "comment", f"“{_short(key)}” is no key of ours: take it away, or see docs/runbooks.md"
                )
        elif key not in _PLACES.get(place := places.get(note.line, "a paragraph"), ()):
            right = " or ".join(name for name, keys in _PLACES.items() if key in keys)
            yield error(line, "place", f"“{key}” does nothing on {place}: it belongs on {right}")


def _places(book: Book) -> dict[int, str]:
    """What stands on each line, where a comment may set something there."""
    found: dict[int, str] = {}
    for section in book.sections:
        for element in section.elements:
            first, last = element.lines
            if isinstance(element, Comment | Heading):
                found.update(dict.fromkeys(range(first, last + 1), "a section"))
            elif isinstance(element, ItemList):
                found.update(dict.fromkeys(range(first, last + 1), "a list entry"))
            elif isinstance(element, Decision):
                found.update(dict.fromkeys(range(first, last + 1), "an answer"))
                for item in element.others:
                    found.update(dict.fromkeys(range(item.lines[0], item.lines[1] + 1), "a list entry"))
    return found


def _others(element: object) -> tuple[Item, ...]:
    return element.others if isinstance(element, Decision) else ()


def _due(items: tuple[Item, ...]) -> Iterator[Finding]:
    for item in items:
        written = item.notes.get("due")
        if written is not None and duration(written) is None:
            yield error(item.lines[0], "value", f"“due: {written}” is no duration such as 5m")
        for child in item.children:
            yield from _due(child.items if isinstance(child, ItemList) else ())


def _once(book: Book) -> Iterator[Finding]:
    labels: dict[str, int] = {}
    for section in book.sections:
        if not section.label:
            continue
        line = labels.setdefault(section.label, section.lines[0])
        if line != section.lines[0]:
            words = f"the label “{section.label}” belongs to the section of line {line}: give each its own"
            yield error(section.lines[0], "label", words)
    helps: list[Section] = [section for section in book.sections if section.is_help]
    for section in helps[1:]:
        words = f"only one section calls for help, the one of line {helps[0].lines[0]}: take “help” away here"
        yield error(section.lines[0], "label", words)


def _near(key: str) -> str:
    from difflib import get_close_matches

    found = get_close_matches(key, sorted(KEYS), 1, 0.75) if 3 < len(key) <= 20 else []
    return found[0] if found else ""


def _short(key: str) -> str:
    return key if len(key) <= 40 else f"{key[:39]}…"
