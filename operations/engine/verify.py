"""Finds what somebody did to a chain of events: changed, missing, reordered, or cut off at its end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from operations.engine.events import event_from_row, hash_of
from operations.engine.heads import Head, Heads


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding. `seq` is the event's number in its writer's chain, 0 when the whole is meant."""

    kind: Literal["changed", "missing", "reordered", "cut-off", "head"]
    writer: str
    seq: int
    says: str


def chain_problems(rows: Iterable[tuple[int, Sequence[Any]]]) -> Iterator[Problem]:
    """Problems within the chains. `rows` are (place, columns in the table's order), ordered by writer and seq."""
    writer, seq, digest, place = "", 0, "", 0
    for at, row in rows:
        if row[9] != writer:
            writer, seq, digest, place = str(row[9]), 0, "", 0
        number, prev, stored = int(row[10]), str(row[11]), str(row[12])
        if number > seq + 1:
            yield _missing(writer, seq + 1, number - 1)
        elif prev != digest:
            yield Problem("changed", writer, seq, f"event {seq} of {writer} is not the one that {number} follows")
        if _hash(row) != stored:
            yield Problem("changed", writer, number, f"event {number} of {writer} does not match its hash")
        if at < place:
            yield Problem("reordered", writer, number, f"event {number} of {writer} lies before {seq}")
        seq, digest, place = number, stored, at


def head_problems(
    kept: Heads | None, present: Sequence[Head], hash_at: Callable[[str, int], str | None]
) -> Iterator[Problem]:
    """Problems at the end of the chains: what the head file remembers against what is there.

    `present` are the newest events in the journal, `hash_at(writer, seq)` the hash of one of them.
    """
    if kept is None:
        if present:
            yield Problem("head", "", 0, "the head file is gone: a cut-off end could not be seen")
        return
    for head in (*kept.known, *kept.lost):
        found = hash_at(head.writer, head.seq)
        if head in kept.lost or found is None:
            words = f"the end of {head.writer} was cut off: event {head.seq} was written and is gone"
            yield Problem("cut-off", head.writer, head.seq, words)
        elif found != head.hash:
            words = f"event {head.seq} of {head.writer} is not the one that was written"
            yield Problem("changed", head.writer, head.seq, words)


def _missing(writer: str, first: int, last: int) -> Problem:
    which = f"event {first}" if first == last else f"events {first} to {last}"
    return Problem("missing", writer, first, f"{which} of {writer} missing")


def _hash(row: Sequence[Any]) -> str:
    try:
        return hash_of(event_from_row(row))
    except (ValueError, TypeError):
        return ""
