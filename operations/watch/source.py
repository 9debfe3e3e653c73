"""Where snapshots come from: the recorder's readings where one records, else probes of our own.

The console and the commands never know the difference but by what the snapshot says. When the recorder goes away the
source probes for itself and says so; when it comes back, its readings are used again.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from operations.desk import utc_now
from operations.engine.redaction import Redactor
from operations.platforms import platform_for
from operations.settings import Settings
from operations.watch.configured import probes_for
from operations.watch.history import History
from operations.watch.hysteresis import Rule
from operations.watch.libraries import load_libraries
from operations.watch.loop import GRACE, Watch
from operations.watch.memory import BACK, recall
from operations.watch.model import Probe, Snapshot
from operations.watch.outside import Outside, RollbackJudgement
from operations.watch.probes.base import place_for, speed_of
from operations.watch.publisher import Publisher, Taker
from operations.watch.snapshot import snapshot_of
from operations.watch.store import Store, open_for_reading
from operations.watch.told_by_jobs import Jobs, with_jobs

POLL_SECONDS = 0.5
_LOOK_FOR_RECORDER = 5.0
_INTERRUPT_AGAIN = 0.02
_TOLD_HERE = frozenset({"smoke", "rollback"})
"""Read from this user's own journal and checkout, also where a recorder makes the rest."""
QUICK_RULE = Rule(1, 1, 1, 1)
JudgeRollback = Callable[[], RollbackJudgement | None]


def open_source(
    settings: Settings,
    environment: str,
    *,
    history: Jobs | None = None,
    judge_rollback: JudgeRollback | None = None,
    outside: Outside | None = None,
    now: Callable[[], datetime] = utc_now,
) -> Source:
    """A source of snapshots for a console. `history` gives the jobs of this environment, newest first."""
    return Source(settings, environment, _outside(settings, environment, outside, history, judge_rollback), now)


async def quick_look(
    settings: Settings,
    environment: str,
    *,
    history: Jobs | None = None,
    judge_rollback: JudgeRollback | None = None,
    outside: Outside | None = None,
    now: Callable[[], datetime] = utc_now,
    limit: float = 8.0,
) -> Snapshot:
    """One look: the recorder's states where one records, else every probe once, side by side, within `limit` seconds.

    A quick look believes a single reading, and its snapshot says so.
    """
    around = _outside(settings, environment, outside, history, judge_rollback)
    store = open_for_reading(settings)
    probes = _probes(settings, environment, around, now)
    for probe in probes:
        # "No answer within so many seconds" is an answer, too, and has to be there before the look is over.
        probe.limit = min(probe.limit, limit - GRACE - 0.5)
    try:
        recording = store is not None and _is_recording(store, environment, now())
        book = History(probes, speed_of(settings)) if recording else History(probes, speed_of(settings), QUICK_RULE)
        if store is not None:
            _recall(store, environment, book, now(), short=not recording)
        asked = [probe for probe in probes if probe.name in _TOLD_HERE] if recording else probes
        if not recording:
            await asyncio.to_thread(load_libraries, settings, environment)
        await Watch(asked, book, lambda _: None, now=now, redactor=Redactor(settings.secrets())).once(limit)
    finally:
        await _close(probes)
        if store is not None:
            store.close()
    notes = () if recording else ("one quick look: nothing is recorded here",)
    return snapshot_of(book, settings, environment, around, now(), recorded=recording, notes=notes)


class Source:
    """`run` hands snapshots over until it is cancelled; `kick` asks probes again at once, where they are ours."""

    def __init__(self, settings: Settings, environment: str, outside: Outside, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._environment = environment
        self._outside = outside
        self._now = now
        self._watch: Watch | None = None
        self._notes: tuple[str, ...] = ()
        self._unreadable = False

    async def run(self, take: Taker) -> None:
        """Follow the recorder while it lives, else probe; for ever."""
        while True:
            store = open_for_reading(self._settings)
            if store is not None and not self._unreadable and _is_recording(store, self._environment, self._now()):
                self._notes = ()
                await self._follow(store, take)
                self._notes = (
                    ()
                    if self._unreadable
                    else (f"the recorder went away at {self._now():%H:%MZ}: this console probes for itself",)
                )
            else:
                await self._probe(store, take)
                self._notes, self._unreadable = (), False

    def kick(self, names: Iterable[str] = ()) -> None:
        """Read these probes again now; a recorder keeps its own pace."""
        if self._watch is not None:
            self._watch.kick(names)

    async def close(self) -> None:
        """Everything is given back when `run` ends; calling this again does no harm."""
        watch, self._watch = self._watch, None
        if watch is not None:
            await watch.close()

    async def _follow(self, store: Store, take: Taker) -> None:
        """Take in what the recorder writes."""
        probes = self._probes()
        told = [probe for probe in probes if probe.name in _TOLD_HERE]
        book = History(probes, speed_of(self._settings))
        publisher = self._publisher(book, take, recorded=True)
        watch = self._watch = self._watching(told, book, publisher, 1.0)
        try:
            last = await self._recalled(store, book)
            if last is None:
                self._unreadable = True
                return
            async with asyncio.TaskGroup() as tasks:
                background = [tasks.create_task(publisher.run()), tasks.create_task(watch.run())]
                await self._take_in(store, book, publisher, last)
                for task in background:
                    task.cancel()
        finally:
            store.close()
            await self.close()
            await _close(probes)

    async def _recalled(self, store: Store, book: History) -> int | None:
        """Fill the history in a thread. A cancel waits for its end: SQLite must not be closed under a query."""
        work = partial(_recall, store, self._environment, book, self._now(), short=False)
        reading = asyncio.get_running_loop().run_in_executor(None, work)
        cancelled: asyncio.CancelledError | None = None
        while not reading.done():
            try:
                await asyncio.wait({reading}, timeout=None if cancelled is None else _INTERRUPT_AGAIN)
            except asyncio.CancelledError as error:
                cancelled = error
            if cancelled is not None:
                store.interrupt()
        if cancelled is not None:
            raise cancelled
        return reading.result()

    async def _take_in(self, store: Store, book: History, publisher: Publisher, last: int) -> None:
        """Until the recorder's heart stops or its file cannot be read."""
        version = -1
        while _is_recording(store, self._environment, self._now()):
            await asyncio.sleep(POLL_SECONDS)
            try:
                newer = store.changed()
                if newer == version:
                    continue
                version = newer
                last, readings = store.readings(self._environment, after_id=last)
            except sqlite3.Error:
                return
            book.mind_the_clock(self._now())
            book.add_all(readings)
            if readings:
                publisher.touch()

    async def _probe(self, store: Store | None, take: Taker) -> None:
        """Probe for ourselves until a recorder begins; what was recorded before serves as memory."""
        probes = self._probes()
        book = History(probes, speed_of(self._settings))
        if store is not None:
            try:
                last = await self._recalled(store, book)
            finally:
                store.close()
            self._notes += ("recorded readings cannot be read",) if last is None else ()
        publisher = self._publisher(book, take, recorded=False)
        speed = speed_of(self._settings)
        watch = self._watch = self._watching(probes, book, publisher, speed)
        try:
            async with asyncio.TaskGroup() as tasks:
                background = [tasks.create_task(publisher.run()), tasks.create_task(self._run(watch))]
                await self._until_a_recorder_begins(_LOOK_FOR_RECORDER / speed)
                for task in background:
                    task.cancel()
        finally:
            await self.close()

    async def _run(self, watch: Watch) -> None:
        await asyncio.to_thread(load_libraries, self._settings, self._environment)
        await watch.run()

    async def _until_a_recorder_begins(self, pause: float) -> None:
        while True:
            await asyncio.sleep(pause)
            if self._recorder_began():
                return

    def _recorder_began(self) -> bool:
        store = open_for_reading(self._settings)
        if store is None:
            return False
        try:
            return _is_recording(store, self._environment, self._now())
        finally:
            store.close()

    def _watching(self, probes: Sequence[Probe], book: History, publisher: Publisher, speed: float) -> Watch:
        redactor = Redactor(self._settings.secrets())
        return Watch(probes, book, lambda _: publisher.touch(), now=self._now, speed=speed, redactor=redactor)

    def _publisher(self, book: History, take: Taker, *, recorded: bool) -> Publisher:
        def make() -> Snapshot:
            return snapshot_of(
                book,
                self._settings,
                self._environment,
                self._outside,
                self._now(),
                recorded=recorded,
                notes=self._notes,
            )

        return Publisher(make, take)

    def _probes(self) -> list[Probe]:
        return _probes(self._settings, self._environment, self._outside, self._now)


def _outside(
    settings: Settings, environment: str, given: Outside | None, jobs: Jobs | None, judge: JudgeRollback | None
) -> Outside:
    around = given or Outside()
    if around.platform is None:
        around = replace(around, platform=platform_for(settings, environment))
    if judge is not None:
        around = replace(around, judge_rollback=judge)
    return with_jobs(around, jobs)


def _probes(settings: Settings, environment: str, outside: Outside, now: Callable[[], datetime]) -> list[Probe]:
    return probes_for(replace(place_for(settings, environment, outside), now=now))


async def _close(probes: Iterable[Probe]) -> None:
    for probe in probes:
        with suppress(Exception):
            await probe.close()


def _is_recording(store: Store, environment: str, now: datetime) -> bool:
    try:
        return store.is_recording(environment, now)
    except sqlite3.Error:
        return False


def _recall(store: Store, environment: str, book: History, now: datetime, *, short: bool) -> int | None:
    """Fill the history; the id of the last reading, or None when the file cannot be read."""
    try:
        return recall(store, environment, book, now, back=timedelta(minutes=10) if short else BACK)
    except sqlite3.Error:
        return None
