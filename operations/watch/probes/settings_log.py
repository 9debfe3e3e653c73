"""Flags and settings that somebody changed: names and times from a JSON-lines log, never values."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from operations.beside import beside
from operations.foreign_json import NOT_JSON
from operations.text import one_line
from operations.watch.model import Reading, Status
from operations.watch.probes.base import Place, Shared

_TAIL_BYTES = 262_144
_KEPT = 50


class SettingsLine(msgspec.Struct, frozen=True):
    """One change. Only these four are read; a value in the line is never looked at."""

    at: datetime
    name: str
    kind: str = "config"
    who: str = ""


class SettingsLogProbe(Shared):
    """Every 60 s."""

    def __init__(self, place: Place) -> None:
        super().__init__(place, "settings", "flags, settings", 60.0, 5.0)

    async def read(self) -> Reading:
        """The last fifty changes; a log that is not there yet means that nothing has changed in it."""
        self.begin()
        path = self.place.settings.resolve(self.place.env.settings_log)
        try:
            lines = await beside(_tail, path)
        except FileNotFoundError:
            if path.parent.is_dir():
                return self.reading(Status.OK, "nothing changed yet", 0.0, {"changes": []})
            return self.reading(Status.UNKNOWN, f"settings log: no folder {path.parent.name}")
        except OSError as error:
            return self.reading(Status.UNKNOWN, f"settings log: {error.strerror or error}")
        found: list[SettingsLine] = []
        unreadable = 0
        for line in lines:
            try:
                found.append(msgspec.json.decode(line, type=SettingsLine))
            except NOT_JSON:
                unreadable += 1
        newest = sorted(found, key=lambda line: _utc(line.at))[-_KEPT:]
        changes = [[_utc(c.at).isoformat(), _kind(c.kind), one_line(c.name, 60), one_line(c.who, 40)] for c in newest]
        words = f"{len(found)} changes" + (f", {unreadable} lines unreadable" if unreadable else "")
        return self.reading(Status.OK, words, float(len(found)), {"changes": changes})


def _tail(path: Path) -> list[bytes]:
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _TAIL_BYTES))
        lines = file.read(_TAIL_BYTES).split(b"\n")
    return [line for line in (lines[1:] if size > _TAIL_BYTES else lines) if line.strip()]


def _kind(told: str) -> str:
    return "flag" if told.lower() in ("flag", "feature", "switch", "maintenance") else "config"


def _utc(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
