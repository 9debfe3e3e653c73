"""The drill's page: story, clock and hints while it is played, the debrief once it is over."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.containers import VerticalScroll

from tui.actions import Place
from tui.model import Model
from tui.panels.block import Block
from tui.panels.drill import body_lines, head_lines
from tui.plainly import scroll_plainly
from tui.screens.base import Page

if TYPE_CHECKING:
    from operations.practice.debrief import Debrief
    from operations.practice.drilling import Drilling


class DrillScreen(Page):
    """Shows one drill. Arrows and page keys move what does not fit."""

    PLACE: ClassVar[Place] = "drill"

    def __init__(self, model: Model, drilling: Drilling, debrief: Debrief | None) -> None:
        super().__init__(model)
        self.drilling = drilling
        self.debrief = debrief

    def content(self) -> ComposeResult:
        yield Block(id="list")
        with VerticalScroll(id="scroll"):
            yield Block(id="story")

    def on_mount(self) -> None:
        scroll = self.query_one("#scroll", VerticalScroll)
        scroll.focus()
        scroll_plainly(scroll)

    @property
    def is_over(self) -> bool:
        """True once it was scored: no hint and no other end."""
        return self.drilling.score is not None

    def tell(self, drilling: Drilling, debrief: Debrief | None) -> None:
        """Show what has become of it, from the top where it is over now."""
        if debrief is not None and self.debrief is None:
            self.query_one("#scroll", VerticalScroll).scroll_home(animate=False)
        self.drilling, self.debrief = drilling, debrief
        self.show(self.model)

    def refresh_content(self, model: Model, width: int) -> None:
        head = head_lines(self.drilling, self.debrief, model, width)
        # What scrolls keeps at least half of the page.
        self.query_one("#list", Block).show(head[: max(4, self.app.size.height // 2)])
        self.query_one("#story", Block).show(body_lines(self.drilling, self.debrief, model, width - 1))
