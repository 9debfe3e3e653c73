"""Every fact of one moment, from what all readings add up to. Pure: nothing is asked here and nothing remembered.

Every name of the site-down tree is there from the start; one that nothing supplies is unknown, "not configured".
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from operations.settings import Settings
from operations.watch.book import NOT_CONFIGURED, Book
from operations.watch.facts_database import database_facts
from operations.watch.facts_order import order_facts
from operations.watch.facts_site import site_facts
from operations.watch.facts_traffic import traffic_facts
from operations.watch.history import History
from operations.watch.outside import Outside
from runbooks.facts import Fact
from runbooks.names import FACT_NAMES


def derive(history: History, now: datetime, settings: Settings, environment: str, outside: Outside) -> dict[str, Fact]:
    """All facts at `now` (UTC)."""
    return facts_of(Book(history, settings, environment, outside, now))


def facts_of(book: Book) -> dict[str, Fact]:
    """All facts of a book, by name."""
    found = {fact.name: fact for fact in _all(book)}
    missing = {name: Fact(name, reason=NOT_CONFIGURED) for name in FACT_NAMES if name not in found}
    return dict(sorted({**missing, **found}.items()))


def _all(book: Book) -> Iterator[Fact]:
    yield from site_facts(book)
    yield from traffic_facts(book)
    yield from database_facts(book)
    yield from order_facts(book)
