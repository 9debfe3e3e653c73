"""The quiet watch before "resolved"."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from operations.incident.quiet import not_quiet
from operations.watch.model import Snapshot
from tests.tui.scenes import down_snapshot, facts, quiet_snapshot


def snapshot(**values: Any) -> Snapshot:
    return replace(quiet_snapshot(), facts=facts({name.replace("_", ".", 1): value for name, value in values.items()}))


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (None, "nothing watches the site"),
        (down_snapshot(), "the site is down"),
        (snapshot(errors_rate=2.0, health_ok_for=900.0), "2.0% of the answers are errors"),
        (snapshot(errors_rate=0.1), "is not known"),
        (snapshot(errors_rate=0.1, health_ok_for=200.0), "well for 3m, and a quiet watch takes 10m"),
    ],
)
def test_it_is_too_early_and_why(seen: Snapshot | None, words: str) -> None:
    assert words in not_quiet(seen)


def test_after_ten_quiet_minutes_nothing_stands_against_it() -> None:
    assert not_quiet(snapshot(errors_rate=0.1, health_ok_for=600.0)) == ""
    assert not_quiet(snapshot(health_ok_for=600.0)) == ""


def test_a_hurried_drill_is_quiet_sooner() -> None:
    assert not_quiet(snapshot(errors_rate=0.0, health_ok_for=100.0), 6.0) == ""
