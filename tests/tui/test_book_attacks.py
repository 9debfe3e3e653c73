"""Runbooks that would do harm, files that change under a person's hands, keys that are held down: nothing is lost, run
or kept in the wrong place, and the console goes on."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import pytest
from textual.widget import Widget
from textual.widgets import Button, Input

from operations.engine.model import Confirm, ConfirmLevel, Plan, PlanLine
from operations.errors import JournalUnavailable
from operations.incident.acts import set_state
from operations.incident.model import IncidentState
from operations.incident.walks import walks_of
from tests.attack.poison import EVIL
from tests.tui.conftest import Injected, MakeApp
from tests.tui.scenes import down_snapshot
from tests.tui.test_book_keys import OWN, at, book_text, console, incident, keeps, opened, own, reads
from tests.tui.test_console import fresh, screen_text, shows, until
from tests.tui.test_keys import burst
from tui.actions import ACTIONS
from tui.app import VigieApp
from tui.dialogs.base import Dialog
from tui.dialogs.fill import Asked, FillDialog
from tui.dialogs.plan import PlanDialog
from tui.dialogs.small import AskDialog, ChooseDialog, ReadDialog
from tui.lines import line
from tui.panels.block import Block
from tui.screens.book import BookScreen

__all__ = ["own"]


@pytest.fixture(autouse=True)
def _buttons_answer_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.dialogs.base.SETTLE", 0.0)


def kinds(app: VigieApp, kind: str) -> int:
    return sum(event.kind == kind for _, event in app.live.journal.events())


async def test_an_answer_that_cannot_be_written_down_is_said_and_keys_are_heard(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(Injected(fresh(down_snapshot())))
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        await incident(pilot)

        def full(*given: object, **named: object) -> None:
            raise JournalUnavailable("The journal /x cannot be written: No space left on device")

        monkeypatch.setattr(app.live.journal, "append", full)
        await pilot.press("1")
        await shows(pilot, "No space left on device")
        assert "Can this bastion see?" in screen_text(app)
        monkeypatch.undo()
        await pilot.press("1")
        await shows(pilot, "What do users get?")


async def test_a_read_only_console_moves_no_walk(make_app: MakeApp) -> None:
    writing = make_app(Injected(fresh(down_snapshot())))
    async with writing.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        await incident(pilot)
    app = make_app(Injected(fresh(down_snapshot())), readonly=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "Can this bastion see?")
        before = len(app.live.journal.events())
        for key in dict.fromkeys(action.key for action in ACTIONS if action.place == "walk" and action.changes):
            await pilot.press(key)
        await pilot.pause()
        for keys in (("g", "end", "enter"), ("w", "enter")):
            await pilot.press(*keys)
            await pilot.pause()
            while app.place != "main" or isinstance(app.screen, Dialog):
                await pilot.press("escape")
                await pilot.pause()
        assert len(app.live.journal.events()) == before
        assert "Can this bastion see?" in screen_text(app)


async def test_a_key_that_is_held_down_ticks_once_and_stops_no_check(own: Path, make_app: MakeApp) -> None:
    app = console(make_app)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        await incident(pilot)
        await opened(pilot)
        await at(pilot, "look at it")
        await pilot.press("enter")
        await keeps(pilot)
        await reads(pilot, "[x] Ops: look at it (ana")
        burst(app, "down", *["enter"] * 20)
        await reads(pilot, "[x] Ops: say so (ana")
        await pilot.pause()
        assert kinds(app, "walk.ticked") == 2
        await at(pilot, "check alive")
        burst(app, *["e"] * 10)
        await shows(pilot, "Checks: alive: warn")


async def test_a_file_that_changes_under_the_hands_and_an_incident_that_ends_mix_up_nothing(
    own: Path, make_app: MakeApp, tmp_path: Path
) -> None:
    (tmp_path / "queue.md").write_text(OWN.replace("# Restart the queue", "# Quite another queue"), "utf-8")
    app = console(make_app)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        await incident(pilot)
        await opened(pilot)
        await at(pilot, "look at it")
        await pilot.press("enter")
        await keeps(pilot)
        await reads(pilot, "[x] Ops: look at it (ana")
        # One that was changed while it is walked is shown as it was, and that is said.
        (own / "queue.md").write_text("# New\n\nEverything is different.\n", "utf-8")
        await pilot.press("escape", "escape")
        app.open_book("queue")
        await shows(pilot, "the file has changed since")
        assert "[x] Ops: look at it" in book_text(app)
        # Another file of the same name is walked for itself.
        app.open_book(str(tmp_path / "queue.md"))
        await reads(pilot, "Quite another queue")
        assert "[x]" not in book_text(app)
        await at(pilot, "say so")
        await pilot.press("enter")
        await keeps(pilot)
        await reads(pilot, "[x] Ops: say so (ana")
        assert app.live.incident is not None
        assert len({head.hash for head in walks_of(app.live.incident) if head.book == "queue"}) == 2
        await pilot.press("m")
        await until(pilot, lambda: isinstance(app.screen, ChooseDialog), "it asks what became of it")
        set_state(app.live.journal, app.live.incident, IncidentState.RESOLVED)
        app.live.read_journal()
        await pilot.press("1")
        await shows(pilot, "Not kept: this incident is not open any more.")
        assert kinds(app, "walk.ticked") == 2
        (own / "queue.md").unlink()
        os.mkfifo(own / "queue.md")
        app.open_book("queue")
        await shows(pilot, "cannot be opened")


async def test_the_shelf_names_what_cannot_be_read_and_reads_no_more_than_it_can_hold(
    own: Path, make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.shelf_actions.MOST_READ", 4)
    (own / "aa-folder.md").mkdir()
    os.mkfifo(own / "aa-pipe.md")
    with (own / "aa-vast.md").open("wb") as file:
        file.truncate(1_000_000_000)
    (own / "aa-out.md").symlink_to("/dev/zero")
    app = console(make_app)
    async with app.run_test(size=(120, 36)) as pilot:
        await shows(pilot, "✖ DOWN")
        await pilot.press("W")
        await reads(pilot, "too many to read them all")
        rows = {row.split()[0]: row for row in book_text(app).splitlines()}
        assert "more than 4 MB" in rows["aa-vast"]
        for name in ("aa-folder", "aa-pipe", "aa-out"):
            assert "cannot be read" in rows[name]
        assert "too many" in rows["site-down"]


@pytest.mark.parametrize("folder", ["x" * 3000, "books/queue.md"], ids=["too-long", "a-file"])
async def test_a_folder_that_cannot_be_listed_is_said_and_ours_is_there(
    own: Path, make_app: MakeApp, folder: str
) -> None:
    app = make_app(Injected(fresh(down_snapshot())), top=f'runbooks = "{folder}"\n')
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        await pilot.press("W")
        await reads(pilot, "site-down")
        await shows(pilot, "Only our own library is here.")


async def test_no_page_opens_over_a_dialog_and_under_one_nothing_is_painted(own: Path, make_app: MakeApp) -> None:
    app = console(make_app)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        block = app.screen.query_one("#page", Block)
        app.open_book("queue")
        app.push_screen(AskDialog("Why", "Why?"))
        await until(pilot, lambda: "is read; open it once more" in app.live.message, "it is said")
        assert isinstance(app.screen, AskDialog)
        before = block.lines
        app.live.standing = ("something was left behind",)
        app.repaint()
        assert block.lines == before
        await pilot.press("escape")
        assert app.place == "main"
        await shows(pilot, "something was left behind")


async def test_what_is_copied_holds_nothing_that_cannot_be_seen(make_app: MakeApp) -> None:
    app = make_app(Injected(fresh(down_snapshot())))
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        app.copy_text("echo one\x1b[201~\x1b]52;c;eA==\x07\u202e\r\necho \ud800two\n")
        assert (app.places.state / "copied.txt").read_text("utf-8") == "echo one\necho two\n"


async def test_a_check_ends_with_the_console(own: Path, make_app: MakeApp, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    os.mkfifo(begun)
    (own / "queue.md").write_text(
        f"# Q\n\n## Look\n\n```sh {{check=long timeout=5m}}\ncat {begun} & echo $!; wait; true\n```\n", "utf-8"
    )
    app = console(make_app)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        app.open_book("queue")
        await until(pilot, lambda: isinstance(app.screen, BookScreen), "its page is open")
        await at(pilot, "check long")
        await pilot.press("enter")
        # Opens only once the check reads from it, which then waits for ever.
        held = [-1]

        def reading() -> bool:
            try:
                held[0] = os.open(begun, os.O_WRONLY | os.O_NONBLOCK)
            except OSError:
                return False
            return True

        await until(pilot, reading, "the check runs")
    with pytest.raises(BrokenPipeError):
        os.write(held[0], b"x")
    os.close(held[0])


def seen_in(room: Widget, field: Widget) -> bool:
    return field.region.intersection(room.region).height == 1


def left_behind(app: VigieApp, field: Widget) -> bool:
    return app.screen.focused is not field


async def test_of_a_long_plan_and_of_many_blanks_the_buttons_and_the_fields_can_be_seen(make_app: MakeApp) -> None:
    lines = tuple(PlanLine("Command", f"echo {n}") for n in range(60))
    confirm = Confirm(ConfirmLevel.PHRASE, "x production", needs_reason=True)
    plan = Plan("command", "x", "production", "vigie.toml", "Run", {}, lines=lines, confirm=confirm)
    blanks = [Asked(f"[{n}{EVIL}]", f"blank {n}") for n in range(6)]
    app = make_app(Injected(fresh(down_snapshot())))
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        for dialog in (PlanDialog(plan), ReadDialog("Read", [line(f"{n}") for n in range(60)])):
            app.push_screen(dialog)
            await until(pilot, lambda opened=dialog: app.screen is opened, "it is open")  # type: ignore[misc]
            for size in ((40, 10), (80, 24)):
                await pilot.resize_terminal(*size)
                await pilot.pause()
                for one in (*dialog.query(Button), *dialog.query(Input)):
                    assert one.region.height == 1
                    assert one.region.bottom < size[1]
            await pilot.press("escape")
        await pilot.resize_terminal(80, 10)
        app.push_screen(FillDialog("echo " + EVIL * 5, blanks))
        await until(pilot, lambda: isinstance(app.screen, FillDialog), "it asks")
        await pilot.pause()
        for button in app.screen.query(Button):
            assert button.region.height == 1
            assert button.region.bottom < 10
        for _ in blanks:
            focused = app.screen.focused
            assert isinstance(focused, Input)
            room = app.screen.query_one("#fields")
            await until(pilot, partial(seen_in, room, focused), "its field can be seen")
            await pilot.press("x", "enter")
            await until(pilot, partial(left_behind, app, focused), "the next one has the focus")
        assert app.screen.focused is app.screen.query_one("#plan")


async def test_a_hostile_runbook_is_drawn_at_every_size_and_comes_back(own: Path, make_app: MakeApp) -> None:
    (own / "queue.md").write_text(
        f"# {EVIL}\n\n- [ ] {EVIL}\n\n```sh {{check=c timeout=5s}}\necho {EVIL}\n```\n\n| {EVIL} | b |\n|---|---|\n"
        f"| {'漢' * 500} | [x](#y) |\n\n> [!WARNING]\n> {EVIL}\n\n"
        f"<details><summary>{EVIL}</summary>\n\nx\n\n</details>\n\n"
        f"{'  - deep' * 9}\n\n## Q {EVIL}\n\n- **{EVIL}** → [Q](#q)\n",
        "utf-8",
        "surrogateescape",
    )
    app = console(make_app)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        app.open_book("queue")
        await until(pilot, lambda: isinstance(app.screen, BookScreen), "its page is open")
        for press in ((), ("v",), ("escape", "g")):
            await pilot.press(*press)
            for size in ((1, 1), (9, 3)):
                await pilot.resize_terminal(*size)
                await pilot.press("down")
            await pilot.resize_terminal(80, 24)
            await pilot.pause()
        assert app.is_running
        assert app.return_code is None
