"""Themes: each opens, and in each every tone is a style of its own the terminal can show."""

from __future__ import annotations

import pytest

from tests.tui.conftest import Injected, MakeApp
from tests.tui.scenes import down_snapshot
from tests.tui.test_console import fresh, shows
from tui.colours import THEMES, theme_named


@pytest.fixture(autouse=True)
def true_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.mark.parametrize("name", THEMES)
async def test_the_console_opens_in_every_theme(name: str, make_app: MakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VIGIE_THEME", raising=False)
    app = make_app(Injected(fresh(down_snapshot())), top=f'theme = "{name}"')
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        assert app.theme == theme_named(name)


async def test_where_there_are_sixteen_colours_they_are_the_terminals_own(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLORTERM")
    monkeypatch.setenv("TERM", "xterm-16color")
    app = make_app(top='theme = "day"')
    async with app.run_test(size=(80, 24)):
        assert app.theme == theme_named("terminal")


async def test_the_environment_goes_before_the_settings_and_nonsense_is_the_night(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIGIE_THEME", "day")
    app = make_app(top='theme = "contrast"')
    async with app.run_test(size=(80, 24)):
        assert app.theme == THEMES["day"].name
    assert theme_named("no such") == THEMES["night"].name
    assert theme_named("day", few_colours=True) == theme_named("terminal") == THEMES["terminal"].name


async def test_whoever_is_new_is_told_the_keys_until_something_is_in_the_journal(make_app: MakeApp) -> None:
    app = make_app(Injected(fresh(down_snapshot())))
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "New here? Ten seconds")
        await shows(pilot, "takes what the evidence suggests")
        await pilot.press("I", "1")
        await shows(pilot, "Can this bastion see?")
        assert not app.model().first_run


async def test_read_only_the_welcome_names_no_key_that_changes(make_app: MakeApp) -> None:
    app = make_app(Injected(fresh(down_snapshot())), readonly=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "New here? Ten seconds")
        await shows(pilot, "runbooks, yours too")
        assert "smoke tests: a plan" not in "\n".join(str(row) for row in app.model().keys)
