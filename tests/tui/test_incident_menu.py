"""All that Enter on the incident's page offers, by keys: roles, what is known, reminders, lines, tasks, its end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from textual.pilot import Pilot

from operations.incident.acts import set_title
from operations.incident.clock import clock_of
from operations.incident.model import Incident, IncidentState
from operations.incident.roles import Role, roles_of
from operations.incident.tasks import tasks_of
from operations.incident.told import restriction_of, said_of
from tests.tui.conftest import Injected, MakeApp
from tests.tui.scenes import down_snapshot
from tests.tui.test_console import fresh, screen_text, shows, until
from tui.app import VigieApp
from tui.dialogs.base import Dialog, Field
from tui.dialogs.small import AskDialog, ChooseDialog
from tui.screens.incident import IncidentScreen

NOTIFY = '[notify]\nwebhook = "http://127.0.0.1:9/hook"\n'


@pytest.fixture(autouse=True)
def _buttons_answer_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.dialogs.base.SETTLE", 0.0)
    monkeypatch.setattr("tui.keys.HELD", 0.0)


async def page(pilot: Pilot[None]) -> None:
    """Open an incident, and its page."""
    await shows(pilot, "✖ DOWN")
    await pilot.press("I", "1")
    await shows(pilot, "Can this bastion see?")
    await pilot.press("I")
    await until(pilot, lambda: isinstance(pilot.app.screen, IncidentScreen), "its page is open")


async def does(pilot: Pilot[None], item: str, *answers: str) -> None:
    """Enter, that item of the menu, then each answer: an option by the beginning of its words, or a line."""
    await pilot.press("enter")
    for words in (item, *answers):
        await answer(pilot, words)
    workers = the_app(pilot).workers
    await until(pilot, lambda: all(one.is_finished for one in workers if one.group == "menu"), "it is done")


async def answer(pilot: Pilot[None], words: str) -> None:
    await until(pilot, lambda: isinstance(pilot.app.screen, Dialog), f"it asks, for {words}")
    dialog = pilot.app.screen
    if isinstance(dialog, ChooseDialog):
        index = chosen(dialog.options, words)
        await pilot.press(*([f"{index + 1}"] if index < 9 else ["down"] * index + ["enter"]))
    else:
        assert isinstance(dialog, AskDialog), dialog
        dialog.query_one("#answer", Field).value = words
        await pilot.press("enter")
    await until(pilot, lambda: pilot.app.screen is not dialog, f"{words} was taken")


def chosen(options: Sequence[str], words: str) -> int:
    found = [index for index, option in enumerate(options) if option.lstrip("* ").startswith(words)]
    assert found, f"no option {words!r}: {options}"
    return found[0]


def the_app(pilot: Pilot[None]) -> VigieApp:
    assert isinstance(pilot.app, VigieApp)
    return pilot.app


def now(pilot: Pilot[None]) -> Incident:
    found = the_app(pilot).live.incident
    assert found is not None
    return found


async def test_who_does_what_and_what_is_known(make_app: MakeApp) -> None:
    app = make_app(Injected(fresh(down_snapshot())))
    async with app.run_test(size=(80, 24)) as pilot:
        await page(pilot)
        await does(pilot, "take or hand over", "commander", "I take it")
        assert roles_of(now(pilot))[Role.COMMANDER].who == "ana"
        await does(pilot, "take or hand over", "scribe", "hand it", "tom")
        assert roles_of(now(pilot))[Role.SCRIBE].offered_to == "tom"
        await shows(pilot, "tom")
        await does(pilot, "say what is known", "impact  ", "no quotes")
        await does(pilot, "say what is known", "impact (fr)", "rien")
        await does(pilot, "say what is known", "data loss", "not yet known")
        said = {name: {one: told.text for one, told in by.items()} for name, by in said_of(now(pilot)).items()}
        assert said == {"impact": {"": "no quotes", "fr": "rien"}, "data_loss": {"": "not yet known"}}
        await pilot.press("enter")
        await answer(pilot, "say what is known")
        await answer(pilot, "impact  ")
        told = {"field": "impact", "value": "from another console"}
        app.live.journal.append("incident.told", told, incident=now(pilot).id)
        await answer(pilot, "no quotes")
        await until(pilot, lambda: said_of(now(pilot))["impact"][""].text == "no quotes", "the last word counts")
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, ChooseDialog), "it asks how bad it is")
        await pilot.press("2")
        await shows(pilot, "P1 ")
        await does(pilot, "how far it is", "identified")
        assert now(pilot).state is IncidentState.IDENTIFIED


async def test_reminders_lines_and_tasks(make_app: MakeApp) -> None:
    app = make_app(Injected(fresh(down_snapshot())))
    async with app.run_test(size=(80, 24)) as pilot:
        await page(pilot)
        await does(pilot, "put a reminder off", "a new one", "queue", "10m")
        await does(pilot, "put a reminder off", "DUE", "put it off", "busy", "30m")
        due = clock_of(now(pilot), app.settings, app.live.now()).due
        assert any(one.words == "queue" for one in due)
        assert [one.snoozed for one in due].count(True) == 1
        await does(pilot, "a line of the timeline", first_line(pilot), "pin it")
        await shows(pilot, "*")
        await does(pilot, "a task", "add one", "alarm", "tom", "3d")
        (task,) = tasks_of(now(pilot))
        assert (task.text, task.owner, task.done) == ("alarm", "tom", False)
        await does(pilot, "a task", "[ ] alarm")
        assert tasks_of(now(pilot))[0].done
        await does(pilot, "a task", "add one", "nothing", "", "yesterday")
        await shows(pilot, "By")
        assert len(tasks_of(now(pilot))) == 1


def first_line(pilot: Pilot[None]) -> str:
    newest = now(pilot).entries[-1]
    return f"{newest.at:%H:%M:%SZ}"


async def test_it_is_restricted_and_opened_again_closed_and_reported(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app(Injected(fresh(down_snapshot())), more=NOTIFY)
    async with app.run_test(size=(80, 24)) as pilot:
        await page(pilot)
        await does(pilot, "restrict it", "a breach", "keep them off it")
        holds = restriction_of(now(pilot))
        assert holds is not None
        assert not holds.notices
        await shows(pilot, "RESTRICTED")
        await does(pilot, "restrict it", "over")
        assert restriction_of(now(pilot)) is None
        await does(pilot, "a line of the timeline", first_line(pilot), "correct its words", "all there")
        await shows(pilot, "all there")
        await shows(pilot, "before: ")
        await does(pilot, "close it", "mistake")
        assert now(pilot).state is IncidentState.CLOSED
        await shows(pilot, "Closed")
        await does(pilot, "how far it is")
        await shows(pilot, "It is over")
        await does(pilot, "the report, as a file")
        await shows(pilot, "The report is in")
        assert len(reports(tmp_path / "state")) == 1


async def test_what_it_is_called_stands_in_the_field_and_can_be_changed(make_app: MakeApp) -> None:
    app = make_app(Injected(fresh(down_snapshot())))
    async with app.run_test(size=(80, 24)) as pilot:
        await page(pilot)
        before = now(pilot).title
        await pilot.press("enter", *["down"] * 9, "enter")
        await until(pilot, lambda: isinstance(app.screen, AskDialog), "it asks")
        assert app.screen.query_one("#answer", Field).value == before
        await pilot.press(*", since noon", "enter")
        await until(pilot, lambda: now(pilot).title == f"{before}, since noon", "it is called so")
        await pilot.press("enter", *["down"] * 9, "enter")
        await until(pilot, lambda: isinstance(app.screen, AskDialog), "it asks again")
        set_title(app.live.journal, now(pilot), "named by a colleague meanwhile")
        await pilot.press("enter")
        await until(pilot, lambda: now(pilot).title == "named by a colleague meanwhile", "Enter took nothing back")
        await does(pilot, "what it is called", "[/x] no quotes")
        await shows(pilot, "called from now on: [/x] no quotes")


def reports(folder: Path) -> list[Path]:
    return list(folder.glob("report-*.html"))


async def test_read_only_there_is_no_menu(make_app: MakeApp) -> None:
    app = make_app(Injected(fresh(down_snapshot())), readonly=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        await pilot.press("I", "enter")
        await pilot.pause()
        assert not isinstance(app.screen, Dialog)
        assert "more" not in screen_text(app).splitlines()[-1]
