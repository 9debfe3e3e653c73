"""What a panel is handed: tasks, notices, waits, and the way back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from runbooks import shelf
from runbooks.events import Answered, Payload, Skipped, Ticked
from runbooks.reader import read
from runbooks.view import view
from runbooks.walk import WalkState, apply, call_help
from tests.runbooks.support import NOW, walk_at

BOOK = shelf.open_book("site-down")


def after(state: WalkState, payload: Payload, seconds: float = 0) -> WalkState:
    followed = apply(state, payload, NOW + timedelta(seconds=seconds))
    assert followed is not None
    return followed


def test_tasks_show_who_is_due_and_what_was_ticked_or_skipped() -> None:
    state = walk_at(BOOK, "before-the-first-question")
    first, second, *_ = view(state, {}, NOW).tasks
    assert (first.role, first.done, first.due_in, second.due_in) == ("IC", False, 120.0, 300.0)
    ticked = after(state, Ticked(state.current, first.line, first.text))
    skipped = after(ticked, Skipped(state.current, second.line, second.text, "P0 already"))
    one, two, *_ = view(skipped, {}, NOW + timedelta(seconds=130)).tasks
    assert (one.done, one.due_in, two.standing, two.why) == (True, -10.0, "skipped", "P0 already")
    unticked = after(skipped, Ticked(state.current, first.line, first.text, done=False))
    assert view(unticked, {}, NOW).tasks[0].done is False


def test_help_is_offered_everywhere_but_in_itself_and_names_the_way_back() -> None:
    state = walk_at(BOOK, "N4")
    helped = after(state, call_help(state))
    shown = view(helped, {}, NOW)
    assert view(state, {}, NOW).can_call_help
    assert not shown.can_call_help
    assert shown.return_title == "Does the database answer, to us and to the site?"
    assert shown.answers[0].leads_to == shown.return_title


def test_a_section_with_an_act_hands_over_its_actions_and_what_follows() -> None:
    shown = view(walk_at(BOOK, "C2"), {}, NOW)
    assert [action.name for action in shown.actions] == ["redeploy"]
    assert (shown.is_act, shown.next_title, shown.answers) == (True, "Is it over?", ())


def test_a_wait_shows_what_is_left_and_what_it_offers() -> None:
    shown = view(walk_at(BOOK, "B1"), {}, NOW + timedelta(minutes=6))
    assert shown.wait is not None
    assert (shown.wait.left, shown.wait_offers) == (-60.0, "Does the database answer, to us and to the site?")


def test_without_facts_nothing_is_suggested_and_the_reason_is_said() -> None:
    shown = view(walk_at(BOOK, "N1"), {}, NOW)
    assert shown.suggested is None
    assert shown.why_not == "control targets, from here: unknown, not configured"
    assert [line.verdict for line in shown.evidence] == [None]


def test_a_changed_file_and_a_late_answer_are_said() -> None:
    state = walk_at(BOOK, "N1")
    changed = read(BOOK.source + "\nmore\n", "site-down")
    assert view(state, {}, NOW, file=BOOK).notices == ()
    assert "file has changed" in view(state, {}, NOW, file=changed).notices[0]
    late = after(state, Answered("what-is-slow", 0, "x", "find-out-more"))
    assert "1 answer came when the walk had moved on" in view(late, {}, NOW).notices[0]


def test_a_broken_answer_is_marked_so() -> None:
    book = read("# T\n\n- **Yes** → [x](#nowhere)\n- **No** → [T](#t)\n", "t")
    shown = view(walk_at(book), {}, NOW)
    assert [answer.broken for answer in shown.answers] == [True, False]
    assert "line 3" in shown.notices[0]


def test_the_end_is_an_end() -> None:
    state = walk_at(BOOK, "STAND DOWN")
    assert view(state, {}, NOW).is_end
    assert view(replace(state, current="is-it-over"), {}, NOW).is_end is False
