"""The score from a told session: mending, judgement and proof; harm that caps, and defects that are the console's."""

from __future__ import annotations

import pytest

from operations.practice.score import MOST
from tests.operations.practice.told import (
    BAD_RELEASE,
    DATABASE_DOWN,
    Story,
    anchor,
    good_call,
    good_rollback,
    reasons,
    whole,
)


@pytest.mark.parametrize("story", [good_rollback(), good_call()], ids=["bad-release", "database-down"])
def test_the_good_path_in_its_time_has_every_point(story: Story) -> None:
    story.end(80 + 601)
    score = story.score()
    assert (score.score, score.passed, score.deductions, score.missing) == (100, True, (), ())
    assert score.categories == MOST
    assert sum(MOST.values()) == 100
    assert score.path == (BAD_RELEASE if story.scenario == "bad-release" else DATABASE_DOWN)


def test_nothing_done_has_no_point_but_those_for_doing_no_harm() -> None:
    score = Story("bad-release").score(recovered=False)
    assert (score.score, score.passed) == (20, False)
    assert [(one.points, one.why.partition(";")[0]) for one in score.deductions] == [
        (14, "the first right branch never happened"),
        (14, "the right act never happened"),
        (12, "the service is not right at the end"),
        (20, "users were not told that it is broken"),
        (10, "it was never called resolved"),
        (10, "no incident was opened, so there is no record"),
    ]
    assert score.missing == ("the service is not right", "60 points are needed", "no first notice reached users")


def test_every_deduction_says_what_would_have_earned_it_and_all_of_them_make_up_what_is_missing() -> None:
    story = good_rollback()
    story.operate(70, "rollback", code=1)
    story.open()
    story.resolve(90)
    score = story.score()
    for why in [why for _, why in reasons(score)] + [why for _, why in reasons(Story("bad-release").score())]:
        assert "; " in why, why
    assert score.score == round(100 - sum(one.points for one in score.deductions))
    known = {event.id for event in story.events} | {""}
    assert {event for event, _ in reasons(score)} <= known


def test_the_broken_release_brought_once_more_is_not_the_act_that_mends() -> None:
    story = Story("bad-release")
    same = {"from_name": "v2.4.1", "to_name": "ac0f33d", "from_commit": "ac0f33d", "to_commit": "ac0f33d"}
    story.operate(20, "redeploy", plan=same)
    story.operate(25, "deploy", plan={"to_name": "v2.4.1"})
    assert any(why.startswith("the right act never happened") for _, why in reasons(story.score(recovered=False)))
    story.operate(40, "rollback", plan={"from_name": "ac0f33d", "to_name": "v2.4.0"})
    assert not any(why.startswith("the right act never happened") for _, why in reasons(story.score()))


def test_all_well_and_nobody_told_is_not_passed() -> None:
    story = good_rollback()
    story.open()
    story.resolve(681)
    score = story.score()
    assert (score.score, score.passed, score.missing) == (73, False, ("no first notice reached users",))


@pytest.mark.parametrize(("found", "lost"), [(0, 0), (90, 0), (225, 7), (360, 14), (4000, 14)])
def test_finding_is_full_within_the_reference_and_nothing_at_four_times_it(found: float, lost: float) -> None:
    story = Story("bad-release")
    story.walk(found - 6, *BAD_RELEASE)
    story.operate(found + 60, "rollback", at="R1", smoke_ok=True)
    story.end(found + 700)
    late = [one for one in story.score().deductions if "first right branch" in one.why]
    assert sum(one.points for one in late) == pytest.approx(lost, abs=0.1)
    assert all(one.event == "e8" for one in late)


def test_the_helpers_own_time_is_not_the_players() -> None:
    story = Story("database-down")
    story.walk(20, *DATABASE_DOWN)
    story.say(60, "help.called", delivered=True)
    story.say(900, "help.answered")
    story.operate(950, "smoke")
    story.message(890, "update", promised=900)
    story.end(950 + 601)
    assert story.score().score == 100


def test_a_call_that_reached_nobody_is_no_act() -> None:
    story = Story("database-down")
    story.walk(20, *DATABASE_DOWN)
    story.say(60, "help.called", delivered=False)
    assert "the right act never happened" in str(reasons(story.score(recovered=False)))


def test_a_harmful_act_caps_at_50_and_fails_even_when_all_is_well_again() -> None:
    story = good_call()
    act = story.operate(70, "rollback")
    story.end(701)
    score = story.score()
    assert (score.score, score.passed) == (50, False)
    assert score.categories["judgement"] == 0
    assert reasons(score)[0][0] == act
    assert "the release is innocent" in reasons(score)[0][1]


def test_what_the_console_suggested_is_its_defect_and_never_the_players_harm() -> None:
    story = good_call()
    story.say(65, "walk.answered", section=anchor("N7"), target=anchor("R1"), suggested=True, evidence=[])
    story.operate(70, "rollback", at="R1")
    story.end(701)
    score = story.score()
    assert (score.score, score.passed, score.deductions) == (100, True, ())
    assert len(score.defects) == 1
    assert score.defects[0].startswith("the console suggested rollback")


def test_the_same_act_by_an_answer_of_ones_own_is_harm() -> None:
    story = good_call()
    story.say(65, "walk.answered", section=anchor("N7"), target=anchor("R1"), suggested=False, evidence=[])
    story.operate(70, "rollback", at="R1")
    story.end(701)
    assert (story.score().score, story.score().defects) == (50, ())


@pytest.mark.parametrize("code", [1, 2, 3, 4, 5])
def test_an_attempt_that_was_refused_or_failed_is_needless_and_no_harm(code: int) -> None:
    story = good_call()
    act = story.operate(70, "rollback", code=code)
    story.end(701)
    score = story.score()
    ((event, why),) = reasons(score)
    assert event == act and why.startswith(f"rollback ended with {code}: a needless act;")
    assert (score.score, score.passed) == (95, True)


def test_being_told_that_another_holds_the_lock_costs_nothing() -> None:
    story = good_rollback()
    story.operate(61, "rollback", code=75)
    story.end(701)
    assert story.score().score == 100


def test_needless_acts_take_no_more_than_judgement_has() -> None:
    story = good_rollback()
    for seconds in range(62, 72):
        story.operate(seconds, "rollback", code=1)
    story.end(701)
    score = story.score()
    assert score.categories["judgement"] == 0
    assert score.score == 80


def test_acting_on_old_evidence_costs_once() -> None:
    story = Story("bad-release")
    story.walk(20, *BAD_RELEASE, age=31.0)
    story.operate(60, "rollback", at="R1", smoke_ok=True)
    story.end(701)
    assert reasons(story.score()) == [("e8", "the evidence before the act was 31 s old; 30 s at most keep them")]


def test_resolved_without_smoke_loses_the_proof() -> None:
    story = Story("bad-release")
    story.walk(20, *BAD_RELEASE)
    story.operate(60, "rollback", at="R1")
    called = story.end(701)
    story.operate(710, "smoke", code=1)
    found = [(event, why.partition(";")[0]) for event, why in reasons(story.score())]
    assert (called, "called resolved without a smoke run that passed") in found
    assert ("", "seeing from outside that it works never happened") in found


@pytest.mark.parametrize(("speed", "full"), [(1.0, False), (60.0, True)])
def test_the_quiet_watch_is_ten_minutes_of_the_drills_clock(speed: float, full: bool) -> None:
    story = good_rollback()
    called = story.end(80)
    quiet = [found for found in reasons(story.score(speed=speed)) if "of quiet" in found[1]]
    assert quiet == ([] if full else [(called, "called resolved after 20 s of quiet; 10 minutes earn them")])


def test_a_service_that_is_not_right_at_the_end_does_not_pass() -> None:
    score = whole().score(recovered=False)
    assert not score.passed
    assert "the service is not right at the end" in str(reasons(score))


def test_the_first_hint_is_free_and_each_later_one_costs_two_points() -> None:
    story = whole()
    hints = [story.say(seconds, "drill.hint", number=seconds, text="look") for seconds in (21, 22, 23)]
    score = story.score()
    assert (score.score, score.passed) == (96, True)
    assert [(one.event, one.points) for one in score.deductions] == [(hints[1], 2), (hints[2], 2)]


def test_the_document_is_the_shape_that_other_programs_read() -> None:
    document = good_rollback().score().document()
    assert {"scenario", "seed", "score", "passed", "categories", "deductions"} <= set(document)
    assert {"event", "points", "why"} == set(document["deductions"][0])
