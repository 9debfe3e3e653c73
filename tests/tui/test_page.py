"""The main page as lines: everything a frightened person needs, at both sizes, with nothing cut that matters."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from operations.engine.model import Plan
from operations.engine.record import JobRecord, JobState
from operations.incident.clock import Clock, Due
from operations.incident.timers import TimerKind
from operations.watch.model import Change, Overall, Snapshot, Status
from runbooks.facts import Fact
from runbooks.shelf import open_book
from runbooks.view import view
from runbooks.walk import apply, begin, jump, replay
from tests.tui.scenes import NOW, down_snapshot, incident, model, quiet_snapshot, state, walking
from tui.lines import text_of, width_of
from tui.model import Model
from tui.panels.page import page
from tui.theme import ASCII, plain

SIZES = [(80, 24), (120, 36), (100, 30), (40, 10), (200, 60)]


def shown(scene: Model, width: int = 80, height: int = 24) -> str:
    return "\n".join(text_of(row) for row in page(scene, width, height))


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("steps", [0, 3, 6, 7])
def test_a_page_fits_its_terminal_exactly(width: int, height: int, steps: int) -> None:
    rows = page(walking(steps), width, height)
    assert len(rows) == height
    assert max(width_of(row) for row in rows) <= width


def test_a_glance_tells_what_is_broken_since_when_and_what_changed() -> None:
    text = shown(model(snapshot=down_snapshot()))
    expected = ["PRODUCTION", "✖ DOWN 11m", 'api/health 503 "zone is undefined"', "38% of 41 req/s"]
    expected += ["release v2.4.1 a1b2c3d ana", "errors begin (0.2% -> 38%)", "TypeError: zone is undefined"]
    for words in expected:
        assert words in text


def test_what_is_overdue_stays_in_the_header_of_a_drill_and_how_many_more_are_where_there_is_room() -> None:
    names = ("FIRST NOTICE", "CALL LEAD", "COMMANDER")
    kinds: tuple[TimerKind, ...] = ("update", "ladder", "commander")
    late = NOW - timedelta(minutes=11)
    rows = tuple(Due(name, kind, "x", late, True, name) for name, kind in zip(names, kinds, strict=True))
    scene = model(snapshot=down_snapshot(), incident=incident(), clock=Clock(rows[0], rows), drill=True)
    assert "FIRST NOTICE OVERDUE 11m +2" in shown(scene, 120, 36).splitlines()[0]
    assert shown(scene).splitlines()[0].rstrip().endswith("FIRST NOTICE OVERDUE 11m")


def test_the_next_key_is_on_the_screen() -> None:
    assert "press I to open an incident: health failed three times" in shown(model(snapshot=down_snapshot()))
    assert "Enter take it" in shown(walking(3))
    assert "Enter shows its plan" in shown(walking(7))


def test_the_suggested_answer_stands_first_with_where_it_leads() -> None:
    rows = shown(walking(6)).splitlines()
    suggested = next(row for row in rows if "suggested" in row)
    assert suggested.lstrip().startswith("▸ 1 Yes")
    assert "Roll back" in suggested


def test_the_onset_stands_between_the_changes_it_came_between() -> None:
    rows = shown(model(snapshot=down_snapshot())).splitlines()
    at = {
        word: next(n for n, row in enumerate(rows) if word in row)
        for word in ("errors begin", "v2.4.1 a1b2c3d", "v2.4.0")
    }
    assert at["errors begin"] < at["v2.4.1 a1b2c3d"] < at["v2.4.0"]


def test_greens_share_one_line_and_reds_come_first() -> None:
    rows = shown(model(snapshot=down_snapshot())).splitlines()
    green = next(n for n, row in enumerate(rows) if row.startswith(" ✓"))
    assert "page database cert" in rows[green]
    assert all("✖" in row or "top error" in row or "DOWN" in row for row in rows[:green])


def test_an_unknown_probe_says_why() -> None:
    assert "? Vercel no answer 2m" in shown(model(snapshot=down_snapshot()))


def test_what_an_unknown_probe_says_does_not_run_into_what_follows() -> None:
    assert "? Vercel no answer 2m   watching" in shown(model(snapshot=down_snapshot()))


def test_trouble_beside_the_users_trouble_is_not_forgotten() -> None:
    text = shown(walking(3))
    assert "also wrong" in text
    assert text.count("last trusted backup 25h ago") == 1


def test_a_drill_has_a_bar_that_cannot_be_missed() -> None:
    assert "DRILL - nothing here is real" in shown(model(drill=True)).splitlines()[0]


def test_a_real_alarm_shows_inside_a_drill() -> None:
    assert "REAL: production DOWN" in shown(model(drill=True, real_alarm="production DOWN"))


def test_before_the_first_answer_the_page_says_that_it_asks() -> None:
    text = shown(model(snapshot=None))
    assert "? asking" in text
    assert "✓" not in text


def test_many_reds_leave_room_for_the_walk_and_say_how_many_are_hidden() -> None:
    many = tuple(state(f"p{n}", f"probe number {n}", Status.DOWN, "no answer at all today") for n in range(20))
    scene = replace(walking(3), snapshot=replace(down_snapshot(), states=many))
    text = shown(scene)
    assert "20 probes are not well" in text
    assert "suggested" in text


def test_hostile_foreign_text_changes_nothing_but_its_row() -> None:
    hostile = "[/x][bold red]\x1b[2J\x1b]0;pwned\x07" + "A" * 5000 + "\u202e" + "\n\n\nsecond"
    calm = page(model(snapshot=down_snapshot()), 80, 24)
    snapshot = down_snapshot()
    states = tuple(
        replace(one, last=replace(one.last, detail=hostile)) if one.probe == "health" and one.last else one
        for one in snapshot.states
    )
    wild = page(model(snapshot=replace(snapshot, states=states)), 80, 24)
    assert len(wild) == len(calm)
    text = "\n".join(text_of(row) for row in wild)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert max(width_of(row) for row in wild) <= 80


def test_ascii_terminals_get_ascii_only() -> None:
    scene = replace(walking(6), glyphs=ASCII)
    assert all(plain(text_of(row)).isascii() for row in page(scene, 80, 24))
    assert "X DOWN" in shown(scene)


@pytest.mark.parametrize("overall", list(Overall))
def test_every_overall_state_has_a_word(overall: Overall) -> None:
    snapshot: Snapshot = replace(down_snapshot(), overall=overall)
    assert overall.value.upper() in shown(model(snapshot=snapshot)).upper().splitlines()[0]


def test_the_newest_entry_of_the_timeline_is_on_the_page() -> None:
    assert "incident opened, P0" in shown(model(snapshot=down_snapshot(), incident=incident(), now=NOW))


def at(anchor: str) -> Model:
    """In the incident, at that section of the site-down walk."""
    book = open_book("site-down")
    walk = replay([(NOW - timedelta(minutes=3), begin(book))], book)
    assert walk is not None
    moved = apply(walk, jump(walk, anchor), NOW - timedelta(minutes=1), book) if anchor != walk.current else walk
    assert moved is not None
    scene = walking(0)
    return replace(scene, walk=view(moved, down_snapshot().facts, NOW))


def sections_with_answers() -> list[str]:
    book = open_book("site-down")
    return [section.anchor for section in book.sections if section.branches]


@pytest.mark.parametrize("anchor", sections_with_answers())
@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 36)])
def test_every_answer_of_every_question_is_on_the_page(anchor: str, width: int, height: int) -> None:
    scene = at(anchor)
    assert scene.walk is not None
    text = shown(replace(scene, message="what was refused, and why, and how it is mended " * 3), width, height)
    for answer in scene.walk.answers:
        assert f"{answer.key} {answer.text[:24]}" in text
    assert "What changed" in text


def test_a_refusal_keeps_its_cure_on_a_small_screen() -> None:
    what = "production: there is no bucket, so nobody can know which backups there are or whether one can be trusted."
    cure = "Set environments.production.backups.bucket in the settings file."
    rows = shown(model(snapshot=down_snapshot(), now=NOW, message=f"{what} {cure}")).splitlines()
    said = next(n for n, row in enumerate(rows) if what[:40] in row)
    assert " ".join(" ".join(rows[said : said + 3]).split()).startswith(f"{what[:75]}")
    assert "in the settings file." in rows[said + 1]
    long = shown(model(snapshot=down_snapshot(), now=NOW, message=f"{what} {what} {cure}")).splitlines()
    assert what[:40] in long[said]
    assert long[said + 1].startswith(" … ")
    assert long[said + 1].rstrip().endswith(cure), "what is lost is the middle"


def test_where_not_all_answers_fit_the_page_says_so() -> None:
    text = shown(at("does-the-database-answer-to-us-and-to-the-site"), 60, 16)
    assert "rows more; o shows all" in text


def test_what_decides_stands_before_what_could_have() -> None:
    rows = shown(at("what-do-users-get")).splitlines()
    signs = [row.strip()[0] for row in rows if row.strip()[:1] in "✓✖" and " ago" in row]
    assert signs == sorted(signs, key="✓✖".index)
    assert signs[:1] == ["✓"]


def backup_job(code: int, says: str) -> JobRecord:
    plan = Plan("backup", "pro-remorque", "production", "vigie.toml", "Back up", {})
    return JobRecord(
        id="j1", number=1, operation="backup", environment="production", site="pro-remorque", title="Back up",
        actor="ana", state=JobState.DONE if code == 0 else JobState.FAILED, created_at=NOW, code=code,
        meaning="success" if code == 0 else "dump failed", says=says, ended_at=NOW - timedelta(seconds=20), plan=plan,
    )  # fmt: skip


def in_the_bucket(minutes_ago: float) -> Snapshot:
    read = NOW - timedelta(minutes=minutes_ago)
    known = {
        "backup.age": Fact("backup.age", 50_400.0, says="14h", source="bucket", at=read, stale_after=700.0),
        "backup.trusted": Fact("backup.trusted", True, says="last trusted backup 14h ago", source="bucket", at=read,
                               stale_after=700.0),
    }  # fmt: skip
    return replace(quiet_snapshot(), facts=known)


def test_a_backup_made_here_stands_before_the_bucket_was_looked_at_again() -> None:
    done = backup_job(0, "backup_production_20261121_031740.sql.gz stored: 867 kB")
    for size in ((80, 24), (120, 36)):
        assert "✓ stored 20 s ago, ana" in shown(model(snapshot=in_the_bucket(3), jobs=(done,)), *size)
    assert "last trusted backup 14h ago" in shown(model(snapshot=in_the_bucket(0.1), jobs=(done,)))
    both = shown(model(snapshot=in_the_bucket(3), jobs=(backup_job(4, "the dump is not whole"),)))
    assert "last trusted backup 14h ago" in both
    assert "▲ failed 20 s ago, ana  job 1: exit 4: dump failed" in both
    unread = shown(model(snapshot=in_the_bucket(20), jobs=(done,)))
    assert "? unknown" in unread
    assert "✓ stored 20 s ago" in unread


def test_an_error_that_nobody_met_for_a_minute_is_said_to_be_over() -> None:
    snapshot = down_snapshot()
    for seconds, words in ((40, "since 11m"), (420, "/api/calls  last 7m ago")):
        seen = replace(snapshot.signatures[0], last_seen=NOW - timedelta(seconds=seconds))
        rows = shown(model(snapshot=replace(snapshot, signatures=(seen,))), 120, 36).splitlines()
        assert any(row.rstrip().endswith(words) for row in rows)


def test_the_welcome_is_whole_beside_a_long_list_of_changes() -> None:
    many = tuple(Change("release", NOW - timedelta(hours=n), f"v1.{n}") for n in range(1, 40))
    scene = replace(model(snapshot=replace(quiet_snapshot(), changes=many)), first_run=True)
    text = shown(scene, 120, 36)
    assert "What changed" in text
    assert "and never any harm" in text
    assert "W V L" in text
