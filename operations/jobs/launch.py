"""From settings to a running job, for console and command line alike: the desk, the journal, the start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from operations.desk import Desk, utc_now
from operations.engine.confirm import check_confirmation, confirmation
from operations.engine.jobs import JobBook
from operations.engine.journal import Journal
from operations.engine.locks import Locks
from operations.engine.model import Plan
from operations.engine.record import JobRecord
from operations.engine.redaction import Redactor
from operations.engine.start import Starter
from operations.errors import JournalUnavailable, VigieError
from operations.jobs.watching import look_once, recorded_traffic
from operations.places import places_for
from operations.settings import Settings
from operations.watch.model import Snapshot


def journal_for(settings: Settings) -> Journal:
    """Open this user's journal. Raises JournalUnavailable with words."""
    redactor = Redactor(settings.secrets())
    return Journal.open(places_for(settings).journal, actor=settings.operator, redactor=redactor, now=utc_now)


def try_journal(settings: Settings) -> Journal | None:
    """The journal, or None when it cannot be used: the way out is never blocked by our own machinery."""
    try:
        return journal_for(settings)
    except JournalUnavailable:
        return None


@contextmanager
def journal_if_any(settings: Settings) -> Iterator[Journal | None]:
    """As `try_journal`, closed at the end: a recorder that starts smoke runs for months must not gather open files."""
    journal = try_journal(settings)
    try:
        yield journal
    finally:
        if journal is not None:
            journal.close()


def journal_heads(settings: Settings) -> list[tuple[str, int, str]]:
    """The journal's last event of each writer, for where nobody who edits the journal reaches it; none without one."""
    with journal_if_any(settings) as journal:
        try:
            return [(head.writer, head.seq, head.hash) for head in journal.heads()] if journal is not None else []
        except JournalUnavailable:
            return []


def jobs_of(settings: Settings) -> tuple[JobRecord, ...]:
    """Every job of this user, newest first, those that ran without the journal included."""
    with job_book(settings) as book:
        return book.jobs()


@contextmanager
def job_book(settings: Settings) -> Iterator[JobBook]:
    """The jobs of this user, read once; where the journal cannot be read only those that ran without it."""
    with journal_if_any(settings) as journal:
        book = JobBook(journal, now=utc_now, state=places_for(settings).state)
        book.refresh()
        yield book


def desk_for(settings: Settings, environment: str, *, watching: bool = True) -> Desk:
    """A desk for a command: its snapshot is one look, taken once, when first asked for."""
    jobs = jobs_of(settings)
    history = tuple(job for job in jobs if job.environment == environment)
    taken: list[Snapshot] = []

    def snapshot() -> Snapshot | None:
        if not watching:
            return None
        if not taken:
            taken.append(look_once(settings, environment, lambda: history))
        return taken[0]

    return Desk(
        settings,
        environment,
        utc_now,
        snapshot,
        lambda: history,
        recorded_traffic(settings, environment),
        lambda other: tuple(job for job in jobs if job.environment == other),
    )


def launch(
    settings: Settings, journal: Journal | None, plan: Plan, *, reason: str = "", incident: str = ""
) -> JobRecord:
    """Start the confirmed plan in a worker of its own. Raises VigieError when it did not start.

    `journal` None means that it cannot be written: then only a rollback runs, and says so on stderr.
    """
    from operations.jobs import operation_named

    places = places_for(settings)
    starter = Starter(
        journal=journal,
        places=places,
        config=Path(settings.path),
        actor=settings.operator,
        redactor=Redactor(settings.secrets()),
        now=utc_now,
    )
    return starter.start(operation_named(plan.operation), plan, reason=reason, incident=incident)


def locks_of(settings: Settings) -> Locks:
    """The locks that these settings' jobs take, for their operator."""
    return Locks(places_for(settings).locks, who=settings.operator, now=utc_now)


def force_unlock(settings: Settings, lock_id: str, how: Mapping[str, Any]) -> str:
    """Take the lock with that id away; needs what the table says for its environment. Returns words for a person."""
    locks = locks_of(settings)
    found = [holder for holder in locks.held() if holder.id == lock_id]
    if not found:
        raise VigieError(f"No lock has the id {lock_id}.", next_step=_held_words(locks))
    environment = found[0].environment
    env = settings.environments.get(environment)
    production = env is None or env.kind == "production"
    refusal = check_confirmation(
        confirmation("force-unlock", production=production, phrase=settings.phrase(environment)),
        yes=bool(how["yes"]),
        typed=str(how["typed"]),
        typed_again=str(how["typed_again"]),
        reason=str(how["reason"]),
    )
    if refusal is not None:
        raise refusal
    holder = locks.force_unlock(lock_id)
    journal = journal_for(settings)
    try:
        journal.append("lock.broken", {"lock": lock_id, "holder": holder.words, "reason": how["reason"]})
    finally:
        journal.close()
    return f"took away {holder.words}"


def _held_words(locks: Locks) -> str:
    held: Sequence[Any] = locks.held()
    return "Held now: " + "; ".join(f"{holder.id} {holder.words}" for holder in held) if held else "None is held."
