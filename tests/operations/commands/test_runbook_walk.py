"""`vigie runbook walk` with recorded facts: the truth table's paths, answers by options, waits, ends, and odd files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runbooks import shelf
from tests.operations.commands.walks import RECORDED, book, labels, said_by, walked
from tests.runbooks.support import Scenario, scenarios

BOOK = shelf.open_book("site-down")
ALL = {scenario.name: scenario for scenario in scenarios()}


@pytest.mark.parametrize("scenario", ALL.values(), ids=ALL)
def test_every_scenario_walks_along_the_truth_table_and_stops_at_its_act_or_its_person(
    tmp_path: Path, scenario: Scenario
) -> None:
    code, document = walked(tmp_path, "site-down", facts=RECORDED[scenario.name])
    assert labels(document) == list(scenario.suggested)
    last = BOOK.by_label(scenario.suggested[-1])
    assert last is not None
    ended = document["result"]["ended"]["reason"]
    assert ended == ("act" if last.is_act else "waits" if last.wait else "person")
    assert code == document["exit_code"] == {"act": 0, "person": 3, "waits": 4}[ended]
    assert all(step["suggested"] and step["evidence"] for step in document["result"]["path"])


def test_unknown_facts_never_suggest(tmp_path: Path) -> None:
    code, document = walked(tmp_path, "site-down", facts=dict.fromkeys(RECORDED["bad-release"]))
    assert (code, labels(document), document["result"]["path"]) == (3, ["N1"], [])
    assert "the file has no value for it" in document["result"]["ended"]["why"]


def test_one_unknown_fact_keeps_the_walk_from_an_act(tmp_path: Path) -> None:
    code, document = walked(tmp_path, "site-down", facts={**RECORDED["bad-release"], "migration.verdict": None})
    assert (code, labels(document)[-1]) == (3, "N7")


def test_facts_that_were_too_old_for_an_act_when_they_were_recorded_suggest_none(tmp_path: Path) -> None:
    old = {name: {"value": value, "age": 45, "source": "probe"} for name, value in RECORDED["bad-release"].items()}
    code, document = walked(tmp_path, "site-down", facts={"command": "facts", "result": old})
    assert (code, labels(document)[-1]) == (3, "N7")
    assert "too old for an act" in document["result"]["ended"]["why"]
    evidence = document["result"]["path"][0]["evidence"][0]
    assert evidence["source"] == "probe"
    assert 45.0 <= evidence["age"] < 100, "as old as it was recorded, and older by what the walk took"


def test_a_person_reads_the_question_the_evidence_and_what_is_suggested(tmp_path: Path) -> None:
    code, said = said_by(tmp_path, "site-down", facts=RECORDED["bad-release"])
    assert code == 0
    for words in (
        "N6  What changed just before the first errors?",
        "time box 5 min, 5 min left; then it offers: Find out more",
        ">  1  A release -> Can the old release run? [suggested]",
        "for     the change just before the errors: release (recorded, 0 s ago)",
        "against jobs of ours right now: none (recorded, 0 s ago)",
        "= 1 “A release”, as suggested",
        "act rollback: go back to the release that was healthy",
        "nothing of this walk is recorded",
        "The walk stops at R1 ⚠ Roll back: this is an act, and nothing was run.",
        "vigie rollback --env production --plan",
    ):
        assert words in said, said


def test_the_lines_of_acts_name_the_environment_of_the_walk(tmp_path: Path) -> None:
    _, said = said_by(tmp_path, "site-down", "--env", "staging", facts=RECORDED["bad-release"])
    assert "$ vigie rollback --env staging" in said
    assert "$ vigie freeze staging 'rolled back" in said


def test_answers_by_label_by_anchor_and_in_order_are_taken_where_they_belong(tmp_path: Path) -> None:
    given = ("--answer", "B1=1", "--answer", "#call-for-help=3")
    code, document = walked(tmp_path, "site-down", *given, facts=RECORDED["database-down"])
    assert labels(document) == ["N1", "N2", "N3", "N4", "B1", "E1", "V1"]
    assert [step["suggested"] for step in document["result"]["path"]] == [True] * 4 + [False] * 2
    assert code == 3
    _, in_order = walked(tmp_path, "site-down", "--answer", "3", "--answer", "2", facts={"vantage.ok": True})
    assert labels(in_order) == ["N1", "N1b", "N2"]


def test_an_answer_that_no_question_asked_for_is_said(tmp_path: Path) -> None:
    _, said = said_by(tmp_path, "site-down", "--answer", "Q1=1", facts=RECORDED["bad-release"])
    assert "asks nothing" in said
    _, said = said_by(tmp_path, "site-down", "--answer", "V1=1", facts=RECORDED["bad-release"])
    assert "--answer V1=1 was not used" in said


def test_an_answer_against_the_evidence_to_an_act_wants_its_why(tmp_path: Path) -> None:
    given = ("site-down", "--answer", "N7=2")
    code, said = said_by(tmp_path, *given, facts=RECORDED["bad-release"])
    assert (code, "--why" in said) == (1, True)
    code, document = walked(tmp_path, *given, "--why", "the author says so", facts=RECORDED["bad-release"])
    assert (code, labels(document)[-1]) == (0, "W1")
    step = document["result"]["path"][-1]
    assert (step["against"], step["why"]) == (True, "the author says so")


def test_wrong_answers_and_starts_are_refused_before_anything_is_walked(tmp_path: Path) -> None:
    for wrong in (("--answer", "N7=9"), ("--answer", "XX=1"), ("--answer", "yes"), ("--start", "nowhere")):
        code, said = said_by(tmp_path, "site-down", *wrong, facts=RECORDED["bad-release"])
        assert (code, "step 1" in said) == (1, False), wrong


def test_a_walk_may_begin_anywhere(tmp_path: Path) -> None:
    for start in ("N6", "what-changed-just-before-the-first-errors", "#what-changed-just-before-the-first-errors"):
        _, document = walked(tmp_path, "site-down", "--start", start, facts=RECORDED["bad-release"])
        assert labels(document) == ["N6", "N7", "R1"]


def test_a_wait_is_not_slept_and_with_now_it_is_passed_once(tmp_path: Path) -> None:
    code, document = walked(tmp_path, "site-down", facts=RECORDED["database-down"])
    assert (code, document["result"]["ended"]["why"].startswith("wait 5 min")) == (4, True)
    code, document = walked(tmp_path, "site-down", "--now", facts=RECORDED["database-down"])
    assert (code, labels(document)) == (4, ["N1", "N2", "N3", "N4", "B1", "N4", "B1"])


def test_an_answer_that_asks_for_a_wait_is_followed_by_the_next_one_only_with_now(tmp_path: Path) -> None:
    given = ("site-down", "--start", "V1", "--answer", "V1=2", "--answer", "V1=7")
    code, document = walked(tmp_path, *given, facts=RECORDED["bad-release"])
    assert (code, labels(document)) == (4, ["V1", "V1"])
    code, document = walked(tmp_path, *given, "--now", facts=RECORDED["bad-release"])
    assert (code, labels(document)) == (3, ["V1", "V1", "G1"])


def test_a_circle_is_said_and_not_walked_for_ever(tmp_path: Path) -> None:
    facts = {**RECORDED["bad-release"], "change.nearest": "other", "job.running": True}
    code, document = walked(tmp_path, "site-down", "--start", "N6", facts=facts)
    assert (code, labels(document)) == (3, ["N6"])
    assert "circle" in document["result"]["ended"]["why"]
    own = book(tmp_path, "# A\nNext: [B](#b)\n# B\nNext: [A](#a)\n")
    code, document = walked(tmp_path, own, facts={"page.ok": True})
    assert (code, len(document["result"]["path"])) == (3, 1)


def test_a_huge_book_ends_by_the_number_of_its_steps(tmp_path: Path) -> None:
    sections = "".join(f"## S{n}\nNext: [on](#s{n + 1})\n\n" for n in range(2000))
    code, document = walked(tmp_path, book(tmp_path, f"# Long\nNext: [on](#s0)\n{sections}"))
    assert (code, len(document["result"]["path"])) == (3, 200)
    assert "after 200 steps" in document["result"]["ended"]["why"]


def test_ends_say_which(tmp_path: Path) -> None:
    own = book(tmp_path, "# A\n- **Yes** → [Over](#over)\n- **No** → [A](#a)\n# Over\n<!-- end -->\n# Loose\nWords.\n")
    code, said = said_by(tmp_path, own, "--answer", "1")
    assert (code, "The walk ends at Over: this is the end of the runbook." in said) == (0, True)
    code, said = said_by(tmp_path, own, "--start", "loose")
    assert (code, "no way leads on from here" in said) == (0, True)


def test_a_broken_link_is_a_problem_and_no_answer(tmp_path: Path) -> None:
    own = book(tmp_path, "# A\n- **Yes** → [Gone](#gone) <!-- when: page.ok -->\n- **No** → [A](#a)\n")
    code, said = said_by(tmp_path, own, facts={"page.ok": True})
    assert (code, "[its link is broken]" in said, "! line 2:" in said) == (3, True, True)
    code, said = said_by(tmp_path, own, "--answer", "1", facts={"page.ok": True})
    assert (code, "leads nowhere" in said) == (1, True)


def test_a_book_that_asks_nothing_needs_no_settings_and_lists_what_it_holds(tmp_path: Path) -> None:
    own = book(
        tmp_path,
        """\
        # Restore by hand
        > [!WARNING]
        > This takes the site down.

        - [ ] **Ops:** tell the others <!-- due: 5m -->

        ```bash
        # Look first
        pg_dump "$DATABASE_URL" > [file]

        # Option B
        dropdb production_db
        ```

        ```bash {check=look timeout=10s}
        curl -sS "$APP_URL/health"
        ```

        ```text {message=initial}
        Status: [status]
        ```
        """,
    )
    code, said = said_by(tmp_path, own)
    assert code == 0
    for words in (
        "it asks for no facts",
        "! This takes the site down.",
        "[ ] Ops: tell the others",
        "fill in: $DATABASE_URL (a secret), [file]",
        "one way of several",
        "$ dropdb production_db",
        "! line 12: ",
        "check look, at most 10 s: not run",
        "message “initial”",
        "vigie runbook show own",
    ):
        assert words in said, said
    _, document = walked(tmp_path, own)
    kinds = [(one["kind"], one["line"], bool(one["hazards"])) for one in document["result"]["commands"]]
    assert kinds == [("shell", 8, False), ("shell", 11, True), ("check", 15, False)]


def test_a_book_that_asks_for_facts_needs_settings_or_a_file_of_facts(tmp_path: Path) -> None:
    code, said = said_by(tmp_path, "site-down")
    assert (code, "no settings file" in said) == (2, True)


def test_files_that_are_no_runbook_are_said_and_nothing_waits_for_them(tmp_path: Path) -> None:
    (tmp_path / "binary.md").write_bytes(bytes(range(256)) * 10)
    (tmp_path / "huge.md").write_bytes(b"# A\n" * 1_100_000)
    (tmp_path / "empty.md").write_bytes(b"")
    (tmp_path / "prose.md").write_text("---\ntitle: A\n---\nWords, and no heading.\n")
    (tmp_path / "folder.md").mkdir()
    os.mkfifo(tmp_path / "pipe.md")
    for name in ("binary.md", "huge.md", "empty.md", "prose.md", "folder.md", "pipe.md", "missing.md", "nonsense"):
        code, said = said_by(tmp_path, name if name == "nonsense" else f"./{name}")
        assert (code, "[ERROR]" in said, "Traceback" in said) == (2, True, False), (name, said)


def test_files_that_hold_no_facts_are_said_and_nothing_waits_for_them(tmp_path: Path) -> None:
    contents = {
        "text.json": b"health is fine",
        "list.json": b"[1, 2]",
        "empty.json": b"{}",
        "nested.json": b'{"page.ok": [true]}',
        "nan.json": b'{"errors.rate": NaN}',
        "age.json": b'{"page.ok": {"value": true, "age": "old"}}',
        "deep.json": b'{"a":' * 100_000,
        "latin.json": b'{"page.ok": "\xe9"}',
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    os.mkfifo(tmp_path / "pipe.json")
    for name in (*contents, "pipe.json", "missing.json"):
        code, said = said_by(tmp_path, "site-down", "--facts", name)
        assert (code, "[ERROR]" in said, "Traceback" in said) == (2, True, False), (name, said)


def test_facts_that_nobody_knows_are_named(tmp_path: Path) -> None:
    _, said = said_by(tmp_path, "site-down", facts={"vantage.okay": True})
    assert "no runbook knows these facts: vantage.okay" in said


def test_escape_codes_in_a_book_and_in_facts_are_never_printed(tmp_path: Path) -> None:
    own = book(
        tmp_path, "# A \x1b[31mred\n- **Yes\x1b]0;t\x07** → [A](#a) <!-- when: page.ok -->\n- **No** → [A](#a)\n"
    )
    _, said = said_by(tmp_path, own, facts={"front.kind": "\x1b[2Jhttp", "page.ok": None})
    assert "\x1b" not in said
    assert "\x07" not in said


def test_options_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    for wrong in (("--run", "--json"), ("--incident", "x", "--record"), ("--new-walk",)):
        assert said_by(tmp_path, "site-down", *wrong, facts=RECORDED["bad-release"])[0] == 1


def test_a_refused_walk_is_one_document_too(tmp_path: Path) -> None:
    code, document = walked(tmp_path, "site-down", "--answer", "N7=9", facts=RECORDED["bad-release"])
    assert (code, document["command"], document["exit_code"]) == (1, "runbook walk", 1)
    assert "4 answers" in document["error"]["what"]
