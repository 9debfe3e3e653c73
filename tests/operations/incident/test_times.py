"""The times of an incident against the truth of a scripted one."""

from __future__ import annotations

import pytest

from operations.incident.refold import incident_from
from operations.incident.times import Times, times_of
from tests.operations.incident.tale import ID, Tale, at, bad_release


def times(tale: Tale) -> Times:
    incident = incident_from(tale.events, tale.incident)
    assert incident is not None
    return times_of(incident)


def opened(tale: Tale, when: str = "03:12:00") -> Tale:
    data = {"site": "s", "environment": "production", "severity": "P0", "title": "down"}
    tale.say(when, "ana", "incident.opened", data)
    return tale


def probe(tale: Tale, when: str, status: str, name: str = "health") -> None:
    tale.say(when, "ana", "probe.changed", {"key": f"{name}{when}", "probe": name, "title": name, "status": status})


def test_a_scripted_incident_has_its_true_times_to_the_second() -> None:
    found = times(bad_release())
    assert {name: one.at for name, one in found.moments.items()} == {
        "began": at("03:07:00"),
        "detected": at("03:10:00"),
        "acknowledged": at("03:12:00"),
        "diagnosed": at("03:17:05"),
        "mitigated": at("03:17:25"),
        "resolved": at("03:30:00"),
    }
    assert [found.seconds(span) for span in ("detect", "acknowledge", "diagnose", "mitigate", "resolve")] == [
        180.0, 120.0, 605.0, 625.0, 1380.0,
    ]  # fmt: skip


def test_the_beginning_is_told_with_its_bracket() -> None:
    onset = times(bad_release()).onset
    assert onset is not None
    assert (onset.earliest, onset.latest) == (at("03:06:40"), at("03:07:00"))


def test_an_older_journal_tells_the_bracket_in_words_only() -> None:
    tale = opened(Tale())
    data = {"key": f"onset:{ID}", "probe": "errors", "title": "errors", "status": "down", "detail": "begin (±45 s)"}
    tale.say("03:07:00", "ana", "probe.changed", data)
    onset = times(tale).onset
    assert onset is not None and onset.margin == 45.0


def test_without_a_measured_onset_the_first_sign_counts_and_says_so() -> None:
    tale = opened(Tale())
    probe(tale, "03:09:00", "down")
    began = times(tale).moments["began"]
    assert began.at == at("03:09:00") and began.how.startswith("not measured")


def test_a_person_quicker_than_every_alarm_detected_it_and_took_it_at_once() -> None:
    tale = opened(Tale())
    tale.say("03:14:00", "ana", "alarm.opened", {"key": "a", "title": "late alarm"})
    found = times(tale)
    assert found.at("detected") == at("03:12:00") and found.seconds("acknowledge") == 0.0


def test_an_act_after_everything_was_well_did_not_help() -> None:
    tale = opened(Tale())
    probe(tale, "03:09:00", "down")
    probe(tale, "03:20:00", "ok")
    tale.job("deploy", "03:40:00", "03:45:00")
    found = times(tale)
    assert found.helped is None and found.at("mitigated") == at("03:20:00")


def test_of_two_acts_the_one_after_which_it_was_well_helped() -> None:
    tale = opened(Tale())
    probe(tale, "03:09:00", "down")
    tale.job("flag", "03:14:00", "03:14:05")
    tale.job("rollback", "03:17:00", "03:17:30")
    probe(tale, "03:17:20", "ok")
    found = times(tale)
    assert found.helped is not None and found.helped.operation == "rollback"


@pytest.mark.parametrize(("name", "code"), [("rollback", 5), ("smoke", 0), ("backup", 0)])
def test_what_failed_or_changes_nothing_never_helped(name: str, code: int) -> None:
    tale = opened(Tale())
    tale.job(name, "03:17:00", "03:17:30", code=code)
    tale.say("03:30:00", "ana", "incident.state", {"state": "resolved"})
    found = times(tale)
    assert found.helped is None and found.at("mitigated") == at("03:30:00")


def test_an_act_long_before_it_was_well_again_did_not_help_by_itself() -> None:
    tale = opened(Tale())
    probe(tale, "03:09:00", "down")
    tale.job("rollback", "03:17:00", "03:17:30")
    probe(tale, "04:17:00", "ok")
    assert times(tale).at("mitigated") == at("04:17:00")


def test_an_incident_that_was_taken_up_again_is_not_resolved() -> None:
    tale = opened(Tale())
    for when, state in (("03:30:00", "resolved"), ("03:35:00", "investigating")):
        tale.say(when, "ana", "incident.state", {"state": state})
    assert times(tale).at("resolved") is None
    tale.say("03:50:00", "ana", "incident.state", {"state": "resolved"})
    tale.say("04:10:00", "ana", "incident.state", {"state": "closed"})
    assert times(tale).at("resolved") == at("03:50:00")


def test_the_cause_named_before_any_act_is_the_diagnosis() -> None:
    tale = bad_release()
    tale.say("03:15:00", "tom", "incident.state", {"state": "identified"})
    assert times(tale).at("diagnosed") == at("03:15:00")


def test_nothing_is_made_up_for_what_is_not_on_the_record() -> None:
    found = times(opened(Tale()))
    assert [found.at(name) for name in ("diagnosed", "mitigated", "resolved")] == [None, None, None]
    assert found.seconds("mitigate") is None
