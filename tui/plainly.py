"""For terminals that show ASCII only: what Textual itself would draw with other signs, frames and scrollbars."""

from __future__ import annotations

from typing import ClassVar

from textual.scrollbar import ScrollBarRender
from textual.widget import Widget

from tui.theme import plain

ASCII_CLASS = "-ascii"
"""Style class of a dialog whose frame is drawn in ASCII."""


class WholeCells(ScrollBarRender):
    """A scrollbar of whole cells, told apart by colour alone."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * 8
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "] * 8


def is_ascii(widget: Widget) -> bool:
    """True when the console that shows this widget draws with ASCII signs only."""
    return bool(getattr(widget.app, "ascii_only", False))


def shown(widget: Widget, text: str) -> str:
    """A text as this widget's terminal can show it."""
    return plain(text) if is_ascii(widget) else text


def scroll_plainly(widget: Widget) -> None:
    """Give a widget that scrolls whole-cell scrollbars, where the terminal has ASCII signs only."""
    if is_ascii(widget):
        widget.vertical_scrollbar.renderer = WholeCells  # type: ignore[misc]
        widget.horizontal_scrollbar.renderer = WholeCells  # type: ignore[misc]
