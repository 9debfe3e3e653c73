"""A restore by keys, from a console on production, with a real database and a real bucket behind it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from textual.widgets import Input

from operations.jobs.backup import Backup
from tests.operations.jobs.rig import Bench
from tests.operations.jobs.yard import Yard, new_yard
from tests.servers import PostgresServer, S3Server
from tests.tui.conftest import Injected, MakeApp
from tests.tui.scenes import down_snapshot
from tests.tui.test_console import fresh, screen_text, shows, until
from tui.app import VigieApp
from tui.dialogs.plan import PlanDialog


@pytest.fixture
def yard(tmp_path: Path, postgres: PostgresServer, s3: S3Server) -> Yard:
    made = new_yard(tmp_path, postgres, s3)
    made.back_up()
    desk = replace(made.desk(), environment="production")
    assert Bench(Backup().plan(desk, {})).go(Backup(), desk).code == 0
    made.run("delete from calls")
    return made


@pytest.fixture(autouse=True)
def _buttons_answer_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else one takes no Enter that comes within 0.3 s of its getting the focus."""
    monkeypatch.setattr("tui.dialogs.base.SETTLE", 0.0)


def console(yard: Yard) -> VigieApp:
    source = Injected(fresh(down_snapshot()))
    return VigieApp(yard.settings(), "production", readonly=False, open_watch=lambda live: source)


async def test_a_backup_is_chosen_shown_confirmed_by_the_targets_name_and_followed(yard: Yard) -> None:
    app = console(yard)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        await pilot.press("E")
        await shows(pilot, "the present one is kept beside it")
        assert "backup_staging_" in screen_text(app)
        await pilot.press("shift+tab", "shift+tab")
        await pilot.press("enter")
        await shows(pilot, "the target's own before production's")
        await pilot.press("2")
        await shows(pilot, "personal data")
        await pilot.press("enter")
        await shows(pilot, "mail, webhooks and jobs off")
        assert isinstance(app.screen, PlanDialog)
        assert app.screen.plan.refusal is not None, "No was the answer"
        assert not app.screen.query(Input), "nothing can be typed into a refused plan"
        await pilot.press("escape", "E")
        await shows(pilot, "the present one is kept beside it")
        await pilot.press("tab", *yard.target, "enter")
        await pilot.press("enter")
        await until(pilot, lambda: any(job.ended_at for job in app.live.jobs.jobs("staging")), "the job has ended")
        await shows(pilot, "restore staging")
        assert app.live.jobs.jobs("staging")[0].code == 0
        assert app.live.history() == (), "production's own jobs are others"
    assert yard.callers() == 300


async def test_without_an_environment_to_restore_onto_it_says_so(make_app: MakeApp) -> None:
    app = make_app(Injected(fresh(down_snapshot())))
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        await pilot.press("E")
        await shows(pilot, "no environment of kind staging or recovery")
