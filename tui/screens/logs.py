"""What users run into: errors grouped by kind, and under them the site's request log as it grows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.widgets import Log

from operations.ages import age_words, seconds_between
from operations.text import one_line
from operations.watch.traffic.request_log import request_in
from tui.actions import Place
from tui.lines import Line, Span, line, rule, spread
from tui.model import Model
from tui.panels.block import Block
from tui.plainly import scroll_plainly, shown
from tui.screens.base import Page
from tui.screens.jobs import LOG_LINES, JobLog, log_rows
from tui.tail import Tail

MOST = 8
"""Kinds of errors that are shown over the log."""


class LogsScreen(Page):
    """Groups, then the log. It follows its end until it is scrolled up."""

    PLACE: ClassVar[Place] = "logs"

    def __init__(self, model: Model, path: Path | None, redact: Callable[[str], str]) -> None:
        super().__init__(model)
        self._redact = redact
        self.tail = Tail(path) if path is not None else None
        self._words = ""
        self._behind = 0

    def content(self) -> ComposeResult:
        yield Block(id="list")
        yield JobLog(id="log", max_lines=LOG_LINES, highlight=False)

    def on_mount(self) -> None:
        log = self.query_one("#log", JobLog)
        scroll_plainly(log)
        log.focus()
        self.set_interval(0.25, self._read)

    def filter(self, words: str) -> None:
        """Show only lines of the log with these words; "" shows all."""
        self._words = words.strip()
        self.query_one("#log", JobLog).clear()
        if self.tail is not None:
            self.tail.rewind()
        self.show(self.model)

    def follow(self) -> None:
        """Go to the end of the log and stay there."""
        self._behind = 0
        self.query_one("#log", JobLog).follow_end()
        self.show(self.model)

    def refresh_content(self, model: Model, width: int) -> None:
        self.query_one("#list", Block).show([*signature_lines(model, width), self._title(width)])

    def _title(self, width: int) -> Line:
        dash = self.model.glyphs.dash
        if self.tail is None:
            return rule("no request_log is set for this environment", width, dash)
        if self.tail.trouble:
            return rule(f"{one_line(str(self.tail.path), 60)}: {self.tail.trouble}", width, dash)
        more = f"+{self._behind} lines, f follows" if self._behind else ""
        words = f", lines with “{one_line(self._words, 30)}”" if self._words else ""
        return rule(f"{one_line(str(self.tail.path), 50)}{words}", width, dash, more)

    def _read(self) -> None:
        if self.tail is None:
            return
        before = self.tail.trouble
        log = self.query_one("#log", Log)
        assert isinstance(log, JobLog)
        width = max(20, log.scrollable_content_region.width)
        wanted = self._words.casefold()
        told = (self._redact(request_words(one)) for one in self.tail.lines() if wanted in one.casefold())
        kept = (shown(self, one) for one in told)
        rows = [row for one in kept for row in log_rows(one, width)]
        if not rows:
            if before != self.tail.trouble:
                self.show(self.model)
            return
        if not log.following:
            self._behind += len(rows)
            self.show(self.model)
        log.write_lines(rows, scroll_end=log.following)


def request_words(text: str) -> str:
    """A line of the log as a person reads it, where it tells of a request; any other as it is."""
    request = request_in(text)
    if request is None:
        return text
    at = request.at.astimezone(UTC) if request.at.tzinfo else request.at
    error = f"  {request.error}" if request.error else ""
    return f"{at:%H:%M:%SZ} {request.status} {request.seconds:7.3f} s  {request.path}{error}"


def signature_lines(model: Model, width: int) -> list[Line]:
    """The kinds of errors of the last hour, the most frequent first."""
    snapshot = model.snapshot
    rows = [rule("Errors users get, by kind", width, model.glyphs.dash)]
    signatures = snapshot.signatures if snapshot is not None else ()
    for signature in signatures[:MOST]:
        new: Span = (f" NEW in {signature.new_in}", "bad") if signature.new_in else ("", "plain")
        age = age_words(seconds_between(signature.first_seen, model.now))
        left = line(f" x{signature.count:<6}", one_line(signature.text, 200), new)
        rows.append(spread(left, line((f"{one_line(signature.path, 30)}  first {age} ago ", "dim")), width))
    if len(signatures) > MOST:
        rows.append(line((f" and {len(signatures) - MOST} kinds more", "dim")))
    if not signatures:
        rows.append(line((" none of the last hour is known", "dim")))
    return rows
