"""The watch with what only the operations know: the rollback's judgement, recorded traffic, the jobs so far.

The watch itself imports no job; console, commands and recorder all come through here.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from operations.desk import Desk, utc_now
from operations.engine.record import JobRecord
from operations.settings import Settings
from operations.watch.model import Overall, Snapshot

if TYPE_CHECKING:
    # A job's worker watches nothing: what probes is imported where it is used.
    from operations.watch.outside import Outside, RollbackJudgement
    from operations.watch.source import Source

History = Callable[[], Sequence[JobRecord]]
LOOK_SECONDS = 8.0
"""Seconds one look may take."""


def open_watch(
    settings: Settings,
    environment: str,
    history: History,
    *,
    snapshot: Callable[[], Snapshot | None],
    now: Callable[[], datetime] = utc_now,
) -> Source:
    """A source of snapshots; `snapshot` answers the newest one, for the rollback's judgement to lean on."""
    from operations.watch.source import open_source

    judge = _judge(settings, environment, history, lambda: snapshot() or _recorded_past(settings, environment), now)
    return open_source(settings, environment, history=history, judge_rollback=judge, now=now)


def look_once(settings: Settings, environment: str, history: History) -> Snapshot:
    """One look at an environment: the recorder's states where one records, else every probe once."""
    from operations.watch.source import quick_look

    judge = _judge(settings, environment, history, lambda: _recorded_past(settings, environment), utc_now)
    looking = quick_look(settings, environment, history=history, judge_rollback=judge, limit=LOOK_SECONDS)
    return asyncio.run(looking)


def outside_for(settings: Settings, environment: str, history: History) -> Outside:
    """What the recorder needs from beside the watch."""
    from operations.platforms import platform_for
    from operations.watch.outside import Outside
    from operations.watch.told_by_jobs import with_jobs

    judge = _judge(settings, environment, history, lambda: _recorded_past(settings, environment), utc_now)
    return with_jobs(Outside(platform=platform_for(settings, environment), judge_rollback=judge), history)


def recorded_traffic(settings: Settings, environment: str) -> Callable[[datetime, datetime], float | None]:
    """Mean requests per second between two times (UTC) from recorded minutes; None where nothing was recorded."""

    def between(start: datetime, end: datetime) -> float | None:
        from operations.watch.store import open_for_reading

        store = open_for_reading(settings)
        if store is None:
            return None
        try:
            return store.requests_per_second(environment, start, end)
        except sqlite3.Error:
            return None
        finally:
            store.close()

    return between


def _recorded_past(settings: Settings, environment: str) -> Snapshot | None:
    """What the recorder's file tells of the past, for judging releases before the first look: alarms, since when."""
    from operations.watch.store import open_for_reading

    store = open_for_reading(settings)
    if store is None:
        return None
    try:
        since = store.watching_since(environment)
        alarms = store.alarms(environment)
    except sqlite3.Error:
        return None
    finally:
        store.close()
    if since is None:
        return None
    return Snapshot(utc_now(), environment, Overall.UNKNOWN, None, (), alarms, {}, (), since, recorded=True)


def _judge(
    settings: Settings,
    environment: str,
    history: History,
    snapshot: Callable[[], Snapshot | None],
    now: Callable[[], datetime],
) -> Callable[[], RollbackJudgement]:
    def judge() -> RollbackJudgement:
        from operations.jobs.rollback_judgement import judge_rollback

        traffic = recorded_traffic(settings, environment)
        return judge_rollback(Desk(settings, environment, now, snapshot, history, traffic))

    return judge
