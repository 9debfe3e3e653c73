"""Facts about what came first: onset, release, the nearest change; and what going back would find."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from operations.ages import age_words
from operations.watch.book import NOT_CONFIGURED, Book
from operations.watch.order import SKEW_BLINDS, WINDOW, bracket_of, nearest_change
from runbooks.facts import Fact, Value

_SOURCES = ("release", "migrations", "settings")


def order_facts(book: Book) -> Iterator[Fact]:
    """The facts of this file."""
    yield _began_at(book)
    yield from _release(book)
    yield _before_release(book)
    yield _nearest(book)
    yield from _rollback(book)


def _began_at(book: Book) -> Fact:
    onset = book.onset
    name, inputs = "errors.began_at", ("errors", "health", "page")
    if onset.at is None:
        configured = any(book.state(probe) for probe in inputs)
        return book.derived(name, None, inputs, reason=onset.reason if configured else NOT_CONFIGURED)
    ago = age_words((book.now - onset.at).total_seconds())
    margin = f" (±{onset.margin:.0f} s)" if onset.margin >= 1 else ""
    says = f"{onset.at:%H:%M:%SZ}, {ago} ago{margin}"
    return book.derived(name, onset.at.timestamp(), _present(book, inputs), says=says, source=onset.source)


def _release(book: Book) -> Iterator[Fact]:
    live, inputs = book.live, ("release",)
    if live.change is None:
        yield book.derived("release.live_at", None, inputs, reason=live.reason)
        yield book.derived("release.age", None, inputs, reason=live.reason)
        return
    at = live.change.at
    source = "the site's version" if live.change.after else "platform"
    margin = f" (±{live.change.margin:.0f} s)" if live.change.margin >= 1 else ""
    yield book.derived(
        "release.live_at", at.timestamp(), inputs, says=f"{live.name} {at:%H:%M:%SZ}{margin}", source=source
    )
    reading = book.reading("release")
    seconds = max(0.0, ((reading.at if reading else book.now) - at).total_seconds())
    yield book.derived("release.age", seconds, inputs, says=f"{live.name} {age_words(seconds)}", source=source)


def _before_release(book: Book) -> Fact:
    name, inputs = "errors.began_before_release", ("errors", "release")
    onset, change = book.onset, book.live.change
    if not _present(book, inputs):
        return book.derived(name, None, inputs)
    if onset.bracket is None or onset.at is None:
        return book.derived(name, None, inputs, reason=onset.reason)
    if change is None:
        return book.derived(name, None, inputs, reason=book.live.reason)
    if book.skew > SKEW_BLINDS:
        return book.derived(name, None, inputs, reason=f"clocks differ by {book.skew:.0f} s")
    released = bracket_of(change)
    before = onset.bracket.before(released, book.skew)
    apart = (onset.at - change.at).total_seconds()
    margin = onset.margin + released.width + book.skew
    if before is None:
        reason = f"{abs(apart):.0f} s apart, known only to ±{max(1.0, margin):.0f} s"
        return book.derived(name, None, inputs, reason=reason)
    words = f"{abs(apart):.0f} s (±{margin:.0f} s) {'before' if before else 'after'} {book.live.name} went live"
    return book.derived(name, before, _present(book, inputs), says=f"errors began {words}")


def _nearest(book: Book) -> Fact:
    name = "change.nearest"
    inputs = _present(book, _SOURCES)
    if "release" not in inputs:
        return book.derived(name, None, (), reason=NOT_CONFIGURED)
    found = nearest_change(book.onset, book.changes, book.skew, complete=_complete(book))
    unwatched = [probe for probe in _SOURCES if probe not in inputs]
    says = found.says + (f"; {' and '.join(unwatched)} not watched" if unwatched and found.kind else "")
    return book.derived(name, found.kind, inputs, says=says, reason=found.reason)


def _complete(book: Book) -> bool:
    """Whether every configured source of changes can speak for the hour before the onset.

    Records (the platform's, the database's, the log's) tell their past whenever they are read; the version that the
    site reports tells only the time in which somebody asked.
    """
    onset = book.onset.at
    if onset is None:
        return False
    for probe in _SOURCES:
        state, reading = book.state(probe), book.history.measured.get(probe)
        if state is None:
            continue
        if reading is None or reading.at < onset - timedelta(seconds=state.stale_after):
            return False
        if probe == "release" and "periods" not in reading.data:
            versions = book.history.versions
            if not versions or versions[0].first_at > onset - WINDOW:
                return False
    return True


def _rollback(book: Book) -> Iterator[Fact]:
    reading = book.reading("rollback")

    def words(key: str) -> str:
        return str(reading.data.get(key) or "") if reading else ""

    def told(key: str) -> Value | None:
        value = reading.data.get(key) if reading else None
        return value if isinstance(value, bool | str) else None

    for name, key, said in (
        ("rollback.target_ok", "target_ok", words("says")),
        ("rollback.other_target", "other_target", words("says")),
        ("migration.verdict", "verdict", words("migrations")),
    ):
        yield book.fact(name, "rollback", lambda r, key=key: told(key), says=said, reason=said or words("says"))  # type: ignore[misc]
    failed = book.reading("migrations")
    names = list(failed.data.get("failed") or []) if failed else []
    judged = told("migration_failed")
    if names or judged is True:
        probe = "migrations" if names else "rollback"
        yield book.fact("migration.failed", probe, lambda r: True, says=", ".join(names) or words("migrations"))
    elif failed is not None:
        yield book.fact("migration.failed", "migrations", lambda r: False, says=failed.detail)
    else:
        probe = "migrations" if judged is None and book.state("migrations") is not None else "rollback"
        yield book.fact("migration.failed", probe, lambda r: judged, reason=book.why(probe))


def _present(book: Book, probes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(probe for probe in probes if book.state(probe) is not None)
