"""Removes events that are older than a journal is kept, from the beginning of each chain and nowhere else.

An event of our own says up to where, with the hashes that the rest hangs on: `verify` knows it from a theft. What is
open stays whole, with everything since it began.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from operations.engine.events import Draft, utc_text
from operations.engine.heads import Head
from operations.engine.journal import Journal
from operations.engine.store import JOB_MARKS

_STORIES = (
    "SELECT min(recorded_at) FROM events WHERE incident != '' AND recorded_at < ? AND incident IN"
    " (SELECT DISTINCT incident FROM events WHERE incident != '' AND recorded_at >= ?)"
)
_OPEN_JOBS = (
    f"SELECT min(recorded_at) FROM events WHERE job IN (SELECT job FROM events WHERE {JOB_MARKS} AND job != ''"  # noqa: S608 - fixed parts
    " GROUP BY job HAVING (sum(kind = 'job.created') AND NOT sum(kind IN ('job.finished', 'job.closed')))"
    " OR sum(kind = 'debris.left') > sum(kind IN ('debris.settled', 'debris.cleaned')))"
)


@dataclass(frozen=True, slots=True)
class Prunable:
    """What may go: everything up to these heads, so many events and jobs, all written before that time (UTC)."""

    heads: tuple[Head, ...]
    events: int
    jobs: int
    before: datetime


def prunable(journal: Journal, before: datetime, open_incidents: Sequence[str] = ()) -> Prunable:
    """What was written before `before` and belongs to nothing that goes on. Reads much. Raises JournalUnavailable."""
    begun = "SELECT min(recorded_at) FROM events WHERE incident = ? AND incident != ''"
    held = [journal.query(begun, (id,))[0][0] for id in open_incidents] + [journal.query(_OPEN_JOBS)[0][0]]
    cut = min([utc_text(before), *filter(None, held)])
    # A story that goes on behind the cut stays whole; that may move the cut into an older one.
    while (earlier := journal.query(_STORIES, (cut, cut))[0][0]) is not None and earlier < cut:
        cut = earlier
    heads: list[Head] = []
    events = jobs = 0
    for newest in journal.heads():
        first = "SELECT coalesce(min(seq), ?) FROM events WHERE writer = ? AND recorded_at >= ?"
        kept = int(journal.query(first, (newest.seq + 1, newest.writer, cut))[0][0])
        last = "SELECT seq, hash FROM events WHERE writer = ? AND seq < ? ORDER BY seq DESC LIMIT 1"
        for seq, digest in journal.query(last, (newest.writer, kept)):
            heads.append(Head(newest.writer, int(seq), str(digest)))
            counts = "SELECT count(*), total(kind = 'job.created') FROM events WHERE writer = ? AND seq <= ?"
            found, made = journal.query(counts, (newest.writer, seq))[0]
            events, jobs = events + int(found), jobs + int(made)
    return Prunable(tuple(heads), events, jobs, datetime.fromisoformat(cut))


def prune(journal: Journal, what: Prunable) -> None:
    """Remove it, and say so in the journal, in one transaction. Raises JournalUnavailable.

    The event says again what the ones before it said: they will be removed themselves.
    """
    excuses = journal.excuses()
    heads = {**excuses.pruned, **{head.writer: head for head in what.heads}}
    data = {
        "heads": [[head.writer, head.seq, head.hash] for head in heads.values()],
        "partial": sorted(excuses.partial),
        "imported": sorted(excuses.imported),
        "jobs": journal.jobs_removed() + what.jobs,
        "events": what.events,
        "before": utc_text(what.before),
    }
    journal.forget(what.heads, Draft("journal.pruned", data))
