"""What `vigie message` works on: the journal, the incident meant, the messages so far, and what was asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from operations.cli import Session
from operations.commands.session import environment_of, say, settings_of
from operations.desk import utc_now
from operations.errors import VigieError
from operations.settings import Settings
from operations.text import one_line

if TYPE_CHECKING:
    from operations.engine.journal import Journal
    from operations.incident.messages import Draft
    from operations.incident.model import Incident
    from operations.incident.sent_messages import Message
    from operations.watch.model import Snapshot


@dataclass(frozen=True, slots=True)
class Bench:
    """What every one of these commands works on. `incident` is the one meant, None where none is."""

    settings: Settings
    environment: str
    journal: Journal
    incident: Incident | None

    def messages(self) -> list[tuple[Incident | None, Message]]:
        """The incident's messages and those that belong to none, oldest first, each with what it belongs to."""
        from operations.incident.sending import past_messages

        owners = [self.incident, None] if self.incident is not None else [None]
        found = [(owner, one) for owner in owners for one in past_messages(self.journal, owner, utc_now())]
        return sorted(found, key=lambda pair: pair[1].sent_at or pair[1].drafted_at or utc_now())

    def named(self, id: str) -> tuple[Incident | None, Message]:
        """The message of that id. Raises VigieError."""
        found = next((pair for pair in self.messages() if pair[1].id == id), None)
        if found is None:
            raise VigieError(f"There is no message {one_line(id, 40)}.", next_step="See: vigie message list")
        return found


@contextmanager
def bench_for(
    session: Session, incident_id: str | None, environment: str | None, *, to_change: bool = False, latest: bool = False
) -> Iterator[Bench]:
    """The bench for the incident of that id, else the open one; with `latest` also one that is over."""
    from operations.incident.book import IncidentBook
    from operations.jobs.launch import journal_for

    settings = settings_of(session, to_change=to_change)
    chosen = environment_of(session, settings, environment)
    journal = journal_for(settings)
    try:
        book = IncidentBook(journal)
        book.refresh()
        found = book.get(incident_id) if incident_id is not None else book.open_for(chosen)
        if found is None and latest and incident_id is None:
            found = book.latest_for(chosen)
        if incident_id is not None and found is None:
            raise VigieError(f"There is no incident {one_line(incident_id, 40)}.", next_step="See: vigie incident list")
        if found is not None and incident_id is not None:
            chosen = found.environment
        yield Bench(settings, chosen, journal, found)
    finally:
        journal.close()


def owner_of(bench: Bench, kind: str, *, named: bool) -> Incident | None:
    """The incident a message of that kind belongs to; planned work belongs to none unless one is `named`.

    Raises VigieError for a kind that needs one where none is open.
    """
    from operations.incident.message_shapes import PLANNED
    from operations.incident.messages import OF_AN_INCIDENT

    if kind in OF_AN_INCIDENT and bench.incident is None:
        raise VigieError(
            f"A message of the kind {kind} is about an incident, and none is open.",
            next_step='Open one: vigie incident open "…", or name one with --incident.',
        )
    return bench.incident if named or kind not in PLANNED else None


def draft_of(
    bench: Bench, owner: Incident | None, kind: str, given: Sequence[str], next_update: str | None, runbook: str
) -> tuple[Draft, Snapshot | None]:
    """The draft of that kind as the options want it, and the look that was taken for it."""
    from operations.incident.messages import drafted
    from operations.moments import until_of

    now = utc_now()
    promised = until_of(next_update, now, "--next") if next_update is not None else None
    snapshot = _look(bench)
    typed = pairs_of(given, "--set")
    made = drafted(owner, kind, now, bench.settings, snapshot, given=typed, promised=promised, runbook=runbook)
    return made, snapshot


def _look(bench: Bench) -> Snapshot | None:
    """One look, for the onset, the end, and which providers admit trouble; a message never fails for lack of it."""
    from operations.commands.look import look

    try:
        return look(bench.settings, bench.environment)
    except VigieError as error:
        say(f"nothing is measured: {error.what}", "WARN")
        return None


def pairs_of(given: Sequence[str], option: str) -> dict[str, str]:
    """`NAME=WORDS` as a mapping. Raises VigieError for anything else."""
    pairs = {}
    for one in given:
        name, equals, words = one.partition("=")
        if not equals or not name.strip():
            raise VigieError(f"{option} wants NAME=WORDS, not {one_line(one, 40)!r}.")
        pairs[name.strip()] = words
    return pairs


def told_by(given: Sequence[str]) -> dict[str, str]:
    """What of it is said of the incident and counts for the next message, too: by field, with its language."""
    from operations.incident.message_facts import fields_of

    return fields_of(pairs_of(given, "--set"))


def allowed_kinds(allow: Sequence[str]) -> frozenset[str]:
    """What a person answers for. Raises VigieError for what nobody can."""
    from operations.incident.secret_scan import NEVER_ALLOWED

    refused = [one for one in allow if one in NEVER_ALLOWED]
    if refused:
        raise VigieError(f"Nobody's word sends a {refused[0]}.", next_step="Take it out of the text.")
    return frozenset(allow)
