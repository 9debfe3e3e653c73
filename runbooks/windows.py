"""Times and severities that a title or a lead names: "(0-15 minutes)", "(5 minutes max)", "Hour 24-48", "P0"."""

from __future__ import annotations

import re

from runbooks.parts import Window

_UNIT = r"(seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?|secondes?|heures?|jours?)"
_SIZES = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "j": 86400.0, "w": 604800.0}
_DASH = r"\s*(?:-|–|—|to|à)\s*"
_SPAN = re.compile(rf"(\d+(?:\.\d+)?)\s*{_UNIT}?{_DASH}(\d+(?:\.\d+)?)\s*{_UNIT}\b", re.IGNORECASE)
_UNIT_FIRST = re.compile(rf"\b{_UNIT}s?\s+(\d+){_DASH}(\d+)\b", re.IGNORECASE)
_BEFORE = re.compile(rf"(\d+)\s*{_UNIT}\s+before\b", re.IGNORECASE)
_LIMIT = re.compile(
    rf"\(\s*+(?:<|≤|max\.?|within|under|up to|about|~|in)?\s*+(\d+(?:\.\d+)?)\s*+{_UNIT}"
    r"(?:\s+(?:max\.?|at most|maximum))?\s*\)",
    re.IGNORECASE,
)
_AT_ONCE = re.compile(r"\(\s*(?:immediate(?:ly)?|at once|now|immédiat(?:ement)?)\s*\)", re.IGNORECASE)
_SEVERITY = re.compile(r"\b(?:(P)([0-4])|(SEV|Sev|sev)[- ]?([0-5]))\b")
_DIGIT = re.compile(r"\d")
_LONGEST = 120
LONGEST_BOX = 4 * 3600.0
"""Seconds up to which a window counts as a time box: what is longer is a plan, not a clock to watch."""


def window_in(title: str) -> Window | None:
    """The time span in a title, if it names one."""
    text = title[:_LONGEST]
    if not _DIGIT.search(text):
        return None
    if found := _BEFORE.search(text):
        at = -_seconds(found[1], found[2])
        return Window(at, at)
    if found := _SPAN.search(text):
        start, end = _seconds(found[1], found[2] or found[4]), _seconds(found[3], found[4])
        return Window(start, end) if start < end else None
    if found := _UNIT_FIRST.search(text):
        first = 0.0 if found[2] == "1" else _seconds(found[2], found[1])
        return Window(first, _seconds(found[3], found[1])) if first < _seconds(found[3], found[1]) else None
    if found := _LIMIT.search(text):
        return Window(0.0, _seconds(found[1], found[2]))
    return None


def after_in(text: str) -> float | None:
    """When a rung of an escalation ladder is due, in seconds: "(15 minutes)", "(immediate)"."""
    if _AT_ONCE.search(text):
        return 0.0
    found = _LIMIT.search(text[:_LONGEST])
    return _seconds(found[1], found[2]) if found else None


def without_time(text: str) -> str:
    """A rung's words without its time."""
    return " ".join(_AT_ONCE.sub("", _LIMIT.sub("", text)).split())


def severity_in(title: str) -> str:
    """ "P0" … "P4", "SEV0" … as a title names it; empty when it does not."""
    found = _SEVERITY.search(title[:_LONGEST])
    return "" if found is None else f"P{found[2]}" if found[1] else f"SEV{found[4]}"


def _seconds(number: str, unit: str) -> float:
    return float(number) * _SIZES[unit[0].lower()]
