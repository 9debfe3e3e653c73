"""`vigie runbook check`: runs a runbook's checks, one after the other, and nothing else of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from operations.cli import Session
from operations.commands.runbook_shelf import runbooks_of
from operations.commands.session import document, environment_of, say, settings_of
from operations.settings import Settings
from operations.text import one_line
from runbooks.checks import telling_line
from runbooks.events import Checked
from runbooks.model import Book, Code

if TYPE_CHECKING:
    from operations.checking import CheckResult

CODES: dict[int, str] = {
    0: "no check failed",
    1: "a check failed",
    2: "missing prerequisite, no check, or wrong usage",
    3: "none failed, and some are unknown",
}
_SIGNS = {"ok": "✓", "warn": "▲", "failed": "✖", "unknown": "?"}
_SHOWN = 3
"""Lines of its output that are shown of each check."""


@click.command()
@click.argument("wanted", metavar="NAME|FILE")
@click.option("--env", "environment", metavar="NAME", help="The environment to look at.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def check(session: Session, wanted: str, environment: str | None, as_json: bool) -> int:
    """Run the checks of a runbook, which only look: exit 0 none failed, 1 failed, 2 cannot run, 3 unknown."""
    settings = settings_of(session)
    chosen = environment_of(session, settings, environment)
    _, book = runbooks_of(session).open(wanted)
    results = []
    for code, result in _results(settings, chosen, book):
        results.append((code, result))
        if not as_json:
            click.echo("\n".join(_rows(code, result)))
    ended = _ended([result for _, result in results])
    if as_json:
        bodies = [_body(code, result) for code, result in results]
        document("runbook check", settings, chosen, exit_code=ended, meaning=CODES[ended], result=bodies)
    elif not results:
        say(f"{one_line(book.title, 80)} has no checks", "WARN")
    return ended


def _results(settings: Settings, environment: str, book: Book) -> Iterator[tuple[Code, CheckResult]]:
    """Each check with its result as soon as it is there."""
    from operations.checking import run_check_of

    for section in book.sections:
        for code in section.codes("check"):
            yield code, run_check_of(settings, environment, code)


def _ended(results: list[CheckResult]) -> int:
    states = {result.state for result in results}
    if not results:
        return 2
    return 1 if "failed" in states else 3 if "unknown" in states else 0


def _rows(code: Code, result: CheckResult) -> list[str]:
    told = "" if result.exit_code in (None, 0) else f"exit {result.exit_code}"
    state, why = result.state, one_line(result.why, 200)
    head = f"{_SIGNS[state]} {state:<8} {one_line(code.name, 24):<16} {result.seconds:5.1f} s  line {code.lines[0]}"
    rows = [f"{head}  {told or why}".rstrip()]
    lines = [line for line in result.out.splitlines() if line.strip()]
    shown = lines[:_SHOWN]
    rows += [f"    {one_line(line, 160)}" for line in shown]
    if len(lines) > _SHOWN or result.cut:
        rows.append("    …")
        telling = telling_line(Checked("", code.name, result.exit_code, result.out))
        if result.state == "failed" and telling not in (line.strip() for line in shown):
            rows.append(f"    {one_line(telling, 160)}")
    return rows


def _body(code: Code, result: CheckResult) -> dict[str, Any]:
    return {
        "name": code.name,
        "line": code.lines[0],
        "state": result.state,
        "exit_code": result.exit_code,
        "seconds": result.seconds,
        "at": result.at,
        "why": result.why,
        "refused": result.refused,
        "out": result.out,
        "cut": result.cut,
    }
