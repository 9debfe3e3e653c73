"""The console driven by keys, with snapshots injected: pages, dialogs, the walk, and what read-only leaves out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList

from operations.desk import utc_now
from operations.incident.acts import set_state
from operations.incident.model import IncidentState
from operations.watch.model import Snapshot
from runbooks.facts import Fact
from tests.tui.conftest import Injected, MakeApp
from tests.tui.scenes import BAD_RELEASE, down_snapshot, quiet_snapshot
from tui.actions import ACTIONS
from tui.app import VigieApp
from tui.dialogs.base import Dialog, MeantButton
from tui.lines import text_of
from tui.pages import help_lines
from tui.panels.block import Block
from tui.screens.incident import IncidentScreen
from tui.screens.jobs import JobsScreen

PATIENCE = 20.0


def fresh(snapshot: Snapshot) -> Snapshot:
    """The snapshot with facts and readings of this moment, so that none is stale."""
    now = utc_now()
    facts = {name: Fact(name, value, source="tests", at=now, stale_after=600.0) for name, value in BAD_RELEASE.items()}
    states = tuple(replace(s, last=replace(s.last, at=now)) if s.last else s for s in snapshot.states)
    return replace(snapshot, at=now, facts=facts, states=states)


def screen_text(app: VigieApp) -> str:
    return "\n".join(text_of(row) for block in app.screen.query(Block) for row in block.lines)


async def until(pilot: Pilot[None], holds: Callable[[], bool], what: str) -> None:
    """Wait for a condition on the screen."""
    async with asyncio.timeout(PATIENCE):
        while not holds():
            await pilot.pause()
    assert holds(), what


async def shows(pilot: Pilot[None], words: str) -> None:
    app = pilot.app
    assert isinstance(app, VigieApp)
    try:
        await until(pilot, lambda: words in screen_text(app), words)
    except TimeoutError:
        pytest.fail(f"never showed {words!r}; it shows:\n{screen_text(app)}")


async def test_the_page_shows_what_the_watch_says(make_app: MakeApp) -> None:
    async with make_app(Injected(fresh(down_snapshot()))).run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        await shows(pilot, "press I to open an incident")


async def test_an_incident_is_opened_by_keys_and_walked_by_single_answers(make_app: MakeApp) -> None:
    app = make_app(Injected(fresh(down_snapshot())))
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        await pilot.press("I")
        await shows(pilot, "How bad is it?")
        await pilot.press("1")
        await shows(pilot, "Can this bastion see?")
        for question in ("What do users get?", "Where does a request stop?", "Does the database answer"):
            await pilot.press("enter")
            await shows(pilot, question)
        await pilot.press("x")
        await shows(pilot, "Where does a request stop?")
        entries = [entry.text for entry in app.live.incident.entries] if app.live.incident else []
        assert any("What do users get?" in entry for entry in entries)
        assert any("back to" in entry for entry in entries)


async def test_all_clear_answers_are_taken_with_one_enter_and_stop_before_the_act(make_app: MakeApp) -> None:
    app = make_app(Injected(fresh(down_snapshot())))
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        await pilot.press("I")
        await shows(pilot, "How bad is it?")
        await pilot.press("1")
        await shows(pilot, "Can this bastion see?")
        await pilot.press("a")
        await shows(pilot, "It stops before any act")
        await asyncio.sleep(0.35)
        await pilot.press("enter")
        await shows(pilot, "Enter shows its plan")
        assert app.live.jobs.jobs() == ()


async def test_a_note_lands_on_the_timeline(make_app: MakeApp) -> None:
    app = make_app(Injected(fresh(down_snapshot())))
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        await pilot.press("I", "1")
        await shows(pilot, "Can this bastion see?")
        await pilot.press("n")
        await shows(pilot, "One line for the timeline")
        await pilot.press(*"phones ring", "enter")
        await shows(pilot, "note: phones ring")


async def test_escape_never_does_harm(make_app: MakeApp) -> None:
    app = make_app(Injected(fresh(down_snapshot())))
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        for key in ("I", "J", "question_mark", "ctrl+p"):
            await pilot.press(key)
            await pilot.press("escape")
            await pilot.press("escape")
        await pilot.press("escape", "escape", "backspace")
        await shows(pilot, "What changed")
        assert app.live.incident is None


async def test_a_read_only_console_binds_no_key_that_changes(make_app: MakeApp) -> None:
    app = make_app(Injected(fresh(down_snapshot())), readonly=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "READ-ONLY")
        bound = {(key, one.action) for key, found in app._bindings.key_to_bindings.items() for one in found}
        changing = {(action.key, action.name) for action in ACTIONS if action.changes}
        assert not bound & changing
        await pilot.press("R", "I", "n", "h")
        assert not isinstance(app.screen, Dialog)
        await pilot.press("question_mark")
        await shows(pilot, "no key here changes anything")
        assert "rollback" not in screen_text(app)


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (40, 10)])
async def test_every_page_and_help_fit_the_terminal(make_app: MakeApp, size: tuple[int, int]) -> None:
    app = make_app(Injected(fresh(down_snapshot())))
    async with app.run_test(size=size) as pilot:
        for key, page in (("J", JobsScreen), ("I", None)):
            await pilot.press(key)
            await pilot.pause()
            if page is not None:
                assert isinstance(app.screen, page)
            await pilot.press("escape")
        await pilot.press("question_mark")
        await shows(pilot, "Leave the console")
        await pilot.press("end")
        await until(pilot, lambda: app.screen.query_one("#body").is_vertical_scroll_end, "End shows the end")
        await pilot.press("home")
        await until(pilot, lambda: app.screen.query_one("#body").scroll_y == 0, "Home the beginning")


def test_the_keys_of_the_page_itself_stand_first() -> None:
    shown = [action for action in ACTIONS if action.place in ("everywhere", "incident")]
    rows = [text_of(row) for row in help_lines(shown, 80, readonly=False)]
    everywhere = next(n for n, row in enumerate(rows) if "Everywhere" in row)
    assert [row.split()[0] for row in rows[:everywhere] if row[:9].strip()] == ["Enter", "/", "s", "r"]
    assert sum(row.split()[:1] == ["Esc"] for row in rows) == 1
    assert "  R  " in rows[everywhere + 1]


async def test_every_action_of_the_registry_has_a_method(make_app: MakeApp) -> None:
    app = make_app()
    for action in ACTIONS:
        assert callable(getattr(app, f"action_{action.method}", None)), action.name
        assert action.help.endswith(".")


async def test_one_letter_means_one_thing_in_each_place() -> None:
    for place in ("main", "walk", "jobs", "incident"):
        keys = [action.key for action in ACTIONS if action.place in (place, "everywhere")]
        assert len(keys) == len(set(keys)), place


async def test_a_quiet_site_repaints_nothing(make_app: MakeApp) -> None:
    source = Injected(fresh(quiet_snapshot()))
    app = make_app(source)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✓ ok")
        block = app.screen.query_one("#page", Block)
        before = block.lines
        source.give(fresh(quiet_snapshot()))
        await pilot.pause()
        app.repaint()
        assert block.lines == before


async def test_the_incident_page_shows_the_timeline_and_resolving_asks_why_without_smoke(make_app: MakeApp) -> None:
    app = make_app(Injected(fresh(down_snapshot())))
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        await pilot.press("I", "1")
        await shows(pilot, "Can this bastion see?")
        await pilot.press("I")
        await shows(pilot, "complete outage, data loss, or a breach")
        assert isinstance(app.screen, IncidentScreen)
        await pilot.press("r")
        await shows(pilot, "No smoke run has passed")
        await shows(pilot, "The site is down by the last readings")
        assert [str(button.label) for button in app.screen.query(MeantButton)] == ["Cancel", "resolved"]
        await pilot.press(*"false alarm", "enter")
        await until(pilot, lambda: app.live.incident is not None and not app.live.incident.open, "resolved")
        await until(pilot, lambda: "r resolve" not in screen_text(app), "no key in the footer that does nothing")


async def test_behind_an_incident_its_key_leads_to_what_is_left_of_it_and_only_then_to_a_new_one(
    make_app: MakeApp,
) -> None:
    app = make_app(Injected(fresh(quiet_snapshot())))
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✓ ok")
        await pilot.press("I")
        await shows(pilot, "How bad is it?")
        assert app.screen.query_one(OptionList).highlighted == 3, "an Enter too many calls nobody"
        await pilot.press("1")
        await until(pilot, lambda: app.live.incident is not None, "it is open")
        (first,) = app.live.incidents.heads()
        set_state(app.live.journal, app.live.incidents.all()[0], IncidentState.RESOLVED)
        await shows(pilot, f"press I to close {first.id}")
        await pilot.press("I")
        await until(pilot, lambda: isinstance(app.screen, IncidentScreen), "the page of the one that is not closed")
        await shows(pilot, "It is resolved and not closed")
        await pilot.press("I")
        await shows(pilot, "How bad is it?")


async def test_hostile_answers_change_nothing_but_their_row(make_app: MakeApp) -> None:
    hostile = "[/x][bold]\x1b[2J\x1b]52;c;aGk=\x07" + "[/x]" * 2000
    snapshot = fresh(down_snapshot())
    states = tuple(replace(s, last=replace(s.last, detail=hostile) if s.last else None) for s in snapshot.states)
    async with make_app(Injected(replace(snapshot, states=states))).run_test(size=(80, 24)) as pilot:
        await shows(pilot, "What changed")
        await shows(pilot, "[/x][bold]")


async def test_what_breaks_while_the_console_leaves_does_not_change_how_it_ends(make_app: MakeApp) -> None:
    app = make_app(Injected(fresh(quiet_snapshot())))
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "PRODUCTION")
        app.exit(return_code=129)
        app._handle_exception(RuntimeError("a page that was only half put together"))
    assert (app.return_code, app.last_words) == (129, "")


async def test_an_act_by_its_own_key_moves_the_walk_to_where_it_is_asked_how_it_ended(make_app: MakeApp) -> None:
    app = make_app(Injected(fresh(down_snapshot())))
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        await pilot.press("I", "1")
        await shows(pilot, "Can this bastion see?")
        app._note_act("smoke", "job0", "")
        app.read_back()
        state = app.live.walking.state
        assert state is not None
        assert (state.section.label, state.acts) == ("N1", ())
        app._note_act("rollback", "job1", "v2.4.0")
        app.read_back()
        state = app.live.walking.state
        assert state is not None
        assert state.section.label == "R1"
        assert [(act.action, act.job, act.release) for act in state.acts] == [("rollback", "job1", "v2.4.0")]
        await shows(pilot, "went to")
