"""The most frequent errors of users, grouped: how often, where, and which were never seen before the live release."""

from __future__ import annotations

from operations.ages import age_words, seconds_between
from operations.text import one_line
from tui.lines import Line, Span, line, rule, spread
from tui.model import Model


def errors(model: Model, width: int, most: int) -> list[Line]:
    """A titled block of at most `most` rows; nothing when no request failed."""
    snapshot = model.snapshot
    if snapshot is None or not snapshot.signatures:
        return []
    rows = [rule("Errors users get", width, model.glyphs.dash)]
    for signature in snapshot.signatures[: most - 1]:
        new: Span = (f" NEW in {signature.new_in}", "bad") if signature.new_in else ("", "plain")
        age = age_words(seconds_between(signature.first_seen, model.now))
        left = line(f" x{signature.count:<5}", one_line(signature.text, 100), new)
        rows.append(spread(left, line((f"{signature.path}  since {age}", "dim")), width))
    return rows
