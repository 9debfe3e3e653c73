"""What goes over the wire when a part of the screen changed: the cells of that part, and nothing beside them.

Textual begins at the left edge of the widget, whatever changed in it: the clock of a header would cost the whole header
each second, most of it colours.
"""

from __future__ import annotations

from rich.console import Console as RichConsole
from rich.control import Control
from textual._compositor import ChopsUpdate
from textual.strip import Strip


class ChangedCells(ChopsUpdate):
    """A partial update that is cut at both its sides."""

    @classmethod
    def of(cls, update: ChopsUpdate) -> ChangedCells:
        """The same update, cut."""
        return cls(update.chops, update.spans, update.chop_ends)

    def render_segments(self, console: RichConsole) -> str:
        """The terminal sequences."""
        written: list[str] = []
        for y, left, right in self.spans:
            for end, (begin, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=True):
                if strip is not None and begin < right and end > left:
                    x, part = _between(strip, begin, left, min(end, right))
                    written += (Control.move_to(x, y).segment.text, part.render(console))
        return "".join(written)


def _between(strip: Strip, begin: int, left: int, right: int) -> tuple[int, Strip]:
    """The cells of a strip that begins at column `begin` from `left` to `right`, and the column where they begin.

    Where characters take two cells it begins with the strip: half of one cannot be written.
    """
    narrow = strip.cell_length == len(strip.text)
    x = max(begin, left) if narrow else begin
    return x, strip.crop(x - begin, right - begin)
