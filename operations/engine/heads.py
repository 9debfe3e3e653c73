"""The head file: the last event of every writer, remembered outside the journal so that a cut-off tail is found."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from operations.engine.events import Event


@dataclass(frozen=True, slots=True)
class Head:
    """The last known event of a writer."""

    writer: str
    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Heads:
    """What the file says: the head of each writer, and heads that were once written and then gone from the journal."""

    known: tuple[Head, ...] = ()
    lost: tuple[Head, ...] = ()


def mark_of(head: Head) -> str:
    """A head in a few characters, for the foot of a message: it names neither person nor host."""
    return f"{head.seq}-{head.hash[:12]}"


def heads_in(text: str) -> tuple[Head, ...]:
    """The heads that somebody kept elsewhere: in a backup's manifest, an export's file or a head file.

    Raises ValueError for a text that holds none.
    """
    found: list[Head] = []
    for line in (text, *text.splitlines()):
        try:
            body = json.loads(line)
            kept = body.get("journal") or body.get("heads") if isinstance(body, dict) else None
            found += [Head(str(writer), int(seq), str(digest)) for writer, seq, digest in kept or ()]
            if isinstance(body, dict) and {"writer", "seq", "hash", "kind"} <= body.keys():
                found.append(Head(str(body["writer"]), int(body["seq"]), str(body["hash"])))
        except (ValueError, TypeError):
            continue
    if not found:
        raise ValueError("no heads of a journal are in it")
    return tuple(dict.fromkeys(found))


def read_heads(path: Path) -> Heads | None:
    """The heads kept beside a journal; None without such a file. Raises ValueError when it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from error
    return _parse(text)


def remember_head(path: Path, event: Event, in_journal: Callable[[Head], bool]) -> None:
    """Keep `event` as its writer's head, unless a newer one is kept: several processes append at once.

    A kept head that is gone from the journal is moved to `lost`: somebody cut the tail off.
    Raises OSError; an unreadable file is written anew.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        size = os.fstat(descriptor).st_size
        try:
            heads = _parse(os.pread(descriptor, size, 0).decode("utf-8")) if size else Heads()
        except ValueError:
            heads = Heads()
        newer = _with(heads, Head(event.writer, event.seq, event.hash), in_journal)
        if newer != heads:
            body = _text(newer).encode()
            os.pwrite(descriptor, body, 0)
            os.ftruncate(descriptor, len(body))
    finally:
        os.close(descriptor)


def _with(heads: Heads, head: Head, in_journal: Callable[[Head], bool]) -> Heads:
    kept = next((one for one in heads.known if one.writer == head.writer), None)
    others = tuple(one for one in heads.known if one.writer != head.writer)
    if kept is None:
        return Heads((*others, head), heads.lost)
    if not in_journal(kept):
        return Heads((*others, head), (*heads.lost, kept))
    return Heads((*others, head), heads.lost) if kept.seq < head.seq else heads


def _parse(text: str) -> Heads:
    try:
        body = json.loads(text)
        known, lost = (
            tuple(Head(str(writer), int(seq), str(digest)) for writer, seq, digest in body[part])
            for part in ("heads", "lost")
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError("the head file cannot be read") from error
    return Heads(known, lost)


def _text(heads: Heads) -> str:
    parts = {"heads": heads.known, "lost": heads.lost}
    return json.dumps({name: [[one.writer, one.seq, one.hash] for one in part] for name, part in parts.items()})
