"""`vigie watch`: probe for as long as it runs. `--record` keeps readings and alarms, `--plain` prints changes."""

from __future__ import annotations

import asyncio
import os
import signal

import click

from operations.cli import Session
from operations.commands.session import environment_of, say, settings_of
from operations.errors import VigieError
from operations.lease import hold_lease
from operations.settings import Settings
from operations.text import one_line
from operations.watch.model import Alarm, Snapshot


@click.command()
@click.option("--env", "environment", metavar="NAME", help="One environment; else all for --record, one for --plain.")
@click.option("--record", is_flag=True, help="Keep readings and alarms for consoles to read; one recorder a host.")
@click.option("--plain", is_flag=True, help="Print changes of state as lines.")
@click.pass_obj
def watch(session: Session, environment: str | None, record: bool, plain: bool) -> int:
    """Probe for as long as it runs; --record keeps the readings."""
    if record == plain:
        raise VigieError("Say what to do with the readings.", next_step="vigie watch --record, or vigie watch --plain")
    settings = settings_of(session)
    if record:
        named = environment or session.environment
        names = [environment_of(session, settings, named)] if named else list(settings.environments)
        asyncio.run(_record(settings, names))
        return 0
    lease = hold_lease(settings.drill.lease) if settings.drill else None
    try:
        asyncio.run(_plain(settings, environment_of(session, settings, environment)))
    finally:
        if lease is not None:
            os.close(lease)
    return 0


async def _record(settings: Settings, names: list[str]) -> None:
    from operations.jobs.launch import jobs_of
    from operations.jobs.watching import outside_for
    from operations.watch.recorder import record

    def heard(environment: str, alarm: Alarm) -> None:
        word = "alarm over" if alarm.closed_at else "ALARM"
        say(f"{environment} {word}: {one_line(alarm.title)}", "INFO" if alarm.closed_at else "WARN")

    await record(
        settings,
        names,
        _until_told(),
        outside_for=lambda name: outside_for(
            settings, name, lambda: tuple(job for job in jobs_of(settings) if job.environment == name)
        ),
        on_alarm=heard,
        run_smoke=lambda name: _smoke(settings, name),
        say=say,
    )


def _smoke(settings: Settings, environment: str) -> None:
    """The scheduled smoke run: a job like any other."""
    from operations.jobs import operation_named
    from operations.jobs.launch import desk_for, journal_if_any, launch

    plan = operation_named("smoke").plan(desk_for(settings, environment, watching=False), {})
    with journal_if_any(settings) as journal:
        launch(settings, journal, plan, reason="scheduled")


async def _plain(settings: Settings, environment: str) -> None:
    from operations.jobs.launch import jobs_of
    from operations.jobs.watching import open_watch

    stop = _until_told()
    newest: list[Snapshot] = []
    said: dict[str, str] = {}

    async def take(snapshot: Snapshot) -> None:
        newest[:] = [snapshot]
        for state in snapshot.states:
            detail = one_line(state.last.detail if state.last else state.reason, 100)
            if said.get(state.probe) != state.status.value:
                said[state.probe] = state.status.value
                click.echo(
                    f"{snapshot.at:%Y-%m-%dT%H:%M:%SZ} {environment} {state.title} {state.status.value} {detail}"
                )

    history = tuple(job for job in jobs_of(settings) if job.environment == environment)
    source = open_watch(settings, environment, lambda: history, snapshot=lambda: newest[0] if newest else None)
    running = asyncio.create_task(source.run(take))
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await source.close()


def _until_told() -> asyncio.Event:
    """Set by SIGINT, SIGTERM and SIGHUP, so that every end is an orderly one."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop
