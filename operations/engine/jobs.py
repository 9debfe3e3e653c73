"""The jobs so far: folded as events come, newest first, with the dead told from the living."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from operations.engine.alive import group_lives, is_alive, is_stopped
from operations.engine.events import Event
from operations.engine.fallback import fallback_folders, read_lines
from operations.engine.fold import UNREADABLE, applied, created, number_at
from operations.engine.journal import Journal
from operations.engine.log import progress_path
from operations.engine.order import in_order
from operations.engine.record import JobRecord, JobState
from operations.engine.store import JOB_MARKS
from operations.errors import VigieError

KEPT = 200
"""Jobs that are folded on start; older ones only where they never ended or left something."""
_START_PATIENCE = timedelta(seconds=60)
_STILL_MATTERS = (
    "SELECT job FROM events {} WHERE " + JOB_MARKS + " AND job != '' GROUP BY job HAVING"  # noqa: S608 - fixed parts
    " (sum(kind = 'job.created') AND NOT sum(kind IN ('job.finished', 'job.closed')))"
    " OR sum(kind = 'debris.left') > sum(kind IN ('debris.settled', 'debris.cleaned'))"
)
"""Jobs that never ended, and those that left something; told from the marks alone."""


class JobBook:
    """All jobs of one journal. `refresh` takes in what is new; `jobs` answers from memory.

    With `state` (the state directory) jobs that ran without the journal are read from their fallback files, too.
    """

    def __init__(self, journal: Journal | None, *, now: Callable[[], datetime], state: Path | None = None) -> None:
        self._journal = journal
        self._now = now
        self._state = state
        self._jobs: dict[str, JobRecord] = {}
        self._place: int | None = None
        self._number = 0
        self._fallback_sizes: dict[Path, int] = {}
        self._fallback_seen: set[str] = set()

    def refresh(self) -> bool:
        """Take in new events; True when there were any. Raises JournalUnavailable."""
        fresh = False
        if self._journal is not None:
            if self._place is None:
                self._place = self._begin(self._journal)
            for place, event in self._journal.events(after=self._place, any_job=True):
                self._place = place
                if event.id not in self._fallback_seen:
                    self._feed(event, place)
                fresh = True
        return self._feed_fallbacks() or fresh

    def jobs(self, environment: str = "") -> tuple[JobRecord, ...]:
        """Every job (of one environment), newest first, as it stands now: LOST where its worker is gone."""
        now = self._now()
        # A list at once: a probe asks from a thread of its own while new events come in.
        found = [job for job in list(self._jobs.values()) if environment in ("", job.environment)]
        return tuple(
            standing(job, now) for job in sorted(found, key=lambda job: (job.created_at, job.id), reverse=True)
        )

    def get(self, name: str) -> JobRecord:
        """The job with this id, beginning of an id, or number. Raises VigieError when there is none, or several."""
        jobs = self.jobs()
        found = [job for job in jobs if name in (job.id, str(job.number))]
        found = found or [job for job in jobs if name and job.id.startswith(name)]
        if len(found) == 1:
            return found[0]
        if not found:
            raise VigieError(f"There is no job {name!r}.", next_step="vigie jobs list lists them.")
        numbers = ", ".join(str(job.number) for job in found[:8])
        raise VigieError(f"{name!r} fits {len(found)} jobs.", next_step=f"Name one by its number: {numbers}.")

    def unfinished(self) -> tuple[JobRecord, ...]:
        """What wants a person on start: jobs whose worker is gone, and debris that was left."""
        return tuple(job for job in self.jobs() if job.needs_cleaning)

    def _begin(self, journal: Journal) -> int:
        """Take in the old jobs that still matter; returns the place behind which everything is read."""
        newest = "SELECT place FROM events WHERE kind = 'job.created' ORDER BY place DESC LIMIT 1 OFFSET ?"
        rows = journal.query(newest, (KEPT,))
        if not rows:
            self._number = journal.jobs_removed()
            return 0
        place = int(rows[0][0])
        for (job,) in journal.query(_STILL_MATTERS.format("INDEXED BY marks_of_jobs" if journal.marked else "")):
            self._take_again(journal, job, until=place)
        self._number = number_at(journal, place)
        return place

    def _take_again(self, journal: Journal, job: str, until: int) -> None:
        """Fold a job afresh from all its events up to a place, in their one order."""
        rows = [(place, event) for place, event in journal.events(job=job) if place <= until]
        number = next((number_at(journal, place) for place, event in rows if event.kind == "job.created"), 0)
        for event in in_order(event for _, event in rows):
            self._apply(event, number)

    def _feed(self, event: Event, place: int) -> None:
        """Take in an event of the journal that is new."""
        if event.kind != "job.created":
            self._apply(event, 0)
            return
        self._number += 1
        self._apply(event, self._number)
        earlier = "SELECT 1 FROM events WHERE job = ? AND job != '' AND place < ? LIMIT 1"
        if self._journal is not None and self._journal.query(earlier, (event.job, place)):
            # Imported: what followed came in before it.
            self._take_again(self._journal, event.job, until=place)

    def _apply(self, event: Event, number: int) -> None:
        if event.kind == "job.created":
            self._add(event, number)
        elif event.job in self._jobs:
            self._jobs[event.job] = applied(self._jobs[event.job], event)

    def _add(self, event: Event, number: int) -> None:
        # An order that cannot be read any more is one job less in the list, not a list less.
        with suppress(*UNREADABLE):
            self._jobs[event.job] = created(event, number)

    def _feed_fallbacks(self) -> bool:
        fresh = False
        for folder in fallback_folders(self._state) if self._state is not None else ():
            for path in sorted(folder.glob("*.jsonl")) if folder.is_dir() else ():
                fresh = self._feed_file(path) or fresh
        return fresh

    def _feed_file(self, path: Path) -> bool:
        try:
            size = path.stat().st_size
            if size == self._fallback_sizes.get(path):
                return False
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return False
        self._fallback_sizes[path] = size
        new = [event for _, event in read_lines(lines) if event.id not in self._fallback_seen]
        known = self._journal.known([event.id for event in new]) if self._journal is not None and new else frozenset()
        for event in (event for event in new if event.id not in known):
            self._fallback_seen.add(event.id)
            if event.kind == "job.created" and event.job not in self._jobs:
                self._add(event, len(self._jobs) + 1)
            else:
                self._apply(event, 0)
        return bool(new)


def standing(record: JobRecord, now: datetime) -> JobRecord:
    """The record as it stands now: LOST when its worker is gone, with the running step's progress."""
    if not record.live:
        return record
    if record.worker is None:
        lost = now - record.created_at > _START_PATIENCE
        return replace(record, state=JobState.LOST, says="its worker never started") if lost else record
    if is_alive(record.worker):
        if is_stopped(record.worker):
            says = f"its worker is stopped by a signal and does nothing: kill -CONT {record.worker.pid}"
            return _with_words(replace(record, says=says), says)
        return _with_progress(record)
    running = tuple(group for group in record.groups if group_lives(group))
    says = "the worker died"
    if running:
        says += f", but its process group {', '.join(str(group.pgid) for group in running)} still runs"
    return replace(record, state=JobState.LOST, says=says, groups=running)


def _with_progress(record: JobRecord) -> JobRecord:
    current = record.current
    if current is None or not record.log:
        return record
    try:
        text = progress_path(Path(record.log)).read_text(encoding="utf-8")
    except OSError:
        return record
    return _with_words(record, text)


def _with_words(record: JobRecord, words: str) -> JobRecord:
    steps = tuple(replace(step, progress=words) if step is record.current else step for step in record.steps)
    return replace(record, steps=steps)
