"""A runbook's sections as the rows beside its text, and what a page asks of the book every second, found out once."""

from __future__ import annotations

from dataclasses import dataclass

from operations.text import one_line
from runbooks.model import Book
from runbooks.mojibake import repaired
from runbooks.view import steps_of
from tui.lines import Line, Tone, line


@dataclass(frozen=True, slots=True)
class Outline:
    """`lines` has a row for each section with a title, `number_of` which row that is, `has_steps` whether there is
    anything to tick."""

    lines: tuple[Line, ...]
    number_of: dict[str, int]
    has_steps: bool


def outline(book: Book, width: int) -> Outline:
    """Every section's title, indented by its level."""
    headed = [section for section in book.sections if section.level]
    lowest = min((section.level for section in headed), default=1)
    rows: list[Line] = []
    for section in headed:
        indent = " " * (section.level - lowest)
        tone: Tone = "strong" if section.branches else "warn" if section.is_act else "plain"
        words = one_line(f"{indent}{repaired(section.title)}", width - 1)
        rows.append(line(" ", (indent + words.strip(), tone)))
    numbers = {section.anchor: number for number, section in enumerate(headed)}
    return Outline(tuple(rows), numbers, any(steps_of(section) for section in book.sections))
