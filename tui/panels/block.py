"""The one widget that shows lines. It compares before it paints: a line that did not change costs no byte."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.visual import Visual
from textual.widget import Widget

from tui.lines import Line, fit, inert, width_of
from tui.theme import STYLES, WITHOUT_COLOURS, plain

APART = 8
"""Cells between two changed places of a row from which each is painted for itself."""


class Block(Widget):
    """Lines of toned text. Foreign text in them is shown literally: nothing here reads markup."""

    DEFAULT_CSS = "Block { width: 1fr; height: auto; }"

    def __init__(self, *, name: str | None = None, id: str | None = None) -> None:
        super().__init__(name=name, id=id, markup=False)
        self._lines: tuple[Line, ...] = ()

    @property
    def lines(self) -> tuple[Line, ...]:
        """What is shown now."""
        return self._lines

    def show(self, lines: Sequence[Line]) -> None:
        """Show these lines; only the ones that differ are painted again."""
        new, old = tuple(lines), self._lines
        if new == old:
            return
        self._lines = new
        if len(new) != len(old) and self.styles.height is not None and self.styles.height.is_auto:
            self.refresh(layout=True)
            return
        width = max(1, self.size.width)
        longest = max(len(new), len(old))
        changed: list[Region] = []
        for y in range(longest):
            if y >= len(new) or y >= len(old):
                changed.append(Region(0, y, width, 1))
            elif new[y] != old[y]:
                changed += differing(old[y], new[y], y, width)
        if changed:
            self.refresh(*changed)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._lines)

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y >= len(self._lines) or width <= 0:
            return Strip.blank(width, self.rich_style)
        ascii_only = getattr(self.app, "ascii_only", False)
        spans = fit(tuple((inert(text), tone) for text, tone in self._lines[y]), width)
        styles = {**STYLES, **WITHOUT_COLOURS} if getattr(self.app, "no_color", False) else STYLES
        parts = [(plain(text) if ascii_only else text, styles[tone]) for text, tone in spans if text]
        content = Content.assemble(*parts) if parts else Content("")
        strips = Visual.to_strips(self, content, width, 1, self.visual_style, apply_selection=False)
        return strips[0] if strips else Strip.blank(width, self.rich_style)


def differing(old: Line, new: Line, y: int, width: int) -> list[Region]:
    """The cells in which two rows differ: of a header with running clocks only their digits are painted.

    To go past cells that stay and to set a colour again costs about APART cells: nearer ones are painted as one.
    """
    before = [(character, tone) for text, tone in old for character in text]
    after = [(character, tone) for text, tone in new for character in text]
    if len(before) != len(after) or width_of(old) != len(before) or width_of(new) != len(after) or len(after) > width:
        return [Region(0, y, width, 1)]  # cells and characters are not the same thing here
    found: list[Region] = []
    for at, (one, other) in enumerate(zip(before, after, strict=True)):
        if one == other:
            continue
        if found and at - found[-1].right < APART:
            found[-1] = Region(found[-1].x, y, at + 1 - found[-1].x, 1)
        else:
            found.append(Region(at, y, 1, 1))
    return found or [Region(0, y, width, 1)]
