"""`vigie incident`: what can be done to an incident where no console is at hand. Its parts: `incident_*.py`."""

from __future__ import annotations

import click

from operations.ages import age_words, seconds_between
from operations.cli import Noted, Session
from operations.commands.incident_book import again
from operations.commands.incident_book import journal_and_book as _journal
from operations.commands.incident_book import named as _named
from operations.commands.incident_clock import clock, remind, settle, snooze
from operations.commands.incident_export import export, stats
from operations.commands.incident_follow import follow
from operations.commands.incident_people import answered, call, role
from operations.commands.incident_state import close, resolve, restrict, severity, state, title
from operations.commands.incident_timeline import correct_line, pin_line, show
from operations.commands.incident_told import task, tell
from operations.commands.printing import hung
from operations.commands.session import document, environment_of, say, settings_of, worded
from operations.desk import utc_now
from operations.errors import JournalUnavailable, VigieError
from operations.incident.model import Incident, IncidentHead, Severity


@click.group(cls=Noted)
def incident() -> None:
    """Open, list, show and note incidents; roles, clock, tasks; call for help."""


_EVERY_PART = (
    severity, title, state, resolve, close, restrict, role, call, answered, tell, task, clock, snooze, settle, remind,
    follow, show, pin_line, correct_line, export, stats,
)  # fmt: skip
for _part in _EVERY_PART:
    incident.add_command(_part)


@incident.command("open")
@click.argument("title")
@click.option("--env", "environment", metavar="NAME", help="The environment it is about.")
@click.option(
    "--severity", "level", type=click.Choice([s.value for s in Severity]), help="In doubt the higher one; else P0."
)
@click.option("--another", is_flag=True, help="Beside one that is open for that environment.")
@click.option("--restricted", default="", callback=worded, metavar="WHY", help="Keep it among few, as a breach.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def open_one(
    session: Session,
    title: str,
    environment: str | None,
    level: str | None,
    another: bool,
    restricted: str,
    as_json: bool,
) -> int:
    """Open an incident; prints its id. Without a severity it counts as P0 until somebody says how bad it is."""
    from operations.incident.acts import open_incident
    from operations.incident.sending import draft_first_notice
    from operations.incident.walks import load_book, start_walk

    settings = settings_of(session, to_change=True)
    chosen = environment_of(session, settings, environment)
    with _journal(settings) as (journal, book):
        id = open_incident(
            journal,
            book,
            site=settings.site.name,
            environment=chosen,
            severity=Severity(level) if level else None,
            title=title,
            now=utc_now(),
            another=another,
            restricted=restricted,
            drill=settings.drill is not None,
        )
        start_walk(journal, again(journal, book, id), load_book(settings))
        one = again(journal, book, id)
        try:
            draft_first_notice(journal, one, settings, None, utc_now())
        except JournalUnavailable:
            raise
        except VigieError as error:
            say(f"the first notice is not drafted: {error.what}", "WARN")
    if as_json:
        document("incident open", settings, chosen, exit_code=0, meaning="opened", result=_body(one))
    else:
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
        age = f"{age_words(seconds_between(one.opened_at, utc_now()))} ago"
        click.echo(f"{one.id}  {one.severity}  {one.state.value:<13} {age:>9}  {one.environment}  {one.title}")
    if not found:
        say("no incident has been opened here")
    return 0


@incident.command()
@click.argument("id")
@click.argument("text")
@click.option(
    "--at",
    "when",
    default="",
    callback=worded,
    metavar="TIME",
    help="When it happened: 10m (ago), 03:05 (UTC), an ISO time.",
)
@click.pass_obj
def note(session: Session, id: str, text: str, when: str) -> int:
    """Put a note on the timeline, where it happened."""
    from operations.incident.acts import add_note
    from operations.moments import past_of

    settings = settings_of(session, to_change=True)
    with _journal(settings) as (journal, book):
        if cut := add_note(journal, _named(book, id), text, past_of(when, utc_now()) if when else None):
            say(cut, "WARN")
    return 0


@incident.command()
@click.argument("id")
@click.option("--need", default="", help="What is needed from whoever reads it; else what the last call asked for.")
@click.pass_obj
def brief(session: Session, id: str, need: str) -> int:
    """Twelve lines anyone can read."""
    from operations.commands.look import look
    from operations.incident.brief import make_brief

    settings = settings_of(session)
    with _journal(settings) as (_, book):
        one = _named(book, id)
    made = make_brief(one, look(settings, one.environment), need=need, who=settings.operator, now=utc_now())
    for line in made.lines():
        click.echo(hung(line, 8))
    return 0


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
