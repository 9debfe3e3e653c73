"""The request log and the settings log as they would be had the site served for hours: backdated, same form as live."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from operations.practice.traffic import Failure, Request, served

BACK = timedelta(minutes=70)
_OLD_SETTINGS = ((9.2, "flag", "quotes", "ana"), (16.4, "config", "HARBOUR_MAIL", "tom"), (23.1, "flag", "maps", "ana"))


def write_request_log(
    path: Path,
    now: datetime,
    chance: Random,
    rate: float,
    failure: Failure | None = None,
    onset: datetime | None = None,
) -> None:
    """Write the hour or so up to `now` that the curves show; from `onset` on requests fail as `failure` says."""
    fresh = path.with_name(path.name + ".new")
    with fresh.open("w", encoding="utf-8") as file:
        file.writelines(map(line, served(chance, now - BACK, now, rate, failure, onset)))
    fresh.chmod(0o600)
    fresh.replace(path)


def line(request: Request) -> str:
    """One request as the site writes it."""
    at, path, status, seconds, error = request
    stamp = at.isoformat(timespec="milliseconds")[:-6]
    words = json.dumps(error) if error else '""'
    return f'{{"at": "{stamp}Z", "path": "{path}", "status": {status}, "seconds": {seconds:.4f}, "error": {words}}}\n'


def write_settings_log(path: Path, now: datetime) -> None:
    """Flags and settings that were changed weeks ago: something to read, nothing near any fault."""
    entries = [
        {"at": _stamp(now - timedelta(days=days)), "kind": kind, "name": name, "who": who}
        for days, kind, name, who in reversed(_OLD_SETTINGS)
    ]
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries), "utf-8")


def add_setting(path: Path, now: datetime, kind: str, name: str, who: str) -> None:
    """Append one change; the value is never written."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"at": _stamp(now), "kind": kind, "name": name, "who": who}) + "\n")


def recent_lines(path: Path, limit: int = 600_000) -> Iterable[dict[str, object]]:
    """The requests in the last `limit` bytes of a log; a torn line is left out."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - limit))
            raw = file.read(limit)
    except OSError:
        return
    for text in raw.splitlines()[1 if size > limit else 0 :]:
        try:
            found = json.loads(text)
        except ValueError:
            continue
        if isinstance(found, dict):
            yield found


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
