"""What changed, newest first, with the onset of the errors between the changes; then what else is wrong."""

from __future__ import annotations

from operations.ages import age_words, seconds_between
from operations.text import one_line
from operations.watch.model import Change, Snapshot, Status
from tui.lines import Line, line, rule, wrap
from tui.model import Model
from tui.panels.header import SIDE_PROBES
from tui.theme import WORD_OF_STATUS

SOURCES_OF_CHANGES = ("release", "migrations", "settings")
ALSO_MOST = 5
"""Rows for what else is wrong; what does not fit is counted."""


def changes(model: Model, width: int, most: int) -> list[Line]:
    """A titled block of at most `most` rows, title included."""
    snapshot = model.snapshot
    rows = [rule("What changed", width, model.glyphs.dash)]
    also = _also_wrong(model, snapshot, width)
    if snapshot is None:
        return [*rows, *also][:most]
    room = most - 1 - len(also)
    listed = _rows(model, snapshot)
    if not listed:
        watched = any(state.probe in SOURCES_OF_CHANGES for state in snapshot.states)
        words = "nothing recorded in the last days" if watched else "unknown: no source of changes is configured"
        listed = [line((f"   {words}", "dim"))]
    return [*rows, *listed[:room], *also][:most]


def _rows(model: Model, snapshot: Snapshot) -> list[Line]:
    onset = snapshot.onset
    bad = snapshot.overall.value in ("down", "degraded")
    rows: list[Line] = []
    placed = onset is None or not bad
    for change in sorted(snapshot.changes, key=lambda one: one.at, reverse=True):
        if not placed and onset is not None and change.at <= onset:
            rows.append(_onset(model, snapshot))
            placed = True
        rows.append(_change(model, change))
    if not placed:
        rows.append(_onset(model, snapshot))
    return rows


def _change(model: Model, change: Change) -> Line:
    age = age_words(seconds_between(change.at, model.now))
    sure = "" if change.margin < 60 else f" ±{age_words(change.margin)}"
    detail = f"   {one_line(change.detail, 60)}" if change.detail else ""
    who = f" {change.who}" if change.who else ""
    return line(f"{age + sure:>6}  ", (change.kind, "strong"), f" {one_line(change.title, 60)}{who}", (detail, "dim"))


def _onset(model: Model, snapshot: Snapshot) -> Line:
    assert snapshot.onset is not None
    age = age_words(seconds_between(snapshot.onset, model.now))
    before = _rate_before(snapshot)
    return line(f"{age:>6}  ", (f"{model.glyphs.warn}{model.glyphs.warn} errors begin", "bad"), before)


def _rate_before(snapshot: Snapshot) -> str:
    assert snapshot.onset is not None
    before = [rate for at, rate in snapshot.rates if at < snapshot.onset and rate is not None]
    after = [rate for at, rate in snapshot.rates if at >= snapshot.onset and rate is not None]
    if not before or not after:
        return ""
    return f" ({sorted(before)[len(before) // 2]:.1f}% -> {max(after):.0f}%)"


def _also_wrong(model: Model, snapshot: Snapshot | None, width: int) -> list[Line]:
    """Trouble that is not the users' trouble but must not be forgotten, and what earlier acts left open."""
    items: list[list[Line]] = []
    for state in snapshot.states if snapshot is not None else ():
        if state.probe in SIDE_PROBES and state.status in (Status.WARN, Status.DOWN):
            glyph = model.glyphs.warn if state.status is Status.WARN else model.glyphs.down
            detail = one_line(state.last.detail if state.last else state.reason, 60)
            words = f"{glyph} {state.title} {WORD_OF_STATUS[state.status]}"
            items.append([line(" also wrong: ", (words, "warn"), f" {detail}")])
    for words in (*model.standing, *(snapshot.notes if snapshot is not None else ())):
        pieces = wrap(f"{model.glyphs.warn} {one_line(words, 300)}", width - 2, "  ")
        items.append([line(" ", (piece, "warn")) for piece in pieces[:3]])
    rows: list[Line] = []
    for number, item in enumerate(items):
        left = len(items) - number
        if len(rows) + len(item) > ALSO_MOST - (left > 1):
            return [*rows, line((f" {model.glyphs.warn} and {left} more", "warn"))]
        rows += item
    return rows
