"""A watch that is left while it still reads the recorder's file: the read ends first, then the file is closed."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest

from operations.desk import utc_now
from operations.settings import Settings
from operations.watch import source as module
from operations.watch.history import History
from operations.watch.outside import Outside
from operations.watch.source import Source
from operations.watch.store import Store

ENDLESS = "with recursive n(x) as (select 1 union all select x + 1 from n) select count(*) from n"


async def test_a_read_in_a_thread_is_interrupted_and_over_before_its_file_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path / "readings.sqlite", writable=True)
    began, over = threading.Event(), threading.Event()

    def endless(file: Store, *_: object, **__: object) -> None:
        began.set()
        try:
            file._file.execute(ENDLESS).fetchone()
        except sqlite3.OperationalError:
            over.set()

    monkeypatch.setattr(module, "_recall", endless)
    source = Source(Settings(), "production", Outside(), utc_now)
    reading = asyncio.create_task(source._recalled(store, History([])))
    await asyncio.to_thread(began.wait, 20)
    reading.cancel()
    await asyncio.sleep(0)
    reading.cancel()  # a second one does not tear it off either
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(reading, 20)
    assert over.is_set()
    store.close()
