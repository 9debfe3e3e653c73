"""What the timeline says of an answer that a person gave against what was measured."""

from __future__ import annotations

import pytest

from operations.incident.words import describe

ANSWER = {"title": "Is it over?", "answer": "Yes, and quiet for ten minutes"}


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"suggested": True, "verdict": True}, ""),
        ({"suggested": False, "verdict": None}, " (own answer)"),
        ({"suggested": False, "verdict": True}, " (own answer)"),
        (
            {
                "suggested": False,
                "verdict": False,
                "evidence": [["smoke: passed", True, 3.0], ["quiet: 1m", False, 2.0]],
            },
            " (own answer; measured: quiet: 1m)",
        ),
        ({"suggested": False, "verdict": False, "evidence": []}, " (own answer; not what was measured)"),
    ],
)
def test_an_answer_tells_whether_it_was_measured(more: dict[str, object], words: str) -> None:
    assert describe("walk.answered", {**ANSWER, **more}) == (
        f"Is it over? Yes, and quiet for ten minutes{words}", "plain",
    )  # fmt: skip
