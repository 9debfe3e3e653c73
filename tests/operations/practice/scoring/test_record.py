"""What the record is worth: who commanded, what led to the act, and what only a person can tell."""

from __future__ import annotations

from tests.operations.practice.told import Story, good_rollback, whole


def without(*kinds: str, **data: str) -> Story:
    """A whole session that lacks the events of these kinds, or those with that data."""
    story = whole()
    story.events = [
        event
        for event in story.events
        if event.kind not in kinds and not any(event.data.get(name) == value for name, value in data.items())
    ]
    return story


def lost(story: Story) -> list[tuple[str, float, str]]:
    score = story.score()
    assert score.categories["record"] == 10 - sum(one.points for one in score.deductions)
    return [(one.event, one.points, one.why.partition(";")[0]) for one in score.deductions]


def test_nobody_in_command_costs_three_points_and_half_of_that_where_it_was_taken_after_the_act() -> None:
    story = without("role.taken")
    assert lost(story) == [("", 3, "nobody was incident commander")]
    story.say(65, "role.taken", role="commander")
    act = next(event.id for event in story.events if event.kind == "job.created")
    assert lost(story) == [(act, 1.5, "nobody was incident commander when the first act was begun")]
    story.say(66, "role.taken", role="scribe")
    assert len(lost(story)) == 1


def test_an_act_that_nothing_on_the_timeline_led_to_costs_three_points() -> None:
    story = Story("bad-release")
    story.operate(60, "rollback", smoke_ok=True)
    act = next(event.id for event in story.events if event.kind == "job.created")
    story.end(700)
    words = "nothing was put on the timeline before the first act"
    assert (act, 3.0, words) in [(one.event, one.points, one.why.partition(";")[0]) for one in story.score().deductions]
    story.say(30, "incident.note", text="every API answer is a 500 since v2.4.1")
    assert words not in str(story.score().deductions)


def test_cause_and_summary_are_a_persons_to_tell() -> None:
    assert lost(without(field="cause")) == [("", 2, "nobody told the cause, and no report can guess it")]
    taken_back = without(field="summary")
    last = taken_back.tell(300, "summary", "")
    assert lost(taken_back) == [(last, 2, "nobody told the summary, and no report can guess it")]


def test_without_an_incident_there_is_no_record() -> None:
    story = good_rollback()
    story.operate(70, "smoke")
    assert story.score().categories["record"] == 0
