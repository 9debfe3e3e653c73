"""The score from a told session: each deduction with its event, harm that caps, and defects that are the console's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from operations.engine.events import Event
from operations.practice import scenarios
from operations.practice.score import Score, score_drill
from runbooks.shelf import open_book

T0 = datetime(2026, 3, 4, 3, 12, tzinfo=UTC)
BOOK = open_book("site-down", None)
BAD_RELEASE = ("N1", "N2", "N3", "N4", "N5", "N6", "N7", "R1")
DATABASE_DOWN = ("N1", "N2", "N3", "N4", "B1")


def anchor(label: str) -> str:
    section = BOOK.by_label(label)
    assert section is not None
    return section.anchor


class Story:
    """The events of one session, told with seconds since the player could see it."""

    def __init__(self, scenario: str) -> None:
        self.scenario = scenario
        self.events: list[Event] = []

    def say(self, seconds: float, kind: str, of_job: str = "", **data: Any) -> str:
        number = len(self.events) + 1
        at = T0 + timedelta(seconds=seconds)
        self.events.append(
            Event(f"e{number}", at, at, "1121-abc", of_job, "ana", "bastion", kind, data, "writer", number, "")
        )
        return f"e{number}"

    def walk(self, begins: float, *labels: str, suggested: bool = True, age: float = 2.0) -> None:
        """Answer from the first label to each of the next ones, a second apart."""
        self.say(begins, "walk.started", section=anchor(labels[0]))
        for number, (here, there) in enumerate(pairwise(labels)):
            self.say(
                begins + number, "walk.answered",
                section=anchor(here), target=anchor(there), suggested=suggested, evidence=[["words", "source", age]],
            )  # fmt: skip

    def operate(self, seconds: float, operation: str, code: int = 0, at: str = "", **details: Any) -> str:
        """Run a job to its end; `at` is the label whose action it was."""
        job = f"job{len(self.events)}"
        self.say(seconds, "job.created", job, operation=operation)
        if at:
            self.say(seconds, "walk.acted", section=anchor(at), action=operation, job=job)
        return self.say(seconds, "job.finished", job, code=code, details=details)

    def resolve(self, seconds: float) -> str:
        return self.say(seconds, "incident.state", state="resolved")

    def score(self, *, recovered: bool = True, speed: float = 1.0) -> Score:
        dealt = scenarios.deal(self.scenario, 1)
        return score_drill(dealt, 1, self.events, BOOK, began_at=T0, recovered=recovered, speed=speed)


def good_rollback() -> Story:
    story = Story("bad-release")
    story.walk(20, *BAD_RELEASE)
    story.operate(60, "rollback", at="R1", smoke_ok=True)
    return story


def good_call() -> Story:
    story = Story("database-down")
    story.walk(20, *DATABASE_DOWN)
    story.say(60, "help.called", delivered=True)
    story.say(80, "help.answered")
    story.operate(100, "smoke")
    return story


def reasons(score: Score) -> list[tuple[str, str]]:
    return [(deduction.event, deduction.why) for deduction in score.deductions]


@pytest.mark.parametrize("story", [good_rollback(), good_call()], ids=["bad-release", "database-down"])
def test_the_good_path_in_its_time_has_every_point(story: Story) -> None:
    story.resolve(80 + 601)
    score = story.score()
    assert (score.score, score.passed, score.deductions) == (100, True, ())
    assert sum(score.categories.values()) == pytest.approx(100, abs=0.2)
    assert score.path == (BAD_RELEASE if story.scenario == "bad-release" else DATABASE_DOWN)


def test_nothing_done_has_no_point_but_those_for_doing_no_harm() -> None:
    score = Story("bad-release").score(recovered=False)
    assert (score.score, score.passed) == (29, False)
    assert [why for _, why in reasons(score)] == [
        "the first right branch never happened",
        "the right act never happened",
        "the service is not right at the end",
        "it was never called resolved",
    ]


@pytest.mark.parametrize(("found", "lost"), [(0, 0), (90, 0), (225, 10), (360, 20), (4000, 20)])
def test_finding_is_full_within_the_reference_and_nothing_at_four_times_it(found: float, lost: float) -> None:
    story = Story("bad-release")
    story.walk(found - 6, *BAD_RELEASE)
    story.operate(found + 60, "rollback", at="R1", smoke_ok=True)
    story.resolve(found + 700)
    score = story.score()
    assert sum(deduction.points for deduction in score.deductions) == pytest.approx(lost, abs=0.1)
    assert all(deduction.event == "e8" for deduction in score.deductions)


def test_the_helpers_own_time_is_not_the_players() -> None:
    story = Story("database-down")
    story.walk(20, *DATABASE_DOWN)
    story.say(60, "help.called", delivered=True)
    story.say(900, "help.answered")
    story.operate(950, "smoke")
    story.resolve(950 + 601)
    assert story.score().score == 100


def test_a_call_that_reached_nobody_is_no_act() -> None:
    story = Story("database-down")
    story.walk(20, *DATABASE_DOWN)
    story.say(60, "help.called", delivered=False)
    score = story.score(recovered=False)
    assert ("", "the right act never happened") in reasons(score)


def test_a_harmful_act_caps_at_50_and_fails_even_when_all_is_well_again() -> None:
    story = good_call()
    act = story.operate(70, "rollback")
    story.resolve(701)
    score = story.score()
    assert (score.score, score.passed) == (50, False)
    assert score.categories["judgement"] == 0
    assert reasons(score)[0][0] == act
    assert "the release is innocent" in reasons(score)[0][1]


def test_what_the_console_suggested_is_its_defect_and_never_the_players_harm() -> None:
    story = good_call()
    story.say(65, "walk.answered", section=anchor("N7"), target=anchor("R1"), suggested=True, evidence=[])
    story.operate(70, "rollback", at="R1")
    story.resolve(701)
    score = story.score()
    assert (score.score, score.passed, score.deductions) == (100, True, ())
    assert len(score.defects) == 1
    assert score.defects[0].startswith("the console suggested rollback")


def test_the_same_act_by_an_answer_of_ones_own_is_harm() -> None:
    story = good_call()
    story.say(65, "walk.answered", section=anchor("N7"), target=anchor("R1"), suggested=False, evidence=[])
    story.operate(70, "rollback", at="R1")
    story.resolve(701)
    assert (story.score().score, story.score().defects) == (50, ())


@pytest.mark.parametrize("code", [1, 2, 3, 4, 5])
def test_an_attempt_that_was_refused_or_failed_is_needless_and_no_harm(code: int) -> None:
    story = good_call()
    act = story.operate(70, "rollback", code=code)
    story.resolve(701)
    score = story.score()
    assert reasons(score) == [(act, f"rollback ended with {code}: a needless act")]
    assert (score.score, score.passed) == (93, True)


def test_being_told_that_another_holds_the_lock_costs_nothing() -> None:
    story = good_rollback()
    story.operate(61, "rollback", code=75)
    story.resolve(701)
    assert story.score().score == 100


def test_needless_acts_take_no_more_than_judgement_has() -> None:
    story = good_rollback()
    for seconds in range(5, 15):
        story.operate(seconds, "rollback", code=1)
    story.resolve(701)
    score = story.score()
    assert score.categories["judgement"] == 0
    assert score.score == 71


def test_acting_on_old_evidence_costs_once() -> None:
    story = Story("bad-release")
    story.walk(20, *BAD_RELEASE, age=31.0)
    story.operate(60, "rollback", at="R1", smoke_ok=True)
    story.resolve(701)
    assert reasons(story.score()) == [("e8", "the evidence before the act was 31 s old")]


def test_resolved_without_smoke_loses_the_proof() -> None:
    story = Story("bad-release")
    story.walk(20, *BAD_RELEASE)
    story.operate(60, "rollback", at="R1")
    called = story.resolve(701)
    story.operate(710, "smoke", code=1)
    score = story.score()
    assert (called, "called resolved without a smoke run that passed") in reasons(score)
    assert ("", "seeing from outside that it works never happened") in reasons(score)


@pytest.mark.parametrize(("speed", "full"), [(1.0, False), (60.0, True)])
def test_the_quiet_watch_is_ten_minutes_of_the_drills_clock(speed: float, full: bool) -> None:
    story = good_rollback()
    called = story.resolve(80)
    quiet = [found for found in reasons(story.score(speed=speed)) if "of quiet" in found[1]]
    assert quiet == ([] if full else [(called, "called resolved after 20 s of quiet, not 10 minutes")])


def test_a_service_that_is_not_right_at_the_end_does_not_pass() -> None:
    story = good_rollback()
    story.resolve(701)
    score = story.score(recovered=False)
    assert not score.passed
    assert ("", "the service is not right at the end") in reasons(score)


def test_the_document_is_the_shape_that_other_programs_read() -> None:
    document = good_rollback().score().document()
    assert {"scenario", "seed", "score", "passed", "categories", "deductions"} <= set(document)
    assert {"event", "points", "why"} == set(document["deductions"][0])
