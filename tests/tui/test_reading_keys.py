"""Reading a runbook by keys: its tree, its search, copying, turning, and what a key says that can do nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.containers import VerticalScroll

from tests.tui.conftest import Injected, MakeApp
from tests.tui.scenes import down_snapshot
from tests.tui.test_book_keys import OWN, incident
from tests.tui.test_console import fresh, shows, until
from tui.dialogs.small import ChooseDialog, ReadDialog


@pytest.fixture(autouse=True)
def _buttons_answer_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.dialogs.base.SETTLE", 0.0)
    monkeypatch.setattr("tui.keys.HELD", 0.0)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    folder = tmp_path / "books"
    folder.mkdir()
    (folder / "queue.md").write_text(OWN, "utf-8")
    return folder


async def test_the_tree_keeps_its_indentation_and_opens_where_the_walk_stands(make_app: MakeApp) -> None:
    app = make_app(Injected(fresh(down_snapshot())))
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        await incident(pilot)
        for answer in ("1", "1"):
            await pilot.press(answer)
            await pilot.pause()
        assert app.live.walking.state is not None
        rows, here = app._tree(app.live.walking.state.book, 70)
        depth = [text.index(text[2:].strip()) for (text, _), *_ in (rows[0], rows[here])]
        assert depth[0] == 2 and depth[1] > 2
        app._look_at(app.live.walking.state.book)
        await until(pilot, lambda: isinstance(app.screen, ChooseDialog), "it asks for a view")
        await pilot.press("1")
        await until(pilot, lambda: isinstance(app.screen, ReadDialog), "the tree is open")
        body = app.screen.query_one("#body", VerticalScroll)
        await until(pilot, lambda: body.scroll_y >= min(here - 4, body.max_scroll_y), "it scrolled there")
