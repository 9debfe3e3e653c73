"""`vigie watch --record`: the one prober of a host. Keeps readings and alarms in a file, also while nobody looks."""

from __future__ import annotations

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from operations.beside import beside
from operations.desk import utc_now
from operations.engine.redaction import Redactor
from operations.errors import Busy, VigieError
from operations.platforms import platform_for
from operations.settings import Settings
from operations.watch.book import Book
from operations.watch.configured import probes_for
from operations.watch.history import History
from operations.watch.libraries import load_libraries
from operations.watch.loop import Watch
from operations.watch.memory import recall
from operations.watch.model import Alarm, Reading
from operations.watch.outside import Outside
from operations.watch.probes.base import place_for, speed_of
from operations.watch.store import Store, store_path

FLUSH_SECONDS = 0.5
_PRUNE_EVERY = timedelta(hours=1)
_MOST_WAITING = 20_000

Say = Callable[[str], None]


@dataclass(slots=True)
class _Recorded:
    """One environment being recorded: readings wait here until the next flush."""

    environment: str
    outside: Outside
    history: History
    watch: Watch
    waiting: list[Reading] = field(default_factory=list)
    alarms: dict[tuple[str, datetime], Alarm] = field(default_factory=dict)


async def record(
    settings: Settings,
    environments: Sequence[str],
    stop: asyncio.Event,
    *,
    outside_for: Callable[[str], Outside] | None = None,
    on_alarm: Callable[[str, Alarm], None] | None = None,
    run_smoke: Callable[[str], None] | None = None,
    say: Say = lambda words: None,
    now: Callable[[], datetime] = utc_now,
) -> None:
    """Record these environments until `stop` is set.

    `on_alarm` hears each alarm as it opens and closes. `run_smoke` (blocking) is run on the schedule that the settings
    name. Raises Busy when somebody records into that file already, VigieError when the file cannot be used.
    """
    path = store_path(settings)
    with _only_recorder(path), _open(path) as store:
        parts = [_part(settings, name, store, outside_for, now) for name in environments]
        keeper = _Keeper(store, parts, settings, say, on_alarm, now)
        for name in environments:
            await asyncio.to_thread(load_libraries, settings, name)
        async with asyncio.TaskGroup() as tasks:
            background = [tasks.create_task(part.watch.run()) for part in parts]
            background.append(tasks.create_task(keeper.run()))
            if run_smoke is not None and settings.watch.smoke_every > 0:
                background += [tasks.create_task(_smokes(settings, part, run_smoke, say)) for part in parts]
            say(f"recording {', '.join(environments)} into {path}")
            await stop.wait()
            for task in background:
                task.cancel()
        keeper.flush()
        keeper.end()


class _Keeper:
    """Writes what waits twice a second, beats, forgets what is too old. A full disk loses readings, never the loop."""

    def __init__(
        self,
        store: Store,
        parts: Sequence[_Recorded],
        settings: Settings,
        say: Say,
        on_alarm: Callable[[str, Alarm], None] | None,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._parts = parts
        self._settings = settings
        self._keep = timedelta(days=settings.watch.keep_days)
        self._say = say
        self._on_alarm = on_alarm
        self._now = now
        self._pruned: datetime | None = None
        self._trouble = ""

    async def run(self) -> None:
        """Flush until cancelled."""
        while True:
            self.flush()
            await asyncio.sleep(FLUSH_SECONDS)

    def flush(self) -> None:
        """Write everything that waits; what cannot be written waits on, up to a bound."""
        now = self._now()
        try:
            for part in self._parts:
                if part.waiting:
                    self._store.add(part.environment, part.waiting)
                    part.waiting.clear()
                self._keep_alarms(part)
                # Who reads a recorder's file asks nobody else: before the first round it would only tell of old times.
                if part.watch.has_gone_round:
                    self._store.beat(part.environment, now)
            if self._pruned is None or now - self._pruned >= _PRUNE_EVERY:
                self._pruned = now
                self._store.prune(now - self._keep)
            self._trouble = ""
        except sqlite3.Error as error:
            if str(error) != self._trouble:
                self._trouble = str(error)
                self._say(f"readings cannot be written: {error}")
            for part in self._parts:
                del part.waiting[:-_MOST_WAITING]

    def end(self) -> None:
        """Stop the heartbeat, so that consoles probe for themselves at once."""
        with suppress(sqlite3.Error):
            for part in self._parts:
                self._store.stop_beating(part.environment)

    def _keep_alarms(self, part: _Recorded) -> None:
        book = Book(part.history, self._settings, part.environment, part.outside, self._now())
        part.history.alarms.muted = book.maintenance is not None
        found = {(alarm.key, alarm.opened_at): alarm for alarm in part.history.alarms.all}
        changed = [alarm for key, alarm in found.items() if part.alarms.get(key) != alarm]
        if not changed:
            return
        self._store.add_alarms(part.environment, changed)
        part.alarms.update(found)
        for alarm in changed:
            self._say(f"{part.environment}: alarm {'cleared' if alarm.closed_at else 'open'}: {alarm.title}")
            if self._on_alarm is not None:
                self._on_alarm(part.environment, alarm)


def _part(
    settings: Settings,
    environment: str,
    store: Store,
    outside_for: Callable[[str], Outside] | None,
    now: Callable[[], datetime],
) -> _Recorded:
    outside = outside_for(environment) if outside_for else Outside()
    if outside.platform is None:
        outside = replace(outside, platform=platform_for(settings, environment))
    speed = speed_of(settings)
    probes = probes_for(replace(place_for(settings, environment, outside), now=now))
    history = History(probes, speed)
    recall(store, environment, history, now())
    waiting: list[Reading] = []
    redactor = Redactor(settings.secrets())
    watch = Watch(probes, history, waiting.append, now=now, speed=speed, redactor=redactor)
    part = _Recorded(environment, outside, history, watch, waiting)
    part.alarms = _settled(store, environment, history, now())
    return part


def _settled(store: Store, environment: str, history: History, now: datetime) -> dict[tuple[str, datetime], Alarm]:
    """The alarms in the file; one that a recorder left open when it ended, and that is over, is closed now."""
    kept = {(alarm.key, alarm.opened_at): alarm for alarm in store.alarms(environment)}
    going_on = {(alarm.key, alarm.opened_at) for alarm in history.alarms.open}
    over = [replace(alarm, closed_at=now) for key, alarm in kept.items() if not alarm.closed_at and key not in going_on]
    store.add_alarms(environment, over)
    return {**kept, **{(alarm.key, alarm.opened_at): alarm for alarm in over}}


async def _smokes(settings: Settings, part: _Recorded, run_smoke: Callable[[str], None], say: Say) -> None:
    while True:
        await asyncio.sleep(settings.watch.smoke_every / speed_of(settings))
        try:
            await beside(run_smoke, part.environment)
        except VigieError as error:
            say(f"{part.environment}: smoke tests did not run: {error}")
        part.watch.kick(("smoke",))


@contextmanager
def _only_recorder(path: Path) -> Iterator[None]:
    """Hold an exclusive flock beside the file; it goes with this process, however that ends."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise VigieError(f"{path} cannot be used: {error.strerror or error}", code=2) from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Busy(f"another recorder writes {path} already") from None
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _open(path: Path) -> Iterator[Store]:
    try:
        store = Store(path, writable=True)
    except (sqlite3.Error, OSError) as error:
        raise VigieError(
            f"{path} cannot be used: {error}", next_step="Move it away; a new one is made.", code=2
        ) from None
    try:
        yield store
    finally:
        store.close()
