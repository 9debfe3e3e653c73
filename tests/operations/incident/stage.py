"""An incident in memory, written by several consoles on one machine whose clock may be turned while they run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from operations.engine.events import Event
from operations.incident.book import IncidentBook
from operations.incident.model import Incident
from operations.settings import Contact, IncidentSettings, Settings

START = datetime(2026, 11, 21, 3, 0, 0, tzinfo=UTC)
ID = "1121-kfp"
LEAD = Contact(name="Ana", kind="lead", phone="+33 1")
CTO = Contact(name="Rui", kind="cto")
SETTINGS = Settings(contacts=(LEAD, CTO), incident=IncidentSettings())


class Stage:
    """`true` is how much time has really gone by, `off` how wrong the machine's clock is. Keeps all events in order."""

    def __init__(self, severity: str = "P0", **opened: Any) -> None:
        self.true = timedelta()
        self.off = timedelta()
        self.actor = "ana"
        self.rows: list[tuple[int, Event]] = []
        self._ids = count(1)
        self.append("incident.opened", {"site": "harbour", "environment": "production", "severity": severity, **opened})

    @property
    def now(self) -> datetime:
        """What the machine's clock shows."""
        return START + self.true + self.off

    def append(
        self, kind: str, data: Mapping[str, Any], *, at: datetime | None = None, incident: str = ID, job: str = ""
    ) -> Event:
        """As a journal's."""
        number = next(self._ids)
        event = Event(
            f"e{number}", at or self.now, self.now, incident, job, self.actor, "host", kind, dict(data),
            "ana@host", number, "",
        )  # fmt: skip
        self.rows.append((number, event))
        return event

    def events(
        self,
        *,
        after: int = 0,
        kinds: tuple[str, ...] | None = None,
        incident: str | None = None,
        job: str | None = None,
        limit: int | None = None,
    ) -> list[tuple[int, Event]]:
        """As a journal's."""
        found = [row for row in self.rows if row[0] > after and (kinds is None or row[1].kind in kinds)]
        return found[:limit]

    def wait(self, **of: float) -> Stage:
        """Let time go by."""
        self.true += timedelta(**of)
        return self

    def turn(self, **by: float) -> Stage:
        """Set the machine's clock forward, or back."""
        self.off += timedelta(**by)
        return self

    def incident(self, backwards: bool = False) -> Incident:
        """The incident as a console that reads all of it sees it."""
        book = IncidentBook()
        events = [event for _, event in self.rows]
        book.feed([events[0], *reversed(events[1:])] if backwards else events)
        found = book.get(ID)
        assert found is not None
        return found

    def sent(self, kind: str = "update", promised: datetime | None = None, message: str = "m1") -> Event:
        """A message to users."""
        data = {"message": message, "kind": kind, "texts": {"en": "…"}, "audience": "all"}
        return self.append("message.sent", data | ({"promised": promised.isoformat()} if promised else {}))

    def state(self, word: str) -> Event:
        """The incident moves on."""
        return self.append("incident.state", {"state": word, "why": ""})
