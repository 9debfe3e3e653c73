"""The score of a practice site's present session, from its journal and its truth; and the debrief in words."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from operations.engine.journal import Journal
from operations.errors import VigieError
from operations.incident.walks import load_book
from operations.practice import control, scenarios
from operations.practice.layout import Layout
from operations.practice.scenarios.model import Scenario
from operations.practice.score import MOST, Score, score_drill
from operations.settings import Settings

CHECK_LIMIT = 15.0
"""Seconds the recovery test may take."""


def score_session(settings: Settings, journal: Journal) -> Score:
    """Score the session that these settings belong to. Raises VigieError when the site does not answer any more."""
    drill = settings.drill
    if drill is None or not drill.scenario:
        raise VigieError("This is no drill: nothing was dealt.")
    scenario = scenarios.deal(drill.scenario, drill.seed)
    events = [event for _, event in journal.events()]
    return score_drill(
        scenario,
        drill.seed,
        events,
        load_book(settings),
        began_at=_began_at(Path(drill.home)),
        recovered=not still_wrong(Path(drill.home)),
        speed=drill.speed,
    )


def still_wrong(home: Path) -> tuple[str, ...]:
    """What the recovery test says is not right yet; empty when the service is right."""
    try:
        reply = control.ask(home, {"do": "recovered"}, CHECK_LIMIT)
    except control.NoSupervisor as error:
        return (str(error),)
    return () if reply.get("recovered") else (str(reply.get("says") or "the service is not right"),)


def debrief(score: Score, scenario: Scenario) -> str:
    """What a person reads afterwards: the fault, the score, the path beside the reference, deductions, questions."""
    rows = [
        "",
        f"Drill {scenario.code_name} was {scenario.name}: {scenario.fault}",
        f"Score {score.score} of 100, {'passed' if score.passed else 'not passed'}.   "
        + "   ".join(f"{name} {points:g} of {MOST[name]:g}" for name, points in score.categories.items()),
        f"Your path       {' '.join(score.path) or 'no walk was begun'}",
        f"Reference path  {' '.join(score.reference)}",
    ]
    rows += [f"  -{deduction.points:g}  {deduction.why}" for deduction in score.deductions]
    rows += [f"  the console's own fault: {defect}" for defect in score.defects]
    rows += ["Worth a minute together:", *(f"  - {question}" for question in scenario.questions)]
    return "\n".join(rows)


def _began_at(home: Path) -> datetime:
    try:
        truth = json.loads(Layout(home).truth.read_text("utf-8"))
        return datetime.fromisoformat(str(truth["began_at"]))
    except (OSError, ValueError, KeyError) as error:
        raise VigieError(
            f"The practice site's record of this session cannot be read ({type(error).__name__})."
        ) from None
