"""The runbooks: ours and the team's own, by name and title; after a search, the places that have the words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from operations.text import one_line
from runbooks.model import Book
from runbooks.mojibake import repaired
from runbooks.search import Hit
from tui.actions import Place
from tui.lines import Line, line, rule
from tui.model import Model
from tui.screens.list_page import ListPage


@dataclass(frozen=True, slots=True)
class Shelved:
    """A runbook on the shelf. `book` is None until it was read; `trouble` why it cannot be."""

    name: str
    own: bool
    book: Book | None = None
    trouble: str = ""


class BooksScreen(ListPage):
    """Lists the shelf, or what a search found; the last row opens any other file."""

    PLACE: ClassVar[Place] = "books"

    def __init__(self, model: Model, shelf: Sequence[Shelved]) -> None:
        super().__init__(model)
        self.shelf = tuple(shelf)
        self.hits: tuple[Hit, ...] | None = None
        self.words = ""

    @property
    def chosen(self) -> Shelved | Hit | None:
        """What the cursor is on; None for the row that opens any other file."""
        found: Sequence[Shelved | Hit] = self.shelf if self.hits is None else self.hits
        return found[self.cursor] if self.cursor < len(found) else None

    def fill(self, shelf: Sequence[Shelved]) -> None:
        """The shelf as it is now."""
        self.shelf = tuple(shelf)
        self.show(self.model)

    def found(self, words: str, hits: tuple[Hit, ...] | None) -> None:
        """Show what a search found; None shows the shelf again."""
        self.words, self.hits, self.cursor = words, hits, 0
        self.show(self.model)

    def head(self, model: Model, width: int) -> Sequence[Line]:
        title = "Runbooks" if self.hits is None else f"Runbooks with “{one_line(self.words, 30)}”"
        reading = sum(one.book is None and not one.trouble for one in self.shelf)
        count = len(self.shelf) if self.hits is None else len(self.hits)
        right = f"reading {reading} more" if reading else f"{count}"
        return [rule(title, width, model.glyphs.dash, right)]

    def rows(self, model: Model, width: int) -> Sequence[Line]:
        if self.hits is None:
            return [*(shelf_line(one, width) for one in self.shelf), line(("   any other file …", "dim"))]
        found = [hit_line(hit, width) for hit in self.hits]
        return found or [line(("   nothing has these words; / looks for others", "dim"))]


def shelf_line(one: Shelved, width: int) -> Line:
    """Name, title and what a runbook holds."""
    own = ("  the team's own", "good") if one.own else ("", "plain")
    if one.book is None:
        return line(f" {one_line(one.name, 26):<27}", (one.trouble, "bad") if one.trouble else ("", "dim"), own)  # type: ignore[arg-type]
    decisions = sum(bool(section.branches) for section in one.book.sections)
    tasks = sum(len(section.tasks) for section in one.book.sections)
    holds = [f"{decisions} questions" if decisions else "", f"{tasks} tasks" if tasks else ""]
    what = ", ".join(word for word in holds if word)
    room = max(10, width - 28 - len(what) - 3)
    title = one_line(repaired(one.book.title), room)
    return line(f" {one_line(one.name, 26):<27}", (f"{title:<{room}}", "strong"), (f" {what}", "dim"), own)  # type: ignore[arg-type]


def hit_line(hit: Hit, width: int) -> Line:
    """Runbook, section, and the line with the words where that is another."""
    text = f"  {one_line(hit.text, width)}" if hit.where in ("line", "text") else ""
    return line((f" {one_line(hit.book, 22):<23}", "dim"), (one_line(repaired(hit.title), 40), "strong"), text)
