"""What all dialogs share: opaque, Cancel first in focus, Esc cancels, a confirming key that must be meant.

Letters go to the field that has the focus; choices are buttons reached by Tab.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from typing import TypeVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button, Input, OptionList

from tui.keys import KeysInTurn
from tui.lines import Line, inert
from tui.panels.block import Block
from tui.plainly import ASCII_CLASS, is_ascii, scroll_plainly, shown

Answer = TypeVar("Answer")
SETTLE = 0.3
"""Seconds a confirming button must have had the focus: what was typed or pasted before does not confirm."""


TOO_SOON = "That Enter came too fast to be meant; once more does it."


class MeantButton(Button):
    """A button that ignores an Enter typed within SETTLE seconds of its getting the focus (a pasted or repeated one).

    What counts is when the Enter was typed: a console with its hands full may come to it much later.
    """

    def __init__(self, label: str, *, id: str) -> None:
        super().__init__(label, id=id, compact=True)
        self._focused_at = monotonic()

    def take_focus(self) -> None:
        """It has the focus from now on."""
        self._focused_at = monotonic()

    def was_settled(self, at: float) -> bool:
        """True when an Enter typed at that time (monotonic) can only be meant."""
        return at - self._focused_at >= SETTLE


class Field(Input):
    """A one-line field without a blinking cursor: it would send bytes for ever."""

    def __init__(self, placeholder: str, *, id: str) -> None:
        super().__init__(placeholder=placeholder, id=id, compact=True, select_on_focus=False)
        self.cursor_blink = False


class Dialog(ModalScreen[Answer]):
    """A titled box with lines, fields and buttons. Subclasses say what is in it and what an answer is."""

    BINDINGS = [
        Binding("escape", "cancel", "cancel", show=False),
        # Priority: a field would take Enter for itself.
        Binding("enter", "enter", show=False, priority=True),
        Binding("tab", "next", show=False),
        Binding("right", "app.focus_next", show=False),
        Binding("left", "app.focus_previous", show=False),
    ]
    # Absolute: Textual would look beside the file of a subclass.
    CSS_PATH = Path(__file__).with_name("dialogs.tcss")
    title_text = ""
    _opened_at = 0.0

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            with VerticalScroll(id="body", can_focus=False):
                yield Block(id="words")
            with Vertical(id="fields"):
                yield from self.fields()
            with Horizontal(id="buttons"):
                yield from self.buttons()

    def on_mount(self) -> None:
        self._opened_at = monotonic()
        box = self.query_one("#box")
        self.set_class(is_ascii(self), ASCII_CLASS)
        scroll_plainly(self.query_one("#body"))
        # As content: a path or a name with brackets in it would be read as markup.
        box.border_title = Content(shown(self, inert(self.title_text)))
        scroll_plainly(self.query_one("#fields"))
        self.show_words()
        self.set_focus(self.first_focus())

    def on_resize(self) -> None:
        self.show_words()

    def show_words(self) -> None:
        """The body's lines, in the rows that fields and buttons leave: what confirms is always on screen."""
        words = self.words(self.inner_width)
        self.query_one("#words", Block).show(words)
        buttons = 1 if self.query_one("#buttons").children else 0
        room = max(2, self.app.size.height - 2 - buttons)
        fields = min(self.field_rows, max(room // 2, room - len(words)))
        self.query_one("#fields").styles.max_height = fields
        self.query_one("#body").styles.max_height = max(1, room - fields)
        self.fields_fit(fields)

    @property
    def field_rows(self) -> int:
        """Rows that the fields would take."""
        return len(self.query_one("#fields").children)

    def fields_fit(self, rows: int) -> None:
        """The fields have so many rows; more of them scroll."""

    def set_focus(self, widget: Widget | None, scroll_visible: bool = True, from_app_focus: bool = False) -> None:
        """Move the focus; the button learns it here, before the keys that come behind, not from a later event."""
        if isinstance(widget, MeantButton) and widget is not self.focused:
            widget.take_focus()
        if widget is not self.focused:
            # What was said of an Enter was said of the button that had the focus then.
            for box in self.query("#box"):
                box.border_subtitle = ""
        super().set_focus(widget, scroll_visible, from_app_focus)

    @property
    def inner_width(self) -> int:
        """Cells a line of the body may take."""
        return max(20, min(100, self.app.size.width - 2) - 4)

    def words(self, width: int) -> Sequence[Line]:
        """The body's lines."""
        raise NotImplementedError

    def fields(self) -> ComposeResult:
        """Fields between body and buttons; none by default."""
        yield from ()

    def buttons(self) -> ComposeResult:
        """The buttons, Cancel among them."""
        yield MeantButton("Cancel", id="cancel")

    def first_focus(self) -> Widget | None:
        """What has the focus at first: Cancel, so that a stray Enter does nothing."""
        return self.query_one("#cancel", Button)

    def action_cancel(self) -> None:
        """Close without an answer."""
        self.dismiss(None)

    def action_scroll(self, rows: int) -> None:
        """Scroll the body."""
        self.query_one("#body", VerticalScroll).scroll_relative(y=rows, animate=False)

    def on_key(self, event: events.Key) -> None:
        moves = {"down": 1, "up": -1, "pagedown": 10, "pageup": -10}
        if event.key in moves and not self.moves_itself(event.key):
            event.stop()
            self.action_scroll(moves[event.key])

    def moves_itself(self, key: str) -> bool:
        """True where the focus takes that key: a list its arrows, and its pages where nothing else can be scrolled."""
        if isinstance(self.focused, OptionList):
            return key in ("down", "up") or self.query_one("#body", VerticalScroll).max_scroll_y == 0
        return isinstance(self.focused, Input)

    def action_enter(self) -> None:
        """Enter: a field is done, a settled button is pressed, an option is chosen. It never confirms by accident."""
        focused = self.focused
        typed_at = self.app.typed_at if isinstance(self.app, KeysInTurn) else monotonic()
        if isinstance(focused, Field):
            self.field_done(focused)
        elif isinstance(focused, MeantButton) and not focused.disabled:
            if focused.was_settled(typed_at):
                focused.press()
            else:
                self.came_too_soon()
        elif isinstance(focused, OptionList) and typed_at - self._opened_at >= SETTLE:
            focused.action_select()

    def came_too_soon(self) -> None:
        """An Enter came before it could be meant: nothing happens, and that is said."""
        self.query_one("#box").border_subtitle = Content(TOO_SOON)

    def action_next(self) -> None:
        """Tab: from Cancel to the first field, where there is one, else to what comes next."""
        fields = list(self.query(Field))
        if fields and self.focused is not None and self.focused.id == "cancel":
            self.set_focus(fields[0])
        else:
            self.focus_next()

    def field_done(self, field: Field) -> None:
        """Enter was pressed in a field: on to the next one."""
        self.focus_next()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id == "cancel":
            self.action_cancel()
        else:
            self.pressed(event.button.id or "")

    def pressed(self, button: str) -> None:
        """A button other than Cancel was pressed."""
        raise NotImplementedError
