"""The score of a practice site's present session, from its journal and its truth. A drill is scored once."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from operations.desk import utc_now
from operations.engine.events import Event, EventBook
from operations.errors import VigieError
from operations.incident.book import IncidentBook
from operations.incident.curve_points import ending_batch
from operations.incident.model import Incident
from operations.incident.walks import load_book
from operations.practice import control
from operations.practice.debrief import Debrief, debrief_of
from operations.practice.drilling import dealt_to, drilling_of
from operations.practice.layout import Layout
from operations.practice.score import Score, score_drill
from operations.settings import Settings
from operations.watch.model import Snapshot

CHECK_LIMIT = 15.0
"""Seconds the recovery test may take."""


Look = Callable[[str], Snapshot | None]
"""What is seen now of an environment; None where nobody looks."""


def conclude(settings: Settings, journal: EventBook, wrong: Sequence[str], look: Look = lambda _: None) -> Score:
    """End the drill of these settings and record its score; one that is over keeps the score it has.

    `wrong` is what the recovery test found (`still_wrong`); `look` gives the curve its last minutes. Raises VigieError
    where nothing was dealt.
    """
    before = drilling_of(settings, journal).score
    if before is not None:
        return before
    scenario, drill = dealt_to(settings), settings.drill
    assert drill is not None
    _keep_last_readings(journal, look)
    score = score_drill(
        scenario,
        drill.seed,
        [event for _, event in journal.events()],
        load_book(settings),
        began_at=_began_at(Path(drill.home)),
        ended_at=utc_now(),
        recovered=not wrong,
        speed=drill.speed,
        cadence=settings.incident.cadence,
        first_notice=settings.incident.first_notice,
    )
    journal.append("drill.scored", score.document())
    return score


def still_wrong(home: Path) -> tuple[str, ...]:
    """What the recovery test says is not right yet; empty when the service is right. Blocks."""
    try:
        reply = control.ask(home, {"do": "recovered"}, CHECK_LIMIT)
    except control.NoSupervisor as error:
        return (str(error),)
    return () if reply.get("recovered") else (str(reply.get("says") or "the service is not right"),)


def debriefing(settings: Settings, journal: EventBook, score: Score) -> Debrief:
    """All that is read afterwards, from the session's own events."""
    events: list[Event] = [event for _, event in journal.events()]
    return debrief_of(score, dealt_to(settings), load_book(settings), _first_incident(events), events)


def _first_incident(events: Sequence[Event]) -> Incident | None:
    incidents = IncidentBook()
    incidents.feed(events)
    return incidents.get(next((event.incident for event in events if event.kind == "incident.opened"), ""))


def _keep_last_readings(journal: EventBook, look: Look) -> None:
    """What an open incident would have recorded in the next minutes, had anybody stayed."""
    incident = _first_incident([event for _, event in journal.events()])
    if incident is None:
        return
    try:
        snapshot = look(incident.environment)
    except VigieError:
        return  # the curve ends sooner then; a score is worth more than its last minutes
    for batch in ending_batch(snapshot, incident) if snapshot is not None else ():
        journal.append("curve.points", batch.data, at=batch.at, incident=incident.id)


def _began_at(home: Path) -> datetime:
    try:
        truth = json.loads(Layout(home).truth.read_text("utf-8"))
        return datetime.fromisoformat(str(truth["began_at"]))
    except (OSError, ValueError, KeyError) as error:
        raise VigieError(
            f"The practice site's record of this session cannot be read ({type(error).__name__})."
        ) from None
