"""Facts about the site's traffic: errors, their scope, latency, and traffic against usual.

Where nothing tells the site's own figures, those of our own requests stand in, and the source says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from operations.watch.baseline import usual_p95, usual_traffic
from operations.watch.book import NOT_CONFIGURED, Book
from operations.watch.changes import parse_time
from operations.watch.model import Reading, Signature
from operations.watch.traffic.figures import quantile
from runbooks.facts import Fact

OWN = "our own probes"
_LEAST_ERRORS = 2
_OWN_LEAST = 5
_FIRST_MINUTES = timedelta(minutes=15)
_HALF_AGAIN = 1.5
_NEW_RELEASE = timedelta(days=1)
_KNOWN_BEFORE = timedelta(minutes=10)


def traffic_facts(book: Book) -> Iterator[Fact]:
    """The facts of this file."""
    if book.state("errors") is None:
        yield from _from_our_own(book)
    else:
        source = _source(book)
        yield book.fact("errors.rate", "errors", lambda r: r.value, says=lambda r: r.detail, source=source)
        yield book.fact("latency.p95", "latency", lambda r: r.value, says=lambda r: r.detail, source=source)
    yield _scope(book)
    yield _ratio(book)
    yield _after_release(book)
    yield _signature_same(book)


def signatures_of(book: Book) -> tuple[Signature, ...]:
    """What failed alike in the last hour, with the release each is new in, when that can be told."""
    reading = book.reading("errors")
    change, covers = book.live.change, None
    if reading is not None:
        covers = parse_time(reading.data.get("covers_since"))
    found = []
    for text, path, count, first, *last in (reading.data.get("signatures") or []) if reading else []:
        seen = parse_time(first)
        if seen is None:
            continue
        known = change is not None and covers is not None and covers <= change.at - _KNOWN_BEFORE
        began = change.after or change.at - timedelta(seconds=change.margin) if change else None
        new = book.live.name if known and began is not None and seen >= began else ""
        ended = parse_time(last[0]) if last else None
        found.append(Signature(str(text), str(path), int(count), seen, new, ended))
    return tuple(found)


def _source(book: Book) -> str:
    reading = book.reading("errors")
    return str(reading.data.get("source", "")) if reading else ""


def _from_our_own(book: Book) -> Iterator[Fact]:
    answers = [answer for answer in book.history.own if (book.now - answer.at).total_seconds() <= 300]
    inputs = ("health", "page")
    if len(answers) < _OWN_LEAST:
        configured = any(book.state(probe) for probe in inputs)
        reason = "too few answers yet" if configured else NOT_CONFIGURED
        yield Fact("errors.rate", source=OWN, reason=reason)
        yield Fact("latency.p95", source=OWN, reason=reason)
        return
    rate = 100.0 * sum(answer.failed for answer in answers) / len(answers)
    p95 = quantile(sorted(answer.seconds for answer in answers), 0.95)
    words = f"{rate:.3g}% of our own {len(answers)} requests"
    at = answers[-1].at
    yield Fact("errors.rate", rate, OWN, at, 60.0, says=words, inputs=inputs)
    yield Fact("latency.p95", p95, OWN, at, 60.0, says=f"p95 {p95:.2g} s of our own requests", inputs=inputs)


def _scope(book: Book) -> Fact:
    """None, one or many endpoints with errors above the warning limit. Our own probes' paths are not counted."""
    limit = book.settings.watch.thresholds.error_rate_warn

    def value(reading: Reading) -> str | None:
        paths = reading.data.get("paths") or {}
        bad = _bad_paths(paths, limit)
        if len(bad) > 1:
            return "many"
        if not paths:
            return "none" if reading.value is not None and reading.value <= limit else None
        if bad:
            return "one" if any(path not in bad and row[0] for path, row in paths.items()) else "many"
        return "none" if reading.value is not None else None

    def words(reading: Reading) -> str:
        return ", ".join(_bad_paths(reading.data.get("paths") or {}, limit)[:3])

    return book.fact("errors.scope", "errors", value, says=words, reason="no figures for each endpoint")


def _bad_paths(paths: Mapping[str, Sequence[Any]], limit: float) -> list[str]:
    return [
        path
        for path, (requests, errors, _) in paths.items()
        if requests and errors >= _LEAST_ERRORS and 100.0 * errors / requests > limit
    ]


def _ratio(book: Book) -> Fact:
    usual = usual_traffic(book.history.minutes, book.now)

    def value(reading: Reading) -> float | None:
        rps = reading.data.get("rps")
        return round(100.0 * float(rps) / usual, 1) if usual and rps is not None else None

    name = "traffic.ratio"
    state = book.state("errors")
    if state is not None and state.last is not None and state.last.data.get("quiet") and usual:
        words = f"no traffic, usual {usual:.3g} req/s"
        return Fact(name, 0.0, state.title, state.last.at, state.stale_after, says=words, inputs=("errors",))
    says = f"usual at this hour {usual:.3g} req/s" if usual else ""
    return book.fact(name, "errors", value, says=says, reason="no record of this hour on other days")


def _after_release(book: Book) -> Fact:
    """p95 half as slow again as in the hour before the live release, right after it and still now."""
    name, inputs = "latency.after_release", ("latency", "release")
    change = book.live.change
    now_p95 = reading.value if (reading := book.reading("latency")) else None
    if now_p95 is None:
        return book.derived(name, None, inputs, reason=book.why("latency"))
    if change is None:
        return book.derived(name, None, inputs, reason=book.live.reason)
    if book.now - change.at > _NEW_RELEASE:
        return book.derived(name, False, inputs, says=f"{book.live.name} is live for over a day")
    began = change.after or change.at
    before = usual_p95(book.history.minutes, began - timedelta(hours=1), began, least=5)
    if before is None:
        return book.derived(name, None, inputs, reason="too little history before the release")
    # The minute of the switch belongs to neither side.
    first = change.at + timedelta(minutes=1)
    after = usual_p95(book.history.minutes, first, min(book.now, first + _FIRST_MINUTES)) or now_p95
    slower = after >= _HALF_AGAIN * before and now_p95 >= _HALF_AGAIN * before
    return book.derived(
        name, slower, inputs, says=f"p95 {before:.2g} s before, {after:.2g} s after, {now_p95:.2g} s now"
    )


def _signature_same(book: Book) -> Fact:
    """Whether what fails most now failed before the last switch too."""
    name, inputs = "errors.signature_same", ("errors", "release")
    change = book.live.change
    found = signatures_of(book)
    if change is None:
        return book.derived(name, None, inputs, reason=book.live.reason)
    if not found or book.history.runs.get("errors") is None:
        return book.derived(
            name, None, inputs, reason=book.why("errors") if not book.reading("errors") else "no errors now"
        )
    top = found[0]
    same = top.first_seen < (change.after or change.at)
    return book.derived(name, same, inputs, says=top.text)
