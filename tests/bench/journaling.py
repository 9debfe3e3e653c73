"""A journal of a million events: opened, one story of it read, one event more on disk, every chain verified."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from operations.desk import utc_now
from operations.engine.jobs import JobBook
from operations.engine.journal import Journal
from operations.engine.redaction import Redactor
from operations.incident.book import IncidentBook
from tests.bench.report import Row, middle, percentile

CLOSED = "b{:04}-kfp"
APPENDS = 500


def journaling(path: Path, events: int, runs: int) -> list[Row]:
    """Measure on the journal at `path`, which has so many events and stays as it is but for some notes."""
    stories = [_seconds(partial(_story, path, CLOSED.format(7 * number))) for number in range(runs + 1)]
    opens = [_seconds(lambda: _start(path)) for _ in range(runs + 1)]
    appends, syncs = _appends(path), _syncs(path)
    verified = _seconds(lambda: _verified(path))
    return [
        Row(f"{events:,} events: from opening the journal to one incident's story", middle(stories[1:]), "s", 0.2),
        Row("  to what a console wants at its start", middle(opens[1:]), "s", note="open incident, its walk, 200 jobs"),
        Row("  one more event, on disk: median", 1000 * middle(appends), "ms", 5.0, 1000 * middle(syncs),
            note="the peer is a bare write of 4 kB and fsync on the same disk"),
        Row("  one more event, on disk: p95", 1000 * percentile(appends, 95), "ms"),
        Row("  every chain verified", verified, "s"),
    ]  # fmt: skip


def _seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _opened(path: Path) -> Journal:
    return Journal.open(path, actor="ana", redactor=Redactor(), now=utc_now)


def _story(path: Path, id: str) -> None:
    journal = _opened(path)
    book = IncidentBook(journal)
    book.refresh()
    found = book.get(id)
    assert found is not None and len(found.events) > 100
    journal.close()


def _start(path: Path) -> None:
    journal = _opened(path)
    book, jobs = IncidentBook(journal), JobBook(journal, now=utc_now)
    book.refresh()
    jobs.refresh()
    assert book.open_for("production") is not None
    journal.close()


def _appends(path: Path) -> list[float]:
    journal = _opened(path)
    text = "a line for the timeline, as long as people write them on a bad night: the pool is full again"
    taken = [
        _seconds(lambda: journal.append("incident.note", {"text": text}, incident="bench-note")) for _ in range(APPENDS)
    ]
    journal.close()
    return taken


def _syncs(path: Path) -> list[float]:
    descriptor = os.open(path.with_name("bench-sync"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        return [_seconds(partial(_write, descriptor, number * 4096)) for number in range(APPENDS)]
    finally:
        os.close(descriptor)
        path.with_name("bench-sync").unlink()


def _write(descriptor: int, at: int) -> None:
    os.pwrite(descriptor, b"x" * 4096, at)
    os.fsync(descriptor)


def _verified(path: Path) -> None:
    journal = _opened(path)
    assert not [problem for problem in journal.verify() if problem.grave]
    journal.close()
