"""Facts about the database and the count the business knows by heart."""

from __future__ import annotations

from collections.abc import Iterator

from operations.ages import size_words
from operations.watch.baseline import has_dropped
from operations.watch.book import Book
from operations.watch.model import Reading, Status
from runbooks.facts import Fact, Value


def database_facts(book: Book) -> Iterator[Fact]:
    """The facts of this file."""
    yield _ok(book)
    yield book.fact("database.error", "database", lambda r: _text(r, "error"), says=lambda r: r.detail)
    yield book.fact("database.writable", "database", lambda r: _yes(r, "writable"), reason="it does not answer")
    for name, key in (
        ("database.connections_used", "used"),
        ("database.waiters", "waiters"),
        ("database.longest_wait", "longest_wait"),
        ("database.longest_query", "longest_query"),
        ("database.time", "seconds"),
        ("database.size", "size"),
        ("database.lag", "lag"),
    ):
        yield book.fact(
            name,
            "database",
            lambda r, key=key: _number(r, key),  # type: ignore[misc]
            says=lambda r, key=key: _words(r, key),  # type: ignore[misc]
            reason="no replica is told of" if key == "lag" and _answers(book) else "it does not answer",
        )
    yield _rows_dropped(book)


def _ok(book: Book) -> Fact:
    """Whether it answers us: a database that turns newcomers away still answers over the connection we hold."""
    ok, _ = book.pair("database", "database")
    reading = book.reading("database")
    if ok.value is False and reading is not None and reading.status is Status.DOWN and reading.data.get("answers"):
        return Fact(ok.name, True, ok.source, ok.at, ok.stale_after, says=ok.says, inputs=ok.inputs)
    return ok


def _rows_dropped(book: Book) -> Fact:
    found = has_dropped(list(book.history.counts))
    state = book.state("business")
    if state is None or found is None:
        too_few = state is not None and book.reading("business") is not None
        return book.derived(
            "rows.dropped", None, ("business",), reason="too little history" if too_few else book.why("business")
        )
    dropped, usual = found
    newest = book.history.counts[-1][1]
    return book.fact("rows.dropped", "business", lambda r: dropped, says=f"{newest:g}, usual {usual:g}")


def _answers(book: Book) -> bool:
    reading = book.reading("database")
    return reading is not None and bool(reading.data.get("answers"))


def _words(reading: Reading, key: str) -> str:
    data = reading.data
    if key == "size" and "size" in data:
        return size_words(data["size"])
    if key == "used" and "usable" in data:
        return f"{data['connections']} of {data['usable']}"
    if key == "waiters" and data.get("waiters"):
        return f"{data['waiters']} wait, longest {data['longest_wait']:.0f} s"
    return ""


def _number(reading: Reading, key: str) -> Value | None:
    value = reading.data.get(key)
    return float(value) if isinstance(value, int | float) else None


def _text(reading: Reading, key: str) -> Value | None:
    value = reading.data.get(key)
    return value if isinstance(value, str) else None


def _yes(reading: Reading, key: str) -> Value | None:
    value = reading.data.get(key)
    return value if isinstance(value, bool) else None
