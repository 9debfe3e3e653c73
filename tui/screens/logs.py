"""What users run into: errors grouped by kind, and under them the site's request log as it grows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult

from operations.ages import age_words, seconds_between
from operations.text import one_line
from operations.watch.traffic.request_log import request_in
from tui.actions import Place
from tui.lines import Line, Span, line, rule, spread
from tui.log_view import GrowingLog
from tui.model import Model
from tui.panels.block import Block
from tui.panels.errors import over_words
from tui.plainly import scroll_plainly, shown
from tui.screens.base import Page
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

    def content(self) -> ComposeResult:
        yield Block(id="list")
        yield GrowingLog(id="log")

    def on_mount(self) -> None:
        log = self.query_one("#log", GrowingLog)
        scroll_plainly(log)
        log.focus()
        self.set_interval(0.25, self._read)

    def filter(self, words: str) -> None:
        """Show only lines of the log with these words; "" shows all."""
        self._words = words.strip()
        self.query_one("#log", GrowingLog).begin_anew()
        if self.tail is not None:
            self.tail.rewind()
        self.show(self.model)

    def follow(self) -> None:
        """Go to the end of the log and stay there."""
        self.query_one("#log", GrowingLog).follow_end()
        self.show(self.model)

    def wrap(self) -> bool:
        """Break long lines, or cut them again; whether they are broken now."""
        log = self.query_one("#log", GrowingLog)
        log.wraps = not log.wraps
        self.filter(self._words)
        return log.wraps

    def refresh_content(self, model: Model, width: int) -> None:
        self.query_one("#list", Block).show([*signature_lines(model, width), self._title(width)])

    def _title(self, width: int) -> Line:
        dash = self.model.glyphs.dash
        if self.tail is None:
            return rule("no request_log is set for this environment", width, dash)
        if self.tail.trouble:
            return rule(f"{one_line(str(self.tail.path), 60)}: {self.tail.trouble}", width, dash)
        more = self.query_one("#log", GrowingLog).beyond
        words = f", lines with “{one_line(self._words, 30)}”" if self._words else ""
        room = max(20, width - len(words) - len(more) - 10)
        return rule(f"{from_the_end(str(self.tail.path), room)}{words}", width, dash, more)

    def _read(self) -> None:
        if self.tail is None:
            return
        before = self.tail.trouble
        wanted = self._words.casefold()
        told = (self._redact(request_words(one)) for one in self.tail.lines() if wanted in one.casefold())
        grown = self.query_one("#log", GrowingLog).add(shown(self, one) for one in told)
        if grown or before != self.tail.trouble:
            self.show(self.model)


def from_the_end(path: str, most: int) -> str:
    """A path in `most` characters at most: its end tells more than its beginning."""
    path = one_line(path, 400)
    return path if len(path) <= most else f"…{path[1 - most :]}"


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
        rows.append(
            spread(
                left,
                line((f"{one_line(signature.path, 30)}  first {age} ago{over_words(signature, model.now)} ", "dim")),
                width,
            )
        )
    if len(signatures) > MOST:
        rows.append(line((f" and {len(signatures) - MOST} kinds more", "dim")))
    if not signatures:
        rows.append(line((" none of the last hour is known", "dim")))
    return rows
