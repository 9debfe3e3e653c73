"""The incident page: what it is, who does what, what is due, and everything that happened, newest last."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult

from tui.actions import Place
from tui.model import Model
from tui.panels.block import Block
from tui.panels.following import Following
from tui.panels.incident import head_lines, story_lines
from tui.plainly import scroll_plainly
from tui.screens.base import Page


class IncidentScreen(Page):
    """Shows the incident of the model; scrolls with arrows and page keys, and stays at the end when it is there."""

    PLACE: ClassVar[Place] = "incident"

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self._words = ""

    def filter(self, words: str) -> None:
        """Show only the entries with these words; "" shows all."""
        self._words = words.strip()
        self.show(self.model)

    def content(self) -> ComposeResult:
        yield Block(id="list")
        with Following(id="scroll"):
            yield Block(id="timeline")

    def on_mount(self) -> None:
        scroll = self.query_one("#scroll", Following)
        scroll.focus()
        scroll_plainly(scroll)

    def refresh_content(self, model: Model, width: int) -> None:
        head = head_lines(model, width)
        # What scrolls keeps at least half of the page.
        self.query_one("#list", Block).show(head[: max(4, self.app.size.height // 2)])
        self.query_one("#timeline", Block).show(story_lines(model, width - 2, self._words))
