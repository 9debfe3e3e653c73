"""The main page as lines, at both sizes. Nothing scrolls: reds, what changed, then the walk or what is recent."""

from __future__ import annotations

from tui.lines import BLANK, Line, beside, fit, line, rule
from tui.model import Model
from tui.panels.bottom import foot, running, timeline, timeline_rule
from tui.panels.changes import changes
from tui.panels.curve import curve
from tui.panels.errors import errors
from tui.panels.header import header, health
from tui.panels.recent import offer, recent
from tui.panels.walk import walk
from tui.panels.welcome import welcome

WIDE = 110
"""Columns from which the page has two columns."""
TALL = 30


def page(model: Model, width: int, height: int) -> list[Line]:
    """Exactly `height` lines for a terminal of `width` columns."""
    rows = _wide(model, width, height) if width >= WIDE and height >= TALL else _narrow(model, width, height)
    return [fit(row, width) for row in rows[:height]]


def _top(model: Model, width: int, most: int) -> list[Line]:
    rows = [header(model, width)]
    if model.real_alarm:
        rows.append(line((f" REAL: {model.real_alarm} ", "production")))
    return [*rows, *health(model, width, most), *offer(model)]


def _narrow(model: Model, width: int, height: int) -> list[Line]:
    below = foot(model, width)
    top = _top(model, width, 4 if height >= 20 else 3)
    walking = model.walk is not None
    low = [*running(model), *([timeline_rule(model, width)] if model.incident else []), *below]
    room = max(0, height - len(top) - len(low))
    lower = walk(model, width, 99) if walking else [*welcome(model, width), *recent(model, width, 99)]
    middle = changes(model, width, min(room, max(4, min(room - len(lower), 7 if walking else 12))))
    if walking and len(lower) > room - len(middle):
        lower = walk(model, width, room - len(middle))
    lower = lower[: max(0, room - len(middle))]
    filler = [BLANK] * max(0, height - len(top) - len(middle) - len(lower) - len(low))
    return [*top, *middle, *lower, *filler, *low]


def _wide(model: Model, width: int, height: int) -> list[Line]:
    below = foot(model, width)
    top = [*_top(model, width, 6), *curve(model, width)]
    bottom_rows = 6 if model.incident else 0
    tail = timeline(model, width, bottom_rows - 1)
    low = [*([rule("Timeline", width, model.glyphs.dash), *tail] if model.incident else []), *below]
    room = max(0, height - len(top) - len(low))
    left_width = (width - 3) * 2 // 5 if model.walk else (width - 3) // 2
    right_width = width - 3 - left_width
    lower = recent(model, left_width, 99) if model.walk is not None else welcome(model, left_width)
    keeps = max(8, len(lower) + 1 if model.first_run else 0)
    left = [*changes(model, left_width, max(6, room - keeps)), *([BLANK] if running(model) else []), *running(model)]
    left += [BLANK, *lower]
    right = walk(model, right_width, room) if model.walk is not None else recent(model, right_width, room)
    right += [BLANK, *errors(model, right_width, 6)]
    left += [BLANK] * max(0, room - len(left))
    body = beside(left[:room], right[:room], left_width, f" {model.glyphs.column} ")
    filler = [BLANK] * max(0, room - len(body))
    return [*top, *body, *filler, *low]
