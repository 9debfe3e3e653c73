"""Commands and acts of a runbook by keys: their blanks, their plan, the phrase, and how they ended on the page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from operations.engine.model import ConfirmLevel
from operations.engine.record import JobRecord
from tests.operations.jobs.rig import Rig, a_rig
from tests.tui.conftest import Injected
from tests.tui.scenes import down_snapshot
from tests.tui.test_book_keys import OWN, at, incident, keeps, reads
from tests.tui.test_console import fresh, shows, until
from tui.app import VigieApp
from tui.dialogs.base import Field
from tui.dialogs.fill import FillDialog
from tui.dialogs.plan import PlanDialog
from tui.screens.book import BookScreen


@pytest.fixture(autouse=True)
def _buttons_answer_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.dialogs.base.SETTLE", 0.0)
    monkeypatch.setattr("tui.keys.HELD", 0.0)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with a_rig(tmp_path) as made:
        yield made


def log_of(job: JobRecord) -> str:
    return Path(job.log).read_text("utf-8")


def anything(folder: Path, name: str) -> list[Path]:
    return list(folder.rglob(name))


def a_book(folder: Path) -> Path:
    book = folder / "queue.md"
    book.write_text(OWN, "utf-8")
    return book


async def test_a_command_asks_for_its_blanks_shows_its_plan_runs_and_is_noted(rig: Rig, tmp_path: Path) -> None:
    book = a_book(tmp_path)
    source = Injected(fresh(down_snapshot()))
    app = VigieApp(rig.settings(), "production", readonly=False, open_watch=lambda live: source)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        await incident(pilot)
        app.open_book(str(book))
        await until(pilot, lambda: isinstance(app.screen, BookScreen), "its page is open")
        await reads(pilot, "Count the words")
        await at(pilot, "Count the words")
        await pilot.press("enter")
        await keeps(pilot)
        await until(pilot, lambda: isinstance(app.screen, FillDialog), "it asks for the blanks")
        await pilot.press(*"a; touch gone", "enter", *"more", "enter", "enter")
        await until(pilot, lambda: isinstance(app.screen, PlanDialog), "its plan is shown")
        await shows(pilot, "Count the words")
        await pilot.press("tab")
        while app.focused is None or app.focused.id != "run":
            await pilot.press("tab")
        await pilot.press("enter")
        await until(pilot, lambda: any(job.code == 0 for job in app.live.history()), "it ran")
        assert app.live.incident is not None
        (job,) = app.live.history()
        assert job.operation == "command"
        assert " 8\n" in log_of(job)
        assert not anything(tmp_path, "gone")
        await pilot.press("escape")
        await reads(pilot, "ended, exit 0")


OWN_ACT = """\
# The worker hangs

## ⚠ Restart it

```sh {action=restart-worker confirm=type-env}
exit 2
```

- **It restarted** → [The end](#the-end) <!-- exit: 0 -->
- **It did not** → [The end](#the-end) <!-- exit: 1, 2 -->

## The end

Done.
"""


async def test_a_teams_own_act_wants_the_phrase_and_ends_with_its_own_exit_code(rig: Rig, tmp_path: Path) -> None:
    (tmp_path / "worker.md").write_text(OWN_ACT, "utf-8")
    source = Injected(fresh(down_snapshot()))
    app = VigieApp(rig.settings(), "production", readonly=False, open_watch=lambda live: source)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        await incident(pilot)
        app.open_book(str(tmp_path / "worker.md"))
        await until(pilot, lambda: isinstance(app.screen, BookScreen), "its page is open")
        await reads(pilot, "restart-worker")
        await at(pilot, "exit 2")
        await pilot.press("enter")
        await keeps(pilot)
        await until(pilot, lambda: isinstance(app.screen, PlanDialog), "its plan is shown")
        dialog = app.screen
        assert isinstance(dialog, PlanDialog)
        assert dialog.plan.confirm.level is ConfirmLevel.PHRASE
        dialog.query_one("#reason", Field).value = "it hangs"
        dialog.query_one("#typed", Field).value = dialog.plan.confirm.phrase
        dialog.query_one("#run").focus()
        await until(pilot, lambda: app.focused is not None and app.focused.id == "run", "the button has the focus")
        await pilot.press("enter")
        await until(pilot, lambda: any(job.code == 5 for job in app.live.history()), "it ended")
        await until(pilot, lambda: app.screen is not dialog, "the job is shown")
        await pilot.press("escape")
        await reads(pilot, "ended, exit 2")
        head = app.live.walking.walk_by("worker")
        assert head is not None
        state = app.live.walking.state_of(head.id)
        assert state is not None
        assert (state.last_exit, state.acts[-1].action) == (2, "restart-worker")
