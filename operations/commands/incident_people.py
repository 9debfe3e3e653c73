"""`vigie incident role, call and answered`: who does what, who was called, and what they said."""

from __future__ import annotations

import asyncio

import click

from operations.ages import age_words, seconds_between
from operations.cli import Session
from operations.commands.incident_book import again, journal_and_book, named
from operations.commands.session import document, say, settings_of, worded
from operations.desk import utc_now
from operations.errors import VigieError
from operations.text import one_line


@click.command()
@click.argument("id")
@click.argument("act", required=False, type=click.Choice(["take", "give", "withdraw"]))
@click.argument("name", metavar="[ROLE]", default="")
@click.argument("to", metavar="[PERSON]", default="")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def role(session: Session, id: str, act: str | None, name: str, to: str, as_json: bool) -> int:
    """Take a role, offer it to somebody who then takes it, or list who holds which.

    The roles are commander, operations, communications and scribe; `all` means each of them.
    """
    from operations.incident.roles import Role, give, roles_of, take, withdraw

    settings = settings_of(session, to_change=act is not None)
    known = [one.value for one in Role]
    if act is not None and name not in (*known, "all"):
        raise VigieError(
            f"There is no role {one_line(name, 40) or 'named'}.", next_step=f"There is: {', '.join(known)}, all."
        )
    with journal_and_book(settings) as (journal, book):
        one = named(book, id)
        for chosen in Role if name == "all" else [Role(name)] if act else ():
            if act == "take":
                take(journal, one, chosen)
            elif act == "give":
                give(journal, one, chosen, to)
            else:
                withdraw(journal, one, chosen)
        one = again(journal, book, id)
    held = roles_of(one)
    if as_json:
        result = {
            each.value: {"who": h.who, "since": h.since, "offered_to": h.offered_to, "offered_by": h.offered_by}
            for each, h in held.items()
        }
        document("incident role", settings, one.environment, exit_code=0, meaning=one.state.value, result=result)
        return 0
    for each, holder in held.items():
        since = f"since {age_words(seconds_between(holder.since, utc_now()))}" if holder.since else each.means
        click.echo(f"{each.value:<15} {holder.words:<30} {since}")
    return 0


@click.command()
@click.argument("id")
@click.option("--need", default="", help="What is needed from whoever is called.")
@click.option("--contact", "name", default="", callback=worded, help="Whom; else the first who can be called.")
@click.option("--phoned", "by_phone", is_flag=True, help="Only write down that you called them by phone.")
@click.pass_obj
def call(session: Session, id: str, need: str, name: str, by_phone: bool) -> int:
    """Call somebody for help, with the brief."""
    from operations.commands.look import look
    from operations.incident.brief import make_brief
    from operations.incident.help import call_for_help, contact_named, phoned
    from operations.incident.told import restriction_of

    settings = settings_of(session, to_change=True)
    if not by_phone and not need.strip():
        raise VigieError("What is needed is missing.", next_step='Say it: --need "the database back".')
    with journal_and_book(settings) as (journal, book):
        one = named(book, id)
        if restriction_of(one) is not None and not name:
            raise VigieError(f"Incident {id} is restricted.", next_step="Name whom to call: --contact NAME.")
        contact = contact_named(settings, name)
        if by_phone:
            phoned(journal, one, contact)
            return 0
        made = make_brief(one, look(settings, one.environment), need=need, who=settings.operator, now=utc_now())
        result = asyncio.run(call_for_help(journal, one, contact, made))
    if not result.delivered:
        phone = f"Phone: {contact.phone or 'not in the settings'}"
        again_words = "Tried again it is the same call: nobody is woken twice. " if contact.pager else ""
        raise VigieError(f"{contact.name}: {result.problem}.", next_step=f"{again_words}{phone}")
    say(f"{contact.name} was called")
    return 0


@click.command()
@click.argument("id")
@click.argument("name", metavar="CONTACT")
@click.argument("words", default="")
@click.pass_obj
def answered(session: Session, id: str, name: str, words: str) -> int:
    """Write down what somebody who was called has answered."""
    from operations.incident.help import heard

    settings = settings_of(session, to_change=True)
    with journal_and_book(settings) as (journal, book):
        heard(journal, named(book, id), name, words)
    return 0
