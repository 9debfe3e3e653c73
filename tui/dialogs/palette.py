"""The palette: everything that can be done now, narrowed by typing."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

from textual import events
from textual.app import ComposeResult
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from tui.actions import Action, shown_key
from tui.dialogs.base import SETTLE, Dialog, Field
from tui.keys import KeysInTurn
from tui.lines import Line, fit, line, text_of
from tui.plainly import shown
from tui.theme import UNICODE

_MOVES = {"up": "cursor_up", "down": "cursor_down", "pageup": "page_up", "pagedown": "page_down"}


class PaletteDialog(Dialog[Action | None]):
    """Letters narrow the list, arrows choose, Enter does it as its key would: what changes anything asks first."""

    title_text = "What now?"

    def __init__(self, actions: Sequence[Action]) -> None:
        super().__init__()
        self._all = tuple(actions)
        self._found = self._all

    def words(self, width: int) -> Sequence[Line]:
        return [line(("Type to narrow, arrows to choose, Enter does it; Esc goes back.", "dim"))]

    def fields(self) -> ComposeResult:
        yield Field("", id="wanted")
        yield OptionList(id="options", compact=True, markup=False)

    def first_focus(self) -> Widget:
        self.query_one("#options", OptionList).can_focus = False
        self._narrow("")
        return self.query_one("#wanted", Field)

    @property
    def field_rows(self) -> int:
        """The field, and a row for each action."""
        return 1 + max(3, len(self._all))

    def fields_fit(self, rows: int) -> None:
        """One height, however few are left: nothing jumps while somebody types."""
        self.query_one("#options", OptionList).styles.height = max(1, rows - 1)

    def on_resize(self) -> None:
        super().on_resize()
        self._paint()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._narrow(event.value)

    def _narrow(self, typed: str) -> None:
        """Keep what has every word; those whose name begins with the first one stand first."""
        wanted = typed.casefold().split()
        found = [one for one in self._all if all(word in _text(one) for word in wanted)]
        if wanted:
            found.sort(key=lambda one: not one.word.casefold().startswith(wanted[0]))
        self._found = tuple(found)
        self._paint()

    def _paint(self, chosen: int = 0) -> None:
        options = self.query_one("#options", OptionList)
        options.clear_options()
        if not self._found:
            options.add_option(Option(Content("nothing here is called that"), disabled=True))
            return
        options.add_options(Option(self._row(one, n == chosen)) for n, one in enumerate(self._found))
        options.highlighted = chosen

    def _row(self, action: Action, chosen: bool) -> Content:
        pointer = UNICODE.pointer if chosen else " "
        words = f"{pointer} {shown_key(action.key):<9} {action.word:<14}  {action.help}"
        return Content(shown(self, text_of(fit(line(words), self.inner_width - 2))))

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """The pointer goes where the arrows went."""
        event.stop()
        for index, one in enumerate(self._found):
            event.option_list.replace_option_prompt_at_index(index, self._row(one, index == event.option_index))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(self._found[event.option_index])

    def on_key(self, event: events.Key) -> None:
        if event.key in _MOVES:
            event.stop()
            getattr(self.query_one("#options", OptionList), f"action_{_MOVES[event.key]}")()

    def field_done(self, field: Field) -> None:
        """Enter in the field, unless it came with the key that opened this."""
        at = self.app.typed_at if isinstance(self.app, KeysInTurn) else monotonic()
        chosen = self.query_one("#options", OptionList).highlighted
        if chosen is not None and self._found and at - self._opened_at >= SETTLE:
            self.dismiss(self._found[chosen])


def _text(action: Action) -> str:
    return f"{action.word} {action.help} {action.key}".casefold()
