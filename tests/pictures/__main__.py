"""Starts the practice site in a folder of a neutral name, drives the console by keys, and keeps what it shows as SVG.

Nothing is painted by hand: what is on a picture was on the screen.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

from textual.pilot import Pilot

from operations.lease import hold_lease
from operations.practice import site
from operations.settings_reader import load_settings
from tui.app import VigieApp
from tui.lines import text_of
from tui.panels.block import Block
from tui.reading.view import RowsView
from tui.terminal import quiet_the_wire

PICTURES = Path(__file__).parent.parent.parent / "docs" / "pictures"
FOLDER = Path(tempfile.gettempdir()) / "harbour-tow"
SEED = 7
PATIENCE = 60.0


def main() -> None:
    """Redraw every picture."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    site.reset(FOLDER)
    running = site.start(FOLDER, scenario="bad-release", seed=SEED, progress=print)
    lease = hold_lease(str(FOLDER / "lease"))
    try:
        asyncio.run(_play(running.config_path))
    finally:
        assert lease is not None
        running.close()
        site.stop(FOLDER)
        site.reset(FOLDER)


async def _play(config: Path) -> None:
    quiet_the_wire()
    settings = load_settings(config)
    app = VigieApp(settings, "production")
    async with app.run_test(size=(80, 24)) as pilot:
        await _until(pilot, lambda: "DOWN" in _text(app) and "top error" in _text(app))
        _keep(app, "down")
        await pilot.press("I")
        await _until(pilot, lambda: "How bad is it?" in _text(app))
        await pilot.press("1")
        await _until(pilot, lambda: "Can this bastion see?" in _text(app))
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
        await asyncio.sleep(0.5)
        await pilot.press("enter")
        await _until(pilot, lambda: "exit 0: success" in _text(app))
        _keep(app, "jobs")
        await pilot.press("I")
        await _until(pilot, lambda: "Timeline" in _text(app))
        _keep(app, "incident")
    wide = VigieApp(settings, "production")
    async with wide.run_test(size=(120, 36)) as pilot:
        await _until(pilot, lambda: "Errors users get" in _text(wide) and "ended, exit 0" in _text(wide))
        _keep(wide, "wide")
        await pilot.press("W")
        await _until(pilot, lambda: "watch-after-deploy" in _rows(wide) and "reading" not in _text(wide))
        _keep(wide, "runbooks")
        wide.open_book("data-loss", "-keep-what-is-there-now")
        await _until(pilot, lambda: bool(wide.screen.query("#outline")) and "Data loss" in _rows(wide))
        await _until(pilot, lambda: wide.screen.query_one("#text", RowsView).scroll_offset.y > 0)
        await pilot.press("down")
        await pilot.pause()
        _keep(wide, "runbook")


def _rows(app: VigieApp) -> str:
    """What a page that scrolls has in it."""
    return "\n".join(text_of(row) for view in app.screen.query(RowsView) for row in view.lines)


async def _take(pilot: Pilot[None], app: VigieApp, shows: str) -> None:
    """Take the suggested answer as soon as there is one, and wait for what comes next."""
    await _until(pilot, lambda: "suggested" in _text(app))
    await pilot.press("enter")
    await _until(pilot, lambda: shows in _text(app))


async def _until(pilot: Pilot[None], holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():
            await pilot.pause(0.1)


def _text(app: VigieApp) -> str:
    return "\n".join(text_of(row) for block in app.screen.query(Block) for row in block.lines)


def _keep(app: VigieApp, name: str) -> None:
    """Write the screen as SVG; without fonts from elsewhere, so that the picture asks nobody for anything."""
    svg = app.export_screenshot(title="vigie")
    svg = re.sub(r"@font-face\s*\{.*?\}", "", svg, flags=re.DOTALL)
    svg = svg.replace("Fira Code, monospace", "Fira Code, Menlo, Consolas, DejaVu Sans Mono, monospace")
    path = PICTURES / f"{name}.svg"
    path.write_text(svg, "utf-8")
    print(f"drew {path.relative_to(PICTURES.parent.parent)}")


if __name__ == "__main__":
    main()
