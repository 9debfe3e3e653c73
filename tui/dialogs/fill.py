"""Asks for the blanks of a command before its plan is made: what is known stands there, a secret is never asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Input

from tui.dialogs.base import Dialog, Field, MeantButton
from tui.lines import Line, inert, line, wrap
from tui.panels.block import Block


@dataclass(frozen=True, slots=True)
class Asked:
    """One blank: as it is written, what it is called, and what is known of it."""

    written: str
    name: str
    known: str = ""
    hint: str = ""
    """What the empty field says; how it is written, where there is none."""


_PLAN_FIRST = "Enter shows its plan; nothing runs or leaves before it."


class FillDialog(Dialog[dict[str, str] | None]):
    """A field for each blank. Enter goes to the next one; the answer has every value by how its blank is written."""

    def __init__(self, text: str, blanks: Sequence[Asked], notes: Sequence[str] = (), *, leaves: bool = False) -> None:
        super().__init__()
        self._leaves = leaves
        """True for a message: it is read whole and leaves, and nothing runs."""
        self.title_text = "Fill in"
        self._text = text
        self._blanks = tuple(blanks)
        self._notes = tuple(notes)
        self._problem = ""
        self.left: dict[str, str] = {}
        """What stood in the fields when it was cancelled."""
        self._at_the_end = False
        """True while the button has the focus: what Enter does there is said."""

    def words(self, width: int) -> Sequence[Line]:
        rows = [line(("  ", "dim"), piece) for one in self._text.split("\n")[:12] for piece in wrap(one, width - 2)]
        rows += [line((note, "dim")) for words in self._notes for note in wrap(words, width)]
        rows += [line((words, "warn")) for words in wrap(self._problem, width)] if self._problem else []
        if self._at_the_end:
            whole = "Enter shows it whole; nothing leaves before that." if self._leaves else _PLAN_FIRST
            return [*rows, line((whole, "key"))]
        before = "It is shown whole before it leaves." if self._leaves else "Its plan is shown before anything runs."
        return [*rows, line((before, "dim"))]

    def fields(self) -> ComposeResult:
        for number, blank in enumerate(self._blanks):
            with Horizontal():
                yield Block(id=f"label{number}")
                yield Field(inert(blank.hint or blank.written), id=f"blank{number}")

    def buttons(self) -> ComposeResult:
        yield MeantButton("Cancel", id="cancel")
        yield MeantButton("show it whole" if self._leaves else "show its plan", id="plan")

    def on_mount(self) -> None:
        super().on_mount()
        widest = min(30, max((len(blank.name) for blank in self._blanks), default=0))
        for number, blank in enumerate(self._blanks):
            label = self.query_one(f"#label{number}", Block)
            label.styles.width = widest + 1
            label.show([line((f"{blank.name[:widest]:>{widest}} ", "key"))])
            self.query_one(f"#blank{number}", Input).value = inert(blank.known)

    def first_focus(self) -> Input:
        empty = next((n for n, blank in enumerate(self._blanks) if not blank.known), 0)
        return self.query_one(f"#blank{empty}", Input)

    def set_focus(self, widget: Widget | None, scroll_visible: bool = True, from_app_focus: bool = False) -> None:
        super().set_focus(widget, scroll_visible, from_app_focus)
        at_the_end = widget is not None and widget.id == "plan"
        if at_the_end != self._at_the_end:
            self._at_the_end = at_the_end
            self.show_words()
            self.query_one("#body").scroll_end(animate=False)

    def field_done(self, field: Field) -> None:
        """On to the next field, from the last one to the button."""
        if field.id == f"blank{len(self._blanks) - 1}":
            self.set_focus(self.query_one("#plan"))
        else:
            self.focus_next()

    @property
    def values(self) -> dict[str, str]:
        """What stands in the fields now, by how each blank is written."""
        return {b.written: self.query_one(f"#blank{n}", Input).value for n, b in enumerate(self._blanks)}

    def action_cancel(self) -> None:
        """Esc and Cancel: what was typed stays with whoever asked."""
        self.left = self.values
        super().action_cancel()

    def pressed(self, button: str) -> None:
        values = self.values
        missing = [b.name for b in self._blanks if not values[b.written].strip()]
        if missing:
            self._problem = f"Still empty: {', '.join(missing)}."
            self.show_words()
            return
        self.dismiss(values)
