"""`vigie journal`: verify its chains, take it elsewhere and back, save what can be read of a damaged file, prune it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from operations.cli import Noted, Session
from operations.commands.session import document, environment_of, say, settings_of, worded
from operations.desk import utc_now
from operations.errors import JournalUnavailable, VigieError
from operations.settings import Settings

if TYPE_CHECKING:
    from operations.engine.heads import Head
    from operations.engine.journal import Journal
    from operations.engine.verify import Problem

TAMPERED, UNTOLD = 4, 3
VERIFY_CODES = {
    0: "every chain is whole",
    1: "invalid arguments, or no journal that can be read",
    3: "cannot be told: the heads kept beside it are gone",
    4: "changed, missing, reordered or cut off",
}
EXPORT_CODES = {0: "exported", 1: "invalid arguments, or it cannot be written", 3: "exported, but for damaged events"}
IMPORT_CODES = {
    0: "imported, or there was nothing new",
    1: "invalid arguments, or refused",
    3: "imported, but for lines that cannot be read",
    4: "not what was written, or another chain: nothing was taken in",
}
PRUNE_CODES = {0: "removed, or shown what would be", 1: "invalid arguments, or refused"}
REPAIR_CODES = {
    0: "repaired, or nothing to repair",
    1: "refused, or it cannot be written",
    3: "repaired, but events are missing",
}


@click.group(cls=Noted)
def journal() -> None:
    """Verify, export, import and repair the journal."""


@journal.command()
@click.option("--heads", "files", multiple=True, type=click.Path(path_type=Path), metavar="FILE",
              help="A file kept elsewhere with the journal's heads: a backup's manifest, an export.")  # fmt: skip
@click.option("--mark", "marks", multiple=True, metavar="MARK", help="The mark at the foot of a message.")
@click.option("--backups", "from_backups", is_flag=True, help="Take the heads from the backups' manifests, too.")
@click.option("--env", "environment", metavar="NAME", help="Whose backups.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def verify(
    session: Session, files: tuple[Path, ...], marks: tuple[str, ...], from_backups: bool, environment: str | None,
    as_json: bool,
) -> int:  # fmt: skip
    """Read every event and say which one was changed, is missing, was moved or cut off."""
    settings = settings_of(session)
    chosen = environment_of(session, settings, environment)
    outside = [head for path in files for head in _heads_in(path)]
    outside += _heads_of_backups(settings, chosen) if from_backups else []
    with _opened(settings) as book:
        marked, problems = book.heads_marked(marks)
        problems = [*book.verify([*outside, *marked]), *problems]
        events = int(book.query("SELECT count(*) FROM events")[0][0])
        heads = book.heads()
    grave = [problem for problem in problems if problem.grave]
    code = TAMPERED if any(one.kind != "head" for one in grave) else UNTOLD if grave else 0
    if as_json:
        result = {
            "events": events,
            "writers": [{"writer": head.writer, "seq": head.seq, "hash": head.hash} for head in heads],
            "outside_heads": len(outside) + len(marks),
            "problems": [_problem(one) for one in grave],
            "notes": [_problem(one) for one in problems if not one.grave],
        }
        document("journal verify", settings, chosen, exit_code=code, meaning=VERIFY_CODES[code], result=result)
        return code
    for problem in problems:
        say(f"{problem.kind}: {problem.says}", "ERROR" if problem.grave else "WARN")
    if not grave:
        kept = f", and {len(outside) + len(marks)} heads kept elsewhere" if outside or marks else ""
        click.echo(f"{events} events of {len(heads)} writer{'s' * (len(heads) != 1)} are whole{kept}")
    return code


@journal.command()
@click.argument("folder", type=click.Path(path_type=str), callback=worded)
@click.option(
    "--incident",
    metavar="ID",
    default="",
    callback=worded,
    help="The events of one incident alone, its jobs' included.",
)
@click.option("--unmasked", is_flag=True, help="As it was written; else secrets known by now are masked.")
@click.pass_obj
def export(session: Session, folder: str, incident: str, unmasked: bool) -> int:
    """Write the events as JSON lines into FOLDER, one file a writer, each private to you."""
    from operations.engine.redaction import Redactor
    from operations.engine.transfer import export as write

    settings = settings_of(session)
    redactor = None if unmasked else Redactor(settings.secrets())
    with _opened(settings) as book:
        done = write(book, Path(folder), redactor=redactor, incident=incident)
    for path in done.files:
        click.echo(str(path))
    say(f"{done.events} events in {len(done.files)} file{'' if len(done.files) == 1 else 's'}")
    if done.unreadable:
        say(f"{done.unreadable} damaged events are left out", "WARN")
    return 3 if done.unreadable else 0


@journal.command("import")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.pass_obj
def take_in(session: Session, files: tuple[Path, ...]) -> int:
    """Take in exported FILES, or folders of them; without any, what was kept while the journal took nothing.

    What is there already stays as it is; the same again changes nothing, and the order does not matter.
    """
    from operations.engine import transfer
    from operations.engine.chainfile import ChainBroken
    from operations.places import places_for

    settings = settings_of(session, to_change=True)
    try:
        paths = [found for path in files for found in (sorted(path.glob("*.jsonl")) if path.is_dir() else [path])]
    except OSError as error:
        raise VigieError(f"What was named cannot be read: {error.strerror or error}.") from None
    if files and not paths:
        raise VigieError("No file of events is there.", next_step="An export's files end in .jsonl.")
    with _opened(settings, to_write=True) as book:
        state = places_for(settings).state
        try:
            done = transfer.take_in(book, paths) if files else transfer.take_in_fallbacks(book, state)
        except ChainBroken as error:
            error.code = TAMPERED
            raise
    click.echo(f"{done.new} events taken in, {done.known} were here already")
    for words in done.skipped:
        say(words, "WARN")
    return 3 if done.skipped else 0


@journal.command()
@click.option("--anyway", is_flag=True, help="Write it anew though nothing is wrong with the file.")
@click.pass_obj
def repair(session: Session, anyway: bool) -> int:
    """Save every event that can be read into a new file, put it in the journal's place, keep the old one beside."""
    from operations.engine import repair as repairing
    from operations.engine.redaction import Redactor
    from operations.engine.transfer import take_in_fallbacks
    from operations.incident.lost_opening import open_lost, words_of
    from operations.places import places_for

    settings = settings_of(session, to_change=True)
    places = places_for(settings)
    wrong = repairing.damage(places.journal)
    if not wrong and not anyway:
        click.echo(f"{places.journal} is whole: nothing to repair")
        return 0
    say(f"{places.journal}: {wrong or 'nothing wrong was found'}")
    redactor = Redactor(settings.secrets())
    done = repairing.repair(places.journal, actor=settings.operator, redactor=redactor, now=utc_now)
    with _opened(settings, to_write=True) as book:
        beside = take_in_fallbacks(book, places.state)
        site, environment = settings.site.name, _probably(session, settings)
        lost = open_lost(book, site=site, environment=environment) if done.missing else ()
    click.echo(f"{done.events} events saved; the damaged file is kept: {done.kept}")
    if beside.new:
        click.echo(f"{beside.new} events that were kept beside it are taken in")
    for words in (*done.missing, *beside.skipped, *filter(None, [words_of(lost)])):
        say(words, "WARN")
    return 3 if done.missing or beside.skipped or lost else 0


def _probably(session: Session, settings: Settings) -> str:
    """The environment that an incident was about, where none of its events says so; a repair asks nobody."""
    with suppress(VigieError):
        return environment_of(session, settings)
    return "production"


@journal.command()
@click.option("--apply", is_flag=True, help="Remove it; without this it is only shown.")
@click.pass_obj
def prune(session: Session, apply: bool) -> int:
    """Remove events older than `retention_months` in the settings; what is open stays whole."""
    from operations.engine.pruning import prunable
    from operations.engine.pruning import prune as remove
    from operations.incident.book import IncidentBook

    settings = settings_of(session, to_change=apply)
    with _opened(settings, to_write=apply) as book:
        incidents = IncidentBook(book)
        incidents.refresh()
        open_ones = [head.id for head in incidents.heads() if head.open]
        what = prunable(book, _months_ago(settings.retention_months), open_ones)
        if apply and what.events:
            remove(book, what)
    done = "removed" if apply else "would be removed (--apply does it)"
    click.echo(f"{what.events} events, with {what.jobs} jobs, from before {what.before:%Y-%m-%d %H:%MZ} {done}")
    return 0


def _months_ago(months: int) -> datetime:
    now = utc_now()
    years, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    return now.replace(year=max(years, 1), month=month + 1, day=min(now.day, 28))


@contextmanager
def _opened(settings: Settings, *, to_write: bool = False) -> Iterator[Journal]:
    """The journal; one that cannot be written can still be read."""
    from operations.engine.journal import Journal
    from operations.engine.redaction import Redactor
    from operations.jobs.launch import journal_for
    from operations.places import places_for

    path = places_for(settings).journal
    if not to_write and not path.exists() and not path.with_suffix(".head").exists():
        raise VigieError(f"There is no journal {path}.")
    try:
        book = journal_for(settings)
    except JournalUnavailable as error:
        if to_write or error.damaged:
            raise
        book = Journal.open_to_read(path, redactor=Redactor(settings.secrets()), now=utc_now)
    try:
        yield book
    finally:
        book.close()


def _heads_in(path: Path) -> Sequence[Head]:
    from operations.engine.heads import heads_in

    try:
        return heads_in(path.read_text("utf-8", "replace"))
    except OSError as error:
        raise VigieError(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise VigieError(f"{path}: {error}.") from None


def _heads_of_backups(settings: Settings, environment: str) -> Sequence[Head]:
    from operations.backups import list_backups
    from operations.engine.heads import Head

    manifests = [backup.manifest for backup in list_backups(settings, environment).backups]
    found = {Head(*head) for manifest in manifests if manifest is not None for head in manifest.journal}
    return sorted(found, key=lambda head: (head.writer, head.seq))


def _problem(problem: Problem) -> dict[str, Any]:
    return {"kind": problem.kind, "writer": problem.writer, "seq": problem.seq, "says": problem.says}
