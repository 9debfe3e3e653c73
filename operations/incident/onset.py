"""When the errors of an incident began, and how exactly that is known. Folded from its events."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from operations.engine.events import Event
from operations.incident.telling import number_of, text_of

KEY = "onset:"
"""How the key of the event begins by which the watch tells it."""
_MARGIN = re.compile(r"±(\d{1,6}) s")


@dataclass(frozen=True, slots=True)
class Onset:
    """Errors began not later than `latest`, and after `latest` less `margin` seconds."""

    latest: datetime
    margin: float

    @property
    def earliest(self) -> datetime:
        """The last moment at which it was still well."""
        return self.latest - timedelta(seconds=self.margin)


def onset_of(events: Iterable[Event]) -> Onset | None:
    """What the watch said of it (events by their time); None where it said nothing."""
    for event in events:
        if event.kind == "probe.changed" and text_of(event.data, "key").startswith(KEY):
            return Onset(event.at, _margin(event.data))
    return None


def _margin(data: Mapping[str, Any]) -> float:
    told = number_of(data.get("margin"))
    if told is not None:
        return min(told, 86400.0 * 366)
    found = _MARGIN.search(text_of(data, "detail"))
    return float(found[1]) if found else 0.0
