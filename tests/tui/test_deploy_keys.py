"""A deploy by keys: planned, another commit chosen, a guard's question answered, followed; and the switches."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Log

from operations.freezes import Freeze, freeze_of, set_freeze
from tests.operations.jobs.rig import Rig, a_rig
from tests.tui.conftest import Injected
from tests.tui.scenes import down_snapshot
from tests.tui.test_console import fresh, screen_text, shows, until
from tui.app import VigieApp
from tui.dialogs.plan import PlanDialog


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with a_rig(tmp_path) as made:
        made.kind = "staging"
        made.git.commit("quotes work again", {"app.txt": "4"}, tag="v4")
        yield made


@pytest.fixture(autouse=True)
def _buttons_answer_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else one takes no Enter that comes within 0.3 s of its getting the focus."""
    monkeypatch.setattr("tui.dialogs.base.SETTLE", 0.0)


def console(rig: Rig) -> VigieApp:
    source = Injected(fresh(down_snapshot()))
    return VigieApp(rig.settings(), "production", readonly=False, open_watch=lambda live: source)


async def pressed(app: VigieApp, pilot: Pilot[None], button: str) -> None:
    """Go to that button as Tab does, and press it."""
    wanted = app.screen.query_one(button)
    wanted.focus()
    await until(pilot, lambda: app.focused is wanted, f"{button} has the focus")
    await pilot.press("enter")


async def test_another_commit_is_chosen_confirmed_and_followed(rig: Rig) -> None:
    app = console(rig)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        await pilot.press("D")
        await shows(pilot, "Goes live")
        assert isinstance(app.screen, PlanDialog)
        assert app.screen.plan.details["to_name"] == "v4"
        await pressed(app, pilot, "#other")
        await shows(pilot, "newest commits of the branch")
        await pilot.press("3")
        await until(
            pilot,
            lambda: isinstance(app.screen, PlanDialog) and app.screen.plan.details["to_commit"] == rig.commits["v2"],
            "the plan is for v2",
        )
        await pressed(app, pilot, "#run")
        await until(pilot, lambda: any(job.ended_at for job in app.live.history()), "the job has ended")
        assert app.live.history()[0].code == 0
    assert rig.served().startswith("v2-")


async def test_a_freeze_asks_why_and_the_answer_lets_it_through(rig: Rig) -> None:
    set_freeze(rig.settings(), Freeze("production", "the fair", "tom", datetime.now(UTC)))
    app = console(rig)
    async with app.run_test(size=(120, 36)) as pilot:
        await shows(pilot, "✖ DOWN")
        await pilot.press("D")
        await shows(pilot, "frozen by tom")
        assert isinstance(app.screen, PlanDialog)
        assert not app.screen.query("#run"), "a refused plan cannot be run"
        await pressed(app, pilot, "#despite")
        await shows(pilot, "Why deploy all the same?")
        await pilot.press(*"it mends it", "enter")
        await shows(pilot, "overridden: it mends it")
        assert app.screen.query("#run")


async def test_a_freeze_is_set_and_lifted_by_the_switches(rig: Rig) -> None:
    app = console(rig)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        await pilot.press("S")
        await shows(pilot, "each shows its plan first")
        await pilot.press("1")
        await shows(pilot, "Why the freeze?")
        await pilot.press(*"the fair", "enter")
        await shows(pilot, "Stops not")
        await pressed(app, pilot, "#run")
        await until(pilot, lambda: freeze_of(app.settings, "production", datetime.now(UTC)) is not None, "it is frozen")
        await pilot.press("escape")
        await shows(pilot, "frozen by ana")
        await pilot.press("S")
        await shows(pilot, "each shows its plan first")
        await pilot.press("1")
        await shows(pilot, "lift it")


async def test_read_only_there_is_no_key_for_any_of_it(rig: Rig) -> None:
    source = Injected(fresh(down_snapshot()))
    app = VigieApp(rig.settings(), "production", readonly=True, open_watch=lambda live: source)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        await pilot.press("D", "S", "Y")
        await pilot.pause()
        assert not isinstance(app.screen, PlanDialog)
        assert "Switches" not in screen_text(app)


def log_of(app: VigieApp) -> str:
    return "\n".join(app.screen.query_one("#log", Log).lines)


async def test_the_log_shows_only_lines_with_the_words_asked_for(rig: Rig) -> None:
    app = console(rig)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        await pilot.press("T")
        await until(pilot, lambda: any(job.ended_at for job in app.live.history()), "the smoke tests have run")
        await until(pilot, lambda: "exit code 0" in log_of(app), "the whole log is shown")
        await pilot.press("slash")
        await shows(pilot, "Only lines with these words")
        await pilot.press(*"EXIT code", "enter")
        await shows(pilot, "lines with “EXIT code”")
        # The log as it was stands there until it is read again.
        alone = lambda: "exit code 0" in log_of(app) and "front page" not in log_of(app)  # noqa: E731
        await until(pilot, alone, "its line is shown, and no other")
        await pilot.press("slash", "enter")
        await until(pilot, lambda: "front page" in log_of(app), "all of it is back")


async def test_without_a_bucket_the_backups_key_says_what_is_missing(rig: Rig) -> None:
    app = console(rig)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        await pilot.press("A")
        await shows(pilot, "bucket")
