"""Keys that a slow connection delivers all at once do what they would have done one by one, and nothing more."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from time import monotonic
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot

from operations.engine.model import Confirm, ConfirmLevel, Plan, PlanLine
from operations.errors import VigieError
from tests.tui.conftest import Injected, MakeApp
from tests.tui.scenes import down_snapshot
from tests.tui.test_console import PATIENCE, fresh, screen_text, shows, until
from tui.app import VigieApp
from tui.dialogs.base import Field, MeantButton
from tui.dialogs.plan import PlanAnswer, PlanDialog, how_to_confirm
from tui.dialogs.small import AskDialog, WaitDialog, YesNoDialog
from tui.lines import line
from tui.screens.main import MainScreen


def burst(app: VigieApp, *keys: str) -> None:
    """All these keys arrive in the same moment."""
    characters = {"space": " "}
    arrived = [events.Key(key, characters.get(key, key if len(key) == 1 else None)) for key in keys]
    for event in arrived:
        app.post_message(event)


@pytest.fixture
def app(make_app: MakeApp) -> Iterator[VigieApp]:
    yield make_app(Injected(fresh(down_snapshot())))


async def test_what_is_typed_behind_a_key_that_opens_a_dialog_goes_into_the_dialog(app: VigieApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        burst(app, "I", "1")
        await shows(pilot, "Can this bastion see?")
        burst(app, "n", *"phones", "enter", "n", *"mails", "enter")
        await shows(pilot, "note: mails")
        entries = [entry.text for entry in app.live.incident.entries] if app.live.incident else []
        assert [words for words in entries if words.startswith("note:")] == ["note: phones", "note: mails"]


async def test_letters_typed_into_a_dialog_never_reach_the_page_behind_it(app: VigieApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        answers: list[bool | None] = []
        app.push_screen(YesNoDialog("Sure?", [line("Really?")], "do it"), answers.append)
        await until(pilot, lambda: isinstance(app.screen.focused, MeantButton), "the dialog is open")
        no = app.screen.query_one("#cancel", MeantButton)
        await until(pilot, lambda: no.was_settled(monotonic()), "Enter on No is meant")
        # I would open an incident, J the jobs, q would leave.
        burst(app, *"I1Jq", "enter")
        await until(pilot, lambda: bool(answers), "Enter on No closed it")
        await pilot.pause()
        assert answers == [None]
        assert app.is_running
        assert "press I to open an incident" in screen_text(app)


async def test_a_field_is_whole_when_enter_comes_in_the_same_moment(app: VigieApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        answers: list[str | None] = []
        app.push_screen(AskDialog("Why", "Why?"), answers.append)
        await until(pilot, lambda: isinstance(app.screen.focused, Field), "the dialog is open")
        burst(app, *"zone", "space", *"is", "backspace", "enter", "q")
        await until(pilot, lambda: bool(answers), "Enter closed it")
        assert answers == ["zone i"]


async def test_a_widget_that_is_stuck_holds_the_keys_up_for_a_moment_only(
    app: VigieApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        monkeypatch.setattr("tui.keys.TURN", 0.05)
        app.push_screen(YesNoDialog("Sure?", [line("Really?")], "do it"))
        await until(pilot, lambda: isinstance(app.screen.focused, MeantButton), "the dialog is open")
        free = asyncio.Event()
        no = app.screen.query_one("#cancel", MeantButton)
        no.call_later(free.wait)
        dialog = app.screen
        burst(app, "J")
        turn_is_over = asyncio.Event()
        app.call_later(turn_is_over.set)
        async with asyncio.timeout(PATIENCE):
            await turn_is_over.wait()
        dialog.dismiss()
        free.set()
        await until(pilot, lambda: not no.is_attached, "the dialog is gone")
        await pilot.pause()
        assert isinstance(app.screen, MainScreen)


class SlowSmoke:
    """The smoke tests, whose plan takes until the test says so."""

    name, title, codes, lock = "smoke", "Smoke tests", {0: "all passed", 1: "failed"}, None

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.planned = 0

    def plan(self, desk: Any, request: Any) -> Plan:
        self.planned += 1
        assert self.go_on.wait(PATIENCE)
        raise VigieError("there is nothing to check")


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> SlowSmoke:
    operation = SlowSmoke()
    monkeypatch.setattr("operations.jobs.operation_named", lambda name: operation)
    return operation


async def test_keys_typed_while_a_plan_is_made_reach_no_page(app: VigieApp, slow: SlowSmoke) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        burst(app, "I", "1")
        await shows(pilot, "Can this bastion see?")
        burst(app, "T", "T", "tab", *"n2.4 errors", "enter", "R", "q", "J")
        await until(pilot, lambda: slow.planned > 0, "it is being planned")
        burst(app, *"Still bad, quiet", "enter")
        await pilot.pause()
        assert isinstance(app.screen, WaitDialog)
        slow.go_on.set()
        await shows(pilot, "there is nothing to check")
        assert isinstance(app.screen, MainScreen)
        assert slow.planned == 1
        assert "Can this bastion see?" in screen_text(app)


async def test_escape_does_not_wait_for_a_plan_and_nothing_is_started(app: VigieApp, slow: SlowSmoke) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        burst(app, "T")
        await until(pilot, lambda: slow.planned > 0, "it is being planned")
        burst(app, "escape")
        await shows(pilot, "Not waited for; nothing was started.")
        slow.go_on.set()
        await pilot.pause()
        assert isinstance(app.screen, MainScreen)
        assert app.live.jobs.jobs() == ()


async def test_a_page_never_opens_over_a_dialog(app: VigieApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        app.push_screen(AskDialog("Why", "Why?"))
        await until(pilot, lambda: isinstance(app.screen.focused, Field), "the dialog is open")
        app.open_jobs("")
        burst(app, *"quiet")
        await pilot.pause()
        assert isinstance(app.screen, AskDialog)
        assert app.screen.query_one(Field).value == "quiet"


async def test_left_and_right_choose_a_job_where_there_is_none(app: VigieApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        burst(app, "J", "right", "left", "f", "c", "d")
        await shows(pilot, "No job has run from here")
        assert app.is_running
        assert app.return_code is None


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (3, 1), (7, 3), (1, 40)])
async def test_a_terminal_of_no_size_is_drawn_on_and_comes_back(app: VigieApp, size: tuple[int, int]) -> None:
    async with app.run_test(size=(120, 36)) as pilot:
        await shows(pilot, "✖ DOWN")
        burst(app, "I", "1")
        await shows(pilot, "Can this bastion see?")
        app.live.standing = ("v2.4.1 is still on main: the next push publishes it. Mend: git revert",)
        await pilot.resize_terminal(*size)
        app.repaint()
        await pilot.pause()
        await pilot.resize_terminal(120, 36)
        await shows(pilot, "What changed")


async def test_an_enter_that_came_too_fast_does_nothing_and_is_told(app: VigieApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        answers: list[bool | None] = []
        app.push_screen(YesNoDialog("Sure?", [line("Really?")], "do it"), answers.append)
        await until(pilot, lambda: isinstance(app.screen.focused, MeantButton), "the dialog is open")
        burst(app, "tab", "enter")
        box = app.screen.query_one("#box")
        await until(pilot, lambda: "too fast" in str(box.border_subtitle), "it is told")
        burst(app, "left")
        await until(pilot, lambda: not box.border_subtitle, "it is not told of another button")
        burst(app, "right")
        yes = app.screen.query_one("#yes", MeantButton)
        await until(pilot, lambda: app.screen.focused is yes and yes.was_settled(monotonic()), "Enter is meant now")
        assert answers == []
        burst(app, "enter")
        await until(pilot, lambda: bool(answers), "it was done")
        assert answers == [True]


async def test_an_enter_that_was_pasted_is_never_meant_however_late_the_console_comes_to_it(
    app: VigieApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        answers: list[bool | None] = []
        app.push_screen(YesNoDialog("Sure?", [line("Really?")], "do it"), answers.append)
        await until(pilot, lambda: isinstance(app.screen.focused, MeantButton), "the dialog is open")
        monkeypatch.setattr("tui.dialogs.base.SETTLE", 0.02)
        plain = app.screen.set_focus

        def slowly(*given: object) -> None:
            plain(*given)  # type: ignore[arg-type]
            time.sleep(0.1)

        monkeypatch.setattr(app.screen, "set_focus", slowly)
        burst(app, "tab", "enter")
        box = app.screen.query_one("#box")
        await until(pilot, lambda: "too fast" in str(box.border_subtitle), "it is told")
        assert answers == []


CONFIRM = Confirm(ConfirmLevel.PHRASE, "drill production", needs_reason=True)
PLAN = Plan("rollback", "x", "production", "vigie.toml", "Roll back", {}, confirm=CONFIRM)


async def focused(pilot: Pilot[None], button: str) -> None:
    """Wait until that button has the focus and an Enter on it is meant."""

    def settled() -> bool:
        found = pilot.app.screen.focused
        return isinstance(found, MeantButton) and found.id == button and found.was_settled(monotonic())

    await until(pilot, settled, f"{button} has the focus")


async def test_the_plan_says_what_enter_does_only_where_it_does_it(app: VigieApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        answers: list[PlanAnswer | None] = []
        app.push_screen(PlanDialog(PLAN), answers.append)
        await until(pilot, lambda: isinstance(app.screen.focused, MeantButton), "the dialog is open")
        burst(app, "tab", "enter", "enter")
        await shows(pilot, "Not yet: it needs a reason and exactly “drill production” typed.")
        assert "Enter now does it" not in screen_text(app), "it would not"
        await focused(pilot, "run")
        burst(app, "enter")
        await shows(pilot, "Nothing was done yet: it needs a reason and exactly “drill production”")
        assert "Not yet" not in screen_text(app)
        burst(app, *"why", "enter", *"drill productio", "enter")
        await shows(pilot, "Not yet: it needs exactly “drill production” typed.")
        assert "Nothing was done yet" not in screen_text(app), "that was said of another Enter"
        await focused(pilot, "run")
        burst(app, "enter")
        await shows(pilot, "Nothing was done yet: it needs exactly “drill production” typed.")
        assert app.screen.focused is app.screen.query_one("#typed"), "the field that is not right has the focus"
        burst(app, "n", "enter")
        await shows(pilot, "Enter now does it")
        assert "needs" not in screen_text(app)
        await focused(pilot, "run")
        assert answers == []
        burst(app, "enter")
        await until(pilot, lambda: bool(answers), "it was confirmed")
        assert answers == [PlanAnswer("run", "why")]


@pytest.mark.parametrize("pasted", [False, True])
async def test_a_phrase_typed_before_a_field_has_the_focus_cancels_nothing(app: VigieApp, pasted: bool) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        answers: list[PlanAnswer | None] = []
        app.push_screen(PlanDialog(PLAN), answers.append)
        await focused(pilot, "cancel")
        if pasted:
            app.post_message(events.Paste("drill production"))
        else:
            burst(app, *"drill", "space", *"production")
        await shows(pilot, "Nothing takes what you type here: Tab goes to the field.")
        burst(app, "enter", *"quiet")
        await until(pilot, lambda: app.screen.query_one("#reason", Field).value == "quiet", "what follows has a field")
        assert "Nothing was done, and what you typed went nowhere" in screen_text(app)
        assert answers == []
        burst(app, "escape")
        await until(pilot, lambda: bool(answers), "Esc cancels")
        assert answers == [None]


async def test_the_phrase_typed_where_the_reason_goes_is_no_reason(app: VigieApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        app.push_screen(PlanDialog(replace(PLAN, lines=(PlanLine("To", "a word " * 400),))))
        await focused(pilot, "cancel")
        seen = [app.screen.query_one(name).region.bottom for name in ("#reason", "#typed", "#run")]
        assert max(seen) < 24, "a long plan leaves its fields and buttons on the screen"
        app.screen.set_focus(app.screen.query_one("#reason"))
        burst(app, *"drill", "space", *"production", "enter")
        await shows(pilot, "That is the phrase, and no reason. Here goes why")
        assert app.screen.focused is app.screen.query_one("#reason")
        assert app.screen.query_one("#reason", Field).value == ""


async def test_behind_letters_that_went_nowhere_tab_goes_to_the_field_from_every_button(app: VigieApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        app.push_screen(PlanDialog(PLAN))
        await focused(pilot, "cancel")
        burst(app, "left", "x", "tab")
        await until(pilot, lambda: app.screen.focused is app.screen.query_one("#reason"), "the field has the focus")
        assert "Nothing takes" not in screen_text(app)


def test_the_plan_says_in_one_line_what_confirming_takes() -> None:
    assert how_to_confirm([], "send it", 74) == "Tab, then Enter: send it. Esc cancels."
    assert how_to_confirm(["typed"], "run it", 74) == "Tab, type the phrase, Enter twice. Esc cancels."
    assert len(how_to_confirm(["reason", "typed", "typed-again"], "restore", 74)) <= 74


class AskingSmoke(SlowSmoke):
    """One whose plan wants a confirmation."""

    def plan(self, desk: Any, request: Any) -> Plan:
        return PLAN


@pytest.mark.parametrize("key", ["enter", "escape"])
async def test_a_plan_that_was_not_confirmed_is_said_to_have_done_nothing(
    app: VigieApp, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setattr("operations.jobs.operation_named", lambda name: AskingSmoke())
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        burst(app, "T")
        await until(pilot, lambda: isinstance(app.screen, PlanDialog), "the plan is shown")
        await focused(pilot, "cancel")
        how = "Tab, type the reason, Enter, the phrase, Enter twice. Esc cancels."
        assert str(app.screen.query_one("#box").border_subtitle) == how
        burst(app, key, *(["I", "1", "R", "space", "enter"] if key == "enter" else []))
        await shows(pilot, "Cancelled: nothing was done.")
        if key == "enter":
            await shows(pilot, "What you typed behind it went nowhere")
        assert app.live.incident is None, "no letter of it was a key of the page"
        assert isinstance(app.screen, MainScreen)
        assert app.live.jobs.jobs() == ()
