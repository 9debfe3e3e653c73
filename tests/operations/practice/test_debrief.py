"""The debrief: both paths beside each other, each point with its event's words, the curve, and every row within its
width."""

from __future__ import annotations

from operations.incident.book import IncidentBook
from operations.incident.picture_text import STEPS
from operations.practice import scenarios
from operations.practice.debrief import Debrief, Step, beside_reference, body_rows, debrief_of, head_rows, printed_rows
from tests.operations.practice.told import BOOK, T0, Story, anchor, good_call, good_rollback, whole


def debriefed(story: Story) -> Debrief:
    book = IncidentBook()
    book.feed(story.events)
    dealt = scenarios.deal(story.scenario, 1)
    return debrief_of(story.score(), dealt, BOOK, book.get("1121-abc"), story.events)


def text(debrief: Debrief, width: int = 79) -> str:
    return "\n".join(row.text for row in (*head_rows(debrief, width), *body_rows(debrief, width, STEPS)))


def led_astray() -> Story:
    """The database is down, and somebody rolls back first."""
    story = good_call()
    story.open()
    story.events = [event for event in story.events if event.kind != "walk.answered"]
    for number, (here, there) in enumerate((("N1", "N2"), ("N2", "R1"), ("R1", "N4"), ("N4", "B1"))):
        story.say(21 + number, "walk.answered", section=anchor(here), target=anchor(there), suggested=False)
    story.operate(22.5, "rollback", at="R1")
    return story


def curve(story: Story) -> None:
    data = {"from": T0.isoformat(), "step": 60, "errors": [0.2, 0.3, 38.0, 1.0], "p95": [0.1, 0.1, 0.4, 0.1]}
    story.say(5, "curve.points", key="curve:x", **data)


def test_the_path_stands_beside_the_reference_and_says_where_they_part_with_the_runbooks_line() -> None:
    story = led_astray()
    debrief = debriefed(story)
    assert debrief.steps[:4] == (Step("N1", "N1"), Step("N2", "N2"), Step("R1", "N3"), Step("N4", "N4"))
    shown = text(debrief)
    assert "Your path       N1 N2 R1 N4 B1\n" in shown
    assert "Reference path  N1 N2 N3 N4 B1 E1\n" in shown
    section = BOOK.by_label("N2")
    assert section is not None
    folded = " ".join(shown.split())
    assert "after N2 What do users get? you went to R1" in folded
    assert f"the reference goes to N3 Where does a request stop? (the runbook's line {section.lines[0]})" in folded
    assert f"after B1 {BOOK.by_label('B1').title} you went no further" in folded  # type: ignore[union-attr]


def test_who_goes_back_to_where_they_called_for_help_from_is_not_led_astray() -> None:
    story = good_call()
    story.open()
    for number, (here, there) in enumerate((("B1", "E1"), ("E1", "B1"))):
        story.say(30 + number, "walk.answered", section=anchor(here), target=anchor(there), suggested=False)
    assert [words for words in debriefed(story).astray if "after E1" in words] == []
    story.say(33, "walk.answered", section=anchor("B1"), target=anchor("R1"), suggested=False)
    assert any("you went to" in words for words in debriefed(story).astray), "somewhere new is said"


def test_what_was_left_out_and_what_was_added_each_leave_a_gap() -> None:
    assert beside_reference(("N1", "R1", "V1"), ("N1", "N2", "R1")) == (
        Step("N1", "N1"), Step("", "N2"), Step("R1", "R1"), Step("V1", ""),
    )  # fmt: skip
    assert beside_reference((), ("N1",)) == (Step("", "N1"),)


def test_each_point_taken_stands_with_its_events_time_and_words() -> None:
    shown = " ".join(text(debriefed(led_astray())).split())
    assert "-20 rollback does harm here: the release is innocent" in shown
    assert "03:12:22Z ana: rollback ended" in shown
    assert "harm was done, which caps the total at 50" in shown


def test_the_fault_the_categories_and_the_questions_are_there_and_a_hint_without_a_line_of_its_own() -> None:
    story = good_rollback()
    story.end(681)
    for seconds in (21, 22):
        story.say(seconds, "drill.hint", text="look")
    shown = text(debriefed(story))
    assert "Drill Heron was bad-release" in shown
    assert "Score 98 of 100, passed" in shown
    assert "mitigation 40 of 40   judgement 20 of 20" in shown
    assert "03:12:22Z ana: drill hint" in shown
    assert "- Which check before the release would have seen this?" in shown


def test_the_curve_has_the_incident_and_its_messages_on_it_and_its_absence_is_said() -> None:
    story = whole()
    assert "no curve: an open incident keeps one" in text(debriefed(story))
    curve(story)
    shown = text(debriefed(story))
    assert "up to 38%" in shown
    assert "incident opened" in shown and "initial message" in shown


def test_a_session_in_which_nothing_was_done_has_a_debrief_too() -> None:
    shown = text(debriefed(Story("bad-release")))
    assert "no walk was begun" in shown
    assert "not passed" in shown
    assert "Drill Heron was bad-release" in shown


def test_every_row_fits_its_width() -> None:
    story = led_astray()
    curve(story)
    for width in (60, 79, 110):
        debrief = debriefed(story)
        rows = list(printed_rows(debrief, width))
        assert max(len(row.text) for row in rows) <= width
        assert sorted(row.text for row in rows) == sorted(text(debrief, width).split("\n")), "both ways say the same"


def test_the_consoles_own_fault_is_reported_as_such() -> None:
    story = good_call()
    story.say(65, "walk.answered", section=anchor("N7"), target=anchor("R1"), suggested=True, evidence=[])
    story.operate(70, "rollback", at="R1")
    story.end(701)
    shown = " ".join(text(debriefed(story)).split())
    assert "The console's own faults: they cost nothing - the console suggested rollback" in shown
