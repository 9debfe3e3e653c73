"""What is live behind the screens: the watch, the journal, the jobs and the incident, folded into one Model.

Runs in the app's loop; nothing here blocks it for longer than a journal read. Widgets never ask, they are told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from operations.beside import beside
from operations.desk import Desk, utc_now
from operations.engine.jobs import JobBook
from operations.engine.journal import Journal
from operations.engine.record import JobRecord
from operations.engine.steady import SteadyJournal
from operations.errors import JournalUnavailable
from operations.incident.book import IncidentBook
from operations.incident.clock import clock_of
from operations.incident.model import Incident
from operations.incident.observe import observations
from operations.incident.reminding import remind
from operations.places import places_for
from operations.settings import Settings
from operations.watch.model import Snapshot
from operations.watch.snapshot import aged_snapshot
from tui.actions import key_of
from tui.journal import journal_words, take_in_what_was_kept
from tui.lines import Tone
from tui.model import Model, bare_model
from tui.theme import ASCII, UNICODE
from tui.walking import Walking

if TYPE_CHECKING:
    from operations.engine.redaction import Redactor
    from operations.engine.repair import Repaired
    from operations.places import Places

RETRY_EVERY = timedelta(seconds=5)
"""Between tries to come back to a journal that could not be written."""
JOURNAL_POLL = 0.25
"""Seconds between looks whether another process wrote to the journal; one pragma each."""
STANDING_EVERY = 60.0
REAL_EVERY = 10.0
TOLD_BY_JOBS = ("smoke", "rollback", "backups")
"""Probes that a job's end changes: read at once, not at their next turn."""


class Source(Protocol):
    """Where snapshots come from: the recorder's file or probes of our own."""

    async def run(self, on_snapshot: Callable[[Snapshot], Awaitable[None]]) -> None:
        """Hand over a snapshot whenever something visible changed."""
        ...

    def kick(self, names: Iterable[str]) -> None:
        """Read these probes again now."""
        ...

    async def close(self) -> None:
        """Give back connections."""
        ...


OpenWatch = Callable[["Live"], Source]


def _open_source(live: Live) -> Source:
    from operations.jobs.watching import open_watch

    return open_watch(live.settings, live.environment, live.history, snapshot=lambda: live.snapshot, now=live.now)


class Live:
    """Keeps the parts of a Model current and calls `changed` when any of them is."""

    def __init__(
        self,
        settings: Settings,
        environment: str,
        journal: SteadyJournal,
        *,
        readonly: bool,
        ascii_only: bool,
        state: Path | None = None,
        open_watch: OpenWatch | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.settings = settings
        self.environment = environment
        self.journal = journal
        self.readonly = readonly
        self.now = now
        self._open_watch = open_watch or _open_source
        self.glyphs = ASCII if ascii_only else UNICODE
        self.snapshot: Snapshot | None = None
        self._state = state
        self._bind()
        self.walking = Walking(settings, now)
        self.standing: tuple[str, ...] = ()
        self.unwatched = ""
        """Why nobody looks any more."""
        self.journal_trouble = ""
        """Why the journal cannot be read or written now; empty again as soon as it can."""
        self.real_alarm = ""
        self.message = ""
        self.message_tone: Tone = "plain"
        self.message_until = now()
        self._source: Source | None = None
        self._retry_at = now()
        self._seen: Incident | None = None
        self._standing_jobs: tuple[object, ...] = ()
        self._look_at_standing = asyncio.Event()

    @property
    def real_journal(self) -> Journal | None:
        """The journal itself, or None while it cannot be written: then only a rollback can be started."""
        return self.journal.writable

    def desk(self, environment: str = "") -> Desk:
        """The desk for planning: its snapshot and history are what the console knows now.

        Another environment than the console's own is watched by nobody here: its desk has no snapshot.
        """
        from operations.jobs.watching import recorded_traffic

        chosen = environment or self.environment
        watched = chosen == self.environment
        traffic = recorded_traffic(self.settings, chosen)
        return Desk(
            self.settings,
            chosen,
            self.now,
            lambda: self.snapshot if watched else None,
            lambda: self.jobs.jobs(chosen),
            traffic,
            self.jobs.jobs,
        )

    def history(self) -> tuple[JobRecord, ...]:
        """The jobs of this environment, newest first."""
        return self.jobs.jobs(self.environment)

    @property
    def incident(self) -> Incident | None:
        """The open incident of this environment, else the latest one."""
        try:
            self._seen = self.incidents.open_for(self.environment) or self.incidents.latest_for(self.environment)
        except JournalUnavailable as error:
            # What was read before stays on the screen; the journal's trouble is said beside it.
            self.journal.notice(error)
        return self._seen

    def model(self, keys: tuple[tuple[str, str], ...]) -> Model:
        """The state as one frozen value."""
        now = self.now()
        incident = self.incident
        walking = incident is not None and incident.open
        notes = tuple(words for words in (self._beside(), self.journal_trouble or self._damage()) if words)
        # Whatever keeps new snapshots away, an old one must not stay green.
        snapshot = aged_snapshot(self.snapshot, now) if self.snapshot is not None else None
        bare = bare_model(self.settings, self.environment, now, readonly=self.readonly, glyphs=self.glyphs, keys=keys)
        return replace(
            bare,
            snapshot=snapshot,
            unwatched=self.unwatched,
            jobs=self.history(),
            elsewhere=tuple(job for job in self.jobs.jobs() if job.environment != self.environment),
            incident=incident,
            walk=self.walking.view(snapshot, now) if walking else None,
            standing=(*notes, *self.standing),
            clock=clock_of(incident, self.settings, now) if incident is not None and incident.open else None,
            first_run=not (self.incidents.ids() or self.history() or self.journal_trouble or notes),
            real_alarm=self.real_alarm,
            message=self.message if now < self.message_until else "",
            message_tone=self.message_tone,
        )

    def _damage(self) -> str:
        count = len(self.journal.journal.unreadable) if self.journal.journal is not None else 0
        return f"journal: {count} damaged event{'s' if count > 1 else ''} left out" if count else ""

    def _beside(self) -> str:
        """That events are kept beside the journal, why, and where; empty while it takes them."""
        trouble, beside = self.journal.trouble, self.journal.beside
        if trouble is None or beside is None:
            return ""
        where = f"only in memory ({beside.lost})" if beside.lost else f"in {beside.path}"
        cure = ""
        if trouble.damaged:
            # Right behind the reason: a narrow screen cuts the end.
            cure = " vigie journal repair mends it." if self.readonly else f" {key_of('mend_journal')} repairs it."
        return f"{journal_words(trouble).rstrip('.')}.{cure} Only a rollback can be started; events are kept {where}."

    def _bind(self) -> None:
        """Fold jobs and incidents from the journal that can be read now."""
        self.jobs = JobBook(self.journal.journal, now=self.now, state=self._state)
        self.incidents = IncidentBook(self.journal.journal)

    def come_back(self, *, anew: bool = False) -> bool:
        """Try to come back to the journal, and take in what was kept beside it; True when it takes events again."""
        readable = self.journal.journal
        back = self.journal.retry(anew=anew)
        # What consoles before this one kept beside while the disk was full waits there, too.
        kept = take_in_what_was_kept(self.journal, places_for(self.settings)) if back and not self.readonly else ""
        if self.journal.journal is not readable and self.journal.journal is not None:
            self._bind()
            self.journal_trouble = kept
            self.read_first()
        return back

    async def repair(self, places: Places, redactor: Redactor) -> Repaired:
        """Save what can be read of a damaged journal and go on in it; events are kept beside it meanwhile.

        Raises VigieError when another process has it open, or the disk has no room.
        """
        from operations.engine.repair import repair

        self.journal.let_go()
        self._retry_at = self.now() + RETRY_EVERY
        try:
            actor = self.settings.operator
            return await beside(lambda: repair(places.journal, actor=actor, redactor=redactor, now=self.now))
        finally:
            self.come_back(anew=True)

    def read_first(self) -> None:
        """Read the journal for the first time; when that cannot be done it is said, and the console goes on."""
        try:
            self.read_journal()
        except JournalUnavailable as error:
            self.journal_trouble = journal_words(error)

    def read_journal(self) -> bool:
        """Take in what the journal has that is new; True when there was something."""
        fresh = self.incidents.refresh()
        if not (self.incidents.feed(self.journal.kept_beside()) or fresh):
            return False
        self.jobs.refresh()
        incident = self.incidents.open_for(self.environment)
        self.walking.follow(incident)
        return True

    async def follow_journal(self, changed: Callable[[], None]) -> None:
        """Read the journal when it changed, for as long as the console lives."""
        while True:
            try:
                if self.journal.changed() and self.read_journal():
                    self.journal_trouble = ""  # what can be read was written, whatever went wrong before
                    changed()
                if self.jobs.refresh() or self.jobs_have_changed():
                    changed()
                if self.journal.trouble is not None and self.now() >= self._retry_at:
                    self._retry_at = self.now() + RETRY_EVERY
                    if self.come_back():
                        changed()
            except JournalUnavailable as error:
                self._journal_fails(error, changed)
            await asyncio.sleep(JOURNAL_POLL)

    async def follow_watch(self, changed: Callable[[], None]) -> None:
        """Take in snapshots for as long as the console lives, and put what they say on the incident's timeline."""

        async def take(snapshot: Snapshot) -> None:
            self.snapshot = snapshot
            try:
                if self.observe():
                    self.journal_trouble = ""
            except JournalUnavailable as error:
                # The timeline waits until the journal can be written again; the watch goes on.
                self._journal_fails(error, changed)
            changed()

        source = self._source = self._open_watch(self)
        try:
            await source.run(take)
        finally:
            await source.close()

    async def follow_standing(self, changed: Callable[[], None]) -> None:
        """Look now and then for what earlier acts left to be mended."""
        from operations.jobs.standing import everything_standing

        while True:
            self._look_at_standing.clear()
            lines = tuple(await beside(everything_standing, self.desk()))
            await beside(self.walking.look_at_files)
            if lines != self.standing:
                self.standing = lines
                changed()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._look_at_standing.wait(), STANDING_EVERY)

    async def follow_real(self, config: Path, changed: Callable[[], None]) -> None:
        """Inside a drill: look now and then whether the real site has an alarm."""
        from operations.jobs.real_site import real_trouble

        while True:
            words = await beside(real_trouble, config, self.now())
            if words != self.real_alarm:
                self.real_alarm = words
                changed()
            await asyncio.sleep(REAL_EVERY)

    def jobs_have_changed(self) -> bool:
        """True when a job's standing differs from the last look: a worker died, a step got further."""
        standing = tuple((job.id, job.state, job.current) for job in self.history()[:8])
        changed = standing != self._standing_jobs
        if changed:
            # First what is to be written down: where that fails, it is tried again at the next look.
            self._note_ended()
            self._standing_jobs = standing
            self._look_at_standing.set()
            if self._source is not None:
                self._source.kick(TOLD_BY_JOBS)
        return changed

    def _note_ended(self) -> None:
        if self.readonly:
            return
        from operations.jobs.ended import told_exit

        ended = {job.id: code for job in self.history() if (code := told_exit(job)) is not None}
        releases = {job.id: str(job.plan.details.get("to_name", "")) for job in self.history()}
        self.walking.keep_ended(self.journal, ended, releases)

    def observe(self) -> bool:
        """Record what the watch saw of the incident, each thing once; True when there was something."""
        incident = self.incident
        if self.readonly or self.snapshot is None or incident is None:
            return False
        missing = observations(self.snapshot, incident)
        for seen in missing:
            self.journal.append(seen.kind, seen.data, at=seen.at, incident=incident.id)
        return bool(missing)

    def remind(self) -> tuple[str, ...]:
        """What is due and has to be said now, each once among all consoles. Raises JournalUnavailable."""
        incident = self.incident
        if self.readonly or incident is None:
            return ()
        return remind(self.journal, incident, self.settings, self.now())

    def _journal_fails(self, error: JournalUnavailable, changed: Callable[[], None]) -> None:
        self.journal.notice(error)
        words = "" if self.journal.trouble is not None else journal_words(error)
        if words != self.journal_trouble:
            self.journal_trouble = words
            changed()
