"""The incident page: what it is, who does what, what is due, and everything that happened, newest last."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult

from tui.actions import Place
from tui.lines import Line
from tui.model import Model
from tui.panels.block import Block
from tui.panels.following import Following
from tui.panels.incident import head_lines, task_lines, told_lines
from tui.plainly import scroll_plainly
from tui.screens.base import Page


class IncidentScreen(Page):
    """Shows the incident of the model; scrolls with arrows and page keys, and stays at the end when it is there."""

    PLACE: ClassVar[Place] = "incident"

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self._words = ""
        self._told: tuple[tuple[object, ...], list[Line]] = ((), [])

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
        self.query_one("#timeline", Block).show([*task_lines(model, width - 2), *self._told_lines(model, width - 2)])

    def _told_lines(self, model: Model, width: int) -> list[Line]:
        """Worked out anew where the incident, the width or the filter is another: the page is shown every second."""
        made_of = (model.incident, model.glyphs, width, self._words)
        before = self._told[0]
        if not before or before[0] is not model.incident or before[1:] != made_of[1:]:
            self._told = (made_of, told_lines(model, width, self._words))
        return self._told[1]
