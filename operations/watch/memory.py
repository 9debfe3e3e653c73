"""Fills a history from the recorder's file: the last two hours reading by reading, the days before in short."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from operations.watch.history import BadRun, History
from operations.watch.model import Status
from operations.watch.store import Store

BACK = timedelta(hours=2)
_COUNTS_BACK = timedelta(hours=24)
_GAP = timedelta(minutes=10)


def recall(store: Store, environment: str, history: History, now: datetime, *, back: timedelta = BACK) -> int:
    """Take in what was recorded up to now; the id of the last reading. Raises sqlite3.Error."""
    begin = now - back
    history.minutes.update(store.minutes(environment))
    history.versions = [span for span in store.versions(environment) if span.first_at <= now]
    _, counts = store.readings(environment, since=now - _COUNTS_BACK, probes=("business",))
    history.counts.extend((r.at, r.value) for r in counts if r.at < begin and r.value is not None)
    history.alarms.restore(store.alarms(environment), begin)
    last_id, readings = store.readings(environment, since=begin)
    history.add_all(readings)
    firsts: dict[str, datetime] = {}
    for reading in readings:
        firsts.setdefault(reading.probe, reading.at)
    _reach_back(store, environment, history, firsts)
    if readings and now - max(reading.at for reading in readings) <= _GAP:
        history.watching_since = store.watching_since(environment) or history.watching_since
    else:
        # What was seen long ago does not count as watching: between then and now nobody did.
        history.watching_since = None
    return last_id


def _reach_back(store: Store, environment: str, history: History, firsts: dict[str, datetime]) -> None:
    """A state that already stood when the two hours began has stood for longer: find since when."""
    for name, state in history.states.items():
        if state.since is None or state.since != firsts.get(name) or state.status is Status.UNKNOWN:
            continue
        good = state.status is not Status.DOWN
        found = store.stretch(environment, name, state.since, good=good)
        if found is None:
            continue
        began, last_other = found
        history.states[name] = replace(state, since=began, since_is_watch_start=last_other is None)
        if good and name in history.good_since:
            history.good_since[name] = began
        elif name in history.runs:
            history.runs[name] = BadRun(began, last_other)
