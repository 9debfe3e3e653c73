"""Inside a drill: what is wrong on the real site, as its recorder says. Reads one file; never probes, never acts."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from pathlib import Path

from operations.errors import VigieError
from operations.settings_reader import load_settings
from operations.text import one_line
from operations.watch.store import open_for_reading


def real_trouble(config: Path | None, now: datetime) -> str:
    """`production DOWN: …` while an alarm of the real site is open and its recorder lives; else empty."""
    if config is None:
        return ""
    try:
        settings = load_settings(config)
    except VigieError:
        return ""
    if settings.drill is not None:
        return ""
    store = open_for_reading(settings)
    if store is None:
        return ""
    try:
        for name, environment in settings.environments.items():
            if environment.kind != "production" or not store.is_recording(name, now):
                continue
            for alarm in store.alarms(name):
                if alarm.closed_at is None and alarm.offers_incident:
                    return f"{name} DOWN: {one_line(alarm.title, 60)}"
    except sqlite3.Error:
        return ""
    finally:
        store.close()
    return ""
