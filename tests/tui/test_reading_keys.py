"""Reading a runbook by keys: its tree, its search, copying, turning, and what a key says that can do nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.containers import VerticalScroll
from textual.pilot import Pilot
from textual.widgets import OptionList

from operations.incident.walks import walks_of
from operations.settings import Contact
from runbooks.reader import read
from tests.tui.conftest import Injected, MakeApp
from tests.tui.scenes import down_snapshot
from tests.tui.test_book_keys import OWN, at, chosen_rows, console, incident, reads
from tests.tui.test_console import fresh, shows, until
from tui.app import VigieApp
from tui.dialogs.plan import _labelled_rows
from tui.dialogs.small import ChooseDialog, ReadDialog, YesNoDialog
from tui.lines import text_of
from tui.reading.view import RowsView
from tui.reading_actions import people_lines
from tui.screens.book import BookScreen
from tui.screens.books import BooksScreen, Shelved


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


async def test_what_is_read_after_a_search_is_found_too(own: Path, make_app: MakeApp) -> None:
    app = console(make_app)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        first = read("# One\n\nThe kettle is cold.\n", "one")
        page = BooksScreen(app.model(), [Shelved("one", True, first), Shelved("two", True)])
        await app.push_screen(page)
        await app._search(page, "kettle")
        await shows(pilot, "1 so far, reading 1 more")
        page.fill([Shelved("one", True, first), Shelved("two", True, read("# Two\n\nA kettle boils.\n", "two"))])
        await app._search_again(page)
        assert [hit.book for hit in page.hits or ()] == ["one", "two"]


PROSE = """\
---
owner: ana
---

# Prose

## First

Look at the kettle.

- [ ] Read [the end](#the-end) of it

## Figures

| Measure | Limit |
|---|---|
| heat | 90 |

## The end

- **Yes** → [First](#first)
- **No** → [Figures](#figures)

```text {message=initial}
We look at [environment], about [impact] since [started].
```
"""


async def prose(pilot: Pilot[None], own: Path) -> VigieApp:
    app = pilot.app
    assert isinstance(app, VigieApp)
    (own / "prose.md").write_text(PROSE, "utf-8")
    await shows(pilot, "✖ DOWN")
    app.open_book("prose")
    await until(pilot, lambda: isinstance(app.screen, BookScreen), "its page is open")
    await reads(pilot, "Look at the kettle")
    return app


def walked(app: VigieApp) -> list[str]:
    return [head.book for head in walks_of(app.live.incident)] if app.live.incident is not None else []


async def test_enter_on_prose_marks_nothing_and_a_no_begins_no_walk(own: Path, make_app: MakeApp) -> None:
    async with console(make_app).run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        await incident(pilot)
        (own / "prose.md").write_text(PROSE.replace("- [ ] Read [the end](#the-end) of it", ""), "utf-8")
        app = pilot.app
        assert isinstance(app, VigieApp)
        app.open_book("prose")
        await reads(pilot, "Look at the kettle")
        await at(pilot, "Look at the kettle")
        await pilot.press("enter")
        await shows(pilot, "only to be read; m marks it")
        await pilot.press("m")
        await until(pilot, lambda: isinstance(app.screen, YesNoDialog), "it asks before a walk begins")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, BookScreen), "No was the default")
        assert walked(app) == ["site-down"]


async def test_in_front_of_the_first_title_the_book_is_walked_from_its_start(own: Path, make_app: MakeApp) -> None:
    async with console(make_app).run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        await incident(pilot)
        app = await prose(pilot, own)
        await pilot.press("home")
        assert "about this runbook" in chosen_rows(app)
        await pilot.press("e")
        await shows(pilot, "This section has no checks")
        await pilot.press("w")
        await until(pilot, lambda: app.place == "main" and "prose" in walked(app), "it is walked")


async def test_without_an_incident_the_page_says_how_ticks_are_kept(own: Path, make_app: MakeApp) -> None:
    async with console(make_app).run_test(size=(80, 24)) as pilot:
        await prose(pilot, own)
        await shows(pilot, "no incident is open: I opens one, then ticks are kept")


async def test_sections_without_anything_to_do_are_turned_to_as_well(own: Path, make_app: MakeApp) -> None:
    async with console(make_app).run_test(size=(80, 24)) as pilot:
        app = await prose(pilot, own)
        page = app.screen
        assert isinstance(page, BookScreen)
        titles = []
        for key in ("home", "right", "right", "right", "right", "left", "left"):
            await pilot.press(key)
            await pilot.pause()
            titles.append(page.section.title if page.section is not None else "")
        assert titles[1:] == ["Prose", "First", "Figures", "The end", "Figures", "First"]


async def test_copying_fills_in_what_is_known_and_copies_words_not_anchors(own: Path, make_app: MakeApp) -> None:
    async with console(make_app).run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        await incident(pilot)
        app = await prose(pilot, own)
        copied = app.places.state / "copied.txt"
        await at(pilot, "Yes")
        await pilot.press("y")
        await shows(pilot, "Copied “Yes”")
        await at(pilot, "message")
        await pilot.press("y")
        await shows(pilot, "1 blank is still open: impact.")
        text = copied.read_text("utf-8")
        assert text.startswith("We look at production, about [impact] since 2") or " UTC" in text
        assert "[started]" not in text


async def test_a_task_with_a_link_is_marked_or_followed(own: Path, make_app: MakeApp) -> None:
    async with console(make_app).run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        await incident(pilot)
        app = await prose(pilot, own)
        await pilot.press("w")
        await until(pilot, lambda: "prose" in walked(app), "it is walked")
        await prose(pilot, own)
        await at(pilot, "Read the end")
        await pilot.press("m")
        await until(pilot, lambda: isinstance(app.screen, ChooseDialog), "it asks")
        assert isinstance(app.screen, ChooseDialog)
        assert app.screen.options[-1] == "go to: the end"
        await pilot.press("5")
        await until(pilot, lambda: isinstance(app.screen, BookScreen), "it went there")
        assert isinstance(app.screen, BookScreen)
        assert app.screen.section is not None and app.screen.section.title == "The end"


async def test_a_section_without_questions_says_so_and_enter_goes_to_the_next(own: Path, make_app: MakeApp) -> None:
    async with console(make_app).run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        await incident(pilot)
        app = await prose(pilot, own)
        app.show_page(read(PROSE.split("- **Yes**")[0], "plain"))
        await reads(pilot, "Look at the kettle")
        await pilot.press("home", "right", "right", "w")
        await shows(pilot, "no questions here: t opens it, the next section with Enter")
        await shows(pilot, "Read the end of it")
        await pilot.press("enter")
        await shows(pilot, "Figures")


async def test_what_the_cursor_is_on_is_told_without_colours(own: Path, make_app: MakeApp) -> None:
    async with console(make_app).run_test(size=(80, 24)) as pilot:
        app = await prose(pilot, own)
        await at(pilot, "Read the end")
        view = app.screen.query_one("#text", RowsView)
        row = view._chosen[0] - int(view.scroll_offset.y)
        assert view.render_line(row).text.startswith("▸ [ ] Read the end")
        await pilot.press("g")
        await until(pilot, lambda: isinstance(app.screen, ChooseDialog), "it asks")
        options = app.screen.query_one("#options", OptionList)

        def pointed() -> list[str]:
            return [str(options.get_option_at_index(n).prompt)[0] for n in range(4)]

        before = pointed()
        options.action_cursor_down()
        await until(pilot, lambda: before != pointed(), "the pointer went along")
        assert options.highlighted is not None and pointed()[options.highlighted] == "▸"


def test_a_command_keeps_its_indentation_in_the_plan() -> None:
    rows = [text_of(row) for row in _labelled_rows("", "    echo $name", 60, 10, "plain")]
    assert rows == [" " * 14 + "echo $name"]


def test_a_phone_number_stays_whole_and_the_settings_know_more() -> None:
    book = read(
        "# B\n\n| Role | Phone |\n|---|---|\n| Database administrator of the night shift | +33 6 12 34 56 78 |\n", "b"
    )
    person = Contact(name="Tom", role="Database administrator of the night shift", phone="+33 6 99 99 99 99")
    text = "\n".join(text_of(row) for row in people_lines(book, [person], 72))
    assert "+33 6 12 34 56 78" in text and "Tom +33 6 99 99 99 99" in text
    assert "night shift" in text


@pytest.mark.parametrize("width", [34, 72, 96])
def test_a_long_way_to_reach_somebody_is_wrapped_and_its_number_stays_whole(width: int) -> None:
    way = (
        "ask in the channel of the database people first and ring +33 6 12 34 56 78 only when nobody answers in an hour"
    )
    book = read(f"# B\n\n| Role | Phone |\n|---|---|\n| Database | {way} |\n", "b")
    rows = [text_of(row) for row in people_lines(book, [], width)]
    assert max(len(row) for row in rows) <= width
    assert any("+33 6 12 34 56 78" in row for row in rows)
    assert "nobody answers in an hour" in " ".join(" ".join(rows).split())
