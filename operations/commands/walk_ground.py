"""What a walk from the command line stands on: settings, runbook, environment, facts, and where it is recorded."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from operations.cli import Session
from operations.commands.runbook_shelf import runbooks_of, settings_or_none
from operations.commands.session import environment_of, refuse_readonly, say, settings_of
from operations.desk import utc_now
from operations.engine.journal import Journal
from operations.errors import VigieError
from operations.headless.keeping import InJournal, InMemory, Keeping, environment_of_incident, open_incident_of
from operations.headless.seeing import Looking, NothingToSee, Seeing, recorded_facts
from operations.runbook_files import UNREADABLE, Runbooks
from operations.settings import Settings
from operations.text import one_line
from runbooks.model import Book
from runbooks.names import FACT_NAMES
from runbooks.onward import Given, given_answers, section_named
from runbooks.walk import WalkError, jump


@dataclass
class Ground:
    """One walk's. `settings` is None where a file of facts was enough; `asking` says that a person is there.

    `path`, `commands` and `earlier` gather what the one document of `--json` tells.
    """

    session: Session
    settings: Settings | None
    environment: str
    book: Book
    seeing: Seeing
    keeping: Keeping
    given: tuple[Given, ...]
    how: Mapping[str, Any]
    asking: bool
    path: list[dict[str, Any]] = field(default_factory=list)
    commands: list[dict[str, Any]] = field(default_factory=list)
    earlier: list[dict[str, Any]] = field(default_factory=list)


@contextmanager
def ground_of(session: Session, name: str, how: Mapping[str, Any]) -> Iterator[Ground]:
    """Find everything the options name; the journal is closed at the end. Raises VigieError with 1 or 2."""
    _check(how)
    settings = _whole(session, how) if _touches(how) else settings_or_none(session)
    shelf = runbooks_of(session) if settings is not None else Runbooks()
    _, book = shelf.open(name)
    looks = how["facts_file"] is None and any(name in FACT_NAMES for name in book.names())
    if looks and (settings is None or settings.unanswered):
        settings = _whole(session, how)
    if book.section(book.start) is None:
        raise VigieError(
            f"{one_line(name, 120)} has no headings, so there is nothing to walk.",
            next_step=f"To read it: vigie runbook show {shlex.quote(one_line(name, 120))}",
            code=UNREADABLE,
        )
    with _journal(settings, how) as journal:
        try:
            given = given_answers(how["answers"], book)
            start = section_named(book, how["start"]).anchor if how["start"] is not None else ""
        except WalkError as error:
            raise VigieError(f"{error}.") from None
        environment = _environment(session, settings, journal, how)
        seeing = _seeing(settings if looks else None, environment, how)
        if journal is None:
            keeping: Keeping = InMemory(book, start, utc_now)
        else:
            keeping = _recorded(journal, environment, book, start, how)
        session.incident = keeping.incident
        asking = sys.stdin.isatty() and not how["yes"] and not how["as_json"]
        yield Ground(session, settings, environment, book, seeing, keeping, given, how, asking)


def _check(how: Mapping[str, Any]) -> None:
    """Raises VigieError for options that contradict each other."""
    if how["run"] and how["as_json"]:
        raise VigieError("--run and --json do not go together.", next_step="Walk with --json, then run what it names.")
    if how["incident"] is not None and how["record"]:
        raise VigieError("--incident and --record both say where to record.", next_step="Give one of them.")
    if how["new_walk"] and how["incident"] is None and not how["record"]:
        raise VigieError("--new-walk begins another walk in an incident.", next_step="Give --incident ID or --record.")


def _records(how: Mapping[str, Any]) -> bool:
    return how["incident"] is not None or bool(how["record"])


def _touches(how: Mapping[str, Any]) -> bool:
    """Whether it needs more than a runbook and facts."""
    return bool(how["run"] or how["checks"] or _records(how))


def _whole(session: Session, how: Mapping[str, Any]) -> Settings:
    """The settings, which have to be right. Raises VigieError (2) where they are not, (1) in a read-only session."""
    try:
        settings = settings_of(session)
    except VigieError as error:
        error.code = UNREADABLE
        raise
    if how["run"] or _records(how):
        refuse_readonly(session, settings)
    return settings


def _environment(session: Session, settings: Settings | None, journal: Journal | None, how: Mapping[str, Any]) -> str:
    """The environment meant: the incident's where one is named, else as for every command."""
    named: str | None = how["environment"]
    if settings is None:
        session.chosen = named or session.environment or "production"
        return session.chosen
    if journal is not None and how["incident"] is not None:
        about = environment_of_incident(journal, how["incident"])
        if named not in (None, about):
            raise VigieError(f"Incident {how['incident']} is about {about}, and --env says {one_line(named, 60)}.")
        named = about
    return environment_of(session, settings, named)


@contextmanager
def _journal(settings: Settings | None, how: Mapping[str, Any]) -> Iterator[Journal | None]:
    """The journal where the walk is to be recorded, else None."""
    from operations.jobs.launch import journal_for

    if settings is None or not _records(how):
        yield None
        return
    journal = journal_for(settings)
    try:
        yield journal
    finally:
        journal.close()


def _recorded(journal: Journal, environment: str, book: Book, start: str, how: Mapping[str, Any]) -> InJournal:
    """The incident's walk of that runbook, at `start` where one is named."""
    keeping = InJournal(journal, how["incident"] or open_incident_of(journal, environment))
    keeping.take_up(book, start, anew=how["new_walk"])
    state = keeping.state()
    if start and state.current != start:
        try:
            keeping.keep(jump(state, start))
        except WalkError as error:
            raise VigieError(f"In the text this walk began with, {error}.", next_step="See --new-walk.") from None
    return keeping


def _seeing(settings: Settings | None, environment: str, how: Mapping[str, Any]) -> Seeing:
    from operations.commands.look import look

    if how["facts_file"] is not None:
        return recorded_facts(how["facts_file"])
    if settings is None:
        return NothingToSee()
    return Looking(lambda: look(settings, environment), say)
