"""The small dialogs: read something, ask one line, choose one of a few, say yes or no."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from tui.dialogs.base import Dialog, Field, MeantButton
from tui.keys import KeysInTurn
from tui.lines import Line, inert, line, wrap
from tui.plainly import shown
from tui.theme import UNICODE

FAR = 1_000_000
"""Rows to the first or the last of any text."""
_GAP = re.compile(r"\S {2,}(?=\S)")


class ReadDialog(Dialog[None]):
    """Shows lines to read; arrows scroll, Esc or Enter closes. `start` is the row it opens at."""

    def __init__(self, title: str, lines: Sequence[Line], start: int = 0) -> None:
        super().__init__()
        self.title_text = title
        self._lines = tuple(lines)
        self._start = start

    def on_mount(self) -> None:
        super().on_mount()
        if self._start:
            # Where its height is not known yet there is nowhere to scroll to.
            self.call_after_refresh(self.query_one("#body").scroll_to, y=max(0, self._start - 4), animate=False)

    def words(self, width: int) -> Sequence[Line]:
        return self._lines

    def buttons(self) -> ComposeResult:
        yield MeantButton("Close", id="cancel")

    def on_key(self, event: events.Key) -> None:
        moves = {"j": 1, "k": -1, "space": 10, "home": -FAR, "end": FAR}
        if event.key in moves:
            event.stop()
            self.action_scroll(moves[event.key])


class WaitDialog(Dialog[None]):
    """Stands while something is worked out, and takes the keys: the page behind it must not. Esc does not wait."""

    def __init__(self, words: str, *, can_leave: bool = True) -> None:
        super().__init__()
        self.title_text = words
        self.can_leave = can_leave

    def words(self, width: int) -> Sequence[Line]:
        said = "Only reads; nothing is changed yet. Esc does not wait for it." if self.can_leave else "One moment."
        return [line((said, "dim"))]

    def buttons(self) -> ComposeResult:
        """None: an Enter too many must not end the waiting."""
        yield from ()

    def first_focus(self) -> Widget | None:
        return None

    def action_cancel(self) -> None:
        if self.can_leave:
            super().action_cancel()


class AskDialog(Dialog[str | None]):
    """Asks for one line of text. Enter in the field accepts, because nothing is changed by it but the record."""

    def __init__(
        self,
        title: str,
        question: str,
        *,
        placeholder: str = "",
        required: bool = True,
        button: str = "keep",
        known: str = "",
    ) -> None:
        super().__init__()
        self.title_text = title
        self.button = button
        self.question = question
        self.placeholder = placeholder
        self.required = required
        self.known = known

    def words(self, width: int) -> Sequence[Line]:
        return [line(words) for part in self.question.split("\n") for words in wrap(part, width)]

    def fields(self) -> ComposeResult:
        yield Field(self.placeholder, id="answer")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#answer", Input).value = inert(self.known)

    def buttons(self) -> ComposeResult:
        yield MeantButton("Cancel", id="cancel")
        yield MeantButton(self.button, id="keep")

    def first_focus(self) -> Input:
        return self.query_one("#answer", Input)

    def field_done(self, field: Field) -> None:
        self.pressed("keep")

    def pressed(self, button: str) -> None:
        answer = self.query_one("#answer", Input).value.strip()
        if answer or not self.required:
            self.dismiss(answer)


class ChooseDialog(Dialog[int | None]):
    """One of a few, by number or by arrows and Enter. `chosen` is where the pointer starts."""

    def __init__(self, title: str, question: Sequence[Line], options: Sequence[str], chosen: int = 0) -> None:
        super().__init__()
        self.title_text = title
        self.question = tuple(question)
        self.options = tuple(options)
        self.chosen = chosen
        self._pointed = chosen

    def words(self, width: int) -> Sequence[Line]:
        return self.question

    def fields(self) -> ComposeResult:
        self._pointed = min(self.chosen, len(self.options) - 1)
        prompts = [Option(self._prompt(index)) for index in range(len(self.options))]
        yield OptionList(*prompts, id="options", compact=True, markup=False)

    def _prompt(self, index: int) -> Content:
        """One option with its number; the pointer tells the chosen one without colours, too."""
        pointer = UNICODE.pointer if index == self._pointed else " "
        number = f"{index + 1}" if index < 9 else " "
        # What takes more rows than one stays behind its number; columns made of spaces are kept where they fit.
        words = inert(self.options[index])
        room = self.inner_width - 4
        return Content(shown(self, f"{pointer} {number} " + "\n    ".join(in_columns(words, room))))

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """The pointer goes where the arrows went."""
        event.stop()
        before, self._pointed = self._pointed, event.option_index
        if before != self._pointed:
            for index in (before, self._pointed):
                event.option_list.replace_option_prompt_at_index(index, self._prompt(index))

    @property
    def field_rows(self) -> int:
        """A row for each option."""
        return max(1, len(self.options))

    def fields_fit(self, rows: int) -> None:
        """The list scrolls by itself."""
        self.query_one("#options", OptionList).styles.max_height = rows

    def first_focus(self) -> OptionList:
        options = self.query_one("#options", OptionList)
        options.highlighted = min(self.chosen, len(self.options) - 1) if self.options else None
        return options

    def on_key(self, event: events.Key) -> None:
        if event.key.isdigit() and 1 <= int(event.key) <= len(self.options):
            event.stop()
            self.dismiss(int(event.key) - 1)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(event.option_index)


def in_columns(words: str, room: int) -> list[str]:
    """A row whose columns are made of spaces, wrapped to `room` cells: its last column alone goes on below itself."""
    if cell_len(words) <= room:
        return [words]
    ends = [found.end() for found in _GAP.finditer(words) if cell_len(words[: found.end()]) <= room // 2]
    head, rest = (words[: ends[-1]], words[ends[-1] :]) if ends else ("", words)
    indent = cell_len(head)
    first, *more = wrap(rest, room - indent)
    return [head + first, *(" " * indent + piece for piece in more)]


class YesNoDialog(Dialog[bool | None]):
    """A question whose default answer is No."""

    def __init__(self, title: str, question: Sequence[Line], yes: str) -> None:
        super().__init__()
        self.title_text = title
        self.question = tuple(question)
        self.yes = yes

    def words(self, width: int) -> Sequence[Line]:
        return self.question

    def buttons(self) -> ComposeResult:
        yield MeantButton("No", id="cancel")
        yield MeantButton(self.yes, id="yes")

    def pressed(self, button: str) -> None:
        self.dismiss(True)

    def refresh_words(self) -> None:
        """Show the question again after it changed."""
        self.show_words()


class LeaveDialog(YesNoDialog):
    """Whether to leave; the key that asked leaves, too, once it is pressed again and not held down."""

    def on_key(self, event: events.Key) -> None:
        if event.key == "q" and not (isinstance(self.app, KeysInTurn) and self.app.is_held):
            event.stop()
            self.dismiss(True)


class ClearDialog(YesNoDialog):
    """All clear answers; here Enter on the button takes them, and the button has the focus, for none of it acts."""

    def __init__(self, words: list[Line], count: int) -> None:
        super().__init__(f"{count} clear answer{'s' * (count > 1)}", words, "take them")

    def first_focus(self) -> Widget:
        return self.query_one("#yes")
