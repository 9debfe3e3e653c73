"""How a drill went, out of 100, computed from the session's events and the injected truth; nothing is counted twice.

Mitigation 40, judgement 20, messages 20, verification 10, record 10. Every deduction names its event and says what
would have earned it. `--speed` compresses quiet watches and the cadence of updates, never reading, deciding, writing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from operations.engine.events import Event
from operations.practice.scenarios.model import Scenario
from operations.practice.scoring import judgement, messages, mitigation, record, verification
from operations.practice.scoring.played import Deduction, Played
from operations.settings_incident import CADENCE, FIRST_NOTICE
from runbooks.model import Book

MOST: Mapping[str, float] = {
    "mitigation": mitigation.MOST,
    "judgement": judgement.MOST,
    "messages": messages.MOST,
    "verification": verification.MOST,
    "record": record.MOST,
}
"""What each category gives at best; together 100."""
PASS_AT = 60
HARM_CAP = 50
HINT = 2.0
"""What every hint but the first one costs."""


@dataclass(frozen=True, slots=True)
class Score:
    """The whole result. `score` is out of 100; `categories` are points of their own maximum, hints not counted."""

    scenario: str
    seed: int
    score: int
    passed: bool
    categories: Mapping[str, float]
    deductions: tuple[Deduction, ...]
    path: tuple[str, ...] = ()
    reference: tuple[str, ...] = ()
    defects: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    """What it was not passed for."""

    def document(self) -> dict[str, Any]:
        """The JSON shape of drills.md."""
        return asdict(self)


def score_drill(
    scenario: Scenario,
    seed: int,
    events: Sequence[Event],
    book: Book,
    *,
    began_at: datetime,
    recovered: bool,
    speed: float = 1.0,
    cadence: Mapping[str, float] | None = None,
    first_notice: Mapping[str, float] | None = None,
    ended_at: datetime | None = None,
) -> Score:
    """Score a session. `began_at` is when the player could first see it; `recovered` what the recovery test found.

    `cadence` are the minutes between updates by severity; a drill's settings hold them compressed already.
    `first_notice` are those until the first one. Without `ended_at` it ended with its last event.
    """
    end = ended_at or max((event.at for event in events), default=began_at)
    every = CADENCE if cadence is None else cadence
    first = FIRST_NOTICE if first_notice is None else first_notice
    played = Played(scenario, events, book, began_at, end, recovered, speed, every, first)
    judged, harmed, defects = judgement.judged(played)
    taken: dict[str, tuple[Deduction, ...]] = {
        "mitigation": tuple(mitigation.taken(played)),
        "judgement": judged,
        "messages": tuple(messages.taken(played)),
        "verification": tuple(verification.taken(played)),
        "record": tuple(record.taken(played)),
    }
    hints = tuple(_hints(played))
    earned = {name: most - sum(one.points for one in taken[name]) for name, most in MOST.items()}
    total = max(0, round(sum(earned.values()) - sum(one.points for one in hints)))
    total = min(total, HARM_CAP) if harmed else total
    missing = tuple(_missing(played, harmed, total))
    return Score(
        scenario=scenario.name,
        seed=seed,
        score=total,
        passed=not missing,
        categories={name: round(points, 1) for name, points in earned.items()},
        deductions=tuple(
            Deduction(one.event, round(one.points, 1), one.why)
            for one in (*(one for found in taken.values() for one in found), *hints)
            if one.points > 0
        ),
        path=played.path,
        reference=scenario.reference.path,
        defects=defects,
        missing=missing,
    )


def _hints(played: Played) -> Iterator[Deduction]:
    given = [event for event in played.events if event.kind == "drill.hint"]
    for number, event in enumerate(given[1:], 2):
        yield Deduction(event.id, HINT, f"hint {number}; the first one is free")


def _missing(played: Played, harmed: bool, total: int) -> Iterator[str]:
    if not played.recovered:
        yield "the service is not right"
    if harmed:
        yield f"harm was done, which caps the total at {HARM_CAP}"
    if total < PASS_AT:
        yield f"{PASS_AT} points are needed"
    if not played.notices:
        yield "no first notice reached users"
