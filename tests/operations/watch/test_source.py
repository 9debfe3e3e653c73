"""Snapshots come from the recorder where one records, else from probes of our own; a real small site either way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from operations.errors import Busy, VigieError
from operations.settings import BackupSettings, DrillSettings, Environment, Secret, Settings, Site, WatchSettings
from operations.watch.model import Alarm, Overall, Reading, Snapshot, Status
from operations.watch.outside import Outside
from operations.watch.probes import base
from operations.watch.recorder import record
from operations.watch.source import open_source, quick_look
from operations.watch.store import Store, store_path
from runbooks.names import FACT_NAMES
from tests.operations.dripping import dripping_server
from tests.operations.watch.conftest import SmallSite
from tests.operations.web import hang, reply

DEADLINE = 60.0


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Real probes never run faster than twice their pace; these ask a site of our own."""
    monkeypatch.setattr(base, "FASTEST", 20.0)


def _fast(settings: Settings) -> Settings:
    """Compressed clocks, as in a drill."""
    return msgspec.structs.replace(settings, drill=DrillSettings(home="/nonexistent", lease="/nonexistent", speed=20.0))


class Console:
    """Takes snapshots and waits for one that fits."""

    def __init__(self) -> None:
        self.taken: list[Snapshot] = []
        self._more = asyncio.Event()
        self.source: asyncio.Task[None] | None = None

    async def take(self, snapshot: Snapshot) -> None:
        self.taken.append(snapshot)
        self._more.set()

    def wake(self) -> None:
        self._more.set()

    async def until(self, fits: Callable[[Snapshot], bool]) -> Snapshot:
        async with asyncio.timeout(DEADLINE):
            while not (self.taken and fits(self.taken[-1])):
                assert self.source is not None and not self.source.done(), self.source
                self._more.clear()
                await self._more.wait()
        return self.taken[-1]


@asynccontextmanager
async def _console(settings: Settings, **keys: object) -> AsyncIterator[Console]:
    console = Console()
    source = open_source(settings, "production", **keys)  # type: ignore[arg-type]
    task = console.source = asyncio.create_task(source.run(console.take))
    task.add_done_callback(lambda _: console.wake())
    try:
        yield console
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await source.close()


@asynccontextmanager
async def _recorder(settings: Settings, **keys: object) -> AsyncIterator[list[str]]:
    stop, words = asyncio.Event(), list[str]()
    task = asyncio.create_task(record(settings, ["production"], stop, say=words.append, **keys))  # type: ignore[arg-type]
    try:
        await _until(lambda: bool(words) or task.done())
        yield words
    finally:
        stop.set()
        await task


async def test_a_quick_look_believes_one_reading_and_says_so(site: SmallSite) -> None:
    snapshot = await quick_look(site.settings, "production")
    assert snapshot.overall is Overall.OK
    assert not snapshot.recorded
    assert snapshot.notes == ("one quick look: nothing is recorded here",)
    assert set(FACT_NAMES) <= set(snapshot.facts)
    site.web.routes["/api/health"] = reply("", 503)
    assert (await quick_look(site.settings, "production")).overall is Overall.DOWN


async def test_a_site_that_never_answers_is_down_and_not_unknown(site: SmallSite) -> None:
    site.web.routes["/api/health"] = site.web.routes["/"] = hang
    snapshot = await quick_look(site.settings, "production", limit=3.0)
    assert snapshot.overall is Overall.DOWN
    health = next(state for state in snapshot.states if state.probe == "health")
    assert health.last is not None
    assert health.last.detail == "no answer within 1.5 s"


def test_a_bucket_that_drips_holds_up_no_look(tmp_path: Path) -> None:
    """boto's time limits count from byte to byte, so that such an answer never ends."""
    key = Secret("0123456789")
    with dripping_server() as endpoint:
        bucket = BackupSettings(bucket="b", endpoint=endpoint, access_key=key, secret_key=key)
        settings = Settings(
            site=Site(name="x", repository=str(tmp_path)),
            environments={"production": Environment(backups=bucket)},
            watch=WatchSettings(control_targets=(), readings=str(tmp_path / "readings.sqlite")),
        )
        snapshot = asyncio.run(quick_look(settings, "production", limit=3.0))
    backups = next(state for state in snapshot.states if state.probe == "backups")
    assert backups.status is Status.UNKNOWN


async def test_a_quick_look_with_nothing_configured_is_unknown_and_lists_every_fact() -> None:
    snapshot = await quick_look(Settings(), "production", limit=0.5, outside=Outside())
    assert snapshot.overall is Overall.UNKNOWN
    assert set(FACT_NAMES) <= set(snapshot.facts)


async def test_a_quick_look_finds_when_the_errors_began_in_the_log(site: SmallSite) -> None:
    now = datetime.now(UTC)
    for number in range(60):
        site.log(now - timedelta(seconds=60 - number), status=500, error="TypeError: zone is undefined")
    snapshot = await quick_look(site.settings, "production")
    assert snapshot.onset is not None
    assert abs((now - snapshot.onset).total_seconds() - 60) < 3
    assert snapshot.signatures[0].text == "TypeError: zone is undefined"
    assert snapshot.overall is Overall.DOWN
    assert [rate for _, rate in snapshot.rates if rate] != []


async def test_a_console_probes_for_itself_and_sees_an_outage_come_and_go(site: SmallSite) -> None:
    async with _console(_fast(site.settings)) as console:
        calm = await console.until(lambda s: s.overall is Overall.OK)
        assert not calm.recorded
        site.web.routes["/api/health"] = reply('{"error": "zone is undefined"}', 503)
        down = await console.until(lambda s: s.overall is Overall.DOWN)
        assert down.facts["health.failed"].known(down.at) is True
        assert down.onset is not None
        site.healthy()
        await console.until(lambda s: s.overall is Overall.OK)


async def test_a_callers_listener_is_told_at_most_four_times_a_second(site: SmallSite) -> None:
    async with _console(_fast(site.settings)) as console:
        await console.until(lambda s: len(console.taken) >= 6)
    apart = [(b.at - a.at).total_seconds() for a, b in zip(console.taken, console.taken[1:], strict=False)]
    assert min(apart) >= 0.24


async def test_a_recorder_keeps_readings_that_a_console_reads(site: SmallSite) -> None:
    settings = _fast(site.settings)
    async with _recorder(settings):
        async with _console(settings) as console:
            snapshot = await console.until(lambda s: s.recorded and s.overall is Overall.OK)
            assert set(FACT_NAMES) <= set(snapshot.facts)
            asked = len(site.web.asked)
            site.web.routes["/api/health"] = reply("", 503)
            await console.until(lambda s: s.recorded and s.overall is Overall.DOWN)
            assert len(site.web.asked) > asked
        quick = await quick_look(settings, "production")
        assert (quick.recorded, quick.notes, quick.overall) == (True, (), Overall.DOWN)


async def test_a_recorder_is_believed_from_its_first_round_on(site: SmallSite) -> None:
    """Until then its file tells of old times only, and a look that leaned on it would know nothing."""
    settings = _fast(site.settings)
    answers = asyncio.Event()

    async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await answers.wait()
        writer.write(reply("", 503))

    def page_is_read() -> bool:
        return any(reading.probe == "page" for reading in store.readings("production")[1])

    site.web.routes["/api/health"] = late
    store = Store(store_path(settings), writable=True)
    async with _recorder(settings):
        await _until(page_is_read)
        assert not store.is_recording("production", datetime.now(UTC))
        answers.set()
        await _until(lambda: store.is_recording("production", datetime.now(UTC)))
        assert any(reading.probe == "health" for reading in store.readings("production")[1])
    store.close()


async def test_when_the_recorder_goes_away_the_console_probes_for_itself_and_says_so(site: SmallSite) -> None:
    settings = _fast(site.settings)
    async with _console(settings) as console:
        await console.until(lambda s: not s.recorded)
        async with _recorder(settings):
            await console.until(lambda s: s.recorded and s.overall is Overall.OK)
        alone = await console.until(lambda s: not s.recorded)
        assert "the recorder went away" in alone.notes[0]
        assert alone.watching_since < alone.at


async def test_only_one_recorder_writes_a_file(site: SmallSite) -> None:
    settings = _fast(site.settings)
    async with _recorder(settings):
        with pytest.raises(Busy):
            await record(settings, ["production"], asyncio.Event())


async def test_a_recorder_that_cannot_use_its_file_says_so(site: SmallSite) -> None:
    store_path(site.settings).write_bytes(b"not a database" * 100)
    with pytest.raises(VigieError, match="cannot be used"):
        await record(site.settings, ["production"], asyncio.Event())


async def test_a_recorder_opens_and_closes_alarms_also_while_nobody_looks(site: SmallSite) -> None:
    settings = _fast(site.settings)
    heard: list[Alarm] = []
    site.web.routes["/api/health"] = reply("", 503)
    async with _recorder(settings, on_alarm=lambda _, alarm: heard.append(alarm)) as words:
        await _until(lambda: any(alarm.key == "health" for alarm in heard))
        site.healthy()
        await _until(lambda: any(alarm.key == "health" and alarm.closed_at for alarm in heard))
    [alarm] = [alarm for alarm in Store(store_path(settings)).alarms("production") if alarm.key == "health"]
    assert alarm.closed_at is not None
    assert any("alarm open: health endpoint fails" in line for line in words)


async def test_an_alarm_left_open_by_a_recorder_that_died_is_closed_by_the_next(site: SmallSite) -> None:
    settings = _fast(site.settings)
    store = Store(store_path(settings), writable=True)
    store.add_alarms("production", [Alarm("health", "x", datetime.now(UTC) - timedelta(minutes=5), probe="health")])
    store.close()
    async with _recorder(settings):
        pass
    [alarm] = Store(store_path(settings)).alarms("production")
    assert alarm.closed_at is not None


async def test_backdated_readings_serve_as_history(site: SmallSite) -> None:
    now = datetime.now(UTC)
    minute = int(now.timestamp() // 60)
    rows = [[minute - day * 1440 + offset, 60, 0, 0.1] for day in (1, 2, 3) for offset in range(-60, 60)]
    back = [Reading("health", Status.OK, now - timedelta(minutes=m), 0.1, "200 ok") for m in range(5000, 0, -5)]
    store = Store(store_path(site.settings), writable=True)
    traffic = Reading("errors", Status.OK, now - timedelta(days=1), 0.1, "", 0.0, {"minutes": rows})
    store.add("production", [*back, traffic])
    store.close()
    snapshot = await quick_look(site.settings, "production")
    ratio = snapshot.facts["traffic.ratio"].known(snapshot.at)
    assert isinstance(ratio, float) and 50 < ratio < 150
    assert snapshot.watching_since < now - timedelta(days=3)


async def test_a_scheduled_smoke_run_is_made_by_the_recorder(site: SmallSite) -> None:
    watch = msgspec.structs.replace(site.settings.watch, smoke_every=1.0)
    ran: list[str] = []
    async with _recorder(_fast(msgspec.structs.replace(site.settings, watch=watch)), run_smoke=ran.append):
        await _until(lambda: len(ran) >= 2)
    assert set(ran) == {"production"}


async def _until(fits: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE):
        while True:
            if fits():
                return
            await asyncio.sleep(0.02)
