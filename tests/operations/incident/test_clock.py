"""What is due in an incident: notices, windows, the ladder, people, tasks; and what makes each of them moot."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from operations.incident.clock import Clock, Due, clock_of, due_words, header_words, say_words
from operations.settings import Contact, IncidentSettings, Settings
from tests.operations.incident.stage import CTO, LEAD, SETTINGS, START, Stage


def at(stage: Stage, settings: Settings = SETTINGS) -> Clock:
    return clock_of(stage.incident(), settings, stage.now)


def due(stage: Stage, words: str, settings: Settings = SETTINGS) -> Due:
    found = [one for one in at(stage, settings).due if words in one.words]
    assert len(found) == 1, [one.words for one in at(stage, settings).due]
    return found[0]


def is_due(stage: Stage, words: str, settings: Settings = SETTINGS) -> bool:
    return any(words in one.words for one in at(stage, settings).due)


def minutes(stage: Stage, words: str, settings: Settings = SETTINGS) -> float:
    """Minutes after the start at which it is due."""
    return (due(stage, words, settings).due_at - START).total_seconds() / 60


def taken(stage: Stage) -> Stage:
    stage.append("role.taken", {"role": "commander"})
    return stage


def test_the_header_shows_the_next_thing_with_its_time_and_then_how_long_it_is_overdue() -> None:
    stage = taken(Stage())
    assert header_words(at(stage), stage.now + timedelta(seconds=7)) == "FIRST NOTICE DUE 4m53s"
    stage.sent("initial")
    stage.wait(minutes=5, seconds=7)
    assert header_words(at(stage), stage.now) == "UPDATE DUE 9m53s"
    stage.wait(minutes=10, seconds=33)
    assert header_words(at(stage), stage.now) == "UPDATE OVERDUE 40s +1"
    stage.wait(seconds=80)
    assert header_words(at(stage), stage.now) == "UPDATE OVERDUE 2m +1"


def test_nothing_due_is_nothing_in_the_header() -> None:
    stage = Stage("P3")
    stage.state("closed")
    assert header_words(at(stage), stage.now) == ""
    assert at(stage).due == ()


@pytest.mark.parametrize(("severity", "first", "then"), [("P0", 5, 15), ("P1", 15, 30), ("P2", 60, 60)])
def test_users_hear_by_the_severitys_times(severity: str, first: float, then: float) -> None:
    stage = Stage(severity)
    assert minutes(stage, "first notice") == first
    stage.wait(minutes=3).sent("initial")
    assert minutes(stage, "update to users") == 3 + then


def test_the_first_notice_is_due_from_the_alarm_where_that_came_before_the_opening() -> None:
    stage = Stage()
    stage.append("alarm.opened", {"title": "of yesterday"}, at=START - timedelta(hours=20))
    assert minutes(stage, "first notice") == 5
    stage.append("alarm.opened", {"title": "5xx"}, at=START - timedelta(minutes=3))
    assert minutes(stage, "first notice") == 2
    stage.append("alarm.opened", {"title": "one more"}, at=START + timedelta(minutes=1))
    assert minutes(stage, "first notice") == 2
    stage.state("resolved")
    stage.wait(minutes=10).state("investigating")
    assert minutes(stage, "first notice") == 15, "going on once more counts from then"


def test_a_p3_owes_users_nothing() -> None:
    assert not is_due(Stage("P3"), "users")


def test_the_settings_cadence_counts_and_zero_turns_it_off() -> None:
    settings = Settings(incident=IncidentSettings(cadence={"P0": 20.0, "P1": 0.0}, first_notice={"P0": 2.0}))
    stage = Stage()
    assert minutes(stage, "first notice", settings) == 2
    stage.sent("initial")
    assert minutes(stage, "update", settings) == 20
    assert not [one for one in at(Stage("P1"), settings).due if one.kind == "update"]


def test_whoever_was_told_that_it_is_over_is_promised_no_update_but_it_is_to_be_resolved() -> None:
    stage = taken(Stage())
    stage.state("monitoring")
    stage.sent("resolved")
    assert header_words(at(stage), stage.now) == "RESOLVE DUE 5m00s"
    assert not is_due(stage, "update")
    stage.sent("correction")
    assert not is_due(stage, "told that it is over") and is_due(stage, "update")


def test_the_promised_time_of_a_message_is_when_the_next_one_is_due() -> None:
    stage = Stage().wait(minutes=4)
    stage.sent("initial", promised=START + timedelta(minutes=34))
    promise = due(stage, "as promised")
    assert (promise.kind, promise.due_at) == ("promise", START + timedelta(minutes=34))
    stage.wait(minutes=20).sent("update")
    assert minutes(stage, "update to users") == 39
    assert not is_due(stage, "as promised")


def test_getting_worse_after_a_promise_makes_the_update_due_sooner() -> None:
    stage = Stage("P1")
    stage.sent("initial", promised=START + timedelta(minutes=60))
    stage.wait(minutes=10).append("incident.severity", {"before": "P1", "severity": "P0"})
    assert minutes(stage, "it got worse") == 25


def test_another_severity_has_another_cadence() -> None:
    stage = Stage("P1")
    stage.sent("initial")
    stage.wait(minutes=20).append("incident.severity", {"before": "P1", "severity": "P0"})
    assert due(stage, "update to users").overdue
    stage.append("incident.severity", {"before": "P0", "severity": "P2"})
    assert minutes(stage, "update to users") == 60


def test_a_message_that_reached_nobody_told_nobody() -> None:
    stage = Stage()
    stage.sent("initial", message="m1")
    for target in ("status page", "chat"):
        stage.append("message.delivered", {"message": "m1", "target": target, "result": "failed", "attempt": 1})
    assert is_due(stage, "first notice")
    stage.append("message.delivered", {"message": "m1", "target": "chat", "result": "unknown", "attempt": 2})
    assert not is_due(stage, "first notice")


def test_one_that_failed_here_and_may_have_arrived_there_told_somebody_perhaps() -> None:
    stage = Stage()
    stage.append("message.sent", {"message": "m1", "kind": "initial", "targets": ["chat", "page"]})
    stage.append("message.delivered", {"message": "m1", "target": "chat", "result": "failed", "attempt": 1})
    assert not is_due(stage, "first notice")
    stage.append("message.delivered", {"message": "m1", "target": "page", "result": "failed", "attempt": 1})
    assert is_due(stage, "first notice")
    stage.append("message.retried", {"message": "m1", "targets": ["page"], "attempt": 2})
    assert not is_due(stage, "first notice")


def test_a_correction_takes_nothing_back_of_the_resolved_notice() -> None:
    stage = Stage()
    stage.sent("initial")
    stage.state("resolved")
    assert is_due(stage, "resolved notice")
    stage.sent("resolved")
    stage.sent("correction")
    assert not is_due(stage, "resolved notice")


def test_messages_about_other_things_are_no_word_to_users() -> None:
    stage = Stage()
    stage.sent("post-deployment")
    assert is_due(stage, "first notice")


def test_who_was_told_that_it_broke_is_told_that_it_is_over() -> None:
    stage = Stage()
    stage.state("resolved")
    assert not is_due(stage, "notice")
    told = Stage()
    told.sent("initial")
    told.wait(minutes=30).state("resolved")
    assert minutes(told, "resolved notice") == 35
    told.sent("resolved")
    assert not is_due(told, "notice")


def test_each_response_window_begins_with_what_belongs_into_it() -> None:
    stage = Stage()
    assert at(stage).window.startswith("0-5 min: acknowledge")
    assert [one.due_at - START for one in at(stage).due if one.kind == "window"] == [
        timedelta(minutes=5), timedelta(minutes=15), timedelta(minutes=60),
    ]  # fmt: skip
    stage.wait(minutes=20)
    assert at(stage).window.startswith("15-60 min: mitigate")
    begun = [one.words for one in at(stage).due if one.kind == "window" and one.overdue]
    assert len(begun) == 1, "of windows that went by unsaid only the present one matters"
    stage.wait(minutes=60)
    assert at(stage).window.startswith("an hour is over")
    assert at(Stage("P1").wait(minutes=70)).window.startswith("60-240 min: mend it")
    assert at(Stage("P2")).window == ""


def test_the_ladder_calls_the_lead_at_15_the_manager_at_30_the_cto_at_60_minutes() -> None:
    stage = Stage()
    assert minutes(stage, "call the team lead: Ana +33 1") == 15
    assert minutes(stage, "call the engineering manager: no contact in the settings") == 30
    assert minutes(stage, "call the CTO: Rui") == 60
    assert not is_due(Stage("P2"), "call the")


def test_the_cto_is_called_sooner_in_an_outage_where_the_settings_say_so() -> None:
    settings = Settings(contacts=(CTO,), incident=IncidentSettings(cto_in_outage=30.0))
    assert minutes(Stage(), "call the CTO", settings) == 30
    assert minutes(Stage("P1"), "call the CTO", settings) == 60


def test_a_contact_with_a_time_of_its_own_is_called_then() -> None:
    dba = Contact(name="Quay", kind="dba", after_minutes=20.0)
    settings = Settings(contacts=(LEAD, Contact(name="Tom", kind="lead", after_minutes=40.0), dba))
    assert minutes(Stage(), "call the database administrator: Quay", settings) == 20
    assert minutes(Stage(), "call the team lead: Tom", settings) == 40
    assert minutes(Stage(), "call the team lead: Ana", settings) == 15


def test_a_step_of_the_ladder_is_over_when_one_of_its_people_was_reached() -> None:
    settings = Settings(contacts=(LEAD, Contact(name="Tom", kind="lead")))
    stage = Stage()
    assert is_due(stage, "call the team lead: Ana +33 1 or Tom", settings)
    stage.append("help.called", {"contact": "Tom", "delivered": False, "result": "unknown"})
    assert is_due(stage, "call the team lead", settings)
    stage.append("help.called", {"contact": "Tom", "delivered": True})
    assert not is_due(stage, "call the team lead", settings)


def test_the_on_call_is_called_at_once_unless_somebody_is_at_work() -> None:
    settings = Settings(contacts=(Contact(name="Eva", kind="on-call"),))
    stage = Stage()
    assert minutes(stage, "call the on-call: Eva", settings) == 0
    stage.append("walk.answered", {})
    assert not is_due(stage, "on-call", settings)


def test_a_restricted_incident_calls_the_security_team_at_once_whatever_its_severity() -> None:
    settings = Settings(contacts=(Contact(name="Sol", kind="security"),))
    stage = Stage("P2").wait(minutes=3)
    assert not is_due(stage, "security", settings)
    stage.append("incident.restricted", {"restricted": True, "why": "a breach"})
    assert minutes(stage, "call the security team: Sol", settings) == 3


def test_a_call_that_was_settled_stays_settled_whatever_time_it_would_have_now() -> None:
    named = Settings(contacts=(Contact(name="Sol", kind="security", after_minutes=10.0),))
    stage = Stage().wait(minutes=3)
    stage.append("timer.cancelled", {"timer": due(stage, "security", named).timer, "why": "nobody got in"})
    stage.append("incident.restricted", {"restricted": True, "why": "a key in a log"})
    assert not is_due(stage, "security", named)
    sooner = Settings(contacts=(CTO,), incident=IncidentSettings(cto_in_outage=30.0))
    raised = Stage("P1")
    raised.append("timer.cancelled", {"timer": due(raised, "call the CTO", sooner).timer, "why": "she is here"})
    raised.append("incident.severity", {"before": "P1", "severity": "P0"})
    assert not is_due(raised, "call the CTO", sooner)


def test_while_all_that_was_down_is_well_again_no_window_asks_to_mend_it() -> None:
    stage = Stage()
    health = {"key": "p1", "probe": "health", "title": "health", "status": "down"}
    stage.append("probe.changed", health)
    stage.wait(minutes=16)
    assert is_due(stage, "mitigate")
    stage.append("probe.changed", {**health, "key": "p2", "status": "ok"})
    assert not is_due(stage, "mitigate") and not is_due(stage, "an hour is over")
    assert due(stage, "call the team lead").overdue, "of lost data no probe knows: a person says that it is over"
    assert at(stage).window.startswith("all that was down is well again")
    stage.append("probe.changed", {**health, "key": "p3"})
    assert is_due(stage, "mitigate"), "down again, it is to be mended again"


def test_no_commander_after_two_minutes_and_no_severity_after_five() -> None:
    stage = Stage(assumed=True)
    assert (minutes(stage, "nobody is incident commander"), minutes(stage, "nobody has said how bad")) == (2, 5)
    stage.append("incident.severity", {"before": "P0", "severity": "P0"})
    taken(stage)
    assert not is_due(stage, "nobody")
    assert not is_due(Stage(), "nobody has said"), "a severity that somebody gave is one"


def test_a_hand_over_that_nobody_confirms_is_reminded_of() -> None:
    stage = taken(Stage()).wait(minutes=10)
    stage.append("role.given", {"role": "commander", "to": "tom"})
    assert minutes(stage, "tom has not taken over: commander") == 12
    offer = due(stage, "tom has not taken over").timer
    stage.wait(minutes=2).append("timer.said", {"timer": offer})
    assert due(stage, "tom has not taken over").say_at is None, "said once, it stands in the list and is not repeated"
    stage.actor = "tom"
    assert not is_due(taken(stage), "taken over")


def test_when_users_are_back_the_ladder_is_moot_and_updates_are_not() -> None:
    stage = Stage()
    stage.sent("initial")
    stage.wait(minutes=40).state("monitoring")
    assert not is_due(stage, "call the")
    assert not [one for one in at(stage).due if one.kind == "window"]
    assert is_due(stage, "update to users")
    stage.state("investigating")
    assert due(stage, "call the team lead").overdue


def test_going_on_after_the_end_begins_anew() -> None:
    stage = taken(Stage())
    stage.sent("initial")
    stage.wait(minutes=30).state("resolved")
    stage.wait(hours=3).state("investigating")
    assert minutes(stage, "first notice") == 215
    assert minutes(stage, "call the team lead") == 225
    assert not is_due(stage, "nobody is incident commander")


def test_tasks_are_due_after_the_incident_is_closed() -> None:
    stage = Stage()
    stage.state("resolved")
    due_at = stage.now + timedelta(hours=24)
    data = {"task": "draft", "text": "draft the report", "owner": "ana", "due": due_at.isoformat()}
    stage.append("task.added", data)
    stage.state("closed")
    assert due(stage, "draft the report (ana)").due_at == due_at
    assert header_words(at(stage), stage.now) == "TASK DUE 1d0h"
    stage.append("task.done", {"task": "draft", "done": True})
    assert at(stage).due == ()


def test_a_timer_that_somebody_set_is_due_until_it_is_not_needed() -> None:
    stage = taken(Stage("P3"))
    when = (stage.now + timedelta(minutes=10)).isoformat()
    stage.append("timer.armed", {"timer": "custom:1", "kind": "custom", "words": "look at the queue", "due": when})
    assert header_words(at(stage), stage.now) == "REMINDER DUE 10m00s"
    stage.append("timer.cancelled", {"timer": "custom:1", "why": "empty"})
    assert at(stage).due == ()


def test_what_is_overdue_comes_before_what_is_coming_said_or_not_users_first() -> None:
    stage = taken(Stage()).wait(minutes=16)
    assert header_words(at(stage), stage.now) == "FIRST NOTICE OVERDUE 11m +1"
    stage.sent("initial")
    assert header_words(at(stage), stage.now) == "CALL LEAD OVERDUE 1m"
    stage.append("timer.said", {"timer": due(stage, "call the team lead").timer})
    assert header_words(at(stage), stage.now) == "CALL LEAD OVERDUE 1m", "that it was said does not make it done"
    stage.append("help.called", {"contact": "Ana", "delivered": True})
    assert header_words(at(stage), stage.now) == "CALL MANAGER DUE 14m00s"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (593, "DUE 9m53s"), (1, "DUE 1s"), (0, "OVERDUE 0s"), (-59, "OVERDUE 59s"), (-60, "OVERDUE 1m"),
        (-150, "OVERDUE 2m"), (-7300, "OVERDUE 2h1m"), (5000, "DUE 1h23m"), (200_000, "DUE 2d7h"),
    ],
)  # fmt: skip
def test_a_time_left_or_overdue_in_words(seconds: float, words: str) -> None:
    one = Due("t", "update", "x", START + timedelta(seconds=seconds), seconds <= 0)
    assert due_words(one, START) == words


def test_a_late_reminder_says_since_when() -> None:
    update = Due("t", "update", "update to users", START, True)
    commander = Due("t", "commander", "nobody is incident commander", START, True)
    soon, late = START + timedelta(seconds=20), START + timedelta(minutes=42)
    assert say_words(update, soon) == "update to users: due now"
    assert say_words(update, late) == "update to users: was due 03:00Z, 42m ago"
    assert say_words(commander, soon) == "nobody is incident commander"
    assert say_words(commander, late) == "nobody is incident commander (since 03:00Z, 42m ago)"


def test_damaged_events_stop_no_clock() -> None:
    stage = Stage()
    for kind, data in (
        ("timer.armed", {"timer": "x", "due": "tomorrow"}), ("timer.armed", {"due": START.isoformat()}),
        ("timer.snoozed", {"timer": "severity", "until": 5}), ("task.added", {"task": "t", "due": []}),
        ("incident.state", {"state": "on fire"}), ("role.taken", {"role": "king"}), ("message.sent", {}),
        ("message.sent", {"kind": "update", "promised": "soon"}), ("help.called", {}), ("timer.said", {}),
        ("incident.restricted", {}), ("message.delivered", {"result": ["failed"]}), ("role.given", {"role": "scribe"}),
    ):  # fmt: skip
        stage.append(kind, data)
    assert is_due(stage, "update to users")


def test_the_same_events_in_another_order_of_arrival_give_the_same_clock() -> None:
    stage = taken(Stage())
    for number, severity in enumerate(("P1", "P2", "P0")):
        stage.wait(minutes=3).append("incident.severity", {"severity": severity})
        stage.sent("update", message=f"m{number}")
        stage.append("task.added", {"task": "t", "text": f"words {number}", "due": START.isoformat()})
    stage.append("role.given", {"role": "commander", "to": "tom"})
    now: datetime = stage.now
    assert clock_of(stage.incident(), SETTINGS, now) == clock_of(stage.incident(backwards=True), SETTINGS, now)
