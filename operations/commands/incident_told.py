"""`vigie incident tell and task`: what is said about an incident, and what is to be done about it."""

from __future__ import annotations

from datetime import datetime

import click

from operations.cli import Session
from operations.commands.incident_book import again, journal_and_book, named
from operations.commands.session import document, say, settings_of
from operations.desk import utc_now
from operations.errors import VigieError
from operations.settings import Settings
from operations.text import one_line


@click.command()
@click.argument("id")
@click.argument("field", default="")
@click.argument("text", required=False)
@click.option("--lang", "language", default="", metavar="en|fr", help="In that language alone; else for all.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def tell(session: Session, id: str, field: str, text: str | None, language: str, as_json: bool) -> int:
    """Say something for messages and report: `tell ID impact "nobody can book"`; without a text, print what was said.

    Without --lang it replaces what was said in any language. An empty text takes a field back.
    """
    from operations.incident.told import FIELDS, said_of
    from operations.incident.told import tell as say_it

    name = "_".join(field.replace("-", " ").lower().split())
    settings = settings_of(session, to_change=text is not None)
    if field and name not in FIELDS:
        raise VigieError(f"There is no field {one_line(field, 40)}.", next_step=f"There is: {', '.join(FIELDS)}.")
    with journal_and_book(settings) as (journal, book):
        one = named(book, id)
        if text is not None:
            _demand_language(settings, language)
            if cut := say_it(journal, one, name, text, language):
                say(cut, "WARN")
        one = again(journal, book, id)
    told = [
        (f"{key}.{said.language}".rstrip("."), said)
        for key, by_language in said_of(one).items()
        for said in by_language.values()
        if (key == name or not field) and language in ("", said.language)
    ]
    if as_json:
        result = {key: {"text": said.text, "who": said.who, "at": said.at} for key, said in told}
        document("incident tell", settings, one.environment, exit_code=0, meaning=one.state.value, result=result)
        return 0
    for key, said in told:
        for number, line in enumerate(said.text.splitlines()):
            click.echo(f"{key if not number else '':<11} {line}")
    if not told:
        say("nothing was said" if field else f"nothing was said; there is: {', '.join(FIELDS)}")
    return 0


def _demand_language(settings: Settings, language: str) -> None:
    known = settings.messages.languages
    if language and language not in known:
        raise VigieError(f"No message is in {language}.", next_step=f"There is: {', '.join(known)}.")


@click.command()
@click.argument("id")
@click.argument("act", required=False, type=click.Choice(["add", "change", "done", "undone"]))
@click.argument("what", metavar="[TASK|TEXT]", default="")
@click.option("--text", default="", help="change: the new words.")
@click.option("--owner", default="", help="Who does it.")
@click.option("--due", default="", help="By when: 24h, 3d, 08:00 (UTC) or an ISO time.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def task(session: Session, id: str, act: str | None, what: str, text: str, owner: str, due: str, as_json: bool) -> int:
    """Add a task, change it, or say that it is done; without that, list them."""
    from operations.incident.tasks import add_task, finish_task, task_named, tasks_of

    settings = settings_of(session, to_change=act is not None)
    now = utc_now()
    by = _by(due, now)
    with journal_and_book(settings) as (journal, book):
        one = named(book, id)
        if act == "add":
            add_task(journal, one, what, owner=owner, due=by)
        elif act == "change":
            old = task_named(one, what)
            add_task(journal, one, text or old.text, owner=owner or old.owner, due=by or old.due, task=old.id)
        elif act is not None:
            finish_task(journal, one, what, done=act == "done")
        one = again(journal, book, id)
    tasks = tasks_of(one)
    if as_json:
        result = [
            {"id": t.id, "text": t.text, "owner": t.owner, "due": t.due, "done": t.done, "done_by": t.done_by}
            for t in tasks
        ]
        document("incident task", settings, one.environment, exit_code=0, meaning=one.state.value, result=result)
        return 0
    for t in tasks:
        late = " OVERDUE" if t.due and not t.done and t.due <= now else ""
        by_when = f"{t.due:%Y-%m-%d %H:%MZ}{late}" if t.due else ""
        click.echo(f"{'done' if t.done else 'open'}  {t.id:<9} {t.owner:<10} {by_when:<17} {t.text}")
    if not tasks:
        say("there are no tasks")
    return 0


def _by(due: str, now: datetime) -> datetime | None:
    from operations.moments import until_of

    return until_of(due, now, "--due") if due else None
