"""`vigie incident`: open, list, show, note, resolve, brief and call, where no console is at hand."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import click

from operations.ages import age_words, seconds_between
from operations.cli import Noted, Session
from operations.commands.session import document, environment_of, say, settings_of
from operations.desk import utc_now
from operations.engine.journal import Journal
from operations.errors import VigieError
from operations.incident.book import IncidentBook
from operations.incident.model import Incident, IncidentHead, IncidentState, Severity
from operations.settings import Settings


@click.group(cls=Noted)
def incident() -> None:
    """Open, list, show and note incidents; call for help."""


@incident.command("open")
@click.argument("title")
@click.option("--env", "environment", metavar="NAME", help="The environment it is about.")
@click.option(
    "--severity", type=click.Choice([s.value for s in Severity]), default="P0", help="In doubt the higher one."
)
@click.pass_obj
def open_one(session: Session, title: str, environment: str | None, severity: str) -> int:
    """Open an incident; prints its id."""
    from operations.incident.acts import open_incident
    from operations.incident.walks import load_book, start_walk

    settings = settings_of(session, to_change=True)
    chosen = environment_of(session, settings, environment)
    with _journal(settings) as (journal, book):
        id = open_incident(
            journal,
            book,
            site=settings.site.name,
            environment=chosen,
            severity=Severity(severity),
            title=title,
            now=utc_now(),
        )
        book.refresh()
        start_walk(journal, _named(book, id), load_book(settings))
    click.echo(id)
    return 0


@incident.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def list_all(session: Session, as_json: bool) -> int:
    """Every incident, newest first."""
    settings = settings_of(session)
    with _journal(settings) as (_, book):
        found = book.heads()
    if as_json:
        environment = environment_of(session, settings)
        bodies = [_head_body(one) for one in found]
        document("incident list", settings, environment, exit_code=0, meaning="listed", result=bodies)
        return 0
    for one in found:
        age = age_words(seconds_between(one.opened_at, utc_now()))
        click.echo(f"{one.id}  {one.severity}  {one.state.value:<13} {age:>6}  {one.environment}  {one.title}")
    if not found:
        say("no incident has been opened here")
    return 0


@incident.command()
@click.argument("id")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def show(session: Session, id: str, as_json: bool) -> int:
    """One incident with its whole timeline."""
    settings = settings_of(session)
    with _journal(settings) as (_, book):
        one = _named(book, id)
    if as_json:
        document("incident show", settings, one.environment, exit_code=0, meaning=one.state.value, result=_body(one))
        return 0
    click.echo(f"{one.id}  {one.severity} {one.severity.means}; {one.state.value}; {one.site} {one.environment}")
    click.echo(f"{one.title}; opened {one.opened_at:%Y-%m-%d %H:%M:%SZ} by {one.opened_by}")
    for entry in one.entries:
        late = f" (noted {entry.recorded_at:%H:%M:%SZ})" if entry.late else ""
        click.echo(f"{entry.at:%H:%M:%SZ}  {entry.who:<10} {entry.text}{late}")
    return 0


@incident.command()
@click.argument("id")
@click.argument("text")
@click.pass_obj
def note(session: Session, id: str, text: str) -> int:
    """Put a note on the timeline."""
    from operations.incident.acts import add_note

    settings = settings_of(session, to_change=True)
    with _journal(settings) as (journal, book):
        add_note(journal, _named(book, id), text)
    return 0


@incident.command()
@click.argument("id")
@click.option("--why", default="", help="Why it is over without a smoke run that passed.")
@click.pass_obj
def resolve(session: Session, id: str, why: str) -> int:
    """Say that it is over."""
    from operations.desk import utc_now
    from operations.incident.acts import set_state, smoke_passed_since
    from operations.jobs.launch import jobs_of
    from operations.jobs.standing import maintenance_line

    settings = settings_of(session, to_change=True)
    with _journal(settings) as (journal, book):
        one = _named(book, id)
        jobs = [job for job in jobs_of(settings) if job.environment == one.environment]
        passed, left = smoke_passed_since(one, jobs), maintenance_line(jobs, utc_now())
        set_state(journal, one, IncidentState.RESOLVED, smoke_passed=passed, left_open=left, why=why)
    return 0


@incident.command()
@click.argument("id")
@click.option("--need", default="a second pair of eyes", help="What is needed from whoever reads it.")
@click.pass_obj
def brief(session: Session, id: str, need: str) -> int:
    """Twelve lines anyone can read."""
    from operations.commands.look import look
    from operations.incident.brief import make_brief

    settings = settings_of(session)
    with _journal(settings) as (_, book):
        one = _named(book, id)
    made = make_brief(one, look(settings, one.environment), need=need, who=settings.operator, now=utc_now())
    click.echo("\n".join(made.lines()))
    return 0


@incident.command()
@click.argument("id")
@click.option("--need", required=True, help="What is needed from whoever is called.")
@click.option("--contact", "name", default="", help="Whom; else the first who can be called.")
@click.pass_obj
def call(session: Session, id: str, need: str, name: str) -> int:
    """Call somebody for help, with the brief."""
    from operations.commands.look import look
    from operations.incident.brief import make_brief
    from operations.incident.help import call_for_help, contact_named

    settings = settings_of(session, to_change=True)
    with _journal(settings) as (journal, book):
        one = _named(book, id)
        contact = contact_named(settings, name)
        made = make_brief(one, look(settings, one.environment), need=need, who=settings.operator, now=utc_now())
        result = asyncio.run(call_for_help(journal, one, contact, made))
    if not result.delivered:
        raise VigieError(
            f"{contact.name}: {result.problem}.", next_step=f"Phone: {contact.phone or 'not in the settings'}"
        )
    say(f"{contact.name} was called")
    return 0


@contextmanager
def _journal(settings: Settings) -> Iterator[tuple[Journal, IncidentBook]]:
    from operations.jobs.launch import journal_for

    journal = journal_for(settings)
    book = IncidentBook(journal)
    try:
        book.refresh()
        yield journal, book
    finally:
        if journal.unreadable:
            say(f"{len(journal.unreadable)} damaged events of the journal are left out", "WARN")
        journal.close()


def _named(book: IncidentBook, id: str) -> Incident:
    found = book.get(id)
    if found is None:
        raise VigieError(f"There is no incident {id}.", next_step="See: vigie incident list")
    return found


def _head_body(one: IncidentHead) -> dict[str, object]:
    return {
        "id": one.id,
        "severity": one.severity.value,
        "state": one.state.value,
        "title": one.title,
        "environment": one.environment,
        "opened_at": one.opened_at,
        "opened_by": one.opened_by,
        "resolved_at": one.resolved_at,
    }


def _body(one: Incident) -> dict[str, object]:
    return {
        **_head_body(one.head),
        "timeline": [
            {"at": e.at, "recorded_at": e.recorded_at, "who": e.who, "kind": e.kind, "text": e.text}
            for e in one.entries
        ],
    }
