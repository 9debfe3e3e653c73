"""`vigie incident severity, title, state, resolve, close and restrict`: how bad it is, what it is called, where it
stands, who may know."""

from __future__ import annotations

import click

from operations.cli import Session
from operations.commands.incident_book import again, journal_and_book, named
from operations.commands.session import document, say, settings_of
from operations.desk import utc_now
from operations.engine.journal import Journal
from operations.errors import VigieError
from operations.incident.model import Incident, IncidentState, Severity
from operations.settings import Settings

_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


@click.command()
@click.argument("id")
@click.argument("level", required=False, type=click.Choice([one.value for one in Severity]))
@_JSON
@click.pass_obj
def severity(session: Session, id: str, level: str | None, as_json: bool) -> int:
    """Say how bad it is; without a level, print how bad it counts as. In doubt the higher one."""
    from operations.incident.acts import set_severity, severity_is_assumed

    settings = settings_of(session, to_change=level is not None)
    with journal_and_book(settings) as (journal, book):
        one = named(book, id)
        if level is not None:
            set_severity(journal, one, Severity(level))
            one = again(journal, book, id)
    confirmed = not severity_is_assumed(one)
    result = {"severity": one.severity.value, "means": one.severity.means, "confirmed": confirmed}
    words = f"{one.severity} {one.severity.means}{'' if confirmed else '; nobody has confirmed it'}"
    return _print(settings, one, "incident severity", as_json, result, words)


@click.command()
@click.argument("id")
@click.argument("words", metavar="[TITLE]", required=False)
@_JSON
@click.pass_obj
def title(session: Session, id: str, words: str | None, as_json: bool) -> int:
    """Say what it is called from now on; without a title, print it."""
    from operations.incident.acts import set_title

    settings = settings_of(session, to_change=words is not None)
    with journal_and_book(settings) as (journal, book):
        one = named(book, id)
        if words is not None:
            if cut := set_title(journal, one, words):
                say(cut, "WARN")
            one = again(journal, book, id)
    return _print(settings, one, "incident title", as_json, {"title": one.title}, one.title)


@click.command()
@click.argument("id")
@click.argument("word", metavar="[STATE]", required=False, type=click.Choice([one.value for one in IncidentState]))
@click.option("--why", default="", help="Why it goes on after its end, or is resolved against what is measured.")
@click.option("--another", is_flag=True, help="Go on with it beside an incident that is open.")
@_JSON
@click.pass_obj
def state(session: Session, id: str, word: str | None, why: str, another: bool, as_json: bool) -> int:
    """Move it on; without a state, print where it stands."""
    from operations.incident.acts import reopen, set_state

    settings = settings_of(session, to_change=word is not None)
    with journal_and_book(settings) as (journal, book):
        one = named(book, id)
        wanted = IncidentState(word) if word else one.state
        if wanted is IncidentState.CLOSED and one.state is not wanted:
            _close(settings, journal, one, why)
        elif wanted is IncidentState.RESOLVED and one.state is not wanted:
            resolve_incident(settings, journal, one, why)
        elif wanted is not one.state and not one.open:
            reopen(journal, book, one, why, another=another)
            if wanted is not IncidentState.INVESTIGATING:
                set_state(journal, again(journal, book, id), wanted)
        elif wanted is not one.state:
            set_state(journal, one, wanted, why=why)
        one = again(journal, book, id)
    return _print(settings, one, "incident state", as_json, {"state": one.state.value}, one.state.value)


@click.command()
@click.argument("id")
@click.option("--why", default="", help="Why it is over against what is still open.")
@click.pass_obj
def resolve(session: Session, id: str, why: str) -> int:
    """Say that it is over; as `state ID resolved`."""
    settings = settings_of(session, to_change=True)
    with journal_and_book(settings) as (journal, book):
        resolve_incident(settings, journal, named(book, id), why)
    return 0


@click.command()
@click.argument("id")
@click.option("--why", default="", help="Why it is closed without having been resolved.")
@_JSON
@click.pass_obj
def close(session: Session, id: str, why: str, as_json: bool) -> int:
    """Close it: the checklist begins, and what stays open is listed."""
    from operations.incident.tasks import tasks_of

    settings = settings_of(session, to_change=True)
    with journal_and_book(settings) as (journal, book):
        left = _close(settings, journal, named(book, id), why)
        one = again(journal, book, id)
    tasks = [task for task in tasks_of(one) if not task.done]
    result = {
        "state": one.state.value,
        "left_open": list(left),
        "tasks": [{"id": task.id, "text": task.text, "owner": task.owner, "due": task.due} for task in tasks],
    }
    rows = [f"stays open: {line}" for line in left]
    rows += [
        f"{task.id:<8} {task.owner:<10} {f'due {task.due:%Y-%m-%d %H:%MZ}' if task.due else '':<21} {task.text}"
        for task in tasks
    ]
    return _print(settings, one, "incident close", as_json, result, "\n".join(rows))


@click.command()
@click.argument("id")
@click.option("--why", default="", help="The reason, for the timeline.")
@click.option("--lift", is_flag=True, help="Everybody may know again.")
@click.option("--notices/--no-notices", default=None, help="Whether [notify] hears of deploys and rollbacks; else not.")
@_JSON
@click.pass_obj
def restrict(session: Session, id: str, why: str, lift: bool, notices: bool | None, as_json: bool) -> int:
    """Keep it among few: webhooks stay off unless named, and messages and calls hold no details."""
    from operations.incident.told import restrict as keep
    from operations.incident.told import restriction_of

    settings = settings_of(session, to_change=True)
    with journal_and_book(settings) as (journal, book):
        keep(journal, named(book, id), not lift, why, notices=notices)
        one = again(journal, book, id)
    holds = restriction_of(one)
    result = {
        "restricted": holds is not None,
        "why": holds.why if holds else "",
        "by": holds.who if holds else "",
        "notices": holds is None or holds.notices,
    }
    words = f"restricted by {holds.who}: {holds.why}" if holds else "not restricted"
    return _print(settings, one, "incident restrict", as_json, result, words)


def resolve_incident(settings: Settings, journal: Journal, one: Incident, why: str) -> None:
    """Say that it is over, and first what is still open; without a reason that refuses. Raises VigieError."""
    from operations.commands.look import look
    from operations.incident.acts import set_state
    from operations.jobs.launch import jobs_of
    from operations.jobs.still_open import still_open

    if one.state is IncidentState.CLOSED:
        raise VigieError(f"Incident {one.id} is closed already.")
    jobs = [job for job in jobs_of(settings) if job.environment == one.environment]
    looked = not why.strip() and one.environment in settings.environments
    snapshot = look(settings, one.environment) if looked else None
    speed = settings.drill.speed if settings.drill else 1.0
    found = still_open(one, jobs, snapshot, utc_now(), speed=speed, looked=looked)
    # Where one of them stops, all are named: as the console does.
    named_all = [each.words for each in found] if any(each.stops for each in found) else []
    set_state(journal, one, IncidentState.RESOLVED, still_open=named_all, why=why)
    for each in found:
        say(f"still open: {each.words}", "WARN")


def _close(settings: Settings, journal: Journal, one: Incident, why: str) -> tuple[str, ...]:
    from operations.incident.closing import close_incident
    from operations.jobs.launch import desk_for
    from operations.jobs.left_open import left_open

    known = one.environment in settings.environments
    if not known:
        say(f"{one.environment} is not in the settings any more: what stays open there cannot be told", "WARN")
    left = left_open(desk_for(settings, one.environment)) if known and one.state is not IncidentState.CLOSED else ()
    close_incident(journal, one, now=utc_now(), left=left, why=why)
    return left


def _print(settings: Settings, one: Incident, command: str, as_json: bool, result: object, words: str) -> int:
    if as_json:
        document(command, settings, one.environment, exit_code=0, meaning=one.state.value, result=result)
    elif words:
        click.echo(words)
    return 0
