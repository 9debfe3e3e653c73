"""The written record of a release folder: which release went live when, by whom and how.

Foreign text: the file may be half written, edited by hand or damaged. What cannot be read is left out, never guessed.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any

from operations.platforms.base import LivePeriod
from operations.text import one_line

RELEASE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")
RECORD_LIMIT = 1_048_576
"""Bytes of the record that are looked at, counted from its end."""
DOCUMENT_LIMIT = 65_536
_HOW = ("publish", "promote", "rollback")


@dataclass(frozen=True, slots=True)
class Switch:
    """One switch of `current`. `how` is publish, promote or rollback, or "unknown" when nobody wrote it down."""

    at: datetime
    release: str
    who: str
    how: str
    commit: str = ""

    def line(self) -> str:
        """The switch as one line of the record."""
        body = {"at": to_text(self.at), "release": self.release, "who": self.who, "how": self.how}
        return json.dumps({**body, "commit": self.commit} if self.commit else body, ensure_ascii=False) + "\n"


def read_switches(path: Path) -> tuple[Switch, ...]:
    """Every readable switch in the last megabyte of the record, oldest first; empty when there is no record."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - RECORD_LIMIT))
            raw = file.read(RECORD_LIMIT)
    except FileNotFoundError:
        return ()
    lines = raw.split(b"\n")
    readable = (parse_switch(line) for line in (lines[1:] if size > RECORD_LIMIT else lines))
    return tuple(switch for switch in readable if switch is not None)


def parse_switch(line: str | bytes) -> Switch | None:
    """One line of the record, or None when it is not one."""
    if len(line) > DOCUMENT_LIMIT:
        return None
    found = _object(line)
    at, release = to_time(found.get("at")), found.get("release")
    if at is None or not isinstance(release, str) or not RELEASE_NAME.fullmatch(release):
        return None
    how = found.get("how")
    return Switch(
        at=at,
        release=release,
        who=text_of(found.get("who"), 60),
        how=how if isinstance(how, str) and how in _HOW else "unknown",
        commit=text_of(found.get("commit"), 64),
    )


def read_document(path: Path) -> Mapping[str, Any] | None:
    """A small JSON object from `path`; None when it is missing, too large or not an object."""
    try:
        with path.open("rb") as file:
            raw = file.read(DOCUMENT_LIMIT + 1)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    return _object(raw) or None if len(raw) <= DOCUMENT_LIMIT else None


def periods_of(switches: Iterable[Switch]) -> Sequence[LivePeriod]:
    """The stretches of time that the switches (oldest first) add up to, newest first; the newest has no end.

    Switching to what is live already begins nothing. A clock that went back makes an empty stretch, not a negative one.
    """
    real: list[Switch] = []
    for switch in switches:
        if not real or real[-1].release != switch.release:
            real.append(switch)
    periods = [
        LivePeriod(
            release=switch.release,
            start=switch.at,
            end=max(after.at, switch.at) if after else None,
            who=switch.who,
            how=switch.how,
            ended_by=after.how if after else "",
        )
        for switch, after in zip_longest(real, real[1:])
        if switch is not None
    ]
    return periods[::-1]


def to_text(at: datetime) -> str:
    """ISO 8601 in UTC with Z and microseconds."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def to_time(raw: object) -> datetime | None:
    """An aware UTC time from ISO 8601 text (without a zone it is UTC), or None."""
    if not isinstance(raw, str):
        return None
    try:
        parsed = datetime.fromisoformat(raw)
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def text_of(raw: object, limit: int) -> str:
    """Foreign text as one cleaned line, empty for anything that is not text."""
    return one_line(raw, limit) if isinstance(raw, str) else ""


def _object(raw: str | bytes) -> dict[str, Any]:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
