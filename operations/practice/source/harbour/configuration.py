"""What the board is told from outside: addresses and keys from the environment, its own name from `release.json`."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Configuration:
    """Everything one running board needs; keys are never printed."""

    database: str = field(repr=False)
    login_key: str = field(repr=False)
    anon_key: str = field(repr=False)
    mail: str
    maps: str
    request_log: Path
    switches: Path
    folder: Path
    version: str
    commit: str


def read_configuration(folder: Path) -> Configuration:
    """Read the environment and the release's own record. Raises KeyError when a name is missing."""
    record: dict[str, Any] = {}
    written = folder / "release.json"
    if written.is_file():
        record = json.loads(written.read_text("utf-8"))
    return Configuration(
        database=os.environ["HARBOUR_DATABASE"],
        login_key=os.environ["HARBOUR_LOGIN_KEY"],
        anon_key=os.environ["HARBOUR_ANON_KEY"],
        mail=os.environ["HARBOUR_MAIL"],
        maps=os.environ["HARBOUR_MAPS"],
        request_log=Path(os.environ["HARBOUR_REQUEST_LOG"]),
        switches=Path(os.environ["HARBOUR_SWITCHES"]),
        folder=folder,
        version=str(record.get("name", "unreleased")),
        commit=str(record.get("commit", "")),
    )


class Switches:
    """Feature flags and maintenance mode, read again whenever their file changes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = -1
        self._values: dict[str, Any] = {}

    def _read(self) -> dict[str, Any]:
        try:
            changed = self._path.stat().st_mtime_ns
            if changed != self._seen:
                self._values = json.loads(self._path.read_text("utf-8"))
                self._seen = changed
        except (OSError, ValueError):
            return self._values
        return self._values

    @property
    def maintenance(self) -> bool:
        """True while the board shows its closed page."""
        return bool(self._read().get("maintenance", False))

    @property
    def flags(self) -> dict[str, bool]:
        """Every flag that somebody set."""
        return {str(name): bool(on) for name, on in self._read().get("flags", {}).items()}

    def flag(self, name: str) -> bool:
        """A flag nobody set is on."""
        return bool(self._read().get("flags", {}).get(name, True))
