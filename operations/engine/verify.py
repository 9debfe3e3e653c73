"""Finds what somebody did to a chain of events: changed, missing, reordered, or cut off at its end. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal

from operations.engine.events import Event, event_from_row, hash_of, hash_of_row
from operations.engine.heads import Head

REDACTED = "redacted_on_export"
"""In the data of an event that an export masked: what it says cannot be held against its hash any more."""
Kind = Literal["changed", "missing", "reordered", "cut-off", "head", "redacted", "partial", "pruned", "elsewhere"]
NOTES: frozenset[Kind] = frozenset({"redacted", "partial", "pruned", "elsewhere"})
"""What has to be known and is nobody's fault."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding. `seq` is the event's number in its writer's chain, 0 when the whole is meant."""

    kind: Kind
    writer: str
    seq: int
    says: str

    @property
    def grave(self) -> bool:
        """False for what was done openly: an import in part, old events removed, words masked by an export."""
        return self.kind not in NOTES


@dataclass(frozen=True, slots=True)
class Excuses:
    """What the journal itself says of its chains: writers of which anything was imported (then it lies where it came),
    those that were imported in part, and the last event removed of each."""

    imported: frozenset[str] = frozenset()
    partial: frozenset[str] = frozenset()
    pruned: Mapping[str, Head] = field(default_factory=dict)
    own: str = ""


def excuses_of(events: Iterable[Event], own: str) -> Excuses:
    """The excuses in journal.imported and journal.pruned events. Nobody's import excuses a gap of their own."""
    imported: set[str] = set()
    partial: set[str] = set()
    pruned: dict[str, Head] = {}
    for event in events:
        with suppress(KeyError, TypeError, ValueError, AttributeError):
            if event.kind == "journal.imported":
                imported.add(str(event.data["writer"]))
                partial |= {str(writer) for writer in event.data["partial"]} - {event.writer}
            elif event.kind == "journal.pruned":
                imported |= {str(writer) for writer in event.data["imported"]}
                partial |= {str(writer) for writer in event.data["partial"]} - {event.writer}
                for writer, seq, digest in event.data["heads"]:
                    if str(writer) not in pruned or pruned[str(writer)].seq < int(seq):
                        pruned[str(writer)] = Head(str(writer), int(seq), str(digest))
    return Excuses(frozenset(imported), frozenset(partial), pruned, own)


def chain_problems(
    rows: Iterable[tuple[int, Sequence[Any]]], excuses: Excuses | None = None, own: str | None = None
) -> Iterator[Problem]:
    """Problems within the chains. `rows` are (place, columns in the table's order), ordered by writer and seq.

    Only the chain of `own` has to lie in its order (None: every one): imported ones come as they come.
    """
    excuses = excuses or Excuses()
    writer, seq, digest, place = "", 0, "", 0
    gaps: dict[str, int] = {}
    for at, row in rows:
        if row[9] != writer:
            writer, seq, digest, place = str(row[9]), 0, "", 0
        number, prev, stored = int(row[10]), str(row[11]), str(row[12])
        pruned = excuses.pruned.get(writer)
        if seq == 0 and pruned is not None and number == pruned.seq + 1:
            seq, digest = pruned.seq, pruned.hash
            yield Problem(
                "pruned", writer, pruned.seq, f"events 1 to {pruned.seq} of {writer} were removed for their age"
            )
        if number > seq + 1:
            if writer in excuses.partial:
                gaps[writer] = gaps.get(writer, 0) + number - seq - 1
            else:
                yield _missing(writer, seq + 1, number - 1)
        elif prev != digest:
            yield Problem("changed", writer, seq, f"event {seq} of {writer} is not the one that {number} follows")
        if _hash(row) != stored:
            yield _not_its_hash(writer, number, row)
        if at < place and own in (None, writer) and writer not in excuses.imported:
            yield Problem("reordered", writer, number, f"{_named(writer, number, row)} lies before {seq}")
        seq, digest, place = number, stored, at
    for one, count in gaps.items():
        yield Problem("partial", one, 0, f"{one} was imported in part: {count} of its events are not here")


def head_problems(
    heads: Sequence[Head],
    hash_at: Callable[[str, int], str | None],
    excuses: Excuses | None = None,
    *,
    lost: Sequence[Head] = (),
) -> Iterator[Problem]:
    """Problems at the end of the chains: what `heads` remember against what is there.

    `hash_at(writer, seq)` is the hash of an event in the journal, `hash_at(writer, 0)` that of any; `lost` are heads
    that were once written and then gone.
    """
    excuses = excuses or Excuses()
    for head in heads:
        found = hash_at(head.writer, head.seq)
        pruned = excuses.pruned.get(head.writer)
        if found == head.hash or head.writer in excuses.partial or (pruned is not None and head.seq <= pruned.seq):
            continue
        if found is not None and head not in lost:
            words = f"event {head.seq} of {head.writer} is not the one that was written"
            yield Problem("changed", head.writer, head.seq, words)
        elif hash_at(head.writer, 0) is not None or head in lost or _account(head.writer) == _account(excuses.own):
            words = f"the end of {head.writer} was cut off: event {head.seq} was written and is gone"
            yield Problem("cut-off", head.writer, head.seq, words)
        else:
            words = f"nothing of {head.writer} is here: its event {head.seq} cannot be compared"
            yield Problem("elsewhere", head.writer, head.seq, words)


def _account(writer: str) -> str:
    return writer.partition("/")[0]


def _missing(writer: str, first: int, last: int) -> Problem:
    which = f"event {first}" if first == last else f"events {first} to {last}"
    return Problem("missing", writer, first, f"{which} of {writer} missing")


def _not_its_hash(writer: str, number: int, row: Sequence[Any]) -> Problem:
    if f'"{REDACTED}":true' in str(row[8]):
        words = f"{_named(writer, number, row)} was masked by an export: its words cannot be checked"
        return Problem("redacted", writer, number, words)
    return Problem("changed", writer, number, f"{_named(writer, number, row)} does not match its hash")


def _named(writer: str, number: int, row: Sequence[Any]) -> str:
    return f"event {number} of {writer} ({row[7]}, {str(row[1])[:19]}Z, {row[0]})"


def _hash(row: Sequence[Any]) -> str:
    try:
        digest = hash_of_row(row)
        return digest if digest == row[12] else hash_of(event_from_row(row))
    except (ValueError, TypeError, RecursionError):
        return ""
