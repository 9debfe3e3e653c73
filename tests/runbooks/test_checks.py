"""Results of a runbook's own checks stand beside the live facts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from runbooks.checks import KEYS, facts_of_check, facts_with_checks, shortened, telling_line
from runbooks.events import Acted, Checked, Failed, Payload, Skipped, Ticked
from runbooks.reader import read
from runbooks.suggest import suggest
from runbooks.view import task_view, view
from runbooks.walk import WalkState, apply
from tests.runbooks.support import NOW, facts_from, walk_at

BOOK = read(
    "# Book\n\n## Ask\n\n```sh {check=look timeout=5s}\n./look\n```\n\n1. **First**: do it\n2. **Second**: do that\n\n"
    "- **Good** → [End](#end) <!-- when: look.ok and look.num > 3 -->\n"
    "- **Bad** → [Act](#-act) <!-- when: look.failed -->\n- **Cannot tell** → [End](#end)\n\n"
    "## ⚠ Act\n\n```sh {action=redo confirm=yes}\n./redo\n```\n\n## End\n\n<!-- end -->\n",
    "book",
)


def after(state: WalkState, *payloads: Payload, seconds: float = 0.0) -> WalkState:
    for payload in payloads:
        followed = apply(state, payload, NOW + timedelta(seconds=seconds), who="ana")
        assert followed is not None
        state = followed
    return state


def told(code: int | None, out: str = "", why: str = "") -> dict[str, object]:
    return {f.name: f.known(NOW) for f in facts_of_check(Checked("ask", "look", code, out, 0.5, why), NOW)}


def test_a_check_tells_its_end_its_output_and_its_time() -> None:
    found = told(0, "\n 12.5 ms\nmore")
    assert found == {
        "look.ok": True,
        "look.failed": False,
        "look.warn": False,
        "look.code": 0.0,
        "look.out": "12.5 ms",
        "look.num": 12.5,
        "look.time": 0.5,
        "look.at": NOW.timestamp(),
    }
    assert set(found) == {f"look.{key}" for key in KEYS}


def test_two_is_a_warning_and_anything_else_a_failure() -> None:
    assert [told(code)[f"look.{key}"] for code in (2, 1, 127) for key in ("ok", "warn", "failed")] == [
        *(False, True, False),
        *(False, False, True),
        *(False, False, True),
    ]


def test_a_check_that_did_not_end_is_unknown_and_says_why() -> None:
    assert set(told(None, "half a line", "stopped after 5 s").values()) == {None}
    fact = facts_of_check(Checked("ask", "look", None, why="stopped after 5 s"), NOW)[0]
    assert fact.why_unknown(NOW) == "stopped after 5 s"


def test_a_live_fact_stands_before_a_check_of_the_same_name() -> None:
    live = facts_from({"look.ok": False})
    assert facts_with_checks({"look": (NOW, Checked("ask", "look", 0))}, live)["look.ok"].value is False


def test_a_check_makes_its_answer_the_suggested_one() -> None:
    state = walk_at(BOOK, "ask")
    assert suggest(state, {}, NOW).index is None
    assert suggest(after(state, Checked("ask", "look", 0, "7 of 9")), {}, NOW).index == 0
    assert suggest(after(state, Checked("ask", "look", 0, "2 of 9")), {}, NOW).index is None


def test_a_check_that_nobody_has_run_says_so() -> None:
    missing = suggest(walk_at(BOOK, "ask"), {}, NOW).answers[0].missing
    assert [line.text for line in missing] == [
        f"look.{key}: unknown, check look has not been run" for key in ("ok", "num")
    ]


def test_an_act_asks_for_a_young_result() -> None:
    state = after(walk_at(BOOK, "ask"), Checked("ask", "look", 1))
    assert suggest(state, {}, NOW).index == 1
    assert suggest(state, {}, NOW + timedelta(seconds=31)).index is None


def test_the_last_run_of_a_check_counts_and_is_shown_with_its_age() -> None:
    state = after(walk_at(BOOK, "ask"), Checked("ask", "look", 1), Checked("ask", "look", 0, "7"))
    (check,) = view(state, {}, NOW + timedelta(seconds=3)).checks
    assert check.result is not None
    assert (check.code.name, check.result.exit_code, check.age) == ("look", 0, 3.0)
    assert view(walk_at(BOOK, "ask"), {}, NOW).checks[0].result is None


def test_numbered_steps_are_done_skipped_or_failed_with_who_and_why() -> None:
    state = walk_at(BOOK, "ask")
    section = state.section
    first, second = (task.line for task in view(state, {}, NOW).tasks)
    marked = after(state, Ticked("ask", first, "First"), Failed("ask", second, "Second", "no rights"))
    seen = [(t.standing, t.why, t.who) for t in view(marked, {}, NOW).tasks]
    assert seen == [("done", "", "ana"), ("failed", "no rights", "ana")]
    again = after(marked, Skipped("ask", second, "Second", "not ours"), Ticked("ask", first, "First", done=False))
    assert [t.standing for t in view(again, {}, NOW).tasks] == ["open", "skipped"]
    assert task_view(again, section, section.elements[2].items[0], NOW, again.marks).at == NOW  # type: ignore[union-attr]


def test_a_command_group_ends_no_act_of_the_section() -> None:
    state = after(walk_at(BOOK, "-act"), Acted("-act", "command", "j1", 1, line=20))
    assert state.last_exit is None
    assert after(state, Acted("-act", "redo", "j2", 0)).last_exit == 0


@pytest.mark.parametrize(
    ("code", "out", "line"),
    [
        (0, "first\nERROR last", "first"),
        (1, "[INFO] begins\n✖ front: 500\n[INFO] 0 failed of 3 others\n", "✖ front: 500"),
        (1, "[INFO] begins\n[ERROR] front\nit ended\n", "[ERROR] front"),
        (3, "begins\n\nended\n\n", "ended"),
        (1, "", ""),
    ],
)
def test_a_failed_check_is_told_by_what_failed(code: int, out: str, line: str) -> None:
    assert telling_line(Checked("a", "look", code, out)) == line


def test_what_is_kept_of_a_long_output_has_its_beginning_and_its_end() -> None:
    kept = shortened("first\n" + "x" * 10_000 + "\nlast")
    assert kept.startswith("first\n")
    assert kept.endswith("\nlast")
    assert len(kept) < 4100
    assert shortened("short") == "short"


def test_no_check_stands_for_a_live_fact_even_where_nobody_watches() -> None:
    found = facts_with_checks({"health": (NOW, Checked("q", "health", 0, "fine"))}, {})
    assert "health.ok" not in found
    assert found["health.out"].value == "fine"
