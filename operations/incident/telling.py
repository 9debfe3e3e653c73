"""Reads the data of events that others wrote: text, numbers and times, or nothing where there is something else.

What comes out is inert text; nothing here raises for what an event holds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from operations.text import clean, one_line

LINE = 1000
"""Characters of one line that a report shows; a longer one is cut, and says so by its `…`."""


def text_of(data: Mapping[str, Any], name: str, limit: int = LINE) -> str:
    """One clean line; empty where there is none."""
    value = data.get(name)
    return one_line(value, limit) if isinstance(value, str) else ""


def lines_of(value: object) -> str:
    """Text of several lines as it was written, without controls; empty where there is none."""
    if not isinstance(value, str):
        return ""
    return "\n".join(line.rstrip() for line in clean(value).split("\n")).strip("\n")


def number_of(value: object) -> float | None:
    """A finite number that is not negative; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def moment_of(value: object) -> datetime | None:
    """A time with its zone, in UTC; None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
        found = found.astimezone(UTC) if found.tzinfo is not None else datetime.min
    except (ValueError, OverflowError):
        return None
    return found if is_ours(found) else None


def is_ours(at: datetime) -> bool:
    """Whether a time lies in years that can be counted with; a damaged or foreign event may hold any."""
    return 1971 <= at.year <= 9000


def rows_of(value: object) -> list[Any]:
    """A list's items; none where it is no list."""
    return list(value) if isinstance(value, list | tuple) else []
