"""The palette: what applies now, narrowed by typing, done as its key would."""

from __future__ import annotations

import asyncio

from textual.pilot import Pilot
from textual.widgets import OptionList

from tests.tui.conftest import Injected, MakeApp
from tests.tui.scenes import down_snapshot
from tests.tui.test_console import fresh, shows, until
from tui.dialogs.base import SETTLE
from tui.dialogs.palette import PaletteDialog
from tui.screens.jobs import JobsScreen


def listed(pilot: Pilot[None]) -> list[str]:
    options = pilot.app.screen.query_one("#options", OptionList)
    return [str(options.get_option_at_index(n).prompt) for n in range(options.option_count)]


async def opened(pilot: Pilot[None]) -> None:
    await pilot.press("ctrl+p")
    await until(pilot, lambda: isinstance(pilot.app.screen, PaletteDialog) and bool(listed(pilot)), "it is open")


async def test_it_lists_what_applies_here_is_narrowed_by_typing_and_does_it(make_app: MakeApp) -> None:
    app = make_app(Injected(fresh(down_snapshot())), readonly=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        await opened(pilot)
        everything = listed(pilot)
        assert len({row[:12] for row in everything}) == len(everything), "each thing once"
        room = app.screen.query_one("#options", OptionList).region.intersection(app.screen.query_one("#fields").region)
        assert room.height == min(len(everything), 24 - 5), "all that the screen has room for can be seen"
        names = {row[12:].split("  ")[0].strip() for row in everything}
        assert "jobs" in names
        assert not names & {"rollback", "filter"}, "it is read-only, and nothing is filtered on this page"
        await pilot.press(*"job")
        assert listed(pilot)[0].split()[:3] == ["▸", "J", "jobs"]
        await pilot.press(*"xyz")
        assert listed(pilot) == ["nothing here is called that"]
        await pilot.press("enter")
        assert isinstance(app.screen, PaletteDialog), "there is nothing to do"
        await pilot.press(*["backspace"] * 6)
        assert listed(pilot) == everything
        await pilot.press("down")
        assert [row[0] for row in listed(pilot)[:2]] == [" ", "▸"]
        await pilot.press(*"jobs")
        await asyncio.sleep(SETTLE)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, JobsScreen), "its page is open")
        await opened(pilot)
        assert any("filter" in row for row in listed(pilot)), "what this page has"
        await pilot.press("escape")
        assert isinstance(app.screen, JobsScreen)
