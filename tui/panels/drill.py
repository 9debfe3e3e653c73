"""A drill as lines: before its end the story, the clock, the hints and what counts; after it the debrief."""

from __future__ import annotations

from operations.ages import clock_words, seconds_between
from operations.incident.clock import header_words
from operations.practice.debrief import Debrief, Look, body_rows, head_rows
from operations.practice.drilling import Drilling
from operations.practice.score import HINT, MOST, PASS_AT
from tui.lines import BLANK, Line, Tone, line, rule, wrap
from tui.model import Model

COUNTS = {
    "mitigation": "find the right branch, act, see from outside that it works",
    "judgement": "nothing harmful, nothing needless, on fresh evidence",
    "messages": "first notice and updates when due, the impact, the end",
    "verification": "smoke tests and a quiet watch before it is called resolved",
    "record": "a commander, a timeline, cause and summary told",
}
_TONES: dict[Look, Tone] = {"title": "title", "strong": "strong", "good": "good", "bad": "bad", "dim": "dim"}
_LABEL = 9


def head_lines(drilling: Drilling, debrief: Debrief | None, model: Model, width: int) -> list[Line]:
    """What stays over the rest: which drill it is, and how it went."""
    dash = model.glyphs.dash
    if debrief is None:
        return [rule(f"Drill {drilling.code_name}", width, dash, "nothing here is real")]
    title, *rows = head_rows(debrief, width - 2)
    return [rule(title.text, width, dash), *(line((f" {row.text}", _TONES.get(row.look, "plain"))) for row in rows)]


def body_lines(drilling: Drilling, debrief: Debrief | None, model: Model, width: int) -> list[Line]:
    """What scrolls."""
    return _story(drilling, model, width) if debrief is None else _debrief(debrief, model, width)


def _debrief(debrief: Debrief, model: Model, width: int) -> list[Line]:
    rows: list[Line] = []
    for row in body_rows(debrief, width - 2, model.glyphs.steps):
        if row.look == "title":
            rows.append(rule(row.text, width, model.glyphs.dash))
        else:
            rows.append(line((f" {row.text}", _TONES.get(row.look, "plain"))))
    return rows


def _story(drilling: Drilling, model: Model, width: int) -> list[Line]:
    rows = [line((f" {words}", "strong")) for words in wrap(drilling.story, width - 2)]
    rows += [BLANK, *_clock(drilling, model, width), *_hints(drilling, width)]
    rows += _labelled("again", f"vigie drill {drilling.code_name} --seed {drilling.seed} deals the same hand", width)
    rows += [BLANK, rule(f"What counts, of 100; {PASS_AT} pass", width, model.glyphs.dash)]
    for name, most in MOST.items():
        first, *more = wrap(COUNTS[name], max(20, width - 21))
        rows.append(line((f" {name:<13}", "strong"), f"{most:>3g}   ", first))
        rows += [line(" " * 20, piece) for piece in more]
    end = "It is over when you say so: Enter. Leaving the console ends it, too. Then the fault has a name."
    return [*rows, BLANK, *(line((f" {words}", "dim")) for words in wrap(end, width - 2))]


def _clock(drilling: Drilling, model: Model, width: int) -> list[Line]:
    rows: list[Line] = []
    if drilling.began_at is not None:
        running = clock_words(seconds_between(drilling.began_at, model.now))
        rows += _labelled("clock", f"{running} since it could be seen ({drilling.began_at:%H:%M:%SZ})", width)
    if drilling.speed != 1:
        words = f"people and quiet watches are {drilling.speed:g} times as fast as in life; "
        words += f"at P0 users want an update every {drilling.update_every:g} minutes"
        rows += _labelled("" if rows else "clock", words, width)
    due = header_words(model.clock, model.now) if model.clock is not None else ""
    return [*rows, *(_labelled("next", due, width) if due else [])]


def _hints(drilling: Drilling, width: int) -> list[Line]:
    cost = "is free" if not drilling.next_hint_costs else f"costs {HINT:g} points"
    left = f"{drilling.hints_left} left, the next one {cost}" if drilling.hints_left else "none left"
    rows = _labelled("hints", f"{len(drilling.hints)} taken; {left}", width)
    for number, words in enumerate(drilling.hints, 1):
        rows += _labelled("", f"{number}  {words}", width)
    return rows


def _labelled(label: str, words: str, width: int) -> list[Line]:
    first, *more = wrap(words, max(20, width - _LABEL - 2))
    rows = [line((f" {label:<{_LABEL}}", "dim"), first)]
    return [*rows, *(line(" " * (_LABEL + 1), piece) for piece in more)]
