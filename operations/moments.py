"""Moments as a person types them: `2h`, `90m`, `3d`, `08:00` (UTC), or an ISO time with its zone. Pure."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from operations.errors import VigieError
from operations.text import one_line

LONGEST = timedelta(days=60)
_SPAN = re.compile(r"(\d{1,4})\s*(m|min|h|d)")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})Z?")


def until_of(text: str, now: datetime, option: str = "--until") -> datetime:
    """A time to come: a span from now, the next such time of day, or the time itself.

    Raises VigieError (code 1) for anything else, for a time that is over and for one more than 60 days away.
    """
    found = _moment(text, now, 1)
    if found is None:
        raise VigieError(
            f"{option} {one_line(text, 40)!r} is no time.", next_step="Say 2h, 90m, 08:00 (UTC) or 2026-01-31T08:00Z."
        )
    if not now < found <= now + LONGEST:
        raise VigieError(
            f"{option} {one_line(text, 40)} is not within the next 60 days.", next_step="Say it anew when it ends."
        )
    return found


def past_of(text: str, now: datetime, option: str = "--at") -> datetime:
    """A time that is over: a span back from now, the last such time of day, or the time itself. Raises VigieError."""
    found = _moment(text, now, -1)
    if found is None or found > now:
        raise VigieError(
            f"{option} {one_line(text, 40)!r} is no time that is over.",
            next_step="Say 10m (ago), 03:05 (UTC) or 2026-01-31T03:05Z.",
        )
    return found


def _moment(text: str, now: datetime, direction: int) -> datetime | None:
    wanted = text.strip()
    try:
        if span := _SPAN.fullmatch(wanted):
            unit = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days"}[span[2]]
            return now + direction * timedelta(**{unit: int(span[1])})
        if clock := _CLOCK.fullmatch(wanted):
            found = now.replace(hour=int(clock[1]), minute=int(clock[2]), second=0, microsecond=0)
            wrong_side = found <= now if direction > 0 else found > now
            return found + direction * timedelta(days=1) if wrong_side else found
        found = datetime.fromisoformat(wanted)
        return found.astimezone(now.tzinfo) if found.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
