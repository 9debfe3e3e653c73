"""One snapshot out of one book: computed in one place, so that console, commands and drills see the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from operations.settings import Settings
from operations.watch.book import Book
from operations.watch.facts import facts_of
from operations.watch.facts_traffic import signatures_of
from operations.watch.history import History
from operations.watch.hysteresis import aged
from operations.watch.model import Overall, ProbeState, Snapshot, Status
from operations.watch.order import SKEW_BLINDS, SKEW_SHOWN
from operations.watch.outside import Outside
from operations.watch.overall import PAGE, overall_of
from operations.watch.traffic.table import Minute

_CHART_MINUTES = 60


def snapshot_of(
    history: History,
    settings: Settings,
    environment: str,
    outside: Outside,
    now: datetime,
    *,
    recorded: bool = False,
    notes: tuple[str, ...] = (),
) -> Snapshot:
    """Everything a console shows of this environment at `now`."""
    book = Book(history, settings, environment, outside, now)
    history.alarms.muted = book.maintenance is not None
    overall, since = overall_of(book.states, book.maintenance)
    return Snapshot(
        at=now,
        environment=environment,
        overall=overall,
        since=since,
        states=book.states,
        alarms=history.alarms.all,
        facts=facts_of(book),
        changes=book.changes,
        watching_since=history.watching_since or now,
        recorded=recorded,
        onset=book.onset.at,
        onset_margin=book.onset.margin,
        rates=_rates(history, now),
        p95s=_p95s(history, now),
        signatures=signatures_of(book),
        notes=notes + _skew_notes(book),
    )


def aged_snapshot(snapshot: Snapshot, now: datetime) -> Snapshot:
    """The snapshot as it counts at `now`: what has gone stale since it was made is unknown, and so is what follows."""
    states = tuple(aged(state, now) for state in snapshot.states)
    if states == snapshot.states:
        return snapshot
    # A page that has gone stale shows nobody that the site is closed on purpose.
    page = next((state for state in states if state.probe == PAGE), None)
    closed = snapshot.overall is Overall.MAINTENANCE and page is not None and page.status is not Status.UNKNOWN
    overall, since = overall_of(states, snapshot.since if closed else None)
    return replace(snapshot, states=states, overall=overall, since=since)


def visible(snapshot: Snapshot) -> tuple[object, ...]:
    """What a person can see of a snapshot, ages left out: two that are equal here need no repaint."""
    facts = tuple(
        (fact.name, _rough(fact.known(snapshot.at)), fact.why_unknown(snapshot.at)) for fact in snapshot.facts.values()
    )
    states = tuple(_seen(state) for state in snapshot.states)
    changes = tuple((change.kind, change.at, change.title) for change in snapshot.changes)
    return (
        snapshot.overall,
        snapshot.since,
        states,
        snapshot.alarms,
        facts,
        changes,
        snapshot.recorded,
        snapshot.onset,
        snapshot.notes,
    )


def freshness(snapshot: Snapshot) -> datetime:
    """When the newest reading in it was taken."""
    return max((state.last.at for state in snapshot.states if state.last), default=snapshot.watching_since)


def _seen(state: ProbeState) -> tuple[object, ...]:
    detail = state.last.detail if state.last and state.status is Status.DOWN else ""
    return state.probe, state.status, state.since, state.deciding, state.reason, detail


def _rough(value: object) -> object:
    """Two figures that look alike are alike."""
    return float(f"{value:.2g}") if isinstance(value, float) else value


def _rates(history: History, now: datetime) -> tuple[tuple[datetime, float | None], ...]:
    return tuple(
        (at, 100.0 * errors / requests if requests else None) for at, (requests, errors, _) in _rows(history, now)
    )


def _p95s(history: History, now: datetime) -> tuple[tuple[datetime, float | None], ...]:
    return tuple((at, p95) for at, (_, _, p95) in _rows(history, now))


def _rows(history: History, now: datetime) -> Iterator[tuple[datetime, Minute]]:
    """The minutes of the last hour, the one that runs included."""
    last = int(now.timestamp() // 60)
    for minute in range(last - _CHART_MINUTES + 1, last + 1):
        yield datetime.fromtimestamp(minute * 60, UTC), history.minutes.get(minute, (0, 0, None))


def _skew_notes(book: Book) -> tuple[str, ...]:
    if book.skew <= SKEW_SHOWN:
        return ()
    blind = ", too much to tell what came first" if book.skew > SKEW_BLINDS else ""
    return (f"clocks differ by {book.skew:.0f} s{blind}",)
