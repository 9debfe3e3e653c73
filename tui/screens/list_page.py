"""A page that is one list with a cursor: its head, its rows, arrows and page keys."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding

from operations.text import one_line
from tui.lines import Line
from tui.model import Model
from tui.panels.block import Block
from tui.reading.view import RowsView
from tui.screens.base import Page


class ListPage(Page):
    """Base of the pages that list things. What is chosen stays chosen while rows come and go around it."""

    BINDINGS = [
        Binding("up", "step(-1)", show=False),
        Binding("down", "step(1)", show=False),
        Binding("pageup", "step(-10)", show=False),
        Binding("pagedown", "step(10)", show=False),
        Binding("home", "step(-1000000)", show=False),
        Binding("end", "step(1000000)", show=False),
    ]

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self.cursor = 0
        self.words = ""
        """Only rows with these words are listed, where a page can be filtered; "" lists all."""
        self._count = 1

    def content(self) -> ComposeResult:
        yield Block(id="list")
        yield RowsView(id="text")

    def on_mount(self) -> None:
        self.query_one("#text", RowsView).focus()

    def head(self, model: Model, width: int) -> Sequence[Line]:
        """The lines over the list."""
        raise NotImplementedError

    def rows(self, model: Model, width: int) -> Sequence[Line]:
        """The list, one row a thing."""
        raise NotImplementedError

    def items(self, model: Model, width: int) -> Sequence[Sequence[Line]]:
        """The things of the list with the rows of each; a page whose things take several says so here."""
        return [(row,) for row in self.rows(model, width)]

    def filter(self, words: str) -> None:
        """List only what has these words, upper and lower case alike."""
        self.words = words.strip()
        self.cursor = 0
        self.show(self.model)

    def has_words(self, *texts: str) -> bool:
        """Whether something with these texts is listed."""
        return self.words.casefold() in " ".join(texts).casefold()

    @property
    def filtered(self) -> str:
        """What the title adds while it is filtered."""
        return f", only “{one_line(self.words, 30)}”" if self.words else ""

    def action_step(self, by: int) -> None:
        """The cursor up or down."""
        self.cursor = max(0, min(self._count - 1, self.cursor + by))
        self.show(self.model)

    def refresh_content(self, model: Model, width: int) -> None:
        items = self.items(model, width - 1)
        self._count = max(1, len(items))
        self.cursor = min(self.cursor, self._count - 1)
        self.query_one("#list", Block).show(self.head(model, width))
        view = self.query_one("#text", RowsView)
        above = sum(len(item) for item in items[: self.cursor])
        chosen = range(above, above + (len(items[self.cursor]) if items else 1))
        view.show([row for item in items for row in item], chosen)
        view.reveal(chosen)
