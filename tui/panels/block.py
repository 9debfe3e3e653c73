"""The one widget that shows lines. It compares before it paints: a line that did not change costs no byte."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.visual import Visual
from textual.widget import Widget

from tui.lines import Line, fit, inert
from tui.theme import STYLES, plain


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
        changed = [y for y in range(longest) if y >= len(new) or y >= len(old) or new[y] != old[y]]
        if changed:
            self.refresh(*(Region(0, y, width, 1) for y in changed))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._lines)

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y >= len(self._lines) or width <= 0:
            return Strip.blank(width, self.rich_style)
        ascii_only = getattr(self.app, "ascii_only", False)
        spans = fit(tuple((inert(text), tone) for text, tone in self._lines[y]), width)
        parts = [(plain(text) if ascii_only else text, STYLES[tone]) for text, tone in spans if text]
        content = Content.assemble(*parts) if parts else Content("")
        strips = Visual.to_strips(self, content, width, 1, self.visual_style, apply_selection=False)
        return strips[0] if strips else Strip.blank(width, self.rich_style)
