"""Facts for tests: plain values become facts read just now."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from runbooks.facts import Fact, Value
from runbooks.model import Book
from runbooks.walk import WalkState, apply, begin

NOW = datetime(2026, 11, 21, 3, 7, tzinfo=UTC)
SCENARIOS = Path(__file__).parent.parent / "data" / "site-down-facts.json"


@dataclass(frozen=True)
class Scenario:
    """Recorded facts and the labels that suggestions lead through."""

    name: str
    suggested: tuple[str, ...]
    facts: Mapping[str, Fact]


def facts_from(values: Mapping[str, Value | int | None], *, age: float = 0.0) -> dict[str, Fact]:
    """Facts read `age` seconds before NOW; None is unknown."""
    at = NOW - timedelta(seconds=age)
    return {name: Fact(name, _value(value), "test", at) for name, value in values.items()}


def scenarios() -> list[Scenario]:
    """Every recorded scenario of the truth table."""
    recorded = json.loads(SCENARIOS.read_text("utf-8"))["scenarios"]
    return [Scenario(name, tuple(one["suggested"]), facts_from(one["facts"])) for name, one in recorded.items()]


def walk_at(book: Book, label_or_anchor: str = "") -> WalkState:
    """A walk begun now at the section with that label or anchor."""
    labelled = book.by_label(label_or_anchor) if label_or_anchor else None
    started = begin(book, labelled.anchor if labelled else label_or_anchor)
    state = apply(None, started, NOW, book)
    assert state is not None
    return state


def _value(value: Value | int | None) -> Value | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
