"""Answers by keys where there are many or none, and a footer without keys that find nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runbooks.shelf import open_book
from runbooks.suggest import suggest_at
from tests.tui.conftest import Injected, MakeApp
from tests.tui.scenes import BAD_RELEASE, NOW, down_snapshot, facts
from tests.tui.test_book_keys import at, book_text, incident, reads
from tests.tui.test_console import fresh, screen_text, shows, until
from tui.dialogs.small import ChooseDialog
from tui.reading.view import RowsView
from tui.screens.book import BookScreen
from tui.walk_actions import why_lines

MANY = "# Which one?\n\n## Which part is it?\n\n" + "".join(
    f"- **Part {n}** → [Room {n}](#room-{n})\n" for n in range(1, 13)
)
MANY += "".join(f"\n## Room {n}\n\nLook there.\n\nNext: [Which part is it?](#which-part-is-it)\n" for n in range(1, 13))


@pytest.fixture(autouse=True)
def _buttons_answer_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.dialogs.base.SETTLE", 0.0)
    monkeypatch.setattr("tui.keys.HELD", 0.0)


async def test_an_answer_behind_the_ninth_is_given_from_the_list_and_no_key_is_offered_that_finds_nothing(
    make_app: MakeApp, tmp_path: Path
) -> None:
    (tmp_path / "many.md").write_text(MANY, "utf-8")
    app = make_app(Injected(fresh(down_snapshot())))
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        app.open_book(str(tmp_path / "many.md"))
        await until(pilot, lambda: isinstance(app.screen, BookScreen), "its page is open")
        await shows(pilot, "Enter do it  y copy  g go to")
        await at(pilot, "Next: Which part is it?")
        view = app.screen.query_one("#text", RowsView)
        row = view._chosen[0] - int(view.scroll_offset.y)
        assert view.render_line(row).text.startswith("▸  Next: Which part")
        await pilot.press("escape")
        await incident(pilot)
        app.open_book(str(tmp_path / "many.md"))
        await reads(pilot, "Part 12")
        assert "Part 12" in book_text(app)
        await shows(pilot, "m mark  y copy  g go to  / find  w walk it")
        await pilot.press("w")
        await shows(pilot, "0 Part 12")
        await shows(pilot, "9 Part 9")
        await pilot.press("0")
        await until(pilot, lambda: isinstance(app.screen, ChooseDialog), "all answers are listed")
        await pilot.press("down", "enter")
        await shows(pilot, "Next: Which part is it?")
        state = app.live.walking.state
        assert state is not None and state.current == "room-11"
        assert "1-9 answer" not in screen_text(app)
        assert "all clear ones" not in screen_text(app)


def test_the_same_evidence_under_one_answer_is_listed_once() -> None:
    book = open_book("site-down")
    found = suggest_at(book, next(one for one in book.sections if one.branches), facts(BAD_RELEASE), NOW)
    first = next(one for one in found.answers if one.supports or one.opposes)
    twice = replace(first, supports=first.supports * 2, opposes=first.opposes * 2)
    assert why_lines(replace(found, answers=(twice,)), 80) == why_lines(replace(found, answers=(first,)), 80)
