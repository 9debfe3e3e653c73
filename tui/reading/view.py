"""The widget that shows rows and scrolls: only what is on screen is drawn, and only what changed is painted."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from tui.lines import Line, fit, inert, line, pad, text_of
from tui.plainly import scroll_plainly, shown
from tui.theme import ASCII, STYLES, UNICODE


class RowsView(ScrollView, inherit_bindings=False):
    """Rows of toned text with a chosen stretch. Foreign text is shown literally."""

    DEFAULT_CSS = "RowsView { width: 1fr; height: 1fr; scrollbar-size-vertical: 1; scrollbar-size-horizontal: 0; }"

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._lines: tuple[Line, ...] = ()
        self._chosen = range(0)

    def on_mount(self) -> None:
        scroll_plainly(self)

    def on_resize(self) -> None:
        self.virtual_size = Size(self.scrollable_content_region.width, len(self._lines))

    @property
    def lines(self) -> tuple[Line, ...]:
        """Every row, on screen or not."""
        return self._lines

    def show(self, lines: Sequence[Line], chosen: range = range(0)) -> None:
        """Show these rows; `chosen` are the ones with the cursor."""
        new, old = tuple(lines), self._lines
        before, self._chosen = self._chosen, chosen
        self._lines = new
        if len(new) != len(old):
            self.virtual_size = Size(self.scrollable_content_region.width, len(new))
            self.refresh()
            return
        changed = {*before, *chosen} if before != chosen else set()
        top = int(self.scroll_offset.y)
        visible = range(top, top + self.size.height)
        rows = [y for y in visible if y < len(new) and (y in changed or new[y] != old[y])]
        if rows:
            self.refresh(*(Region(0, y - top, max(1, self.size.width), 1) for y in rows))

    def reveal(self, rows: range, *, top: bool = False) -> None:
        """Scroll as little as it takes to see these rows, or put the first of them at the `top`."""
        if not rows:
            return
        height, at = max(1, self.size.height), int(self.scroll_offset.y)
        if top:
            # Forced: rows that were given a moment ago have no scrollbar yet, and without one nothing is scrolled.
            self.scroll_to(y=rows[0], animate=False, immediate=True, force=True)
        elif rows[0] < at:
            self.scroll_to(y=max(0, rows[0] - 1), animate=False, immediate=True)
        elif rows[-1] >= at + height:
            self.scroll_to(y=min(rows[0], rows[-1] - height + 2), animate=False, immediate=True)

    def sees(self, row: int) -> bool:
        """True when that row is on screen."""
        at = int(self.scroll_offset.y)
        return at <= row < at + self.size.height

    def move(self, rows: int) -> None:
        """Scroll by so many rows."""
        self.scroll_to(y=max(0, int(self.scroll_offset.y) + rows), animate=False, immediate=True)

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        row = y + int(self.scroll_offset.y)
        if row >= len(self._lines) or width <= 0:
            return Strip.blank(width, self.rich_style)
        spans = fit(tuple((inert(text), tone) for text, tone in self._lines[row]), width)
        if row in self._chosen:
            if row == self._chosen[0] and (text := text_of(spans)).startswith(" "):
                # The pointer tells the row without colours, too; it takes the place of one that the row begins with.
                begins = text[1:3] in (f"{UNICODE.pointer} ", f"{ASCII.pointer} ")
                spans = line(f"{UNICODE.pointer} {text[2:]}" if begins else UNICODE.pointer + text[1:])
            spans = tuple((text, "chosen") for text, _ in pad(spans, width))
        parts = [(shown(self, text), STYLES[tone]) for text, tone in spans if text]
        content = Content.assemble(*parts) if parts else Content("")
        strips = Visual.to_strips(self, content, width, 1, self.visual_style, apply_selection=False)
        return strips[0] if strips else Strip.blank(width, self.rich_style)
