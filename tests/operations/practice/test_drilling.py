"""What a player may see of a drill: blind before its end, hints one by one, and scored once."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path

import pytest

from operations.engine.journal import Journal
from operations.engine.redaction import Redactor
from operations.errors import VigieError
from operations.practice.configuration import cadence_at
from operations.practice.drilling import drilling_of, take_hint
from operations.practice.layout import Layout
from operations.practice.result import conclude, debriefing
from operations.settings import DrillSettings, Settings
from tests.operations.practice.told import T0
from tests.tui.scenes import down_snapshot


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal.open(tmp_path / "journal.sqlite", actor="ana", redactor=Redactor(), now=lambda: T0)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    Layout(tmp_path).truth.write_text(json.dumps({"began_at": T0.isoformat()}), "utf-8")
    drill = DrillSettings(
        home=str(tmp_path), lease=str(tmp_path / "lease"), scenario="database-down", seed=7, session="20260304T031200-7"
    )
    return Settings(drill=drill)


def test_nothing_that_is_seen_before_the_end_names_the_fault(settings: Settings, journal: Journal) -> None:
    drilling = drilling_of(settings, journal)
    assert (drilling.code_name, drilling.began_at, drilling.hints_left) == ("Cormorant", T0, 3)
    assert not {"database-down", "PostgreSQL stopped"} & set(map(str, asdict(drilling).values()))


def test_hints_come_one_by_one_the_way_to_go_last_and_then_there_is_none(settings: Settings, journal: Journal) -> None:
    given = [take_hint(settings, journal) for _ in range(3)]
    assert given[0] == "It can be seen: connections to production's database are refused."
    assert given[2].startswith("The walk should lead to B1, “")
    assert (drilling_of(settings, journal).hints, drilling_of(settings, journal).next_hint_costs) == (tuple(given), 2)
    with pytest.raises(VigieError, match="no hint left"):
        take_hint(settings, journal)


def test_the_end_of_a_drill_keeps_what_was_last_seen_and_draws_its_curve_up_to_there(
    settings: Settings, journal: Journal
) -> None:
    journal.append("incident.opened", {"severity": "P0", "environment": "production"}, at=T0, incident="1121-abc")
    later = T0 + timedelta(minutes=3)
    rates = tuple((T0 + timedelta(minutes=n), 12.0) for n in range(4))
    score = conclude(settings, journal, (), lambda _: replace(down_snapshot(), at=later, rates=rates))
    curve = debriefing(settings, journal, score).curve
    assert curve is not None
    assert [point.at for point in curve.points] == [T0 + timedelta(minutes=n) for n in range(3)]
    assert curve.until == journal.events(kinds=("drill.scored",))[0][1].at


def test_a_drill_is_scored_once_whatever_is_done_afterwards(settings: Settings, journal: Journal) -> None:
    first = conclude(settings, journal, ("the database does not answer",))
    assert (first.score, first.passed) == (20, False)
    journal.append("incident.opened", {"severity": "P0"}, incident="1121-abc")
    conclude(settings, journal, (), lambda _: pytest.fail("over, nothing is looked at"))
    assert conclude(settings, journal, ()).score == drilling_of(settings, journal).score.score == 20  # type: ignore[union-attr]
    assert len(journal.events(kinds=("drill.scored",))) == 1
    assert debriefing(settings, journal, first).scenario.name == "database-down"
    with pytest.raises(VigieError, match="over"):
        take_hint(settings, journal)


def test_a_score_that_cannot_be_read_is_none(settings: Settings, journal: Journal) -> None:
    journal.append("drill.scored", {"score": "much"})
    assert drilling_of(settings, journal).score is None


def test_a_site_without_a_fault_is_no_drill(journal: Journal, tmp_path: Path) -> None:
    bare = Settings(drill=DrillSettings(home=str(tmp_path), lease=str(tmp_path / "lease")))
    for none in (Settings(), bare):
        with pytest.raises(VigieError, match="nothing was dealt"):
            drilling_of(none, journal)


@pytest.mark.parametrize(("speed", "minutes"), [(1.0, 15.0), (2.0, 7.5), (60.0, 3.0), (0.5, 30.0)])
def test_speed_compresses_the_cadence_and_leaves_time_to_write(speed: float, minutes: float) -> None:
    assert cadence_at(speed)["P0"] == minutes
