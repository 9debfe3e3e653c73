"""Starts the practice site in a folder of a neutral name, drives the console by keys, and keeps what it shows as SVG.

Nothing is painted by hand: what is on a picture was on the screen.
"""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from unittest import mock

from textual.pilot import Pilot
from textual.widgets import Log, OptionList

from operations.lease import hold_lease
from operations.practice import site
from operations.settings import Settings
from operations.settings_reader import load_settings
from tests.pictures.album import PICTURES, write_page
from tui.app import VigieApp
from tui.dialogs.base import SETTLE
from tui.lines import text_of
from tui.panels.block import Block
from tui.reading.view import RowsView
from tui.terminal import quiet_the_wire

FOLDER = Path(tempfile.gettempdir()) / "harbour-tow"
SEED = 7
PATIENCE = 60.0
SMALL, LARGE = (80, 24), (120, 36)
PAGES = (("V", "health", "api/health"), ("L", "logs", "Errors users get"), ("K", "links", "Links and people"))
"""Key, picture, words that are on it."""
DIALOGS = (("S", "switches", "maintenance mode on"), ("A", "backups", "the chosen one is downloaded again"))
FORMS: Mapping[str, Mapping[str, str]] = {
    "day": {"VIGIE_THEME": "day"},
    "contrast": {"VIGIE_THEME": "contrast"},
    "sixteen": {"VIGIE_THEME": "terminal"},
    "plain": {"NO_COLOR": "1"},
    "ascii": {},
}


def main() -> None:
    """Redraw every picture, and the page that shows them."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    for old in PICTURES.glob("*.svg"):
        old.unlink()
    site.reset(FOLDER)
    running = site.start(FOLDER, scenario="bad-release", seed=SEED, progress=print)
    lease = hold_lease(str(FOLDER / "lease"))
    os.environ |= {"COLORTERM": "truecolor", "TERM": "xterm-256color"}
    try:
        asyncio.run(_play(load_settings(running.config_path)))
    finally:
        assert lease is not None
        running.close()
        site.stop(FOLDER)
        site.reset(FOLDER)
    write_page()


async def _play(settings: Settings) -> None:
    quiet_the_wire()
    app = VigieApp(settings, "production")
    async with app.run_test(size=SMALL) as pilot:
        await _until(pilot, lambda: "DOWN" in _text(app) and "top error" in _text(app))
        _keep(app, "welcome")
        await pilot.press("T")
        await _until(pilot, lambda: "exit 1" in _text(app))
        await pilot.press("escape")
        await _until(pilot, lambda: "Backups and smoke" in _text(app))
        _keep(app, "down")
        await _look_around(pilot, app)
    for name, environment in FORMS.items():
        await _in_the_form(settings, name, environment)
    app = VigieApp(settings, "production")
    async with app.run_test(size=SMALL) as pilot:
        await _until(pilot, lambda: "DOWN" in _text(app))
        await _walk_and_roll_back(pilot, app)
    wide = VigieApp(settings, "production")
    async with wide.run_test(size=LARGE) as pilot:
        await _until(pilot, lambda: "Errors users get" in _text(wide) and "ended, exit 0" in _text(wide))
        _keep(wide, "wide")
        await _read_runbooks(pilot, wide)


async def _look_around(pilot: Pilot[None], app: VigieApp) -> None:
    """The pages and dialogs that only look."""
    for key, name, shows in (*PAGES, ("G", "drill", "Drill")):
        await pilot.press(key)
        await _until(pilot, lambda: shows in _text(app))  # noqa: B023
        if name == "logs":
            await _until(pilot, lambda: len(app.screen.query_one("#log", Log).lines) > 20)
        await asyncio.sleep(0.5)
        _keep(app, name)
        await pilot.press("escape")
    for key, name, shows in DIALOGS:
        await pilot.press(key)
        await _until(pilot, lambda: shows in _options(app) + _text(app) and bool(_options(app)))  # noqa: B023
        _keep(app, name)
        await pilot.press("escape")
    await pilot.press("question_mark")
    await _until(pilot, lambda: "Roll" in _text(app) or "rollback" in _text(app))
    _keep(app, "keys")
    await pilot.press("escape", "ctrl+p")
    await _until(pilot, lambda: "Type to narrow" in _text(app))
    await pilot.press(*"back")
    _keep(app, "palette")
    await pilot.press("escape")


async def _in_the_form(settings: Settings, name: str, environment: Mapping[str, str]) -> None:
    """The main page as another terminal shows it."""
    with mock.patch.dict(os.environ, environment):
        app = VigieApp(settings, "production", ascii_only=name == "ascii")
        async with app.run_test(size=SMALL) as pilot:
            await _until(pilot, lambda: "top error" in _text(app) and "smoke" in _text(app))
            _keep(app, name)


async def _walk_and_roll_back(pilot: Pilot[None], app: VigieApp) -> None:
    """Acknowledge, tell users, walk, roll back, and look at what was kept of it."""
    await pilot.press("I")
    await _until(pilot, lambda: "How bad is it?" in _text(app))
    await pilot.press("1")
    await _until(pilot, lambda: "Can this bastion see?" in _text(app))
    await _tell_users(pilot, app)
    for question in ("What do users get?", "Where does a request stop?", "Does the database", "Is a provider down"):
        await _take(pilot, app, question)
    await _take(pilot, app, "What changed just before")
    _keep(app, "walk")
    await _take(pilot, app, "Can the old release run?")
    await _take(pilot, app, "shows its plan")
    await pilot.press("enter")
    await _until(pilot, lambda: "Will run" in _text(app))
    _keep(app, "plan")
    await pilot.press("tab", *"errors began with it", "enter", *"drill production", "enter")
    await asyncio.sleep(SETTLE + 0.2)
    await pilot.press("enter")
    await _until(pilot, lambda: "exit 0: success" in _text(app))
    _keep(app, "jobs")
    await pilot.press("I")
    await _until(pilot, lambda: "Timeline" in _text(app))
    _keep(app, "incident")


async def _tell_users(pilot: Pilot[None], app: VigieApp) -> None:
    """The first notice, in English and French, to everybody."""
    await pilot.press("U")
    await _until(pilot, lambda: "Fill in" in _text(app))
    await pilot.press(*"The list of calls stays empty.", "enter", *"La liste des appels reste vide.", "enter")
    await asyncio.sleep(SETTLE + 0.2)
    await pilot.press("enter")
    await _until(pilot, lambda: "To whom?" in _text(app))
    await pilot.press("4")
    await _until(pilot, lambda: "PUBLIC" in _text(app))
    _keep(app, "message")
    await pilot.press("tab", *"drill PUBLIC", "enter")
    await asyncio.sleep(SETTLE + 0.2)
    await pilot.press("enter")
    await _until(pilot, lambda: "delivered" in _text(app))
    await pilot.press("M")
    await _until(pilot, lambda: "Messages" in _text(app))
    await pilot.press("1")
    await _until(pilot, lambda: "La liste des appels" in _text(app))
    _keep(app, "messages")
    await pilot.press("escape", "escape")
    await _until(pilot, lambda: "Can this bastion see?" in _text(app))


async def _read_runbooks(pilot: Pilot[None], app: VigieApp) -> None:
    await pilot.press("W")
    await _until(pilot, lambda: "watch-after-deploy" in _rows(app) and "reading" not in _text(app))
    _keep(app, "runbooks")
    app.open_book("data-loss", "-keep-what-is-there-now")
    await _until(pilot, lambda: bool(app.screen.query("#outline")) and "Data loss" in _rows(app))
    await _until(pilot, lambda: app.screen.query_one("#text", RowsView).scroll_offset.y > 0)
    await pilot.press("down")
    await pilot.pause()
    _keep(app, "runbook")


def _rows(app: VigieApp) -> str:
    """What a page that scrolls has in it."""
    return "\n".join(text_of(row) for view in app.screen.query(RowsView) for row in view.lines)


def _options(app: VigieApp) -> str:
    """What a dialog lets choose from."""
    lists = app.screen.query(OptionList)
    return "\n".join(str(one.get_option_at_index(n).prompt) for one in lists for n in range(one.option_count))


def _title(app: VigieApp) -> str:
    """The title of the dialog in front."""
    return "\n".join(str(box.border_title) for box in app.screen.query("#box"))


async def _take(pilot: Pilot[None], app: VigieApp, shows: str) -> None:
    """Take the suggested answer as soon as there is one, and wait for what comes next."""
    await _until(pilot, lambda: "suggested" in _text(app))
    await pilot.press("enter")
    await _until(pilot, lambda: shows in _text(app))


async def _until(pilot: Pilot[None], holds: Callable[[], bool]) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            while not holds():
                await pilot.pause(0.1)
    except TimeoutError:
        app = pilot.app
        assert isinstance(app, VigieApp)
        raise TimeoutError(f"this is on the screen:\n{_text(app)}\n{_options(app)}") from None


def _text(app: VigieApp) -> str:
    """What is on the screen, but for logs and what can be chosen."""
    blocks = "\n".join(text_of(row) for block in app.screen.query(Block) for row in block.lines)
    return f"{_title(app)}\n{blocks}\n{_rows(app)}"


def _keep(app: VigieApp, name: str) -> None:
    """Write the screen as SVG; without fonts from elsewhere, so that the picture asks nobody for anything."""
    svg = app.export_screenshot(title="vigie")
    svg = re.sub(r"@font-face\s*\{.*?\}", "", svg, flags=re.DOTALL)
    # Some readers drop blanks at the ends of a text otherwise.
    svg = svg.replace("<text ", '<text xml:space="preserve" ')
    svg = svg.replace("Fira Code, monospace", "Fira Code, Menlo, Consolas, DejaVu Sans Mono, monospace")
    path = PICTURES / f"{name}.svg"
    path.write_text(svg, "utf-8")
    print(f"drew {path.relative_to(PICTURES.parent.parent)}")


if __name__ == "__main__":
    main()
