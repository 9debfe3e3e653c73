"""A walk is what its events add up to."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from textwrap import dedent

import pytest

from runbooks.events import Acted, Payload
from runbooks.facts import Fact
from runbooks.model import Book
from runbooks.reader import read
from runbooks.suggest import answer, clear_run, no_longer_holds, suggest, take_clear
from runbooks.walk import (
    WalkError,
    WalkState,
    apply,
    begin,
    call_help,
    come_back,
    go_back,
    go_on,
    jump,
    replay,
    take_timebox,
    take_wait,
    time_left,
    wait_left,
)
from tests.runbooks.support import NOW, facts_from, walk_at

BOOK = read(
    dedent("""\
    # Test
    ## One
    <!-- timebox: 5m; on-expire: #help -->
    - **Up** → [Two](#two) <!-- when: a; path: up -->
    - **Down** → [⚠ Act](#-act) <!-- when: not a -->
    - **Cannot tell** → [Help](#help)
    ## Two
    - **Good** → [Over?](#over) <!-- when: b -->
    - **Bad** → [⚠ Act](#-act) <!-- when: not b -->
    - **Green** → [Three](#three) <!-- when: green; never-suggested -->
    - **Cannot tell** → [One](#one) <!-- wait: 2m -->
    ## Three
    <!-- wait: 10m; then: #one -->
    - **Yes** → [⚠ Other](#-other) <!-- when: other -->
    - **No** → [Help](#help)
    ## ⚠ Act
    - **0** → [Over?](#over) <!-- exit: 0 -->
    - **3, 4** → [Three](#three) <!-- exit: 3, 4 -->
    - **Cannot tell** → [Over?](#over)
    ## ⚠ Other
    <!-- unless: against -->
    Next: [Over?](#over)
    ## Over?
    - **Better** → [Over?](#over) <!-- wait: 5m; at-most: 3; then: #three -->
    - **Same** → [One](#one) <!-- go: before-act -->
    - **Cannot tell** → [Help](#help)
    ## Help
    <!-- help -->
    - **Answered** → [One](#one) <!-- go: caller -->
    - **Nobody** → [Help](#help) <!-- wait: 5m -->
    """),
    "test",
)
YES = facts_from({"a": True, "b": True, "green": False, "other": True, "against": False})
NO = facts_from({"a": False, "b": False, "green": False, "other": False})


def after(state: WalkState, payload: Payload, minutes: float = 0) -> WalkState:
    followed = apply(state, payload, NOW + timedelta(minutes=minutes))
    assert followed is not None
    return followed


def test_the_book_of_these_tests_has_no_problems() -> None:
    assert BOOK.problems == ()


def test_answers_make_the_path() -> None:
    state = after(walk_at(BOOK, "one"), answer(walk_at(BOOK, "one"), 0, YES, NOW))
    given_answer = state.path[0].answered
    assert (state.current, len(state.path)) == ("two", 1)
    assert given_answer is not None
    assert (given_answer.path, given_answer.suggested, given_answer.verdict) == ("up", True, True)
    assert given_answer.evidence == (("a: yes", True, 0.0),)


def test_going_back_is_an_event_and_shortens_the_path() -> None:
    one = walk_at(BOOK, "one")
    two = after(one, answer(one, 0, YES, NOW))
    over = after(two, answer(two, 0, YES, NOW))
    assert after(over, go_back(over)).current == "two"
    at_start = after(over, go_back(over, to=0), minutes=1)
    assert (at_start.current, at_start.path, at_start.entered_at) == ("one", (), NOW + timedelta(minutes=1))
    with pytest.raises(WalkError):
        go_back(at_start)


def test_a_call_for_help_returns_to_where_it_came_from_and_the_clock_went_on() -> None:
    two = after(walk_at(BOOK, "one"), answer(walk_at(BOOK, "one"), 0, YES, NOW), minutes=1)
    helped = after(two, call_help(two), minutes=2)
    still = after(helped, answer(helped, 1, YES, NOW), minutes=3)
    assert (helped.current, helped.return_to, still.return_to) == ("help", "two", "two")
    for back in (after(still, come_back(still), minutes=9), after(still, answer(still, 0, YES, NOW), minutes=9)):
        assert (back.current, back.entered_at, len(back.path)) == ("two", NOW + timedelta(minutes=1), 1)


def test_help_reached_by_an_answer_opens_that_question_again() -> None:
    one = walk_at(BOOK, "one")
    helped = after(one, answer(one, 2, YES, NOW))
    back = after(helped, come_back(helped))
    assert (back.current, back.path) == ("one", ())


def test_only_the_call_for_help_returns() -> None:
    with pytest.raises(WalkError):
        come_back(walk_at(BOOK, "one"))


def test_the_same_as_before_goes_to_the_decision_before_the_act_with_that_answer_struck() -> None:
    one = walk_at(BOOK, "one")
    act = after(one, answer(one, 1, NO, NOW))
    over = after(act, answer(act, 0, NO, NOW))
    again = after(over, answer(over, 1, NO, NOW))
    assert (again.current, again.struck) == ("one", frozenset({("one", "-act")}))
    suggestion = suggest(again, NO, NOW)
    assert suggestion.index is None
    assert "did not help" in suggestion.why_not
    assert [weighed.struck for weighed in suggestion.answers] == [False, True, False]


def test_without_an_act_the_same_as_before_follows_its_link() -> None:
    over = walk_at(BOOK, "over")
    assert answer(over, 1, NO, NOW).target == "one"


def test_after_three_waits_better_leads_on() -> None:
    state = walk_at(BOOK, "over")
    for _ in range(3):
        state = after(state, answer(state, 0, YES, NOW))
        assert state.current == "over"
    assert wait_left(state, NOW + timedelta(minutes=1)) is not None
    last = answer(state, 0, YES, NOW)
    assert (last.target, last.wait) == ("three", None)


def test_a_wait_counts_down_and_never_moves_anyone() -> None:
    two = walk_at(BOOK, "two")
    waiting = after(two, answer(two, 3, YES, NOW))
    left = wait_left(waiting, NOW + timedelta(seconds=30))
    assert left is not None
    assert (waiting.current, left.total, left.left) == ("one", 120.0, 90.0)
    assert wait_left(waiting, NOW + timedelta(minutes=3)) is None
    three = walk_at(BOOK, "three")
    over = wait_left(three, NOW + timedelta(minutes=11))
    assert over is not None
    assert (over.left, over.offers) == (-60.0, "one")
    assert after(three, take_wait(three)).current == "one"


def test_a_time_box_only_offers() -> None:
    one = walk_at(BOOK, "one")
    box = time_left(one, NOW + timedelta(minutes=6))
    assert box is not None
    assert (box.total, box.left, box.offers) == (300.0, -60.0, "help")
    taken = after(one, take_timebox(one))
    assert (taken.current, taken.return_to) == ("help", "one")
    with pytest.raises(WalkError):
        take_timebox(walk_at(BOOK, "two"))


def test_the_exit_code_of_the_act_suggests_what_follows() -> None:
    act = walk_at(BOOK, "-act")
    assert suggest(act, YES, NOW).index is None
    failed = after(act, Acted("-act", "rollback", "job 14", 4, "v2.4.0"))
    assert suggest(failed, YES, NOW).index == 1
    assert failed.failed_releases == ("v2.4.0",)
    worked = after(failed, Acted("-act", "rollback", "job 15", 0, "v2.3.9"), minutes=1)
    assert suggest(worked, YES, NOW).index == 0
    assert worked.failed_releases == ("v2.4.0",)


def test_an_exit_code_of_an_earlier_visit_says_nothing() -> None:
    act = after(walk_at(BOOK, "-act"), Acted("-act", "rollback", "job 14", 4))
    three = after(act, answer(act, 1, YES, NOW), minutes=1)
    again = after(three, jump(three, "-act"), minutes=2)
    assert suggest(again, YES, NOW).index is None


def test_what_is_run_beside_the_first_act_of_a_section_does_not_answer_for_it() -> None:
    book = read(
        dedent("""\
        ## ⚠ Back
        ```bash {action=rollback}
        vigie rollback
        ```
        ```bash {action=freeze}
        vigie freeze production "main is broken"
        ```
        - **It went through** → [Over](#over) <!-- exit: 0 -->
        - **It did not** → [⚠ Back](#-back) <!-- exit: 3, 4, 5 -->
        ## Over
        <!-- end -->
        """),
        "two-acts",
    )
    frozen = after(walk_at(book, "-back"), Acted("-back", "freeze", "job 1", 0))
    assert (frozen.last_exit, suggest(frozen, YES, NOW).index) == (None, None)
    failed = after(frozen, Acted("-back", "rollback", "job 2", 4), minutes=1)
    again = after(failed, Acted("-back", "freeze", "job 3", 0), minutes=2)
    assert (again.last_exit, suggest(again, YES, NOW).index) == (4, 1)


def test_an_answer_against_the_suggestion_to_an_act_needs_a_why() -> None:
    one = walk_at(BOOK, "one")
    with pytest.raises(WalkError, match="say why"):
        answer(one, 1, YES, NOW)
    given_answer = answer(one, 1, YES, NOW, why="the customer\nsees it")
    assert (given_answer.against, given_answer.suggested, given_answer.why) == (True, False, "the customer sees it")
    assert answer(one, 2, YES, NOW).against is True
    with pytest.raises(WalkError):
        answer(one, 7, YES, NOW)


def test_an_act_is_suggested_only_when_every_other_answer_is_ruled_out() -> None:
    two = walk_at(BOOK, "two")
    assert suggest(two, NO, NOW).index == 1
    unknown = {**NO, "green": Fact("green", reason="no answer")}
    assert "has to be known first" in suggest(two, unknown, NOW).why_not
    good = {**YES, "green": Fact("green", reason="no answer")}
    assert suggest(two, good, NOW).index == 0


def test_an_act_is_not_suggested_on_old_facts() -> None:
    two = walk_at(BOOK, "two")
    for name in ("b", "green"):
        old = {**NO, name: Fact(name, False, "probe", NOW - timedelta(seconds=31))}
        assert "too old for an act" in suggest(two, old, NOW).why_not
    old_but_no_act = {**YES, "b": Fact("b", True, "probe", NOW - timedelta(seconds=31))}
    assert suggest(two, old_but_no_act, NOW).index == 0


def test_what_speaks_against_an_act_is_shown_and_keeps_it_from_being_suggested() -> None:
    three = walk_at(BOOK, "three")
    assert suggest(three, YES, NOW).index == 0
    against = {**YES, **facts_from({"against": True})}
    suggestion = suggest(three, against, NOW)
    assert suggestion.index is None
    assert [line.verdict for line in suggestion.answers[0].opposes] == [False]


def test_two_answers_that_fit_or_one_for_people_only_suggest_nothing() -> None:
    two = walk_at(BOOK, "two")
    both = facts_from({"b": True, "green": True})
    assert "more than one" in suggest(two, both, NOW).why_not
    green = facts_from({"green": True})
    assert "only a person" in suggest(two, green, NOW).why_not


def test_unknown_never_suggests() -> None:
    for section in BOOK.sections:
        if section.branches:
            assert suggest(walk_at(BOOK, section.anchor), {}, NOW).index is None


def test_the_clear_run_ends_where_it_enters_an_act() -> None:
    mixed = {**NO, **facts_from({"a": True})}
    one = walk_at(BOOK, "one")
    steps = clear_run(one, mixed, NOW)
    assert [(step.section, step.target) for step in steps] == [("one", "two"), ("two", "-act")]
    assert steps[0].evidence == "a: yes"
    events = take_clear(one, steps, mixed, NOW)
    assert [event.section for event in events] == ["one", "two"]
    assert clear_run(walk_at(BOOK, "-act"), mixed, NOW) == ()


def test_the_clear_run_stops_before_an_unknown() -> None:
    unknown = {**YES, "green": Fact("green")}
    assert [step.section for step in clear_run(walk_at(BOOK, "one"), unknown, NOW)] == ["one"]


def test_clear_answers_are_taken_only_while_they_are_still_clear() -> None:
    one = walk_at(BOOK, "one")
    steps = clear_run(one, YES, NOW)
    turned = {**YES, **facts_from({"b": False})}
    assert len(steps) == 2
    assert [event.section for event in take_clear(one, steps, turned, NOW)] == ["one"]


def test_an_answer_whose_evidence_has_turned_no_longer_holds() -> None:
    one = walk_at(BOOK, "one")
    two = after(one, answer(one, 0, YES, NOW))
    assert no_longer_holds(two, YES, NOW) == ()
    assert no_longer_holds(two, {}, NOW) == ()
    assert no_longer_holds(two, NO, NOW) == (0,)


def test_two_people_answering_at_once_fold_to_one_state() -> None:
    one = walk_at(BOOK, "one")
    first, second = answer(one, 0, YES, NOW), answer(one, 2, YES, NOW)
    state = after(after(one, first), second, minutes=1)
    assert state.current == "two"
    assert state.set_aside == ((NOW + timedelta(minutes=1), second),)


def test_a_next_link_is_followed_as_a_move() -> None:
    other = walk_at(BOOK, "-other")
    assert after(other, go_on(other)).current == "over"
    with pytest.raises(WalkError):
        go_on(walk_at(BOOK, "one"))
    with pytest.raises(WalkError):
        jump(other, "nowhere")


def test_a_walk_goes_on_with_its_snapshot_when_the_file_changes() -> None:
    started = begin(BOOK, "one")
    changed = read(BOOK.source.replace("**Up**", "**High**"), "test")
    state = replay([(NOW, started)], changed)
    assert state is not None
    assert state.section.branches[0].answer == "Up"
    assert state.book.hash == BOOK.hash


def test_importing_the_walk_loads_no_markdown_parser() -> None:
    code = "import sys, runbooks.walk, runbooks.view; print([m for m in sys.modules if m.startswith(('mark', 'mdit'))])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_a_book_without_sections_cannot_be_walked() -> None:
    empty: Book = read("just text\n", "empty")
    with pytest.raises(WalkError):
        begin(empty)
