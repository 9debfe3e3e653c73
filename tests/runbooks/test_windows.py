"""Times and severities that titles name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbooks.reader import read
from runbooks.windows import after_in, severity_in, window_in, without_time

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


@pytest.mark.parametrize(
    ("title", "start", "end"),
    [
        ("Immediate (0-15 minutes)", 0, 15 * MINUTE),
        ("Short-term (15 minutes - 1 hour)", 15 * MINUTE, HOUR),
        ("Medium-term (1 hour - 24 hours)", HOUR, DAY),
        ("Triage (5–15 min)", 5 * MINUTE, 15 * MINUTE),
        ("Quick checks (5 minutes max)", 0, 5 * MINUTE),
        ("Quick Rollback (< 5 minutes)", 0, 5 * MINUTE),
        ("Within (within 2 hours)", 0, 2 * HOUR),
        ("Hour 24-48: Standard Monitoring", DAY, 2 * DAY),
        ("Hour 1-24: Critical Monitoring", 0, DAY),
        ("48 Hours Before Deployment", -2 * DAY, -2 * DAY),
        ("1 hour before", -HOUR, -HOUR),
        ("Post-Incident (24-48 hours)", DAY, 2 * DAY),
        ("Suite (2 à 4 heures)", 2 * HOUR, 4 * HOUR),
        ("First (30 to 90 seconds)", 30, 90),
        ("Half (0.5-1.5 hours)", HOUR / 2, 1.5 * HOUR),
    ],
)
def test_a_title_names_its_window(title: str, start: float, end: float) -> None:
    window = window_in(title)
    assert window is not None
    assert (window.start, window.end) == (start, end)


@pytest.mark.parametrize(
    "title",
    [
        "72-Hour Monitoring",
        "Error Rate Spike (> 5%)",
        "Version 1-2",
        "Step 3: Verify",
        "Phase 2 - 4 servers",
        "5xx errors",
        "Backwards (15-5 minutes)",
        "Option 1",
        "Ports 80-443",
        "10 minutes of silence",
        "",
    ],
)
def test_other_numbers_are_no_window(title: str) -> None:
    assert window_in(title) is None


@pytest.mark.parametrize(
    ("title", "severity"),
    [
        ("P0 - Critical Incident", "P0"),
        ("High Priority (P1)", "P1"),
        ("SEV2 outage", "SEV2"),
        ("sev-1", "SEV1"),
        ("P5 is none", ""),
        ("MP3 player", ""),
        ("API P95", ""),
        ("EP2", ""),
    ],
)
def test_a_title_names_its_severity(title: str, severity: str) -> None:
    assert severity_in(title) == severity


@pytest.mark.parametrize(
    ("text", "after", "words"),
    [
        ("Team lead (15 minutes)", 900.0, "Team lead"),
        ("On-call (immediate)", 0.0, "On-call"),
        ("CTO (1 hour)", 3600.0, "CTO"),
        ("Astreinte (immédiatement)", 0.0, "Astreinte"),
        ("Nobody", None, "Nobody"),
        ("Office (9-5)", None, "Office (9-5)"),
    ],
)
def test_a_rung_of_a_ladder_says_when(text: str, after: float | None, words: str) -> None:
    assert (after_in(text), without_time(text)) == (after, words)


def test_a_short_window_is_a_time_box_and_a_long_one_is_not() -> None:
    book = read("# Now (0-15 minutes)\n\n# Later (24-48 hours)\n\n# Set (5 minutes)\n\n<!-- timebox: 2m -->\n", "t")
    assert [section.timebox for section in book.sections] == [900.0, None, 120.0]


@given(st.text(max_size=300))
def test_any_title_may_be_asked(title: str) -> None:
    window = window_in(title)
    assert window is None or window.end >= window.start or window.start < 0
    severity_in(title), after_in(title), without_time(title)
