"""The incident page by itself, given one model after the other."""

from __future__ import annotations

from dataclasses import replace

from textual.app import App

from tests.tui.scenes import NOW, down_snapshot, incident, model
from tests.tui.test_console import until
from tui.lines import text_of
from tui.model import Model
from tui.panels.incident import story_lines
from tui.screens.incident import IncidentScreen


def told(entries: int) -> Model:
    """An incident whose timeline has that many entries."""
    opened = incident()
    grown = tuple(replace(opened.entries[0], text=f"entry {n}") for n in range(entries))
    return model(snapshot=down_snapshot(), incident=replace(opened, entries=grown), now=NOW)


async def test_it_stays_at_the_newest_entry_until_somebody_looks_back() -> None:
    app = App[None]()
    async with app.run_test(size=(80, 24)) as pilot:
        page = IncidentScreen(told(3))
        await app.push_screen(page)
        await pilot.pause()
        scroll = page.query_one("#scroll")
        assert scroll.scroll_y == 0, "a short timeline begins at the top"

        def laid_out(entries: int) -> bool:
            return scroll.virtual_size.height >= entries

        def at_the_newest(entries: int) -> bool:
            return laid_out(entries) and scroll.scroll_y == scroll.max_scroll_y > 0

        for entries in (40, 41, 60):
            page.show(told(entries))
            await until(pilot, lambda shown=entries: at_the_newest(shown), f"{entries} entries: not at the newest")  # type: ignore[misc]
        page.show(replace(told(61), message="noted"))  # the foot takes a row more
        await until(pilot, lambda: at_the_newest(61), "not at the newest any more")
        assert scroll.region.bottom == page.query_one("#timeline").region.bottom, "no empty row at the end"
        await pilot.press("pageup")
        await until(pilot, lambda: scroll.scroll_y < scroll.max_scroll_y, "a page back")
        above = scroll.scroll_y
        page.show(told(80))
        await until(pilot, lambda: laid_out(80), "it has grown")
        assert scroll.scroll_y == above < scroll.max_scroll_y, "whoever looks back is left there"
        await pilot.press("end")
        page.show(told(90))
        await until(pilot, lambda: at_the_newest(90), "not at the newest again")


def test_of_its_timeline_only_what_is_asked_for_is_shown() -> None:
    def entries(words: str) -> list[str]:
        rows = [text_of(row) for row in story_lines(told(12), 78, words)]
        return rows[next(n for n, row in enumerate(rows) if "Timeline" in row) :]

    assert len(entries("")) == 13
    assert ["entry 11" in row for row in entries("ENTRY 11")] == [False, True]
    assert "only “kind:note”" in entries("kind:note")[0]
    assert entries("kind:note")[1:] == [" Nothing of it was asked for."]


def test_of_a_very_long_timeline_the_newest_entries_are_shown_and_the_others_are_counted() -> None:
    rows = [text_of(row) for row in story_lines(told(1_200), 78)]
    assert rows[1] == " 200 earlier ones: / finds in them; all: vigie incident show 1121-kfp"
    assert ("entry 200" in rows[2], "entry 1199" in rows[-1]) == (True, True)
    assert any("entry 7" in text_of(row) for row in story_lines(told(1_200), 78, "7"))
    assert not any("earlier ones" in text_of(row) for row in story_lines(told(1_200), 78, "99"))
