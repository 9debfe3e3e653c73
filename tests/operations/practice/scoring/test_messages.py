"""What telling users is worth: the first notice, the cadence, what a notice says, and the end."""

from __future__ import annotations

from datetime import timedelta

import pytest

from operations.incident.clock import clock_of
from operations.incident.refold import incident_from
from operations.practice.score import Score
from operations.settings import Settings
from tests.operations.practice.told import T0, Story, good_rollback, reasons, whole


def told(story: Story) -> list[tuple[str, float, str]]:
    """What messages cost: event, points, and the first half of the words."""
    return taken(story.score())


def taken(score: Score) -> list[tuple[str, float, str]]:
    words = ("notice", "update", "users", "told that it is over")
    return [
        (one.event, one.points, one.why.partition(";")[0])
        for one in score.deductions
        if any(word in one.why for word in words)
    ]


def opened(resolved: float = 681) -> Story:
    """All but the messages."""
    story = good_rollback()
    story.open()
    story.say(4, "role.taken", role="commander")
    for name in ("cause", "summary"):
        story.tell(70, name)
    story.tell(5, "impact", "calls do not load")
    story.resolve(resolved)
    return story


@pytest.mark.parametrize(("seconds", "lost"), [(299, 0), (301, 0), (750, 4), (1200, 8), (1300, 8)])
def test_the_first_notice_is_full_within_five_minutes_and_worth_nothing_at_four_times_that(
    seconds: float, lost: float
) -> None:
    story = opened(1400)
    sent = story.message(seconds, promised=1800)
    story.message(1405, "resolved", promised=None)
    found = told(story)
    assert sum(points for _, points, _ in found) == pytest.approx(lost, abs=0.1)
    assert all((event, "the first notice went out" in why) == (sent, True) for event, _, why in found)


def test_the_first_notice_is_scored_by_the_very_time_that_the_clock_shows() -> None:
    story = good_rollback()
    story.open(120, severity="P1")
    story.say(0, "alarm.opened", title="5xx")
    story.tell(121, "impact", "calls do not load")
    sent = story.message(1350)
    incident = incident_from(story.events[:-2], "1121-abc")
    assert incident is not None
    (due,) = [one for one in clock_of(incident, Settings(), T0).due if one.label == "FIRST NOTICE"]
    assert due.due_at == T0 + timedelta(seconds=900)
    assert (sent, 1.3, "the first notice went out 1350 s after the alarm") in told(story)
    story.events[-2:] = []
    story.message(899)
    assert not [why for _, _, why in told(story) if "first notice went out" in why]


def test_what_passed_before_anybody_could_see_it_is_no_delay_of_theirs() -> None:
    story = opened()
    story.say(-500, "alarm.opened", title="5xx")
    late = story.message(750)
    assert (late, 4.0, "the first notice went out 750 s after it could be seen") in told(story)
    story.events[-2:] = []
    story.message(299)
    assert not [why for _, _, why in told(story) if "first notice went out" in why]


def test_a_notice_that_reached_nobody_is_none() -> None:
    story = opened()
    story.message(11, result="failed")
    assert told(story) == [("", 20, "users were not told that it is broken")]
    assert "no first notice reached users" in story.score().missing


def test_a_notice_of_which_nobody_knows_whether_it_arrived_counts() -> None:
    story = opened()
    story.message(11, result="unknown")
    story.message(690, "resolved", promised=None)
    assert (told(story), story.score().passed) == ([], True)


def test_the_end_alone_is_no_first_notice() -> None:
    story = opened()
    story.message(690, "resolved", promised=None)
    assert told(story) == [("", 20, "users were not told that it is broken, though the end was told")]


def test_updates_that_come_when_promised_keep_the_cadence() -> None:
    story = opened(3000)
    for seconds in (11, 911, 1850):
        story.message(seconds, "update" if seconds > 11 else "initial", promised=900)
    story.message(2700, "update", promised=1200)
    story.message(3005, "resolved", promised=None)
    assert told(story) == []


def test_each_update_that_comes_late_or_never_costs_two_points_and_four_at_most() -> None:
    story = opened(9000)
    story.message(11, promised=900)
    late = story.message(1200, "update", promised=900)
    assert told(story)[:2] == [
        (late, 2, "the update due at 03:27:11Z came 5 min late"),
        ("", 2, "the update due at 03:47:00Z never came"),
    ]
    story.message(5000, "update", promised=900)
    story.message(8000, "update", promised=900)
    assert sum(points for _, points, why in told(story) if why.startswith("the update due")) == 4


def test_a_word_about_planned_work_is_no_update() -> None:
    story = opened(1500)
    story.message(11, promised=900)
    story.message(600, "maintenance", promised=None)
    story.message(1505, "resolved", promised=None)
    assert told(story) == [("", 2, "the update due at 03:27:11Z never came")]


def test_a_promise_far_away_does_not_move_the_next_update_by_more_than_one_cadence() -> None:
    story = opened(7300)
    story.message(11, promised=7200)
    story.message(7305, "resolved", promised=None)
    assert told(story) == [("", 2, "the update due at 03:42:11Z never came")]


def test_a_lower_severity_has_a_slower_cadence() -> None:
    story = opened(4000)
    story.say(6, "incident.severity", severity="P2")
    story.message(11, promised=3600)
    story.message(4005, "resolved", promised=None)
    assert told(story)[0][2] == "the update due at 04:12:11Z never came"
    story.say(7, "incident.severity", severity="P3")
    assert told(story) == []


def test_after_the_last_event_an_update_is_due_until_the_drill_ends() -> None:
    story = good_rollback()
    story.open()
    story.tell(5, "impact", "calls do not load")
    story.message(11, promised=900)
    ends = {seconds: taken(story.score(ended=seconds)) for seconds in (960, 990)}
    assert [why for _, _, why in ends[960]] == ["users were not told that it is over"]
    assert ends[990][0] == ("", 2, "the update due at 03:27:11Z never came")


def test_a_first_notice_names_the_impact_and_every_notice_the_next_one() -> None:
    story = opened()
    first = story.message(11, text="We look into it.", promised=None)
    story.message(690, "resolved", promised=None)
    assert told(story) == [
        (first, 2, "the first notice does not name the impact"),
        (first, 2, "the initial notice does not say when the next one comes"),
    ]


def test_the_end_is_told_within_five_minutes_of_it() -> None:
    story = opened()
    story.message(11)
    assert told(story) == [("", 4, "users were not told that it is over")]
    late = story.message(681 + 400, "resolved", promised=None)
    assert told(story) == [(late, 2, "the resolved notice went out 7 min after it was over")]


def test_the_end_told_before_it_was_mended_earns_nothing() -> None:
    story = opened()
    story.message(11)
    early = story.message(30, "resolved", promised=None)
    assert told(story) == [(early, 4, "users were told that it is over before it was")]


def test_drafts_are_no_messages() -> None:
    story = whole()
    story.say(30, "message.drafted", message="d1", kind="update", texts={"en": "later"})
    assert reasons(story.score()) == []
