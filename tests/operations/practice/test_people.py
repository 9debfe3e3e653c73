from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from operations.practice.people import Call, Rules, answer, mend_is_due, missing_in

NOW = datetime(2026, 3, 4, 3, 12, tzinfo=UTC)
RULES = Rules(("dba",), speed=4)
BRIEF = {"broken": "nobody can sign in", "since": "03:02Z", "tried": ["looked"], "need": "start the database"}
CALL = Call("c1", "dba", BRIEF, NOW)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_it_rings_for_some_compressed_minutes() -> None:
    assert answer(CALL, RULES, after(29)).state == "ringing"
    assert answer(CALL, RULES, after(31)).state == "working"


def test_a_brief_that_leaves_something_out_is_asked_for_it_and_nothing_is_mended() -> None:
    call = replace(CALL, brief={**BRIEF, "since": "unknown", "need": ""})
    found = answer(call, RULES, after(31))
    assert (found.state, found.missing) == ("asks", ("since", "need"))
    assert "Since when?" in found.says
    assert not mend_is_due(call, RULES, after(3600))


def test_nothing_tried_yet_is_an_answer_but_saying_nothing_about_it_is_not() -> None:
    assert missing_in({**BRIEF, "tried": []}) == ()
    assert missing_in({name: text for name, text in BRIEF.items() if name != "tried"}) == ("tried",)


def test_a_well_briefed_helper_mends_after_the_work_and_then_says_what() -> None:
    assert not mend_is_due(CALL, RULES, after(59))
    assert mend_is_due(CALL, RULES, after(61))
    done = replace(CALL, mended_at=after(61), mend_says="It runs.")
    assert answer(done, RULES, after(62)).says == "It runs."
    assert not mend_is_due(done, RULES, after(62))


def test_the_wrong_kind_of_helper_mends_nothing() -> None:
    call = replace(CALL, kind="lead")
    assert answer(call, RULES, after(31)).state == "cannot"
    assert not mend_is_due(call, RULES, after(3600))
