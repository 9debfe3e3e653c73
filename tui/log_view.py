"""The one widget that shows a log as it grows: it follows its end until somebody scrolls up, wraps long lines or cuts
them, keeps so many rows, and counts what it does not show.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from textwrap import TextWrapper

from rich.cells import cell_len
from textual.binding import Binding
from textual.widgets import Log

from tui.lines import fit, line, text_of

LOG_LINES = 5000
"""Rows of a log kept on screen; the file keeps all of them."""
LONGEST = 6
"""Rows that one line of a log may take; `vigie jobs follow` prints it whole."""
_STAMP = re.compile(r"^\d{4}-\d\d-\d\dT(\d\d:\d\d:\d\dZ) \[(\w+)\] ")
_INDENT = "  "


class GrowingLog(Log, inherit_bindings=False):
    """A log that follows its end until it is scrolled up. Left and right are the page's: they choose another job."""

    BINDINGS = [
        Binding("up", "look_back(1)", show=False),
        Binding("pageup", "look_back(10)", show=False),
        Binding("down", "scroll_down", show=False),
        Binding("pagedown", "page_down", show=False),
        Binding("end", "follow_end", show=False),
    ]

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, max_lines=LOG_LINES, highlight=False, auto_scroll=True)
        self.following = True
        self.wraps = True
        """Whether long lines are broken; else they are cut, one row a line."""
        self._behind = 0
        self._rows = 0
        self._said = ""

    @property
    def beyond(self) -> str:
        """What is not on the screen: lines that came since somebody scrolled up, or rows that were let go."""
        if self._behind:
            return f"+{self._behind} lines, f follows"
        gone = self._rows - LOG_LINES
        step = 10_000 if gone >= 10_000 else 1_000
        return f"{gone // step * step:,}+ rows above left out" if gone >= step else ""

    def add(self, texts: Iterable[str]) -> bool:
        """Show more lines; True when `beyond` says something else now."""
        width = max(20, self.scrollable_content_region.width)
        lines = [log_rows(one, width, wraps=self.wraps) for one in texts]
        if not lines:
            return False
        rows = [row for one in lines for row in one]
        self._rows += len(rows)
        if not self.following:
            self._behind += len(lines)
        self.write_lines(rows, scroll_end=self.following)
        before, self._said = self._said, self.beyond
        return before != self._said

    def begin_anew(self) -> None:
        """Show nothing, as at the beginning."""
        self.clear()
        self._rows = self._behind = 0

    def action_look_back(self, rows: int) -> None:
        """Scroll up, and stop following."""
        self.following = self.auto_scroll = False
        self.scroll_relative(y=-rows, animate=False)

    def action_follow_end(self) -> None:
        """Follow the end again."""
        self.follow_end()

    def follow_end(self) -> None:
        """Follow the end again."""
        self.following = self.auto_scroll = True
        self._behind = 0
        self.scroll_end(animate=False)


def log_rows(text: str, width: int, *, wraps: bool = True) -> list[str]:
    """A line of a job's log as rows: the date and what is usual left out, a long line broken, a very long one cut."""
    brief = _STAMP.sub(lambda found: f"{found[1]} {'' if found[2] == 'INFO' else f'[{found[2]}] '}", text)
    plain = brief.isascii()
    if (len(brief) if plain else cell_len(brief)) <= width:
        return [brief]
    if not wraps:
        return [text_of(fit(line(brief), width))]
    # Characters that are not plain may take two cells.
    wide = width if plain else width // 2
    # Most need one break only: a job that prints much would keep the keys waiting.
    cut = brief.rfind(" ", 1, wide + 1)
    if cut > 0 and len(brief) - cut <= wide - len(_INDENT):
        return [brief[:cut].rstrip(), _INDENT + brief[cut:].lstrip()]
    return _wrapper(wide).wrap(brief)


@lru_cache(maxsize=4)
def _wrapper(width: int) -> TextWrapper:
    """Breaks at spaces only: a name with hyphens stays whole."""
    return TextWrapper(width, subsequent_indent=_INDENT, max_lines=LONGEST, placeholder=" …", break_on_hyphens=False)
