"""A chain of events as JSON lines: what an export writes and a fallback keeps, and how both are read and checked.

An exported file has a line before its events that says whose they are, and one behind them that says it is whole.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from operations.engine.events import Event, canonical, event_from_json, event_to_json, hash_of
from operations.engine.verify import REDACTED
from operations.errors import VigieError

FORMAT = "vigie.journal/1"
_DAMAGE = (ValueError, KeyError, TypeError, RecursionError)


class ChainBroken(VigieError):
    """A file of events is not what was written: which line, and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class ChainFile:
    """One file: its path and what its first line says. A fallback's has none: then `exported` is false."""

    path: Path
    writer: str = ""
    exported: bool = False
    partial: bool = False
    """Events of the chain were left out on purpose (the export of one incident)."""
    incident: str = ""


def write_chain(folder: Path, writer: str, events: Iterable[Event], *, redacted: bool, incident: str = "") -> Path:
    """Write the events of one writer, oldest first, to a file of its own (mode 0600, there whole or not at all).

    Raises OSError.
    """
    path = folder / file_name(writer)
    half = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            head = {"format": FORMAT, "writer": writer, "redacted": redacted, "incident": incident}
            file.write(json.dumps(head, ensure_ascii=False) + "\n")
            count, last = 0, None
            for event in events:
                file.write(canonical(event_to_json(event)) + "\n")
                count, last = count + 1, event
            end = {"end": FORMAT, "events": count, "seq": last.seq if last else 0, "hash": last.hash if last else ""}
            file.write(json.dumps(end) + "\n")
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
    except BaseException:
        half.unlink(missing_ok=True)
        raise
    return path


def file_name(writer: str) -> str:
    """The file of a writer: its name as far as it is plain, and a piece of its hash so that two never share one."""
    return f"{re.sub(r'[^A-Za-z0-9@._-]', '_', writer)[:80]}-{sha256(writer.encode()).hexdigest()[:8]}.jsonl"


def looked_at(path: Path) -> ChainFile:
    """What lies in `path`. Raises OSError, ChainBroken for an export of a later version."""
    with path.open("rb") as file:
        head = _object(file.readline())
    if "format" not in head:
        return ChainFile(path)
    if head["format"] != FORMAT:
        raise ChainBroken(f"{path}: its format {str(head['format'])[:40]} is not known.", next_step="Update Vigie.")
    incident = str(head.get("incident", ""))
    return ChainFile(path, str(head.get("writer", "")), exported=True, partial=bool(incident), incident=incident)


def events_in(chain: ChainFile, skipped: list[str] | None = None) -> Iterator[Event]:
    """The events of the file in their order, each held against its hash and the one before it.

    An exported file has to be whole: ChainBroken else. A fallback's may have been cut off by the crash it outlived:
    lines that cannot be read are named in `skipped` and the others still count. Raises OSError.
    """
    last: Event | None = None
    ended = not chain.exported
    with chain.path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if chain.exported and number == 1:
                continue
            body = _object(line)
            if chain.exported and "end" in body:
                _check_end(chain, number, body, last, number - 2)
                ended = True
                continue
            wrong, event = _read(body, chain.writer or (last.writer if last else ""), last, chain, ended)
            if event is None:
                where = f"{chain.path.name} line {number}: {wrong}"
                if chain.exported or skipped is None:
                    raise ChainBroken(where)
                skipped.append(where)
                continue
            last = event
            yield event
    if not ended:
        raise ChainBroken(f"{chain.path.name}: cut off, its last line is missing")


def masked(event: Event, redactor: Any) -> Event:
    """The event as an export shows it. One that had to be masked says so; its hash stays that of what was written."""
    data = redactor.data(dict(event.data))
    actor = redactor.redact(event.actor)
    if data == event.data and actor == event.actor:
        return event
    body = {**event_to_json(event), "data": {**data, REDACTED: True}, "actor": actor}
    return event_from_json(body)


def _read(
    body: dict[str, Any], writer: str, last: Event | None, chain: ChainFile, ended: bool
) -> tuple[str, Event | None]:
    """What is wrong with a line, or the event in it."""
    try:
        event = event_from_json(body)
        digest = hash_of(event)
    except _DAMAGE:
        return "no event can be read in it", None
    if chain.exported and ended:
        return "it stands behind the end", None
    named = f"event {event.seq} of {event.writer}"
    if writer and event.writer != writer:
        return f"{named} is another writer's, this is the chain of {writer}", None
    if digest != event.hash and event.data.get(REDACTED) is not True:
        return f"{named} was changed: it does not match its hash", None
    if last is not None and event.seq <= last.seq:
        return f"{named} is out of order, behind {last.seq}", None
    if last is not None and event.seq > last.seq + 1 and chain.exported and not chain.partial:
        return f"events {last.seq + 1} to {event.seq - 1} of {event.writer} are missing", None
    if last is not None and event.seq == last.seq + 1 and event.prev != last.hash:
        return f"{named} does not follow the one before it", None
    return "", event


def _check_end(chain: ChainFile, number: int, body: dict[str, Any], last: Event | None, count: int) -> None:
    seq, digest = (last.seq, last.hash) if last is not None else (0, "")
    if (body.get("events"), body.get("seq"), body.get("hash")) != (count, seq, digest):
        raise ChainBroken(
            f"{chain.path.name} line {number}: {count} events up to {seq} are here, its end says otherwise"
        )


def _object(line: bytes) -> dict[str, Any]:
    try:
        body = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}
