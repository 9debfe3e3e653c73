"""A message in one's own words: its text in each language to be changed, before its plan is shown again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.app import ComposeResult
from textual.widget import Widget
from textual.widgets import TextArea

from tui.dialogs.base import Dialog, MeantButton
from tui.lines import Line, line
from tui.panels.block import Block

FRAME = 7
"""Rows that are no text: frame, words, buttons and what lies between."""


class EditDialog(Dialog[dict[str, str] | None]):
    """A field of several lines for each language. Enter begins a line; Tab goes on, at last to the buttons."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        super().__init__()
        self.title_text = "In your own words"
        self._texts = dict(texts)

    def words(self, width: int) -> Sequence[Line]:
        return [line(("Enter begins a line, Tab goes on. Its plan is shown before anything is sent.", "dim"))]

    def fields(self) -> ComposeResult:
        for language, text in self._texts.items():
            yield Block(id=f"label-{language}")
            area = TextArea(
                text, id=f"text-{language}", soft_wrap=True, show_line_numbers=False, compact=True,
                highlight_cursor_line=False,
            )  # fmt: skip
            area.cursor_blink = False
            yield area

    def buttons(self) -> ComposeResult:
        yield MeantButton("Cancel", id="cancel")
        yield MeantButton("show its plan", id="plan")

    def on_mount(self) -> None:
        super().on_mount()
        for language, rows in self._heights().items():
            self.query_one(f"#label-{language}", Block).show([line((language, "key"))])
            area = self.query_one(f"#text-{language}", TextArea)
            area.styles.height = rows
            area.move_cursor(area.document.end)

    @property
    def field_rows(self) -> int:
        """Its texts and the language above each."""
        return sum(1 + rows for rows in self._heights().values())

    def _heights(self) -> dict[str, int]:
        """Rows of each text: what it needs and one more, and no more than the screen has for it."""
        most = max(3, (self.app.size.height - FRAME) // max(1, len(self._texts)) - 1)
        needed = {
            language: 1 + sum(1 + len(row) // self.inner_width for row in text.split("\n"))
            for language, text in self._texts.items()
        }
        return {language: min(most, rows) for language, rows in needed.items()}

    def first_focus(self) -> Widget:
        return self.query(TextArea).first()

    def moves_itself(self, key: str) -> bool:
        return isinstance(self.focused, TextArea) or super().moves_itself(key)

    def action_enter(self) -> None:
        """Enter in a text begins a line."""
        if isinstance(self.focused, TextArea):
            self.focused.insert("\n")
        else:
            super().action_enter()

    def pressed(self, button: str) -> None:
        self.dismiss({one: self.query_one(f"#text-{one}", TextArea).text for one in self._texts})
