"""A full page that shows a Model: header line, its own content, and the keys that apply here."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.screen import Screen

from tui.actions import Place
from tui.model import Model
from tui.panels.block import Block
from tui.panels.bottom import foot
from tui.panels.header import header


class Page(Screen[None]):
    """Base of the pages beside the main one."""

    PLACE: ClassVar[Place] = "everywhere"
    # Absolute: Textual would look beside the file of a subclass.
    CSS_PATH = Path(__file__).with_name("pages.tcss")

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.model = model

    def compose(self) -> ComposeResult:
        yield Block(id="head")
        yield from self.content()
        yield Block(id="foot")

    def content(self) -> ComposeResult:
        """The widgets between header and keys."""
        raise NotImplementedError

    def on_mount(self) -> None:
        self.show(self.model)

    def on_resize(self) -> None:
        self.show(self.model)

    def on_screen_resume(self) -> None:
        """In front again."""
        in_front_again(self)

    @property
    def is_over(self) -> bool:
        """True where what the page is about has ended, and its key does nothing more."""
        return False

    def show(self, model: Model) -> None:
        """Show a model."""
        self.model = model
        width = self.app.size.width
        if not self.query("#foot"):
            return  # not composed yet; it shows itself when it is
        self.query_one("#head", Block).show([header(model, width)])
        self.query_one("#foot", Block).show(foot(model, width))
        self.refresh_content(model, width)

    def refresh_content(self, model: Model, width: int) -> None:
        """Show the page's own part of the model."""
        raise NotImplementedError


def in_front_again(screen: Screen[None]) -> None:
    """Under a dialog a page is not painted: it shows the present state when it is back."""
    if callable(resumed := getattr(screen.app, "resumed", None)):
        resumed()
