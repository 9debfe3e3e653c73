"""The main page: one block of lines that answers what is broken, since when, what changed, and what to press."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.screen import Screen

from tui.model import Model
from tui.panels.block import Block
from tui.panels.page import page
from tui.screens.base import in_front_again


class MainScreen(Screen[None]):
    """Shows a Model; knows nothing of where it comes from."""

    PLACE = "main"
    CSS = "MainScreen { background: $background; } MainScreen Block { height: 1fr; }"

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.model = model

    def compose(self) -> ComposeResult:
        yield Block(id="page")

    def on_mount(self) -> None:
        self.show(self.model)

    def on_resize(self) -> None:
        self.show(self.model)

    def on_screen_resume(self) -> None:
        """In front again."""
        in_front_again(self)

    def show(self, model: Model) -> None:
        """Show a model; only lines that differ are painted."""
        self.model = model
        for block in self.query("#page").results(Block):
            block.show(page(model, self.app.size.width, self.app.size.height))
