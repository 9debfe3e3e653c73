"""Numbers with units: what a runbook writes (`5m`, `90%`) and what a person reads ("5 min", "90 %")."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

from runbooks.facts import Value

SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}

_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)(ms|s|m|h|d)\s*", re.ASCII)


def duration(text: str) -> float | None:
    """Seconds in `5m`, `90s`, `1h`, `1.5h`, `30d`; None for anything else."""
    found = _DURATION.fullmatch(text)
    return float(found[1]) * SECONDS[found[2]] if found else None


def in_words(value: Value, unit: str) -> str:
    """`value` as a person reads it; `unit` as in `names.Unit`, an empty one means a plain number."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if not math.isfinite(value):
        return "unknown"
    if unit == "s":
        return seconds_in_words(value)
    if unit == "time":
        return _clock(value)
    return f"{number_in_words(value)} %" if unit == "%" else number_in_words(value)


def seconds_in_words(seconds: float) -> str:
    """Two digits are enough: "0.3 s", "90 s", "25 min", "25 h", "9 d"."""
    for limit, size, name in ((120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h")):
        if seconds < limit:
            return f"{number_in_words(seconds / size if seconds / size < 10 else math.floor(seconds / size))} {name}"
    return f"{number_in_words(math.floor(seconds / 86400))} d"


def number_in_words(number: float) -> str:
    """One decimal where it matters (0.1), two under a tenth, none from ten on."""
    digits = 0 if abs(number) >= 10 else 1 if abs(number) >= 0.1 or number == 0 else 2
    text = f"{number:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _clock(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%MZ")
    except (OverflowError, OSError, ValueError):
        return number_in_words(seconds)
