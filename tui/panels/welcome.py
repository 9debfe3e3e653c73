"""What somebody who has never used it needs to know, in ten seconds. Shown until something is in the journal."""

from __future__ import annotations

from tui.lines import Line, line, rule, wrap
from tui.model import Model

_ROWS = (
    ("", "on top what users meet, then what changed just before, last your keys"),
    ("I", "something is wrong: an incident opens and asks its first question"),
    ("Enter", "takes what the evidence suggests; digits answer otherwise; o shows why"),
    ("R  T", "roll back, smoke tests: a plan comes first, nothing runs without you"),
    ("W V L", "runbooks, yours too; every probe; what users run into"),
    ("?  Esc", "every key of a page; back, and never any harm"),
)
_CHANGING = ("I", "Enter", "R  T")


def welcome(model: Model, width: int) -> list[Line]:
    """A titled block; nothing for somebody who has been here before."""
    if not model.first_run:
        return []
    rows = [rule("New here? Ten seconds", width, model.glyphs.dash)]
    for key, words in _ROWS:
        if model.readonly and key in _CHANGING:
            continue
        first, *more = wrap(words, max(20, width - 10))
        rows.append(line((f" {key:<7} ", "key"), first))
        rows += [line(" " * 9, piece) for piece in more]
    return rows
