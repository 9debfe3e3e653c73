"""Ages and durations in the few characters a person reads at night: `25 s`, `12m`, `3h2m`, `3d2h`."""

from __future__ import annotations

from datetime import datetime


def age_words(seconds: float | None) -> str:
    """An age in steps of 5 s under a minute, of a minute under an hour, then hours and days; `?` when unknown."""
    if seconds is None:
        return "?"
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole - whole % 5} s"
    if whole < 3600:
        return f"{whole // 60}m"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60}m" if whole % 3600 >= 60 else f"{whole // 3600}h"
    return f"{whole // 86400}d{whole % 86400 // 3600}h" if whole < 30 * 86400 else f"{whole // 86400}d"


def time_words(at: datetime, now: datetime) -> str:
    """A moment that stays as it is while time goes by: `03:12Z`, with its day when that is another one."""
    there = at.astimezone(now.tzinfo)
    return f"{there:%H:%MZ}" if there.date() == now.date() else f"{there:%Y-%m-%d %H:%MZ}"


def clock_words(seconds: float) -> str:
    """A running clock to the second: `58s`, `10m58s`, `2h05m`."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02d}m"


def box_words(seconds: float) -> str:
    """Time left in a box: `2:12`; below zero `over by 0:40`."""
    whole = int(abs(seconds))
    shown = f"{whole // 60}:{whole % 60:02d}"
    return shown if seconds >= 0 else f"over by {shown}"


def seconds_between(earlier: datetime, later: datetime) -> float:
    """Seconds from `earlier` to `later`, negative when they are the other way round."""
    return (later - earlier).total_seconds()


def expected_words(seconds: float) -> str:
    """An expected time: `about 10 s`, `8 min`."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min"


def size_words(size: float) -> str:
    """Bytes as a person says them, in powers of ten: "950 bytes", "2.4 kB", "245 MB"."""
    if size < 1000:
        return f"{size:.0f} bytes"
    for unit in ("kB", "MB", "GB"):
        size /= 1000
        if size < 999.5:
            return f"{size:.3g} {unit}"
    return f"{size / 1000:.3g} TB"
