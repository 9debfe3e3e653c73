"""A real journal in the test's folder, with a clock that tests may turn."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from operations.engine.journal import Journal
from operations.engine.redaction import Redactor
from operations.incident.book import IncidentBook
from tests.operations.incident.post import Post, post_office

START = datetime(2026, 11, 21, 3, 0, 0, tzinfo=UTC)


class Desk:
    """A journal, its incidents, and a clock."""

    def __init__(self, folder: Path) -> None:
        self.time = START
        self.journal = Journal.open(folder / "journal.sqlite", actor="ana", redactor=Redactor(), now=self.now)
        self.book = IncidentBook()
        self._place = 0

    def now(self) -> datetime:
        """The time of the test."""
        return self.time

    def pass_time(self, **of: float) -> None:
        """Let time go by."""
        self.time += timedelta(**of)

    def read(self) -> IncidentBook:
        """The incidents as the journal has them now."""
        rows = self.journal.events(after=self._place)
        self._place = rows[-1][0] if rows else self._place
        self.book.feed([event for _, event in rows])
        return self.book


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """An empty journal."""
    made = Desk(tmp_path)
    yield made
    made.journal.close()


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    """A server that takes messages."""
    async with post_office() as opened_post:
        yield opened_post
