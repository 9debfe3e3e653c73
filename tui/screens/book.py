"""A runbook to read and to work through: the cursor rests where Enter does something, what was done beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal

from operations.text import one_line
from runbooks.model import Book, Section
from runbooks.mojibake import repaired
from tui.actions import Place
from tui.lines import Line, Span, fit, line, rule
from tui.model import Model
from tui.panels.block import Block
from tui.reading.outline import outline
from tui.reading.reading import Beside, reading
from tui.reading.rows import Reading, Stop
from tui.reading.view import RowsView
from tui.screens.base import Page

WIDE = 110
"""Cells from which the outline stands beside the text."""
OUTLINE = 34
LONGEST_LINE = 100
"""Cells of text after which the eye loses its line."""


class BookScreen(Page):
    """Shows one runbook. `look` tells what stands beside the text now."""

    PLACE: ClassVar[Place] = "book"
    BINDINGS = [
        Binding("up", "step(-1)", show=False),
        Binding("down", "step(1)", show=False),
        Binding("k", "scroll_rows(-1)", show=False),
        Binding("j", "scroll_rows(1)", show=False),
        Binding("pageup", "leaf(-1)", show=False),
        Binding("pagedown", "leaf(1)", show=False),
        Binding("space", "leaf(1)", show=False),
        Binding("home", "edge(-1)", show=False),
        Binding("end", "edge(1)", show=False),
    ]

    def __init__(
        self, model: Model, book: Book, look: Callable[[Book], Beside], at: str = "", line: int = 0, origin: str = ""
    ) -> None:
        super().__init__(model)
        self.book = book
        self.origin = origin
        self.unfolded: frozenset[int] = frozenset()
        self.came_from: list[tuple[Book, int]] = []
        self._look = look
        self._at = at
        self._line = line
        self._composed = False
        self._outline = outline(book, OUTLINE - 1)
        self._cursor: int | None = None
        self._gone_to = ""
        self._reading = Reading((), (), {})
        self._rows: tuple[Line, ...] = ()
        self._made_of: object = None
        self.looked_for = ""
        self.found_at = 0

    def content(self) -> ComposeResult:
        yield Block(id="list")
        with Horizontal(id="both"):
            yield RowsView(id="outline")
            yield RowsView(id="text")

    def on_mount(self) -> None:
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        """What is in the page is there now, and as large as it will be."""
        self.query_one("#text", RowsView).focus()
        self.query_one("#outline", RowsView).can_focus = False
        self._composed = True
        self.show(self.model)
        self.go_to_line(self._line) if self._line else self.go(self._at)

    @property
    def stop(self) -> Stop | None:
        """Where the cursor is."""
        stops = self._reading.stops
        return stops[self._cursor] if self._cursor is not None and self._cursor < len(stops) else None

    @property
    def section(self) -> Section | None:
        """The section that is read: the one gone to, as long as nothing was moved since; the cursor's, where that is on
        screen; else the one at the top."""
        if not self._composed:
            return None
        if self._gone_to:
            return self.book.section(self._gone_to)
        view = self.query_one("#text", RowsView)
        stop = self.stop
        rows = self._reading.rows_of(self._cursor) if self._cursor is not None else range(0)
        if stop is not None and rows and view.sees(rows[0]):
            return self.book.section(stop.section)
        return self.book.section(self._reading.section_at(int(view.scroll_offset.y) + 1))

    def refresh_content(self, model: Model, width: int) -> None:
        if not self._composed:
            return
        beside = self.query_one("#outline", RowsView)
        beside.display = width >= WIDE
        beside.styles.width = OUTLINE
        room = width - 1 - (OUTLINE + 1 if width >= WIDE else 0)
        self._make(min(room - 1, LONGEST_LINE))
        self.query_one("#list", Block).show(self._head(width))
        self._paint()

    def show_book(self, book: Book, at: str = "", line: int = 0, *, remember: bool = True) -> None:
        """Show another runbook, or another place of this one."""
        if remember:
            self.came_from.append((self.book, self._top_line()))
        if book is not self.book:
            self.book, self.unfolded, self._cursor, self._made_of = book, frozenset(), None, None
            self._gone_to = ""
            self._outline = outline(book, OUTLINE - 1)
        self.show(self.model)
        self.go_to_line(line) if line else self.go(at)

    def go(self, anchor: str) -> None:
        """Put a section at the top, the cursor on the first thing to do in it."""
        row = self._reading.at.get(anchor, 0)
        self.query_one("#text", RowsView).reveal(range(row, row + 1), top=True)
        end = self._end_of(anchor)
        self._cursor = next((n for n, _ in enumerate(self._reading.stops) if row <= self._row(n) < end), None)
        self._gone_to = anchor if anchor in self._reading.at else ""
        self.show(self.model)

    def _end_of(self, anchor: str) -> int:
        """The row behind a section and those under it; of none, the last one."""
        section, start = self.book.section(anchor), self._reading.at.get(anchor)
        behind = (
            row
            for other, row in self._reading.at.items()
            if section is not None
            and start is not None
            and row > start
            and (found := self.book.section(other)) is not None
            and found.level <= section.level
        )
        return min(behind, default=len(self._reading.rows))

    def go_to_line(self, number: int) -> None:
        """Show a line of the file, the cursor on it or on what comes behind it."""
        rows = [n for n, row in enumerate(self._reading.rows) if row.source[0] <= number <= row.source[1]]
        row = rows[0] if rows else 0
        self.query_one("#text", RowsView).reveal(range(max(0, row - 3), row + 1), top=True)
        found = self._reading.rows[row].stop if rows else None
        after = next((n for n, _ in enumerate(self._reading.stops) if self._row(n) >= row), None)
        self._cursor = found if found is not None else after
        self._gone_to = ""
        self.show(self.model)

    def back(self) -> bool:
        """Back to where a link was followed from; False when there is no such place."""
        if not self.came_from:
            return False
        book, line = self.came_from.pop()
        self.show_book(book, line=line, remember=False)
        return True

    def unfold(self, line: int) -> None:
        """Open what is folded at that line, or fold it again."""
        self.unfolded = self.unfolded ^ {line}
        self.show(self.model)

    def turn(self, by: int) -> None:
        """To the next section (1) or the one before (-1)."""
        anchors = sorted(self._reading.at.items(), key=lambda one: one[1])
        section = self.section
        before = -1 if by > 0 else 0
        at = next((n for n, (anchor, _) in enumerate(anchors) if section and anchor == section.anchor), before)
        if anchors:
            self.go(anchors[max(0, min(len(anchors) - 1, at + by))][0])

    def action_step(self, by: int) -> None:
        """The cursor to the next thing where that is near, else the text moves."""
        view = self.query_one("#text", RowsView)
        stops = self._reading.stops
        self._gone_to = ""
        if not stops:
            view.move(by)
            return
        at = self._cursor if self._cursor is not None else -1
        seen = self._cursor is not None and any(view.sees(row) for row in self._reading.rows_of(at))
        if not seen:
            visible = [n for n in range(len(stops)) if view.sees(self._row(n))]
            target = (visible[0] if by > 0 else visible[-1]) if visible else None
        else:
            target = at + by if 0 <= at + by < len(stops) else None
        if target is None or abs(self._row(target) - self._row(at if seen else target)) > view.size.height - 2:
            view.move(by * max(1, view.size.height // 2))
        else:
            self._cursor = target
            view.reveal(self._reading.rows_of(target))
        self.show(self.model)

    def action_scroll_rows(self, by: int) -> None:
        """The text up or down a row; the cursor stays."""
        self._gone_to = ""
        self.query_one("#text", RowsView).move(by)
        self.show(self.model)

    def action_leaf(self, by: int) -> None:
        """A page on or back; the cursor comes along."""
        self._gone_to = ""
        view = self.query_one("#text", RowsView)
        view.move(by * max(1, view.size.height - 2))
        visible = [n for n in range(len(self._reading.stops)) if view.sees(self._row(n))]
        self._cursor = visible[0] if visible else self._cursor
        self.show(self.model)

    def action_edge(self, by: int) -> None:
        """To the beginning or the end."""
        self._gone_to = ""
        view = self.query_one("#text", RowsView)
        view.move(-len(view.lines) if by < 0 else len(view.lines))
        stops = self._reading.stops
        self._cursor = (0 if by < 0 else len(stops) - 1) if stops else None
        self.show(self.model)

    def _row(self, stop: int) -> int:
        rows = self._reading.rows_of(stop)
        return rows[0] if rows else 0

    def _top_line(self) -> int:
        top = int(self.query_one("#text", RowsView).scroll_offset.y)
        return next((row.source[0] for row in self._reading.rows[top:] if row.source[0]), 1)

    def _make(self, width: int) -> None:
        """Make the rows again when anything they show is different; a tick of the clock alone is not."""
        beside = self._look(self.book)
        live = tuple(
            (found.value, found.says, found.is_stale(beside.now))
            for one in self.book.thresholds
            if one.fact and (found := beside.facts.get(one.fact)) is not None
        )
        # Only what was done has an age on screen.
        moment = beside.now.timestamp() // 15 if beside.state is not None and beside.state.done else 0
        made_of = (self.book.hash, width, self.unfolded, beside.state, live, moment)
        if made_of == self._made_of:
            return
        self._made_of = made_of
        self._reading = reading(
            self.book, width, self.model.glyphs, Beside(beside.now, beside.state, beside.facts, self.unfolded)
        )
        # The first cell is the pointer's.
        self._rows = tuple(line(" ", *row) if row else row for row in self._reading.lines)
        if self._cursor is not None and self._cursor >= len(self._reading.stops):
            self._cursor = len(self._reading.stops) - 1 if self._reading.stops else None

    def _paint(self) -> None:
        chosen = self._reading.rows_of(self._cursor) if self._cursor is not None else range(0)
        self.query_one("#text", RowsView).show(self._rows, chosen)
        view = self.query_one("#outline", RowsView)
        if view.display:
            section = self.section
            at = self._outline.number_of.get(section.anchor, 0) if section is not None else 0
            view.show(self._outline.lines, range(at, at + 1))
            view.reveal(range(at, at + 1))

    def _head(self, width: int) -> list[Line]:
        """Which runbook, which section, what there is to do, and what has to be known about the file."""
        section = self.section
        title = f"{self.book.title}   {self.origin}".rstrip()
        place = ""
        if section is not None and section.level:
            numbers = self._outline.number_of
            place = f"{numbers[section.anchor] + 1} of {len(numbers)}"
        rows = [rule(one_line(repaired(title), max(10, width - 24)), width, self.model.glyphs.dash, place)]
        notes: list[Span] = [(words, "warn") for words in self._notes()]
        rows += [fit(line(" ", note), width) for note in notes]
        return rows

    def _notes(self) -> list[str]:
        book = self.book
        said: list[str] = []
        beside = self._look(book)
        if beside.changed:
            said.append("the file has changed since; this is the text that the walk began with")
        if self._outline.has_steps and beside.state is None:
            incident = self.model.incident
            opened = incident is not None and incident.open
            said.append(
                "nobody walks this one: w begins, then ticks are kept in the incident"
                if opened
                else "no incident is open: I opens one, then ticks are kept"
            )
        if book.garbled:
            count = len(book.garbled)
            said.append(f"{count} line{'s' * (count > 1)} read in the wrong encoding, repaired here; the file stays")
        if book.problems:
            said.append(f"line {book.problems[0].line}: {book.problems[0].words}")
        return said
