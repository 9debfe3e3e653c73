"""The curve: which points an incident lacks, that two consoles write each once, and what lies on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from operations.incident.curve import Curve, curve_of
from operations.incident.curve_points import ending_batch, missing_batches
from operations.incident.model import Incident, IncidentState
from operations.incident.observe import observations
from operations.incident.picture import plot_of
from operations.incident.picture_text import curve_lines
from operations.incident.refold import incident_from
from operations.watch.model import Snapshot
from tests.operations.incident.tale import ID, NIGHT, Tale, at, bad_release, points, with_data
from tests.tui.scenes import down_snapshot, incident


def seen(now: datetime, rate: float | None = 1.0, p95: float | None = 0.5) -> Snapshot:
    """What the watch shows of the hour before `now`; the minute that runs is not settled."""
    last = now.replace(second=0, microsecond=0)
    minutes = [last - timedelta(minutes=59 - n) for n in range(60)]
    return replace(
        down_snapshot(), at=now, rates=tuple((m, rate) for m in minutes), p95s=tuple((m, p95) for m in minutes)
    )


def opened(when: str = "03:12:30") -> Incident:
    return replace(incident(), id=ID, opened_at=at(when))


def keep(tale: Tale, one: Incident, snapshot: Snapshot) -> Incident:
    """Write what is missing as a console does; the incident as the next one reads it."""
    for batch in missing_batches(snapshot, one):
        tale.say(batch.at, "ana", "curve.points", batch.data)
    keys = {str(event.data["key"]) for event in tale.events}
    return replace(one, observed=frozenset(keys), events=tuple(tale.events))


def minutes(curve: Curve) -> Sequence[datetime]:
    return [point.at for point in curve.points]


def test_the_hour_before_is_told_at_the_opening() -> None:
    tale = Tale()
    one = keep(tale, opened(), seen(at("03:12:31")))
    found = minutes(curve_of(one))
    assert found[0] == at("02:13:00") and at("03:11:00") in found


def test_from_the_opening_on_each_settled_minute_is_told_once() -> None:
    tale = Tale()
    one = opened()
    for second in range(0, 1800, 7):
        one = keep(tale, one, seen(at("03:12:31") + timedelta(seconds=second)))
    found = minutes(curve_of(one))
    assert found == [found[0] + timedelta(minutes=n) for n in range(len(found))]
    assert found[-1] == at("03:39:00")
    assert len(tale.events) <= 18


def test_two_consoles_that_look_at_other_moments_write_the_same_batches() -> None:
    one, snapshot = opened(), seen(at("03:20:10"))
    late = seen(at("03:21:40"))
    first = {str(batch.data["key"]): batch.data["from"] for batch in missing_batches(snapshot, one)}
    second = {str(batch.data["key"]): batch.data["from"] for batch in missing_batches(late, one)}
    shared = first.keys() & second.keys() - {f"curve:{ID}:before"}
    assert len(shared) >= 3 and all(first[key] == second[key] for key in shared)
    told = replace(one, observed=frozenset(first))
    assert [batch.data["key"] for batch in missing_batches(snapshot, told)] == []


def test_a_console_that_was_away_tells_what_is_still_at_hand() -> None:
    one = keep(Tale(), opened(), seen(at("05:30:00")))
    assert minutes(curve_of(one))[0] == at("04:31:00")


def test_the_end_is_told_when_it_is_resolved_and_nothing_after_it() -> None:
    tale = Tale()
    one = keep(tale, opened(), seen(at("03:29:50")))
    over = replace(one, state=IncidentState.RESOLVED, resolved_at=at("03:30:20"))
    over = keep(tale, over, seen(at("03:30:25")))
    assert minutes(curve_of(over))[-1] == at("03:30:00")
    over = keep(tale, over, seen(at("03:50:00")))
    assert minutes(curve_of(over))[-1] == at("03:30:00")
    assert not observations(seen(at("04:20:00")), over)


def test_who_looks_no_longer_tells_the_minutes_up_to_that_moment_and_the_curve_is_drawn_up_to_it() -> None:
    tale = Tale()
    now = seen(at("03:24:10"))
    one = keep(tale, opened(), now)
    assert minutes(curve_of(one))[-1] == at("03:21:00")
    (batch,) = ending_batch(now, one)
    tale.say(batch.at, "ana", "curve.points", batch.data)
    curve = curve_of(replace(one, events=tuple(tale.events)), at("03:31:00"))
    assert minutes(curve)[-1] == at("03:24:00")
    assert "2026-11-21 02:25Z to 03:31Z" in "\n".join(curve_lines(curve, 79))
    assert plot_of(curve, 60).end >= at("03:31:00").timestamp()


def test_an_incident_taken_up_again_goes_on_with_its_curve() -> None:
    one = replace(opened(), resolved_at=at("03:20:00"), state=IncidentState.INVESTIGATING)
    assert minutes(curve_of(keep(Tale(), one, seen(at("03:40:00")))))[-1] == at("03:37:00")


def test_one_that_was_closed_unresolved_gets_no_points() -> None:
    assert missing_batches(seen(at("03:40:00")), replace(opened(), state=IncidentState.CLOSED)) == ()


def test_a_site_that_tells_no_figures_gets_no_empty_points() -> None:
    assert missing_batches(seen(at("03:20:00"), None, None), opened()) == ()


def test_what_is_not_known_is_null_and_a_later_figure_fills_it() -> None:
    tale = Tale()
    tale.say("03:12:00", "ana", "curve.points", points("03:10:00", [None, 2.0], [0.4, None], "a"))
    tale.say("03:13:00", "tom", "curve.points", points("03:10:00", [1.0], [None, 0.6], "b"))
    one = replace(opened(), events=tuple(tale.events))
    assert [(p.errors, p.p95) for p in curve_of(one).points] == [(1.0, 0.4), (2.0, 0.6)]


@pytest.mark.parametrize(
    "data",
    [
        {"from": "yesterday", "step": 60, "errors": [1.0], "p95": []},
        {"from": "2026-11-21T03:00:00Z", "step": 0, "errors": [1.0], "p95": []},
        {"from": "2026-11-21T03:00:00Z", "step": 1e300, "errors": [1.0], "p95": []},
        {"from": "9999-12-31T23:59:00Z", "step": 86400, "errors": [None, 1.0], "p95": "x"},
        {"from": "2026-11-21T03:00:00Z", "step": 60, "errors": {"a": 1}, "p95": None},
        {"step": True},
    ],
)
def test_points_that_make_no_sense_are_left_out(data: dict[str, object]) -> None:
    tale = Tale()
    tale.say("03:12:00", "ana", "curve.points", data)
    found = curve_of(replace(opened(), events=tuple(tale.events)))
    assert all(point.errors is None for point in found.points)


def test_numbers_that_are_none_count_as_not_known() -> None:
    tale = Tale()
    odd = [True, "1", -1.0, float("nan"), float("inf"), 10**400, 3]
    told = tale.say("03:12:00", "ana", "curve.points", points("03:10:00", [], [], "a"))
    found = curve_of(replace(opened(), events=(with_data(told, errors=odd),)))
    assert [point.errors for point in found.points] == [None] * 6 + [3.0]


def told() -> Curve:
    one = incident_from(bad_release().events, ID)
    assert one is not None
    return curve_of(one)


def test_release_act_and_messages_lie_on_the_curve_at_their_moments() -> None:
    assert [(mark.at, mark.text) for mark in told().marks] == [
        (at("03:06:00"), "release v2.4.1 a1b2c3d tom"),
        (at("03:12:00"), "incident opened"),
        (at("03:13:00"), "initial message"),
        (at("03:17:07"), "rollback to v2.4.0"),
        (at("03:18:00"), "state: monitoring"),
        (at("03:30:00"), "incident resolved"),
    ]


def test_the_worst_minute_is_the_first_of_the_highest() -> None:
    worst, slowest = told().worst, told().slowest
    assert worst is not None and (worst.at, worst.errors) == (at("03:07:00"), 38.0)
    assert slowest is not None and (slowest.at, slowest.p95) == (at("03:12:00"), 0.9)


def test_a_release_seen_without_its_name_first_is_one_change() -> None:
    tale = bad_release()
    nameless = {"key": "change:0", "kind": "release", "title": "a1b2c3d"}
    tale.say(NIGHT.replace(minute=6), "tom", "change.seen", nameless)
    one = incident_from(tale.events, ID)
    assert one is not None
    assert [mark.text for mark in curve_of(one).marks if mark.kind == "change"] == ["release v2.4.1 a1b2c3d tom"]
