"""`vigie incident show`, `pin` and `correct`: the timeline to read, to filter and to put right."""

from __future__ import annotations

from typing import Any

import click

from operations.cli import Session
from operations.commands.incident_read import incident_named, journal_of
from operations.commands.printing import hung
from operations.commands.session import document, say, settings_of
from operations.incident.model import Incident
from operations.incident.timeline import (
    GROUPS,
    Line,
    Wanted,
    chosen,
    correct,
    line_words,
    parse_wanted,
    pin,
    timeline_of,
)

_TEXT_AT = 24
"""Where the words of a line begin, behind its pin, its time and who it is from."""


@click.command()
@click.argument("id")
@click.option("--filter", "wanted", default="", metavar="TEXT", help="As in: kind:walk who:ana zone")
@click.option("--search", default="", metavar="WORDS", help="Only lines with all of these words.")
@click.option("--pinned", is_flag=True, help="Only what is pinned.")
@click.option("--handles", is_flag=True, help="With the name of each line, to pin and correct it by.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def show(session: Session, id: str, wanted: str, search: str, pinned: bool, handles: bool, as_json: bool) -> int:
    """One incident with its timeline, or the part of it that is asked for."""
    settings = settings_of(session)
    with journal_of(settings) as journal:
        one = incident_named(journal, id)
    asked = parse_wanted(wanted)
    asked = Wanted(asked.kinds, asked.who, (*asked.words, *search.split()), asked.pinned or pinned)
    everything = timeline_of(one)
    lines = chosen(everything, asked)
    if as_json:
        body = {**_body(one), "timeline": [_line(line) for line in lines]}
        document("incident show", settings, one.environment, exit_code=0, meaning=one.state.value, result=body)
        return 0
    head = f"{one.id}  {one.severity} {one.severity.means}; {one.state.value}; {one.site} {one.environment}"
    click.echo(hung(head, 0))
    click.echo(hung(f"{one.title}; opened {one.opened_at:%Y-%m-%d %H:%M:%SZ} by {one.opened_by}", 0))
    for line in lines:
        name = f"{line.handle}  " if handles else ""
        for number, row in enumerate(line_words(line, one.opened_at.date())):
            click.echo(hung((name if number == 0 else " " * len(name)) + row, len(name) + _TEXT_AT))
    if len(lines) < len(everything):
        say(f"{len(lines)} of {len(everything)} lines")
    if asked.kinds and not lines:
        say(f"Kinds are: {', '.join(GROUPS)}; or the beginning of an event's own.")
    return 0


@click.command("pin")
@click.argument("id")
@click.argument("line")
@click.option("--off", is_flag=True, help="Take the pin away.")
@click.pass_obj
def pin_line(session: Session, id: str, line: str, off: bool) -> int:
    """Pin a line of the timeline, so that it stands out in the report."""
    settings = settings_of(session, to_change=True)
    with journal_of(settings) as journal:
        found = pin(journal, incident_named(journal, id), line, pinned=not off)
    say(f"{'unpinned' if off else 'pinned'}: {found.text}")
    return 0


@click.command("correct")
@click.argument("id")
@click.argument("line")
@click.argument("text")
@click.pass_obj
def correct_line(session: Session, id: str, line: str, text: str) -> int:
    """Write other words over a line of the timeline; the first ones stay readable."""
    settings = settings_of(session, to_change=True)
    with journal_of(settings) as journal:
        found = correct(journal, incident_named(journal, id), line, text)
    say(f"corrected; it said: {found.text}")
    return 0


def _body(one: Incident) -> dict[str, Any]:
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


def _line(line: Line) -> dict[str, Any]:
    entry = line.entry
    return {
        "event": entry.event,
        "at": entry.at,
        "recorded_at": entry.recorded_at,
        "who": entry.who,
        "kind": entry.kind,
        "text": line.text,
        "before": line.before,
        "pinned": line.pinned,
    }
