"""The brief anyone can read, and what the watch puts on the timeline by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from operations.incident.brief import make_brief
from operations.incident.model import IncidentState
from operations.incident.observe import observations
from operations.incident.refold import incident_from
from operations.incident.times import times_of
from operations.watch.model import Overall, Status
from tests.operations.incident.tale import ID, at, bad_release
from tests.tui.scenes import NOW, down_snapshot, incident


def test_a_brief_says_what_is_broken_since_when_what_changed_and_what_is_needed() -> None:
    brief = make_brief(incident(), down_snapshot(), need="a second pair of eyes", who="ana", now=NOW)
    text = "\n".join(brief.lines())
    assert len(brief.lines()) <= 12
    expected = ["P0 pro-remorque production", '503 "zone is undefined"', "2026-11-21 03:07:00Z (±20 s)"]
    expected += ["release v2.4.1 a1b2c3d, 1m before", "a second pair of eyes", "Tried:  nothing yet"]
    for words in expected:
        assert words in text
    assert brief.document("dba")["kind"] == "dba"


def test_a_brief_without_a_watch_still_says_what_is_known() -> None:
    brief = make_brief(incident(), None, need="help", who="ana", now=NOW)
    assert "api/health, 5xx down" in brief.broken
    assert "when the incident was opened" in brief.since


def test_where_a_watch_kept_the_record_no_change_on_it_is_none_that_was_seen() -> None:
    watched = replace(incident(), observed=frozenset({"probe:health"}))
    assert make_brief(watched, None, need="x", who="ana", now=NOW).changed == "nothing that was seen"


def test_who_looks_later_or_cannot_see_says_what_is_on_record_and_not_what_it_sees_first() -> None:
    blind = replace(down_snapshot(), overall=Overall.UNKNOWN, onset=None, since=NOW)
    brief = make_brief(incident(), blind, need="help", who="ana", now=NOW)
    assert brief.broken == "api/health, 5xx down"
    assert brief.since.endswith("when the incident was opened")
    told = incident_from(bad_release().events[:-1], ID)
    assert told is not None
    told = replace(told, state=IncidentState.INVESTIGATING)
    brief = make_brief(told, blind, need="help", who="ana", now=NOW)
    assert brief.since == f"{times_of(told).at('began'):%Y-%m-%d %H:%M:%SZ} (±20 s)"


def test_the_brief_of_what_is_over_tells_what_was_and_not_what_is_measured_now() -> None:
    over = incident_from(bad_release().events, ID)
    assert over is not None
    brief = make_brief(over, down_snapshot(), need="a reader", who="ana", now=NOW)
    assert (brief.broken, brief.since, brief.now) == (
        "calls could not be placed; api/health, 5xx down", "2026-11-21 03:07:00Z to 03:30:00Z", "closed",
    )  # fmt: skip
    assert brief.changed == "release v2.4.1 a1b2c3d tom, 1m before"


def test_once_it_is_up_again_the_brief_says_what_was_since_when_and_what_the_last_call_asked_for() -> None:
    tale = bad_release()
    asked = {"call": "c2", "contact": "Marc", "delivered": True, "need": "look at the zones", "brief": []}
    tale.say("03:18:10", "ana", "help.called", asked)
    tale.say("03:18:20", "ana", "incident.told", {"field": "impact", "value": "nobody can place a call"})
    mended = incident_from([event for event in tale.events if event.at < at("03:19:00")], ID)
    assert mended is not None and mended.open
    up = replace(down_snapshot(), overall=Overall.OK, onset=None, states=(), since=at("03:11:00"))
    for seen in (up, None):
        brief = make_brief(mended, seen, need="", who="ana", now=NOW)
        assert brief.broken == "was: nobody can place a call; api/health, 5xx down; up again since 03:17:12Z"
        assert brief.since == "2026-11-21 03:07:00Z (±20 s)"
        assert brief.changed == "release v2.4.1 a1b2c3d tom, 1m before"
        assert brief.need == "look at the zones"
    again = make_brief(mended, down_snapshot(), need="a second pair of eyes", who="ana", now=NOW)
    assert again.broken.startswith("nobody can place a call; ") and "503" in again.broken


def test_a_change_of_days_ago_is_not_what_changed_just_before() -> None:
    snapshot = down_snapshot()
    old = replace(snapshot, changes=tuple(c for c in snapshot.changes if c.at < NOW - timedelta(days=1)))
    assert make_brief(incident(), old, need="x", who="ana", now=NOW).changed == "nothing within the hour before"


def test_the_timeline_gets_onset_states_alarms_and_what_changed_oldest_first() -> None:
    seen = observations(down_snapshot(), incident())
    kinds = [(one.kind, one.data.get("title")) for one in seen]
    assert kinds[0] == ("change.seen", "v2.4.1 a1b2c3d by ana")
    assert ("probe.changed", "errors") in kinds
    assert ("probe.changed", "api/health") in kinds
    assert any(kind == "alarm.opened" for kind, _ in kinds)
    assert [one.at for one in seen] == sorted(one.at for one in seen)


def test_a_release_stands_where_the_platform_dates_it_and_not_where_it_was_first_seen() -> None:
    snapshot = down_snapshot()
    told = snapshot.changes[0].at - timedelta(seconds=4)
    dated = replace(snapshot, changes=(replace(snapshot.changes[0], told_at=told),))
    assert observations(dated, incident())[0].at == told


def test_what_is_on_the_timeline_already_is_not_put_there_again() -> None:
    first = observations(down_snapshot(), incident())
    told = replace(incident(), observed=frozenset(str(one.data["key"]) for one in first))
    assert observations(down_snapshot(), told) == ()


def test_a_probe_that_was_well_before_the_incident_is_no_news() -> None:
    seen = observations(down_snapshot(), incident())
    assert not any(one.data.get("title") == "page" for one in seen)


def test_a_probe_that_recovers_during_the_incident_is_news() -> None:
    snapshot = down_snapshot()
    states = tuple(
        replace(state, status=Status.OK, since=NOW - timedelta(seconds=30)) if state.probe == "health" else state
        for state in snapshot.states
    )
    seen = observations(replace(snapshot, states=states), incident())
    assert any(one.data.get("title") == "api/health" and one.data["status"] == "ok" for one in seen)
