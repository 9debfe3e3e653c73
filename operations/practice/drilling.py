"""A drill while it is played, as the player may see it: story, clock, hints; and its score once it is over.

The fault's name is not in it: that comes with the debrief.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from operations.engine.events import EventBook
from operations.errors import VigieError
from operations.incident.walks import load_book
from operations.practice import scenarios
from operations.practice.scenarios.model import Scenario
from operations.practice.score import HINT, Score
from operations.settings import Settings
from operations.text import one_line

KINDS = ("drill.hint", "drill.scored")


@dataclass(frozen=True, slots=True)
class Drilling:
    """One drill. `began_at` (UTC) is when the player could first see it; `hints` are those that were taken."""

    code_name: str
    story: str
    seed: int
    speed: float
    began_at: datetime | None
    update_every: float
    """Minutes between two updates to users at P0."""
    hints: tuple[str, ...] = ()
    hints_left: int = 0
    score: Score | None = None

    @property
    def next_hint_costs(self) -> float:
        """Points that one more hint takes."""
        return HINT if self.hints else 0.0


def dealt_to(settings: Settings) -> Scenario:
    """The scenario of these settings. Raises VigieError where nothing was dealt."""
    if settings.drill is None or not settings.drill.scenario:
        raise VigieError("This is no drill: nothing was dealt.", next_step="vigie drill deals one.")
    return scenarios.deal(settings.drill.scenario, settings.drill.seed)


def drilling_of(settings: Settings, journal: EventBook) -> Drilling:
    """Where the drill of these settings stands. Raises VigieError where nothing was dealt."""
    scenario, drill = dealt_to(settings), settings.drill
    assert drill is not None
    told = [event for _, event in journal.events(kinds=KINDS)]
    given = tuple(one_line(str(e.data.get("text") or ""), 300) for e in told if e.kind == "drill.hint")
    scores = [score for e in told if e.kind == "drill.scored" and (score := _score_in(e.data)) is not None]
    return Drilling(
        code_name=scenario.code_name,
        story=scenario.story,
        seed=drill.seed,
        speed=drill.speed,
        began_at=_began_at(drill.session),
        update_every=settings.incident.cadence.get("P0", 0.0),
        hints=given,
        hints_left=max(0, len(scenario.can_be_seen) + 1 - len(given)),
        score=scores[0] if scores else None,
    )


def take_hint(settings: Settings, journal: EventBook) -> str:
    """The next hint, which is recorded: what can be seen first, the branch to go to last. Raises VigieError."""
    scenario, drilling = dealt_to(settings), drilling_of(settings, journal)
    if drilling.score is not None:
        raise VigieError("The drill is over.")
    if not drilling.hints_left:
        raise VigieError("There is no hint left.")
    number = len(drilling.hints)
    seen = scenario.can_be_seen
    text = f"It can be seen: {seen[number]}." if number < len(seen) else _way(settings, scenario)
    journal.append("drill.hint", {"number": number + 1, "text": text})
    return text


def _way(settings: Settings, scenario: Scenario) -> str:
    label = scenario.reference.goal
    section = load_book(settings).by_label(label)
    return f"The walk should lead to {label}{f', “{section.title}”' if section else ''}."


def _score_in(data: object) -> Score | None:
    """A score as it was recorded; None where it cannot be read any more."""
    try:
        return msgspec.convert(data, Score, strict=False)
    except msgspec.ValidationError:
        return None


def _began_at(session: str) -> datetime | None:
    """The session's name begins with the moment it counts from."""
    try:
        return datetime.strptime(session.partition("-")[0], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
