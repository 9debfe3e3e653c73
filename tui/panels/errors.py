"""The most frequent errors of users, grouped: how often, where, and which were never seen before the live release."""

from __future__ import annotations

from datetime import datetime

from operations.ages import age_words, seconds_between
from operations.text import one_line
from operations.watch.model import Signature
from tui.lines import Line, Span, line, rule, spread
from tui.model import Model

STILL = 60.0
"""Seconds after which an error that did not come again is said to be over."""


def errors(model: Model, width: int, most: int) -> list[Line]:
    """A titled block of at most `most` rows; nothing when no request failed."""
    snapshot = model.snapshot
    if snapshot is None or not snapshot.signatures:
        return []
    rows = [rule("Errors users get", width, model.glyphs.dash)]
    for signature in snapshot.signatures[: most - 1]:
        new: Span = (f" NEW in {signature.new_in}", "bad") if signature.new_in else ("", "plain")
        left = line(f" x{signature.count:<5}", one_line(signature.text, 100), new)
        rows.append(spread(left, line((f"{signature.path}  {_when(signature, model.now)}", "dim")), width))
    return rows


def over_words(signature: Signature, now: datetime) -> str:
    """`, last 7m ago` where nobody met it within the last minute; else empty."""
    since = seconds_between(signature.last_seen, now) if signature.last_seen is not None else 0.0
    return f", last {age_words(since)} ago" if since > STILL else ""


def _when(signature: Signature, now: datetime) -> str:
    since = f"since {age_words(seconds_between(signature.first_seen, now))}"
    return over_words(signature, now).removeprefix(", ") or since
