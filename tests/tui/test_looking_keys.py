"""The pages that only look: probes with their history, what users run into, links and people."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from textual.widgets import Log

from operations.watch.model import Reading, Status
from tests.tui.conftest import Injected, MakeApp
from tests.tui.scenes import NOW, down_snapshot
from tests.tui.test_console import fresh, screen_text, shows, until
from tui.app import VigieApp
from tui.lines import text_of, width_of
from tui.log_view import LOG_LINES
from tui.panels.health import strip_of
from tui.reading.view import RowsView
from tui.screens.health import HealthScreen
from tui.screens.links import Entry, LinksScreen, entry_lines
from tui.screens.logs import LogsScreen, request_words
from tui.tail import Tail

MORE = """
request_log = "requests.jsonl"
[[links]]
title = "Dashboard [x]"
url = "https://dash.example/1"
[[contacts]]
name = "Ana"
role = "team lead"
phone = "+33 1 23"
"""


def rows(app: VigieApp) -> list[str]:
    return [text_of(row) for row in app.screen.query_one("#text", RowsView).lines]


def console(make_app: MakeApp) -> VigieApp:
    return make_app(Injected(fresh(down_snapshot())), more=MORE)


def request(path: str, status: int, error: str = "") -> str:
    return json.dumps({"at": "2026-11-21T03:00:00Z", "path": path, "status": status, "seconds": 0.01, "error": error})


def append(log: Path, lines: list[str]) -> None:
    with log.open("a", encoding="utf-8") as file:
        file.writelines(f"{one}\n" for one in lines)


async def test_every_probe_is_listed_the_reds_first_and_opened_whole(make_app: MakeApp) -> None:
    app = console(make_app)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        await pilot.press("V")
        await until(pilot, lambda: isinstance(app.screen, HealthScreen), "the page is open")
        await until(pilot, lambda: "DOWN" in rows(app)[0], "the reds come first")
        states = down_snapshot().states
        assert len(rows(app)) == len(states)
        assert [row.split()[0] for row in rows(app)][:2] == ["✖", "✖"]
        for words, titles in (("DATABASE", ["database"]), ("nowhere", ["has"]), ("", None)):
            await pilot.press("slash")
            await shows(pilot, "Only rows with these words")
            await pilot.press(*words, "enter")
            await until(pilot, lambda: isinstance(app.screen, HealthScreen), "the list is in front")
            if titles is not None:
                await until(pilot, lambda: [titles[0] in row.split() for row in rows(app)] == [True], f"only “{words}”")  # noqa: B023
        await until(pilot, lambda: len(rows(app)) == len(states), "all are back")
        await pilot.press("enter")
        await shows(pilot, "looks every 10 s")
        await shows(pilot, "No answer of the last hour is kept")


async def test_the_log_is_followed_filtered_and_read_as_a_person_reads(make_app: MakeApp, tmp_path: Path) -> None:
    log = tmp_path / "requests.jsonl"
    log.write_text(request("/api/calls", 500, "zone is undefined") + "\nnot json \x1b[31mred\n", "utf-8")
    app = console(make_app)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        await pilot.press("L")
        await until(pilot, lambda: isinstance(app.screen, LogsScreen), "the page is open")
        await shows(pilot, "TypeError: zone is undefined")

        def text() -> str:
            return "\n".join(app.screen.query_one("#log", Log).lines)

        await until(pilot, lambda: "500" in text() and "/api/calls  zone is undefined" in text(), "the log is shown")
        assert "\x1b" not in text()
        append(log, [request("/", 200)])
        await until(pilot, lambda: "200" in text(), "it grows")
        await pilot.press("slash")
        await shows(pilot, "Only lines with these words")
        await pilot.press(*"zone", "enter")
        await until(pilot, lambda: "zone" in text() and " 200 " not in text(), "only its lines are left")

        long = request("/api/calls", 500, "zone is undefined " * 20)
        append(log, ["zone"] * (LOG_LINES + 1000) + [long])
        await until(pilot, lambda: "1,000+ rows above left out" in screen_text(app), "what is let go is counted")
        assert text().splitlines()[-1].startswith("  "), "a long line is broken"
        await pilot.press("z")
        await until(pilot, lambda: text().rstrip().endswith("…"), "or cut")
        await pilot.press("up")
        append(log, [long] * 3)
        await shows(pilot, "+3 lines, f follows")
        await pilot.press("f")
        await until(pilot, lambda: "f follows" not in screen_text(app), "it follows again")


async def test_without_a_request_log_it_says_what_is_missing(make_app: MakeApp) -> None:
    app = make_app(Injected(fresh(down_snapshot())))
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        await pilot.press("L")
        await shows(pilot, "no request_log is set")


async def test_links_and_people_are_copied_with_enter(make_app: MakeApp) -> None:
    app = console(make_app)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        await pilot.press("K")
        await until(pilot, lambda: isinstance(app.screen, LinksScreen), "the page is open")
        await until(pilot, lambda: any("Dashboard [x]" in row for row in rows(app)), "the links are listed")
        assert any("Ana" in row and "+33 1 23" in row for row in rows(app))
        await pilot.press("enter")
        await shows(pilot, "Copied “https://dash.example/1”")
        await pilot.press("slash", *"lead", "enter")
        await until(pilot, lambda: [row.split()[1] for row in rows(app)] == ["Ana"], "who is a lead")
        await pilot.press("enter")
        await shows(pilot, "Copied “+33 1 23”")


async def test_without_links_it_says_how_to_set_them(make_app: MakeApp) -> None:
    app = make_app(Injected(fresh(down_snapshot())))
    async with app.run_test(size=(40, 10)) as pilot:
        await until(pilot, lambda: "DOWN" in screen_text(app), "it is up")
        await pilot.press("K")
        await until(pilot, lambda: isinstance(app.screen, LinksScreen), "the page is open")
        await until(pilot, lambda: any("site" in row for row in rows(app)), "the site itself is there")


def test_what_takes_more_than_its_column_goes_on_below_and_nothing_stands_for_no_address() -> None:
    name = "Marguerite de la Rochefoucauld"
    long = Entry("person", name, "+33 1 23", "databases, after 15 min, can be paged: h")
    told = [text_of(row).rstrip() for row in entry_lines(long, 79)]
    assert told[0].startswith(" person  Marguerite de la           +33 1 23")
    assert "Rochefoucauld" in told[1] and "can be paged: h" in told[1]
    assert max(width_of(row) for row in entry_lines(long, 39)) <= 39
    (row,) = entry_lines(Entry("person", "tom", "", "backend"), 79)
    assert text_of(row).split() == ["person", "tom", "backend"]


def test_the_strip_shows_the_worst_of_each_part_of_the_hour() -> None:
    def reading(minutes: float, status: Status) -> Reading:
        return Reading("x", status, NOW - timedelta(minutes=minutes), 0.1)

    found = strip_of([reading(59, Status.OK), reading(2, Status.OK), reading(1, Status.DOWN)], NOW, 4)
    assert found == [Status.OK, None, None, Status.DOWN]


def test_a_request_is_read_as_words_and_anything_else_is_kept() -> None:
    assert request_words(request("/x", 503, "late")) == "03:00:00Z 503   0.010 s  /x  late"
    for other in ("plain words", "{", '{"at": 1}', "[" * 5000):
        assert request_words(other) == other


@pytest.fixture
def grown(tmp_path: Path) -> Path:
    path = tmp_path / "a.log"
    path.write_bytes(b"one\ntwo\nthr")
    return path


def test_only_whole_lines_are_read_and_each_once(grown: Path) -> None:
    tail = Tail(grown)
    assert tail.lines() == ["one", "two"]
    assert tail.lines() == []
    with grown.open("ab") as file:
        file.write(b"ee\n")
    assert tail.lines() == ["three"]


def test_a_file_that_is_cut_replaced_or_gone_is_said_and_begun_anew(grown: Path) -> None:
    tail = Tail(grown)
    tail.lines()
    grown.write_bytes(b"new\n")
    assert tail.lines() == ["new"]
    grown.unlink()
    assert (tail.lines(), tail.trouble) == ([], "No such file or directory")
    grown.write_bytes(b"again\n")
    assert (tail.lines(), tail.trouble) == (["again"], "")


def test_what_is_no_ordinary_file_is_not_waited_for(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "pipe")
    tail = Tail(tmp_path / "pipe")
    assert (tail.lines(), tail.trouble) == ([], "it is no ordinary file")
