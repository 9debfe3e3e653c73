"""The runbooks by keys: the shelf, search, one to read, ticks and marks kept on its walk, checks and commands."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from textual.pilot import Pilot

from operations.incident.walks import walks_of
from tests.tui.conftest import Injected, MakeApp
from tests.tui.scenes import down_snapshot
from tests.tui.test_console import fresh, screen_text, shows, until
from tui.app import VigieApp
from tui.dialogs.small import ChooseDialog
from tui.lines import text_of
from tui.reading.view import RowsView
from tui.screens.book import BookScreen
from tui.screens.books import BooksScreen

OWN = """\
# Restart the queue

## Do it

See [the end](#the-end) and [Site down](site-down.md).

- [ ] **Ops:** look at it
- [ ] **Ops:** say [so](#the-end)

1. A line that is no task

```sh {check=alive timeout=5s}
echo 7 of 9; exit 2
```

```sh
# Count the words
echo "[word] and [word]" $EXTRA | wc -w
```

```text
Status: [state]
Impact: [impact]
```

## The end

Done.
"""


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


def console(make_app: MakeApp, *, readonly: bool = False) -> VigieApp:
    return make_app(Injected(fresh(down_snapshot())), readonly=readonly, top='runbooks = "books"\n')


def book_text(app: VigieApp) -> str:
    return "\n".join(text_of(row) for row in app.screen.query_one("#text", RowsView).lines)


def chosen_rows(app: VigieApp) -> str:
    view = app.screen.query_one("#text", RowsView)
    return "\n".join(text_of(view.lines[n]) for n in view._chosen)


async def reads(pilot: Pilot[None], words: str) -> None:
    app = pilot.app
    assert isinstance(app, VigieApp)
    try:
        await until(pilot, lambda: bool(app.screen.query("#text")) and words in book_text(app), words)
    except TimeoutError:
        pytest.fail(f"never showed {words!r}; it shows:\n{screen_text(app)}")


async def at(pilot: Pilot[None], words: str) -> None:
    """Down to the row with these words, as a person goes there."""
    app = pilot.app
    assert isinstance(app, VigieApp)
    for _ in range(60):
        if words in chosen_rows(app):
            return
        await pilot.press("down")
        await pilot.pause()
    pytest.fail(f"never came to {words!r}; the cursor is on {chosen_rows(app)!r}")


async def opened(pilot: Pilot[None]) -> None:
    """Open the team's own runbook from the shelf."""
    app = pilot.app
    assert isinstance(app, VigieApp)
    await shows(pilot, "✖ DOWN")
    await pilot.press("W")
    await reads(pilot, "Restart the queue")
    await at(pilot, "queue")
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(app.screen, BookScreen), "its page is open")
    await reads(pilot, "A line that is no task")


async def incident(pilot: Pilot[None]) -> None:
    await pilot.press("I", "1")
    await shows(pilot, "Can this bastion see?")


async def keeps(pilot: Pilot[None]) -> None:
    """Say yes to a walk of this book in the open incident."""
    await shows(pilot, "Keep ticks of")
    await pilot.press("tab", "enter")


async def test_the_shelf_has_ours_and_the_teams_own_and_finds_words(own: Path, make_app: MakeApp) -> None:
    app = console(make_app)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        await pilot.press("W")
        await reads(pilot, "Restart the queue")
        assert "the team's own" in book_text(app)
        assert "site-down" in book_text(app)
        await pilot.press("slash")
        await shows(pilot, "Words in names, titles and texts")
        await pilot.press(*"count the words", "enter")
        await shows(pilot, "Runbooks with “count the words”")
        assert "Do it" in book_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, BookScreen), "the place is open")
        await until(pilot, lambda: "Count the words" in chosen_rows(app), "the cursor is on it")
        await pilot.press("escape")
        assert isinstance(app.screen, BooksScreen)


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_a_runbook_opens_at_the_section_that_was_asked_for(make_app: MakeApp, size: tuple[int, int]) -> None:
    app = make_app(Injected(fresh(down_snapshot())))
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: "DOWN" in screen_text(app), "it is up")
        app.open_book("data-loss", "-keep-what-is-there-now")
        await until(pilot, lambda: isinstance(app.screen, BookScreen), "its page is open")
        view = app.screen.query_one("#text", RowsView)
        await until(pilot, lambda: view.scroll_offset.y > 0, "it scrolled there")
        assert "Keep what is there now" in text_of(view.lines[int(view.scroll_offset.y)])


async def test_a_link_leads_on_and_escape_leads_back(own: Path, make_app: MakeApp) -> None:
    app = console(make_app)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await at(pilot, "See the end")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ChooseDialog), "it asks where to")
        await pilot.press("2")
        await reads(pilot, "For the person who was woken up")
        await pilot.press("escape")
        await reads(pilot, "A line that is no task")
        assert isinstance(app.screen, BookScreen)


async def test_a_tick_needs_an_incident_and_is_kept_there(own: Path, make_app: MakeApp) -> None:
    app = console(make_app)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await at(pilot, "look at it")
        await pilot.press("enter")
        await shows(pilot, "No incident is open")
        await pilot.press("escape", "escape")
        await incident(pilot)
        await opened(pilot)
        await at(pilot, "look at it")
        await pilot.press("enter")
        await keeps(pilot)
        await reads(pilot, "[x] Ops: look at it (ana")
        await at(pilot, "say so")
        await pilot.press("m")
        await shows(pilot, "say so")
        await pilot.press("2")
        await shows(pilot, "Why is it skipped?")
        await pilot.press(*"all know", "enter")
        await reads(pilot, "[-] Ops: say so (skipped: all know, ana")
        await pilot.press("enter")
        await reads(pilot, "[x] Ops: say so (ana")
        assert (own / "queue.md").read_text("utf-8") == OWN
        assert app.live.incident is not None
        entries = [entry.text for entry in app.live.incident.entries]
        assert "done: look at it" in entries
        assert "skipped: say so: all know" in entries


async def test_the_main_page_goes_over_to_another_walk_and_stays_there(own: Path, make_app: MakeApp) -> None:
    app = console(make_app)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        await incident(pilot)
        await opened(pilot)
        await pilot.press("w")
        await shows(pilot, "Restart the queue")
        assert app.place == "main"
        assert app.live.incident is not None
        assert [head.book for head in walks_of(app.live.incident)] == ["queue", "site-down"]
        await pilot.press("w")
        await until(pilot, lambda: isinstance(app.screen, ChooseDialog), "it asks which walk")
        await pilot.press("2")
        await shows(pilot, "Can this bastion see?")
        await pilot.press("enter")
        await shows(pilot, "What do users get?")


async def test_a_check_is_run_and_its_result_is_kept(own: Path, make_app: MakeApp) -> None:
    app = console(make_app)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        await incident(pilot)
        await opened(pilot)
        await at(pilot, "check alive")
        await pilot.press("enter")
        await keeps(pilot)
        await reads(pilot, "a warning")
        assert "7 of 9" in book_text(app)
        assert app.live.incident is not None
        assert any("check alive: a warning: 7 of 9" in entry.text for entry in app.live.incident.entries)


async def test_a_message_is_copied_to_a_file_that_is_named(own: Path, make_app: MakeApp, tmp_path: Path) -> None:
    app = console(make_app)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await at(pilot, "message")
        await pilot.press("y")
        await shows(pilot, "2 blanks are still open: state, impact. Copied “Status: [state]")
        copied = app.places.state / "copied.txt"
        assert copied.read_text("utf-8") == "Status: [state]\nImpact: [impact]"
        assert copied.stat().st_mode & 0o077 == 0


async def test_read_only_nothing_is_ticked_marked_or_run(own: Path, make_app: MakeApp) -> None:
    app = console(make_app, readonly=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        for row in ("look at it", "check alive", "Count the words"):
            await at(pilot, row)
            await pilot.press("enter")
            await shows(pilot, "read-only")
        await pilot.press("m", "w", "e")
        await pilot.pause()
        assert isinstance(app.screen, BookScreen)


async def test_any_other_file_opens_and_what_is_none_is_said(own: Path, make_app: MakeApp, tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("# Elsewhere\n\nHello.\n", "utf-8")
    app = console(make_app)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        await pilot.press("W")
        await reads(pilot, "Restart the queue")
        for path, words in (("gone.md", "cannot be opened: there is no such file"), ("books", "it is no file")):
            await pilot.press("end", "enter")
            await shows(pilot, "Any Markdown file")
            await pilot.press(*path, "enter")
            await shows(pilot, words)
        await pilot.press("end", "enter")
        await shows(pilot, "Any Markdown file")
        await pilot.press(*"notes.md", "enter")
        await reads(pilot, "Elsewhere")


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (40, 10)])
async def test_every_runbook_of_ours_can_be_paged_through(make_app: MakeApp, size: tuple[int, int]) -> None:
    app = make_app(Injected(fresh(down_snapshot())))
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: "DOWN" in screen_text(app), "it is up")
        await pilot.press("W")
        await reads(pilot, "site-down")
        await at(pilot, "site-down")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, BookScreen), "its page is open")
        for key in ("pagedown", "space", "right", "left", "end", "up", "j", "k", "home", "down", "pageup"):
            await pilot.press(key)
        await pilot.press("v", "1")
        await pilot.pause()
        await pilot.press("escape", "g")
        await pilot.pause()
        await pilot.press("end", "enter")
        await pilot.pause()
        assert isinstance(app.screen, BookScreen)


async def test_keys_pressed_while_it_opens_do_no_harm(make_app: MakeApp) -> None:
    app = make_app(Injected(fresh(down_snapshot())))
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        await pilot.press("W", "enter", "enter", "down", "enter", "escape", "escape", "W", "slash", "escape")
        await asyncio.wait_for(pilot.pause(), 5)
        assert app.is_running
