"""Every probe in a row: what it says, since when, how often it looks, and its answers of the last hour as one strip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from operations.ages import age_words, seconds_between
from operations.text import one_line
from operations.watch.model import ProbeState, Reading, Status
from tui.lines import Line, Span, line, spread, wrap
from tui.model import Model
from tui.theme import TONE_OF_STATUS, WORD_OF_STATUS, Glyphs

HISTORY = timedelta(hours=1)
"""How far back the strip goes."""
_ORDER = {Status.DOWN: 0, Status.WARN: 1, Status.UNKNOWN: 2, Status.OK: 3}


def ordered(states: Sequence[ProbeState]) -> list[ProbeState]:
    """Reds first, then warnings, then what is not known; what users touch before the rest."""
    return sorted(states, key=lambda state: (_ORDER[state.status], not state.critical))


def health_line(model: Model, state: ProbeState, width: int, strip: Sequence[Status | None]) -> Line:
    """One probe."""
    tone = TONE_OF_STATUS[state.status]
    since = age_words(seconds_between(state.since, model.now)) if state.since else ""
    more = "+" if state.since_is_watch_start and since else ""
    detail = said_by(state)
    head = line(
        (f" {model.glyphs.of(state.status)} ", tone),
        (f"{WORD_OF_STATUS[state.status]:<8}", tone),
        (f"{since + more:<7}  ", "dim"),
        (f"{one_line(state.title, 20):<21}", "strong"),
    )
    marks = strip_spans(strip, model.glyphs) if strip else ()
    return spread(line(*head, one_line(detail, 200)), line(*marks, " ") if marks else (), width)


def said_by(state: ProbeState) -> str:
    """What a probe said last, or why nothing is known of it."""
    return state.reason if state.status is Status.UNKNOWN else state.last.detail if state.last else ""


def strip_of(readings: Sequence[Reading], now: datetime, cells: int) -> list[Status | None]:
    """The worst answer in each equal part of the last hour, oldest first; None where there was none."""
    found: list[Status | None] = [None] * cells
    part = HISTORY.total_seconds() / cells
    for reading in readings:
        at = cells - 1 - int((now - reading.at).total_seconds() // part)
        if 0 <= at < cells:
            before = found[at]
            found[at] = reading.status if before is None or _ORDER[reading.status] < _ORDER[before] else before
    return found


def strip_spans(strip: Sequence[Status | None], glyphs: Glyphs) -> tuple[Span, ...]:
    """The strip as signs: a full block where it was down, half where it warned, a dot where nobody looked."""
    steps = glyphs.steps
    signs: Mapping[Status | None, str] = {
        Status.DOWN: steps[-1], Status.WARN: steps[4], Status.OK: steps[1], Status.UNKNOWN: "?", None: glyphs.dot,
    }  # fmt: skip
    return tuple((signs[one], TONE_OF_STATUS[one] if one is not None else "dim") for one in strip)


def probe_lines(model: Model, state: ProbeState, readings: Sequence[Reading], width: int) -> list[Line]:
    """One probe whole: how it looks, and every change of its answer with what it said."""
    rows = [
        line(("looks every ", "dim"), f"{state.interval:g} s", (", at most ", "dim"), f"{state.limit:g} s"),
        line(("users touch it: it makes the site DOWN" if state.critical else "never makes the site DOWN", "dim")),
    ]
    last: tuple[Status, str] | None = None
    changes: list[Line] = []
    for reading in readings:
        said = (reading.status, one_line(reading.detail, width))
        if said != last:
            age = age_words(seconds_between(reading.at, model.now))
            tone = TONE_OF_STATUS[reading.status]
            word = (f"{WORD_OF_STATUS[reading.status]:<8}", tone)
            took = (f"{reading.duration:.2f} s  ", "dim")
            changes.append(line((f"{reading.at:%H:%M:%SZ}  {age:>6} ago  ", "dim"), word, took, said[1]))  # type: ignore[arg-type]
            last = said
    rows.append(line())
    if not changes:
        words = "No answer of the last hour is kept: a recorder (vigie watch --record) keeps them."
        rows += [line((piece, "dim")) for piece in wrap(words, width)]
    return [*rows, *reversed(changes)]
