"""The runbooks: ours and the team's own, by name and title; after a search, the places that have the words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding

from operations.text import one_line
from runbooks.model import Book
from runbooks.mojibake import repaired
from runbooks.search import Hit
from tui.actions import Place
from tui.lines import Line, line, rule
from tui.model import Model
from tui.panels.block import Block
from tui.reading.view import RowsView
from tui.screens.base import Page


@dataclass(frozen=True, slots=True)
class Shelved:
    """A runbook on the shelf. `book` is None until it was read; `trouble` why it cannot be."""

    name: str
    own: bool
    book: Book | None = None
    trouble: str = ""


class BooksScreen(Page):
    """Lists the shelf, or what a search found; the last row opens any other file."""

    PLACE: ClassVar[Place] = "books"
    BINDINGS = [
        Binding("up", "step(-1)", show=False),
        Binding("down", "step(1)", show=False),
        Binding("pageup", "step(-10)", show=False),
        Binding("pagedown", "step(10)", show=False),
        Binding("home", "step(-100000)", show=False),
        Binding("end", "step(100000)", show=False),
    ]

    def __init__(self, model: Model, shelf: Sequence[Shelved]) -> None:
        super().__init__(model)
        self.shelf = tuple(shelf)
        self.hits: tuple[Hit, ...] | None = None
        self.words = ""
        self._cursor = 0

    def content(self) -> ComposeResult:
        yield Block(id="list")
        yield RowsView(id="text")

    def on_mount(self) -> None:
        self.query_one("#text", RowsView).focus()

    @property
    def chosen(self) -> Shelved | Hit | None:
        """What the cursor is on; None for the row that opens any other file."""
        found: Sequence[Shelved | Hit] = self.shelf if self.hits is None else self.hits
        return found[self._cursor] if self._cursor < len(found) else None

    def fill(self, shelf: Sequence[Shelved]) -> None:
        """The shelf as it is now."""
        self.shelf = tuple(shelf)
        self.show(self.model)

    def found(self, words: str, hits: tuple[Hit, ...] | None) -> None:
        """Show what a search found; None shows the shelf again."""
        self.words, self.hits, self._cursor = words, hits, 0
        self.show(self.model)

    def action_step(self, by: int) -> None:
        """The cursor up or down."""
        count = len(self.shelf) + 1 if self.hits is None else max(1, len(self.hits))
        self._cursor = max(0, min(count - 1, self._cursor + by))
        self.show(self.model)

    def refresh_content(self, model: Model, width: int) -> None:
        if self.hits is None:
            title = "Runbooks"
            rows = [*(shelf_line(one, width - 1) for one in self.shelf), line(("   any other file …", "dim"))]
        else:
            title = f"Runbooks with “{one_line(self.words, 30)}”"
            rows = [hit_line(hit, width - 1) for hit in self.hits]
            rows = rows or [line(("   nothing has these words; / looks for others", "dim"))]
        reading = sum(one.book is None and not one.trouble for one in self.shelf)
        count = len(self.shelf) if self.hits is None else len(self.hits)
        right = f"reading {reading} more" if reading else f"{count}"
        self.query_one("#list", Block).show([rule(title, width, model.glyphs.dash, right)])
        view = self.query_one("#text", RowsView)
        view.show(rows, range(self._cursor, self._cursor + 1))
        view.reveal(range(self._cursor, self._cursor + 1))


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
