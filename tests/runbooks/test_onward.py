"""A walk that nobody is asked on: by answers and suggestions, and never past an act, a wait or a person."""

from __future__ import annotations

from datetime import timedelta
from textwrap import dedent

import pytest

from runbooks.events import Acted, Answered, Moved
from runbooks.onward import Given, Stop, given_answers, next_step, section_named
from runbooks.reader import read
from runbooks.walk import WalkError, WalkState, apply
from tests.runbooks.support import NOW, facts_from, walk_at

BOOK = read(
    dedent("""\
    # Test
    ## One
    <!-- label: A -->
    - **Up** → [Two](#two) <!-- when: a -->
    - **Down** → [⚠ Act](#-act) <!-- when: not a -->
    - **Cannot tell** → [Later](#later) <!-- wait: 2m -->
    ## Two
    Next: [Waits](#waits)
    ## Waits
    <!-- wait: 5m; then: #one -->
    - **Back** → [End](#end) <!-- when: b -->
    - **Cannot tell** → [One](#one)
    ## ⚠ Act
    ```bash {action=rollback}
    vigie rollback
    ```
    ```bash {action=freeze}
    vigie freeze production "why"
    ```
    - **0** → [End](#end) <!-- exit: 0 -->
    - **4** → [Two](#two) <!-- exit: 4 -->
    - **Cannot tell** → [One](#one)
    ## ⚠ Straight
    ```bash {action=flag}
    vigie flag maps off
    ```
    Next: [End](#end)
    ## Later
    - **Yes** → [End](#end)
    - **Broken** → [Nowhere](#nowhere)
    ## End
    <!-- end -->
    ## Loose
    Words.
    """),
    "test",
)
YES, NO, UNKNOWN = facts_from({"a": True, "b": True}), facts_from({"a": False, "b": False}), facts_from({})


def after(state: WalkState, payload: Answered | Moved | Acted | Stop, minutes: float = 0) -> WalkState:
    assert not isinstance(payload, Stop), payload
    followed = apply(state, payload, NOW + timedelta(minutes=minutes))
    assert followed is not None
    return followed


def stop(state: WalkState, minutes: float = 0) -> Stop:
    found = next_step(state, NO, NOW + timedelta(minutes=minutes))
    assert isinstance(found, Stop), found
    return found


def test_the_suggested_answer_is_taken_and_a_single_way_is_gone() -> None:
    two = after(walk_at(BOOK, "one"), next_step(walk_at(BOOK, "one"), YES, NOW))
    assert two.current == "two"
    assert after(two, next_step(two, YES, NOW)).current == "waits"


def test_nothing_suggested_is_a_persons_with_the_reason() -> None:
    found = next_step(walk_at(BOOK, "one"), UNKNOWN, NOW)
    assert isinstance(found, Stop)
    assert (found.reason, found.words) == ("person", "a: unknown, not configured")


def test_a_given_answer_stands_before_the_suggestion() -> None:
    made = next_step(walk_at(BOOK, "one"), YES, NOW, number=3)
    assert isinstance(made, Answered)
    assert (made.target, made.suggested, made.against) == ("later", False, True)


def test_an_answer_against_the_evidence_to_an_act_wants_its_why() -> None:
    with pytest.raises(WalkError, match="say why"):
        next_step(walk_at(BOOK, "one"), YES, NOW, number=2)
    made = next_step(walk_at(BOOK, "one"), YES, NOW, number=2, why="I saw it")
    assert isinstance(made, Answered)
    assert made.why == "I saw it"


def test_no_suggestion_leads_past_an_act_that_was_not_run() -> None:
    for anchor in ("-act", "-straight"):
        assert stop(walk_at(BOOK, anchor)).reason == "act"


def test_an_act_that_was_run_answers_by_its_exit_code() -> None:
    failed = after(walk_at(BOOK, "-act"), Acted("-act", "rollback", "j", 4), 1)
    assert after(failed, next_step(failed, NO, NOW + timedelta(minutes=1)), 1).current == "two"
    unclear = after(walk_at(BOOK, "-act"), Acted("-act", "rollback", "j", 75), 1)
    assert stop(unclear, 1).reason == "person"


def test_a_second_act_does_not_answer_how_the_first_one_ended() -> None:
    failed = after(walk_at(BOOK, "-act"), Acted("-act", "rollback", "j", 4), 1)
    frozen = after(failed, Acted("-act", "freeze", "k", 0), 2)
    assert frozen.last_exit == 4
    assert after(frozen, next_step(frozen, NO, NOW + timedelta(minutes=2)), 2).current == "two"


def test_an_act_on_a_single_way_goes_on_when_it_went_well_and_asks_a_person_otherwise() -> None:
    done = after(walk_at(BOOK, "-straight"), Acted("-straight", "flag", "j", 0), 1)
    assert isinstance(next_step(done, NO, NOW), Moved)
    failed = after(walk_at(BOOK, "-straight"), Acted("-straight", "flag", "j", 5), 1)
    assert "5" in stop(failed).words


def test_a_sections_wait_is_waited_for_and_then_followed() -> None:
    waiting = walk_at(BOOK, "waits")
    assert stop(waiting) == Stop("waits", "wait 5 min, then: One")
    for step in (next_step(waiting, NO, NOW, wait_over=True), next_step(waiting, NO, NOW + timedelta(minutes=6))):
        assert isinstance(step, Moved)
        assert (step.how, step.target) == ("waited", "one")


def test_a_suggestion_ends_a_sections_wait() -> None:
    step = next_step(walk_at(BOOK, "waits"), YES, NOW)
    assert isinstance(step, Answered)
    assert step.target == "end"


def test_an_answer_that_asks_for_a_wait_lets_no_answer_follow_before_it_is_over() -> None:
    later = after(walk_at(BOOK, "one"), next_step(walk_at(BOOK, "one"), YES, NOW, number=3))
    waiting = next_step(later, YES, NOW, number=1)
    assert isinstance(waiting, Stop)
    assert waiting.words == "wait 2 min, then: Later"
    assert isinstance(next_step(later, YES, NOW, number=1, wait_over=True), Answered)


def test_ends_are_said() -> None:
    assert stop(walk_at(BOOK, "end")).reason == "end"
    assert stop(walk_at(BOOK, "loose")) == Stop("end", "no way leads on from here")


def test_a_broken_link_is_no_way() -> None:
    with pytest.raises(WalkError, match="broken"):
        next_step(walk_at(BOOK, "later"), NO, NOW, number=2)


def test_answers_are_named_by_label_by_anchor_or_in_order() -> None:
    assert given_answers(["A=2", "#waits=1", "3"], BOOK) == (
        Given("one", 2, "A=2"),
        Given("waits", 1, "#waits=1"),
        Given("", 3, "3"),
    )


@pytest.mark.parametrize(
    "word", ["", "A", "A=", "A=0", "A=-1", "A=x", "=2", "A=9", "two=1", "nowhere=1", "A=²", "99999"]
)
def test_an_answer_that_is_none_is_refused_with_its_words(word: str) -> None:
    with pytest.raises(WalkError, match=f"“{word.rpartition('=')[0]}"):
        given_answers([word], BOOK)


def test_a_section_that_is_not_there_is_answered_with_those_that_are() -> None:
    with pytest.raises(WalkError, match="its labels are A"):
        section_named(BOOK, "B")
    assert section_named(BOOK, " #-act ").is_act
