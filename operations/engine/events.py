"""The event: one immutable line of what happened, chained by hash to the event its writer wrote before."""

from __future__ import annotations

import hashlib
import json
import math
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Protocol

import msgspec


@dataclass(frozen=True, slots=True)
class Event:
    """What happened. `at` is when, `recorded_at` when it was written (both UTC); empty `incident`, `job` mean none.

    `hash` covers everything else; `prev` is the hash of the event `seq - 1` of the same writer, empty for its first.
    """

    id: str
    at: datetime
    recorded_at: datetime
    incident: str
    job: str
    actor: str
    host: str
    kind: str
    data: Mapping[str, Any]
    writer: str
    seq: int
    prev: str
    hash: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """An event before it has its place in the chain. Without `at` it happened when it is written."""

    kind: str
    data: Mapping[str, Any]
    at: datetime | None = None
    incident: str = ""
    job: str = ""


class EventBook(Protocol):
    """What the journal and its fallback have in common: append and read."""

    actor: str

    def append(
        self, kind: str, data: Mapping[str, Any], *, at: datetime | None = None, incident: str = "", job: str = ""
    ) -> Event:
        """Write one event; it is on disk when this returns. Raises JournalUnavailable."""
        ...

    def events(
        self,
        *,
        after: int = 0,
        kinds: tuple[str, ...] | None = None,
        incident: str | None = None,
        job: str | None = None,
        limit: int | None = None,
    ) -> list[tuple[int, Event]]:
        """Events with their place, in the order they were written."""
        ...


_COLUMNS = {field.name: column for column, field in enumerate(fields(Event))}
_HASHED = {name: column for name, column in _COLUMNS.items() if name not in ("data", "hash")}
_IN_ORDER = tuple(sorted({*_HASHED, "data"}))


class Ids:
    """Makes UUIDv7 texts (RFC 9562) that never run backwards within this process, whatever the clock does."""

    def __init__(self, now: Callable[[], datetime], random_bytes: Callable[[int], bytes] = os.urandom) -> None:
        self._now = now
        self._random_bytes = random_bytes
        self._last = 0
        self._guard = threading.Lock()

    def new(self) -> str:
        """The next id: 48 bits of milliseconds, 12 bits that count within one, 62 random bits."""
        milliseconds = int(self._now().timestamp() * 1000)
        with self._guard:
            self._last = max(self._last + 1, milliseconds << 12)
            head = self._last
        tail = int.from_bytes(self._random_bytes(8)) & (2**62 - 1)
        number = (head >> 12) << 80 | 7 << 76 | (head & 0xFFF) << 64 | 2 << 62 | tail
        text = f"{number:032x}"
        return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def sealed(event: Event) -> Event:
    """The same event with the hash that belongs to it."""
    values = {field.name: getattr(event, field.name) for field in fields(event)}
    return Event(**{**values, "hash": hash_of(event)})


def hash_of(event: Event) -> str:
    """SHA-256 (hex) over the canonical JSON of everything but the hash itself."""
    body = event_to_json(event)
    del body["hash"]
    return hashlib.sha256(canonical(body).encode()).hexdigest()


def hash_of_row(row: Sequence[Any]) -> str:
    """As `hash_of`, from a row of the journal's table, whose times and data lie there as they are hashed.

    Several times as fast; a row that somebody wrote differently only gives another hash.
    """
    texts = {name: json.dumps(row[column], ensure_ascii=False) for name, column in _HASHED.items()}
    body = ",".join(f'"{name}":{row[8] if name == "data" else texts[name]}' for name in _IN_ORDER)
    return hashlib.sha256(f"{{{body}}}".encode()).hexdigest()


def canonical(value: Any) -> str:
    """JSON with sorted names and no spaces: the same data always gives the same text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def event_to_json(event: Event) -> dict[str, Any]:
    """The event as JSON types; times are ISO 8601 with microseconds and Z."""
    body = {field.name: getattr(event, field.name) for field in fields(event)}
    return {**body, "at": utc_text(event.at), "recorded_at": utc_text(event.recorded_at)}


def event_from_json(body: Mapping[str, Any]) -> Event:
    """The event back from JSON types. Raises ValueError, KeyError or TypeError when it is none."""
    values = {field.name: body[field.name] for field in fields(Event)}
    at, recorded_at = datetime.fromisoformat(body["at"]), datetime.fromisoformat(body["recorded_at"])
    return Event(**{**values, "at": at, "recorded_at": recorded_at})


def event_from_row(row: Sequence[Any]) -> Event:
    """The event in a row of the journal's table: the fields in their order, times and data as text.

    Raises ValueError, TypeError or RecursionError for a row that is damaged.
    """
    at, recorded_at = datetime.fromisoformat(row[1]), datetime.fromisoformat(row[2])
    incident, job, actor, host, kind = row[3:8]
    writer, seq, prev, digest = row[9:13]
    data = json.loads(row[8])
    if not isinstance(data, dict):
        raise ValueError("the event's data is no object")
    return Event(row[0], at, recorded_at, incident, job, actor, host, kind, data, writer, seq, prev, digest)


def utc_text(moment: datetime) -> str:
    """`2026-07-30T03:10:00.000000Z`. Raises ValueError for a time without a zone."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone cannot be recorded")
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def plain(value: Any) -> Any:
    """`value` as JSON types that read back unchanged: dataclasses become objects, times and paths text, NaN null."""
    return _readable(msgspec.to_builtins(value, str_keys=True, enc_hook=str))


def _readable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {_readable(name): _readable(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_readable(item) for item in value]
    return value
