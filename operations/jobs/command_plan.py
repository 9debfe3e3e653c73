"""The plan of a runbook's command: every line as it would run, what it gets, what it destroys, and who may say yes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from operations.command_call import BASH, database_of, missing_programs, psql_for, shell
from operations.command_group import KINDS, Kind, Prepared, prepare, values_words
from operations.desk import Desk
from operations.engine.confirm import confirmation
from operations.engine.model import Confirm, Guard, Plan, PlanLine, PlannedStep
from operations.errors import VigieError
from operations.jobs.timings import expected_seconds
from operations.settings import address_of
from operations.sql_group import runs_as_one
from operations.text import one_line
from runbooks.shell_programs import changes_what_is_found

PROGRAMS = "programs"
PHRASE = "phrase"
"""The one confirmation that a request may name: it asks for more than a yes, and never for less than a hazard does."""
DEFAULT_LIMIT = 600.0
LONGEST_LIMIT = 6 * 3600.0
_EXPECTED = 5.0
_ONTO_DATABASES = re.compile("restores onto a database|drops a database|then restores|empties the database")
_DROPS_DATABASE = re.compile(r"\bdrop\s+database\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The request of a command, read once."""

    kind: Kind
    text: str
    blanks: Mapping[str, str] = field(default_factory=dict)
    book: str = ""
    line: int = 1
    section: str = ""
    writes: bool = False
    limit: float = DEFAULT_LIMIT
    confirm: str = ""


def wanted(request: Mapping[str, Any]) -> Wanted:
    """Read a request. Raises VigieError (1) for one that makes no sense."""
    kind = KINDS.get(str(request.get("kind")))
    if kind is None:
        raise VigieError(f"A command is of the kind shell or sql, not {one_line(str(request.get('kind')), 40)!r}.")
    blanks, line = request.get("blanks") or {}, request.get("line", 1)
    if not isinstance(blanks, Mapping) or not all(isinstance(word, str) for pair in blanks.items() for word in pair):
        raise VigieError("What is filled in is text for text.")
    if not isinstance(line, int) or line < 1:
        raise VigieError("A command stands on a line of its runbook.")
    writes = bool(request.get("writes"))
    if writes and kind != "sql":
        raise VigieError("Only statements are read-only unless somebody says otherwise; a shell may always write.")
    confirm = request.get("confirm") or ""
    if confirm not in ("", PHRASE):
        raise VigieError("A command's confirmation is only ever raised, to the typed phrase.")
    return Wanted(
        kind, str(request.get("text") or ""), dict(blanks), one_line(str(request.get("book") or ""), 80), line,
        one_line(str(request.get("section") or ""), 120), writes, _limit(request.get("limit", DEFAULT_LIMIT)), confirm,
    )  # fmt: skip


def _limit(limit: object) -> float:
    if isinstance(limit, bool) or not isinstance(limit, int | float) or not 0 < limit <= LONGEST_LIMIT:
        raise VigieError(f"A command may take up to {LONGEST_LIMIT:g} seconds.")
    return float(limit)


def prepared_for(desk: Desk, asked: Wanted) -> Prepared:
    """The group made ready for this environment. Raises VigieError for a text that no command may be."""
    desk.env  # noqa: B018 - an environment that is not there is said first
    return prepare(
        desk.settings,
        desk.environment,
        asked.text,
        asked.kind,
        given=asked.blanks,
        first_line=asked.line,
        writes=asked.writes,
    )


def plan_command(desk: Desk, asked: Wanted) -> Plan:
    """Compute the plan; nothing is run and nothing is connected to."""
    ready = prepared_for(desk, asked)
    first = one_line(_first(asked, ready), 60)
    folder = str(desk.settings.folder)
    names = ", ".join(value.name for value in ready.values)
    shown = "; ".join(f"{value.name}={value.shown} from {value.source}" for value in ready.values)
    return Plan(
        operation="command",
        site=desk.site,
        environment=desk.environment,
        config=desk.config,
        title=f"{'SQL' if asked.kind == 'sql' else 'Command'}: {first}",
        # What was typed for a secret is refused, and goes nowhere.
        request={**asdict(asked), "blanks": dict(ready.blanks)},
        lines=tuple(_lines(desk, asked, ready, folder)),
        against=tuple(_against(desk, ready)),
        guards=(_writable(desk), *_programs(desk, asked, ready), *ready.guards),
        steps=(
            PlannedStep(
                "run",
                "run the statements" if asked.kind == "sql" else "run the command",
                _expected(desk, asked),
                effect="" if asked.kind == "sql" and not asked.writes else "what the command does",
                commands=tuple(line for line in ready.text.split("\n") if line.strip()),
            ),
        ),
        confirm=_confirm(desk, asked, ready),
        details={"variables": names},
        decisive={
            "Command": ready.text,
            "Folder": folder,
            "Variables": shown or "none",
            "Writes": "yes" if asked.writes else "no",
            "Limit": f"{asked.limit:g} s",
        },
    )


def _lines(desk: Desk, asked: Wanted, ready: Prepared, folder: str) -> Iterator[PlanLine]:
    marked = {hazard.line - asked.line for hazard in ready.hazards}
    label = "SQL" if asked.kind == "sql" else "Command"
    for number, text in enumerate(ready.text.split("\n")):
        if text.strip():
            yield PlanLine(label, text, "bad" if number in marked else "plain")
            label = ""
    for hazard in ready.hazards:
        yield PlanLine("Hazard", f"line {hazard.line}: {hazard.words}", "bad")
    if asked.book:
        where = f"{asked.book}, line {asked.line}"
        yield PlanLine("From", f"{where}, {asked.section}" if asked.section else where)
    yield PlanLine("Runs", f"{_how(desk, asked, folder)}; at most {asked.limit:g} s")
    for label, words in zip(("Gets", *[""] * len(ready.values)), values_words(ready.values), strict=False):
        yield PlanLine(label, words)
    if asked.kind == "sql":
        yield from _database(desk, asked, ready.text)


def _how(desk: Desk, asked: Wanted, folder: str) -> str:
    where = f"for {desk.environment}, in {folder}"
    if asked.kind == "sql":
        return f"by psql {where}"
    try:
        path, options = shell()
    except VigieError:
        return f"by a shell {where}"
    name = Path(path).name
    if options == BASH:
        return f"by {name} {where}, up to the first line that fails"
    return f"by {name} {where}, up to the first line that fails; a failure inside a pipe is not seen, there is no bash"


def _database(desk: Desk, asked: Wanted, text: str) -> Iterator[PlanLine]:
    yield PlanLine("Database", address_of(database_of(desk.settings, desk.environment).reveal()) or "not set")
    if not asked.writes:
        yield PlanLine("May", "only read: in a read-only transaction", "good")
    elif runs_as_one(text):
        yield PlanLine("May", "write: in one transaction, so that a failure leaves nothing", "warn")
    else:
        yield PlanLine("May", "write: one statement after the other, so that what ran before a failure stays", "warn")


def _against(desk: Desk, ready: Prepared) -> Iterator[str]:
    drops = _DROPS_DATABASE.search(ready.text)
    onto = [one for one in ready.hazards if drops or _ONTO_DATABASES.search(one.words)]
    if onto and desk.is_production:
        yield (
            f"line {onto[0].line} {onto[0].words}, and this is production: Vigie never restores onto production. "
            "The way is in data-loss.md: restore beside, compare, and let a database administrator return it"
        )


def _writable(desk: Desk) -> Guard:
    """A command has no option of its own by which a read-only session would be told."""
    if desk.settings.readonly or os.environ.get("VIGIE_READONLY", "") not in ("", "0"):
        return Guard("not read-only", "refuse", "this session is read-only, and a command may change anything")
    return Guard("not read-only", "pass")


def _programs(desk: Desk, asked: Wanted, ready: Prepared) -> Iterator[Guard]:
    """Without its shell or psql it cannot run. A missing program of its own is only said: it may be made on the way."""
    try:
        if asked.kind == "shell":
            shell()
        elif database_of(desk.settings, desk.environment):
            psql_for(desk.settings, desk.environment)
    except VigieError as error:
        yield Guard(PROGRAMS, "refuse", str(error), error.code)
        return
    missing = missing_programs(desk.settings, ready)
    if missing:
        are = "are not installed, or not" if len(missing) > 1 else "is not installed, or not"
        yield Guard(PROGRAMS, "warn", f"{', '.join(one_line(name, 40) for name in missing)} {are} in PATH")
    elif asked.kind == "shell" and changes_what_is_found(ready.text):
        yield Guard(
            PROGRAMS, "unknown", "it sets PATH or reads another file, so what its names mean is seen when it runs"
        )
    else:
        yield Guard(PROGRAMS, "pass")


def _confirm(desk: Desk, asked: Wanted, ready: Prepared) -> Confirm:
    hazard = bool(ready.hazards) or asked.confirm == PHRASE or (asked.writes and desk.is_production)
    phrase = desk.settings.phrase(desk.environment)
    return confirmation("hazard" if hazard else "command", production=desk.is_production, phrase=phrase)


def _expected(desk: Desk, asked: Wanted) -> float:
    same = [job for job in desk.history() if job.operation == "command" and job.plan.request.get("text") == asked.text]
    return expected_seconds(same, "command", "run", min(_EXPECTED, asked.limit))


def _first(asked: Wanted, ready: Prepared) -> str:
    """The line that names it: the first that destroys something, else the first that is no comment."""
    every = ready.text.split("\n")
    for hazard in ready.hazards:
        if 0 <= hazard.line - asked.line < len(every) and every[hazard.line - asked.line].strip():
            return every[hazard.line - asked.line].strip()
    lines = [line.strip() for line in every if line.strip()]
    return next((line for line in lines if not line.startswith(("#", "--"))), lines[0] if lines else "")
