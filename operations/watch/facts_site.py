"""Facts about what users meet and what stands around the site: page, health, smoke, providers, backups."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from operations.ages import age_words
from operations.health import HEALTHY, LIMPING
from operations.watch.book import NOT_CONFIGURED, Book
from operations.watch.changes import parse_time
from operations.watch.history import VANTAGE
from operations.watch.model import Reading, Status
from operations.watch.probes.provider import ORDER
from runbooks.facts import Fact

_SMOKE_COUNTS = 1800.0
_PROVIDER_BEFORE = timedelta(minutes=30)
_PROVIDER_LAG = timedelta(minutes=30)
"""Status pages lag ten to thirty minutes behind the trouble they tell."""


def site_facts(book: Book) -> Iterator[Fact]:
    """The facts of this file."""
    yield book.pair("vantage", VANTAGE)[0]
    yield book.fact("front.kind", "page", lambda r: r.data.get("kind"), says=lambda r: r.detail)
    yield from book.pair("page", "page")
    yield from book.pair("assets", "assets")
    yield book.fact("assets.in_build", "assets", lambda r: r.data.get("in_build"), reason="the platform cannot tell")
    yield from _health(book)
    yield from _smoke(book)
    yield book.fact("alerts.active", "alerts", lambda r: _number(r.data.get("active")), says=lambda r: r.detail)
    yield from _providers(book)
    yield from _backups(book)
    yield from _others(book)


def _health(book: Book) -> Iterator[Fact]:
    yield from book.pair("health", "health")
    yield _ok_for(book)
    reading = book.reading("health")
    services = dict(reading.data.get("services") or {}) if reading else {}
    for name in sorted({"database", *services}):
        told = services.get(name)
        yield book.fact(
            f"health.services.{name}",
            "health",
            lambda r, told=told: _plain(told),  # type: ignore[misc]
            says=str(told or ""),
            reason=f"the health answer names no {name}",
        )
    slow = [name for name, word in services.items() if str(word).lower() in LIMPING and name != "database"]
    yield book.fact(
        "services.slow",
        "health",
        lambda r: float(len(slow)) if services else None,
        says=", ".join(slow),
        reason="the health answer names no services",
    )


def _ok_for(book: Book) -> Fact:
    """Counted to the last reading, not to now: between two readings nobody knows."""
    state = book.state("health")
    name = "health.ok_for"
    if state is None or state.status is Status.UNKNOWN or state.last is None:
        return Fact(name, reason=book.why("health"))
    good = state.status is not Status.DOWN
    since = _good_since(book) if good else None
    seconds = (state.last.at - since).total_seconds() if since else 0.0
    words = (f"at least {age_words(seconds)}" if state.since_is_watch_start else age_words(seconds)) if good else "0 s"
    return Fact(name, max(0.0, seconds), state.title, state.last.at, state.stale_after, "", words, ("health",))


def _good_since(book: Book) -> Any:
    """Since when health has not been down; a warning in between does not count against it."""
    state = book.state("health")
    assert state is not None
    earlier = book.history.good_since.get("health")
    return min((at for at in (state.since, earlier) if at is not None), default=None)


def _smoke(book: Book) -> Iterator[Fact]:
    reading = book.reading("smoke")
    at = parse_time(reading.data.get("at")) if reading else None
    if reading is None or at is None:
        yield from (Fact(name, reason=book.why("smoke")) for name in ("smoke.ok", "smoke.failed_kind"))
        return
    ok, kind = bool(reading.data.get("ok")), str(reading.data.get("failed_kind") or "other")
    change = book.live.change
    before_release = change is not None and at < change.at - timedelta(seconds=change.margin)
    reason = f"the last run was before {book.live.name} went live" if before_release else ""
    every = book.settings.watch.smoke_every
    stale = max(_SMOKE_COUNTS, 2 * every + 60)
    for name, value in (("smoke.ok", ok), ("smoke.failed_kind", kind)):
        yield Fact(
            name,
            None if before_release else value,
            "smoke tests",
            at,
            stale,
            reason,
            reading.detail,
            ("smoke", "release"),
        )


def _providers(book: Book) -> Iterator[Fact]:
    states = [state for state in book.states if state.probe.startswith("provider ")]
    inputs = tuple(state.probe for state in states)
    if not states:
        yield from (Fact(name, reason=NOT_CONFIGURED) for name in ("provider.used", "provider.fits_onset"))
        return
    told = {
        state.title: (reading, str(reading.data.get("word")))
        for state in states
        if (reading := book.reading(state.probe))
    }
    bad = {title: row for title, row in told.items() if row[1] in ("partial", "major")}
    unknown = [state.title for state in states if state.title not in told]
    worst = max((word for _, word in told.values()), key=ORDER.index, default=None)
    if unknown and not bad:
        reason = f"{unknown[0]}: {book.why('provider ' + unknown[0])}"
        yield book.derived("provider.used", None, inputs, reason=reason)
        yield book.derived("provider.fits_onset", None, inputs, reason=reason)
        return
    words = ", ".join(f"{title} {row[1]}" for title, row in (bad or told).items())
    yield book.derived("provider.used", worst, inputs, says=words)
    yield _fits_onset(book, bad, inputs)


def _fits_onset(book: Book, bad: dict[str, tuple[Reading, str]], inputs: tuple[str, ...]) -> Fact:
    """An outage fits when it began not long before our errors, or its page followed them within its usual lag."""
    name = "provider.fits_onset"
    if not bad:
        return book.derived(name, False, inputs, says="no outage")
    onset = book.onset.at or _trouble_since(book)
    if onset is None:
        return book.derived(name, None, inputs, reason=f"onset unknown: {book.onset.reason}")
    for title, (reading, _) in bad.items():
        run = book.history.runs.get(reading.probe)
        began = parse_time(reading.data.get("began")) or (run.first_bad if run else reading.at)
        if onset - _PROVIDER_BEFORE <= began <= onset + _PROVIDER_LAG:
            return book.derived(name, True, inputs, says=f"{title} began {began:%H:%MZ}")
    return book.derived(name, False, inputs, says="its outage began at another time")


def _trouble_since(book: Book) -> Any:
    """Where no errors show: since when the database or the front page is down."""
    return min(
        (state.since for state in book.states if state.status is Status.DOWN and state.since
         and state.probe in ("database", "page", "health", "latency")),
        default=None,
    )  # fmt: skip


def _backups(book: Book) -> Iterator[Fact]:
    reading, state = book.reading("backups"), book.state("backups")
    if reading is None or state is None:
        yield from (Fact(name, reason=book.why("backups")) for name in ("backup.trusted", "backup.age"))
        return
    finished = parse_time(reading.data.get("finished"))
    age = None if finished is None else max(0.0, (reading.at - finished).total_seconds())
    trusted = bool(reading.data.get("trusted"))
    yield book.fact("backup.trusted", "backups", lambda r: trusted, says=reading.detail, source="bucket")
    yield book.fact(
        "backup.age", "backups", lambda r: age, says=age_words(age), source="bucket", reason="none can be trusted"
    )


def _others(book: Book) -> Iterator[Fact]:
    ask = book.outside.job_running
    if ask is None:
        yield Fact("job.running", reason=NOT_CONFIGURED)
    else:
        yield Fact("job.running", ask(), "journal", book.now, 30.0)
    yield book.fact(
        "host.memory",
        "health",
        lambda r: _number(r.data.get("memory")),
        says="of the site's own process" if (r := book.reading("health")) and r.data.get("memory") is not None else "",
        reason=NOT_CONFIGURED,
    )
    measured = bool(book.history.skews)
    yield Fact(
        "clock.skew",
        book.skew if measured else None,
        "Date headers, database",
        book.now if measured else None,
        60.0,
        "" if measured else "no clock to compare with yet",
    )


def _plain(word: object) -> str | None:
    if word is None:
        return None
    lower = str(word).lower()
    return "healthy" if lower in HEALTHY else "degraded" if lower in LIMPING else "unhealthy"


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
