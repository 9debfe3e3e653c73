"""`vigie incident clock, snooze, settle and remind`: what is due, and what a person does about it."""

from __future__ import annotations

import click

from operations.cli import Session
from operations.commands.incident_book import journal_and_book, named
from operations.commands.session import document, say, settings_of
from operations.desk import utc_now


@click.command()
@click.argument("id")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def clock(session: Session, id: str, as_json: bool) -> int:
    """What is due, what comes next, and what belongs into these minutes."""
    from operations.incident.clock import clock_of, due_words

    settings, now = settings_of(session), utc_now()
    with journal_and_book(settings) as (_, book):
        one = named(book, id)
    found = clock_of(one, settings, now)
    if as_json:
        due = [
            {
                "timer": d.timer,
                "kind": d.kind,
                "words": d.words,
                "due_at": d.due_at,
                "overdue": d.overdue,
                "said": d.said,
                "snoozed": d.snoozed,
            }
            for d in found.due
        ]
        result = {"window": found.window, "next": found.next.timer if found.next else None, "due": due}
        document("incident clock", settings, one.environment, exit_code=0, meaning=one.state.value, result=result)
        return 0
    if found.window:
        click.echo(f"now: {found.window}")
    for d in found.due:
        put_off = " (put off)" if d.snoozed else ""
        click.echo(f"{due_words(d, now):<14} {d.words}{put_off}   [{d.timer}]")
    if not found.due:
        say("nothing is due")
    return 0


@click.command()
@click.argument("id")
@click.argument("timer")
@click.option("--until", required=True, metavar="TIME", help="10m, 2h, 08:00 (UTC) or an ISO time.")
@click.option("--why", required=True, help="The reason, for the timeline.")
@click.pass_obj
def snooze(session: Session, id: str, timer: str, until: str, why: str) -> int:
    """Put a timer off, with a reason; TIMER is its id as `clock` prints it, the beginning of it, or its kind."""
    from operations.incident.reminding import snooze as put_off
    from operations.moments import until_of

    settings, now = settings_of(session, to_change=True), utc_now()
    with journal_and_book(settings) as (journal, book):
        end = until_of(until, now)
        due = put_off(journal, named(book, id), settings, timer, end, why, now)
    say(f"put off until {end:%H:%MZ}: {due.words}")
    return 0


@click.command()
@click.argument("id")
@click.argument("timer")
@click.option("--why", required=True, help="The reason, for the timeline.")
@click.pass_obj
def settle(session: Session, id: str, timer: str, why: str) -> int:
    """Say that a timer is not needed, and why."""
    from operations.incident.reminding import cancel

    settings, now = settings_of(session, to_change=True), utc_now()
    with journal_and_book(settings) as (journal, book):
        due = cancel(journal, named(book, id), settings, timer, why, now)
    say(f"not needed: {due.words}")
    return 0


@click.command()
@click.argument("id")
@click.argument("words")
@click.option("--at", "--in", "when", required=True, metavar="TIME", help="10m, 2h, 08:00 (UTC) or an ISO time.")
@click.pass_obj
def remind(session: Session, id: str, words: str, when: str) -> int:
    """Set a reminder of your own, `--in 10m` or `--at 08:00`; prints its id."""
    from operations.incident.reminding import arm
    from operations.moments import until_of

    settings = settings_of(session, to_change=True)
    with journal_and_book(settings) as (journal, book):
        click.echo(arm(journal, named(book, id), words, until_of(when, utc_now(), "--at")))
    return 0
