"""`vigie incident follow`: an incident's timeline as it grows, for whoever watches along. It reads the journal alone.

No address is reached, no program run and no credential needed: settings whose `${NAME}` are not there will do.
"""

from __future__ import annotations

import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from operations.ages import time_words
from operations.cli import Session
from operations.commands.printing import hung
from operations.desk import utc_now
from operations.engine.events import Event, EventBook
from operations.engine.journal import Journal
from operations.engine.redaction import Redactor
from operations.errors import SettingsError, VigieError
from operations.incident.book import IncidentBook
from operations.incident.model import Entry, Incident, IncidentState
from operations.places import state_folder
from operations.settings import Settings
from operations.text import one_line

EVERY = 1.0
"""Seconds between two looks at the journal."""
STOPPED = 130


@click.command()
@click.argument("id")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--no-wait", is_flag=True, help="Print what there is, and end.")
@click.pass_obj
def follow(session: Session, id: str, as_json: bool, no_wait: bool) -> int:
    """Print the timeline and then each new line as it comes, until the incident is closed or Ctrl-C."""
    journal = _open(session)
    try:
        for one, entry in lines(journal, id, once=no_wait):
            click.echo(_as_json(one, entry) if as_json else _as_words(entry))
            sys.stdout.flush()
    except KeyboardInterrupt:
        return STOPPED
    finally:
        journal.close()
    return 0


def lines(
    book: EventBook, id: str, *, once: bool = False, wait: Callable[[float], None] = time.sleep
) -> Iterator[tuple[Incident, Entry]]:
    """The timeline's entries, each once: what there is in its order, then what comes as it comes.

    Ends when the incident is closed, or with `once` when there is no more. Raises VigieError for an unknown incident.
    """
    incidents, seen = IncidentBook(), set[str]()
    rows = _so_far(book, id)
    place = rows[-1][0] if rows else 0
    while True:
        incidents.feed([event for _, event in rows])
        one = incidents.get(id)
        if one is None:
            raise VigieError(f"There is no incident {one_line(id, 40)}.", next_step="See: vigie incident list")
        for entry in one.entries:
            if entry.event not in seen:
                seen.add(entry.event)
                yield one, entry
        if once or one.state is IncidentState.CLOSED:
            return
        wait(EVERY)
        rows = book.events(after=place)
        place = rows[-1][0] if rows else place


def _so_far(book: EventBook, id: str) -> list[tuple[int, Event]]:
    """What the journal has of the incident and of its jobs, without reading the rest of it."""
    found = dict(book.events(incident=id))
    for job in {event.job for event in found.values() if event.kind == "job.created"}:
        found |= dict(book.events(job=job))
    return sorted(found.items())


def _open(session: Session) -> Journal:
    path = session.path
    folder = state_folder(_settings(path) if path else Settings())
    file = folder / "journal.sqlite"
    if not file.is_file():
        raise VigieError(f"There is no journal in {folder}.", next_step="Name the settings file: --config FILE.")
    return Journal.open(file, actor="", redactor=Redactor(), now=utc_now)


def _settings(path: Path) -> Settings:
    """The settings, or of those that cannot be used here (secrets are missing) where the journal is, and no more."""
    from operations.settings_reader import load_settings

    try:
        return load_settings(path)
    except SettingsError as error:
        try:
            state = tomllib.loads(path.read_text("utf-8-sig")).get("state_dir")
        except (OSError, ValueError, RecursionError):
            raise error from None
        return Settings(path=str(path), state_dir=state if isinstance(state, str) and "${" not in state else "")


def _as_words(entry: Entry) -> str:
    late = f" (noted {entry.recorded_at:%H:%M:%SZ})" if entry.late else ""
    day = "" if entry.at.date() == utc_now().date() else f"{time_words(entry.at, utc_now())[:10]} "
    head = f"{day}{entry.at:%H:%M:%SZ}  {entry.who:<10} "
    return hung(f"{head}{entry.text}{late}", len(head))


def _as_json(one: Incident, entry: Entry) -> str:
    import msgspec

    body: dict[str, Any] = {"incident": one.id, "severity": one.severity.value, "state": one.state.value}
    body |= {"at": entry.at, "recorded_at": entry.recorded_at, "who": entry.who, "kind": entry.kind, "text": entry.text}
    return msgspec.json.encode(body).decode()
