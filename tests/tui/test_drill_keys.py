"""The drill's page by keys: blind while it is played, hints, its end, the debrief; outside of a drill how to begin."""

from __future__ import annotations

import json
from pathlib import Path
from time import monotonic

import pytest
from textual.pilot import Pilot

from operations.desk import utc_now
from tests.tui.conftest import Injected, MakeApp
from tests.tui.scenes import down_snapshot
from tests.tui.test_console import fresh, screen_text, shows, until
from tui.app import VigieApp
from tui.dialogs.base import MeantButton
from tui.dialogs.small import ChooseDialog, LeaveDialog
from tui.lines import width_of
from tui.panels.block import Block
from tui.screens.drill import DrillScreen

DRILL = """
[drill]
home = "{home}"
lease = "{home}/lease"
scenario = "bad-release"
seed = 1
speed = 60.0
session = "20261121T031200-1"
"""


def console(make_app: MakeApp, home: Path) -> VigieApp:
    """A console in a drill whose practice site has ended: what it recorded is there, and nobody answers any more."""
    (home / "truth.json").write_text(json.dumps({"began_at": utc_now().isoformat()}), "utf-8")
    return make_app(Injected(fresh(down_snapshot())), more=DRILL.format(home=home))


async def choose(pilot: Pilot[None], number: str) -> None:
    """Enter, and one of what it offers."""
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, ChooseDialog), "it is asked what")
    await pilot.press(number)


async def end_it(pilot: Pilot[None]) -> None:
    """The end, and the confirming button once an Enter on it is meant."""
    await choose(pilot, "2")
    await shows(pilot, "nothing after it")
    await pilot.press("tab")
    button = pilot.app.screen.query_one("#yes", MeantButton)
    await until(pilot, lambda: button.has_focus and button.was_settled(monotonic()), "an Enter is meant")
    await pilot.press("enter")


def fits(app: VigieApp) -> bool:
    rows = [row for block in app.screen.query(Block) for row in block.lines]
    return all(width_of(row) <= app.size.width for row in rows)


async def test_a_drill_is_blind_until_it_is_ended_and_then_says_everything(make_app: MakeApp, tmp_path: Path) -> None:
    app = console(make_app, tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        await pilot.press("G")
        await shows(pilot, "Drill Heron")
        await shows(pilot, "0 taken; 3 left, the next one is free")
        assert "since it could be seen (03:12:00Z)" in screen_text(app)
        assert "Dispatchers write that the list of calls stays empty" in screen_text(app)
        await choose(pilot, "1")
        await shows(pilot, "1 It can be seen: 5xx on every API path")
        await shows(pilot, "1 taken; 2 left, the next one costs 2 points")
        assert "bad-release" not in screen_text(app) and "keys the zones" not in screen_text(app)
        assert fits(app) and "Enter hint, end" in screen_text(app)
        await end_it(pilot)
        await shows(pilot, "Drill Heron was bad-release")
        await shows(pilot, "Score 20 of 100, not passed")
        await shows(pilot, "Reference path  N1 N2 N3 N4 N5 N6 N7 R1 V1")
        await shows(pilot, "Worth a minute together")
        assert fits(app) and "Enter hint, end" not in screen_text(app)
        await pilot.resize_terminal(120, 36)
        await shows(pilot, "- v2.4.1 is still on main: what stops the next push from publishing it again?")
        assert fits(app)
        await pilot.press("enter")
        await shows(pilot, "It is over; this is how it went.")
        await pilot.press("escape", "G")
        await until(pilot, lambda: isinstance(app.screen, DrillScreen), "the page is open again")
        await shows(pilot, "Drill Heron was bad-release")
        assert len(app.live.journal.events(kinds=("drill.scored",))) == 1


async def test_leaving_in_the_middle_of_a_drill_is_asked_first_and_the_same_key_again_leaves(
    make_app: MakeApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = console(make_app, tmp_path)
    app.plays_drill = True
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        await pilot.press("I", "1")
        await until(pilot, lambda: app.live.incident is not None, "an incident")
        await pilot.press("q", "q")
        await shows(pilot, "The incident is not resolved; leaving ends the drill.")
        assert fits(app) and app.is_running, "a key that is held down leaves nothing"
        await pilot.press("escape")
        await shows(pilot, "Can this bastion see?")
        monkeypatch.setattr("tui.keys.HELD", 0.0)
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, LeaveDialog), "it asks again")
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running, "left")
    assert app.return_code == 0


async def test_outside_of_a_drill_the_key_says_how_one_is_begun(make_app: MakeApp) -> None:
    app = make_app(Injected(fresh(down_snapshot())))
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        await pilot.press("G")
        await shows(pilot, "vigie drill --list")
        await pilot.press("escape")
        await shows(pilot, "What changed")
