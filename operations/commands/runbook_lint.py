"""`vigie runbook lint`: every mistake in runbooks as `file:line: error: words [rule]`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from operations.cli import Session
from operations.commands.runbook_shelf import runbooks_of
from operations.commands.session import print_document, say
from operations.desk import utc_now
from operations.errors import VigieError
from operations.runbook_files import Runbooks
from operations.text import one_line
from runbooks.lint_finding import Finding
from runbooks.shelf import LIBRARY

CODES: dict[int, str] = {0: "no errors", 1: "errors were found", 2: "a file cannot be read, or wrong usage"}


@click.command()
@click.argument("files", metavar="[NAME|FILE]...", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def lint(session: Session, files: tuple[str, ...], as_json: bool) -> int:
    """Look for mistakes: links, answers, circles, facts, checks, acts, dates. Without FILE the whole shelf."""
    shelf = runbooks_of(session)
    wanted = files or tuple(str(path) for _, path in shelf.all())
    found: list[tuple[Path, Finding]] = []
    unreadable: list[str] = []
    for word in dict.fromkeys(wanted):
        try:
            found += _findings(shelf, word)
        except VigieError as error:
            unreadable.append(error.what)
    errors = sum(finding.severity == "error" for _, finding in found)
    code = 2 if unreadable else 1 if errors else 0
    if as_json:
        result = {
            "runbooks": len(wanted) - len(unreadable),
            "findings": [
                {"file": str(path), "line": one.line, "severity": one.severity, "rule": one.rule, "words": one.words}
                for path, one in found
            ],
            "unreadable": unreadable,
        }
        print_document("runbook lint", session.site, "", exit_code=code, meaning=CODES[code], result=result)
        return code
    for path, one in found:
        click.echo(f"{path}:{one.line}: {one.severity}: {one_line(one.words, 400)} [{one.rule}]")
    for words in unreadable:
        say(words, "ERROR")
    counts = ((len(wanted) - len(unreadable), "runbook"), (errors, "error"), (len(found) - errors, "warning"))
    say(", ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in counts))
    return code


def _findings(shelf: Runbooks, word: str) -> list[tuple[Path, Finding]]:
    from runbooks.lint import lint as lint_book

    path, book = shelf.open(word)
    found = lint_book(book, utc_now().date(), shelf.linked_from(path))
    return [(path, _gently(one) if path.parent == LIBRARY else one) for one in found]


def _gently(finding: Finding) -> Finding:
    """A review of our own library that is overdue is ours to do: it must not fail a team's own lint."""
    return replace(finding, severity="warning") if finding.rule == "review" else finding
