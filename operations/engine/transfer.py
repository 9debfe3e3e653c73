"""Takes the journal elsewhere and back: one file a writer out, files of events in. It never overwrites nor doubles.

All files are read and checked before anything is written; the same file again changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from operations.engine.chainfile import ChainBroken, ChainFile, events_in, looked_at, masked, write_chain
from operations.engine.events import Draft, Event
from operations.engine.fallback import fallback_folders
from operations.engine.journal import Journal
from operations.engine.redaction import Redactor
from operations.errors import VigieError

_PIECE = 500
_NEIGHBOURS = "SELECT seq, id, hash, prev FROM events WHERE writer = ? AND seq BETWEEN ? AND ?"


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export wrote, and how many events could not be read."""

    files: tuple[Path, ...]
    events: int
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did. `skipped`: lines of fallback files that cannot be read, in words."""

    new: int
    known: int
    skipped: tuple[str, ...] = ()


def export(journal: Journal, folder: Path, *, redactor: Redactor | None, incident: str = "") -> Exported:
    """Write every chain, or the events of one incident, into `folder` (made, mode 0700); masked by `redactor`, if any.

    Raises VigieError for an incident that is not there, or when a file cannot be written; JournalUnavailable.
    """
    story = [event for _, event in journal.story(incident)] if incident else []
    if incident and not story:
        raise VigieError(f"There is no incident {incident}.", next_step="See: vigie incident list")
    writers = sorted({event.writer for event in story}) if incident else [head.writer for head in journal.heads()]
    files: list[Path] = []
    count = 0

    def shown(events: Iterable[Event]) -> Iterator[Event]:
        nonlocal count
        for event in events:
            count += 1
            yield event if redactor is None else masked(event, redactor)

    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for writer in writers:
            own = sorted((event for event in story if event.writer == writer), key=lambda event: event.seq)
            events = shown(own if incident else journal.chain(writer))
            files.append(write_chain(folder, writer, events, redacted=redactor is not None, incident=incident))
    except OSError as error:
        raise VigieError(f"{folder} cannot be written: {error.strerror}.") from error
    return Exported(tuple(files), count, len(journal.unreadable))


def take_in(journal: Journal, paths: Sequence[Path]) -> Imported:
    """Take in the events of these files that the journal does not have. What was written there stays as it is.

    Raises ChainBroken for a file that is not what was written, or whose chain is not the one that is here: then nothing
    was taken in. VigieError for a file that cannot be read, JournalUnavailable.
    """
    skipped: list[str] = []
    fresh: list[tuple[ChainFile, list[str]]] = []
    known = 0
    try:
        for chain in [looked_at(path) for path in paths]:
            ids: list[str] = []
            for piece in _pieces(events_in(chain, skipped)):
                new = _new_of(journal, piece, chain)
                known += len(piece) - len(new)
                ids += [event.id for event in new]
            fresh.append((chain, ids))
        done = sum(_adopted(journal, chain, ids) for chain, ids in fresh)
    except OSError as error:
        raise VigieError(f"{error.filename} cannot be read: {error.strerror}.") from error
    return Imported(done, known + sum(len(ids) for _, ids in fresh) - done, tuple(skipped))


def take_in_events(journal: Journal, events: Sequence[Event]) -> int:
    """Take in events that a fallback of this very process kept in memory; returns how many were new.

    Raises ChainBroken, JournalUnavailable.
    """
    new = [event for piece in _pieces(iter(events)) for event in _new_of(journal, piece, None)]
    if new:
        journal.adopt(new, [_note("memory", new[0].writer, len(new))])
    return len(new)


def fallback_files(state: Path) -> tuple[Path, ...]:
    """The files in which events were kept while the journal of that state directory could not be written."""
    folders = [folder for folder in fallback_folders(state) if folder.is_dir()]
    return tuple(path for folder in folders for path in sorted(folder.glob("*.jsonl")))


def take_in_fallbacks(journal: Journal, state: Path) -> Imported:
    """Take in what was kept beside the journal, each file for itself: one that cannot be is named, the others come in.

    The files stay where they are. Raises JournalUnavailable.
    """
    new = known = 0
    skipped: list[str] = []
    for path in fallback_files(state):
        try:
            done = take_in(journal, [path])
        except ChainBroken as error:
            skipped.append(str(error))
            continue
        except VigieError as error:
            if not path.exists():
                continue
            skipped.append(str(error))
            continue
        new, known = new + done.new, known + done.known
        skipped += done.skipped
    return Imported(new, known, tuple(skipped))


def _adopted(journal: Journal, chain: ChainFile, ids: Sequence[str]) -> int:
    # Asked again: the file before it may have held the same events.
    wanted = set(ids) - journal.known(ids)
    if not wanted:
        return 0
    events = (event for event in events_in(chain, []) if event.id in wanted)
    writer = chain.writer or next(events_in(chain, [])).writer
    note = _note(chain.path.name, writer, len(wanted), partial=chain.partial, of=chain.incident)
    journal.adopt(events, [note])
    return len(wanted)


def _note(name: str, writer: str, count: int, *, partial: bool = False, of: str = "") -> Draft:
    data = {"from": name, "writer": writer, "events": count, "partial": [writer] if partial else [], "of": of}
    return Draft("journal.imported", data)


def _new_of(journal: Journal, piece: Sequence[Event], chain: ChainFile | None) -> list[Event]:
    """Those events of one chain that are not here yet. Raises ChainBroken where its writer has another chain here."""
    first, last = piece[0], piece[-1]
    there = {row[0]: row[1:] for row in journal.query(_NEIGHBOURS, (first.writer, first.seq - 1, last.seq + 1))}
    taken = journal.known([event.id for event in piece])
    new: list[Event] = []
    for event in piece:
        here, before, after = there.get(event.seq), there.get(event.seq - 1), there.get(event.seq + 1)
        if here is not None and here[:2] == (event.id, event.hash):
            continue
        forked = here is not None or event.id in taken
        forked = forked or (before is not None and before[1] != event.prev)
        if forked or (after is not None and after[2] != event.hash):
            where = f"{chain.path.name}: " if chain is not None else ""
            raise ChainBroken(
                f"{where}{event.writer} has another chain here from event {event.seq} on: nothing was taken in.",
                means="A state directory was copied, and both copies went on.",
                next_step="Import it into a state directory of its own.",
            )
        new.append(event)
    return new


def _pieces(events: Iterator[Event]) -> Iterator[list[Event]]:
    piece: list[Event] = []
    for event in events:
        piece.append(event)
        if len(piece) == _PIECE:
            yield piece
            piece = []
    if piece:
        yield piece
