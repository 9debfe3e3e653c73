"""What really happened on the practice site, from its own books: nothing here was written by the console."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from operations.practice.layout import Layout


@dataclass(frozen=True, slots=True)
class Truth:
    """`released` and `onset` as they were injected; the switch back and the last error as the site has them."""

    released: datetime
    onset: datetime
    switched_back: datetime
    last_error: datetime
    arrived: tuple[Mapping[str, Any], ...]
    """What the chat and the status page were sent, in the order it came."""


def truth_of(home: Path) -> Truth:
    """The books of the practice site in `home`."""
    layout = Layout(home)
    injected = json.loads(layout.truth.read_text())
    production = layout.site("production")
    switched = _rows(production / "releases.jsonl")[-1]
    assert switched["how"] == "rollback"
    errors = [row for row in _rows(layout.request_log("production")) if row["status"] >= 500]
    began = moment(injected["began_at"])
    arrived = tuple(row for row in _rows(layout.logs / "messages.jsonl") if moment(row["at"]) >= began)
    return Truth(
        moment(injected["release"]["live_at"]),
        moment(injected["fault"]["onset_at"]),
        moment(switched["at"]),
        moment(errors[-1]["at"]),
        arrived,
    )


def moment(text: str) -> datetime:
    """A time of a report or of the site's books."""
    return datetime.fromisoformat(text).astimezone(UTC)


def second(at: datetime) -> datetime:
    """That second, as a paper prints it."""
    return at.replace(microsecond=0)


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]
