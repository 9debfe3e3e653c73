"""`vigie runbook`: list, show, draw and check runbooks. Needs no settings but where it says so, and changes nothing."""

from __future__ import annotations

import click

from operations.cli import Noted, Session
from operations.commands.printing import width
from operations.commands.runbook_check import check
from operations.commands.runbook_lint import lint
from operations.commands.runbook_new import new
from operations.commands.runbook_shelf import runbooks_of
from operations.commands.runbook_walk import walk
from operations.commands.session import print_document, say
from operations.errors import VigieError
from operations.runbook_files import UNREADABLE
from operations.text import one_line
from runbooks.front_matter import value_of
from runbooks.model import Book, Section

CODES: dict[int, str] = {0: "shown", 1: "invalid arguments", 2: "there is no such runbook, or it cannot be read"}
LIST_CODES: dict[int, str] = {0: "listed", 2: "one or more cannot be read"}


@click.group(cls=Noted)
def runbook() -> None:
    """List, show, lint and draw runbooks; run their checks; walk them; begin a new one."""


@runbook.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def list_all(session: Session, as_json: bool) -> int:
    """Every runbook by name: the team's own folder goes over our library by file name."""
    shelf = runbooks_of(session)
    rows, code = [], 0
    for name, path in shelf.all():
        whose = "team" if shelf.is_own(path) else "vigie"
        try:
            book = shelf.read(path)
        except VigieError as error:
            code = UNREADABLE
            say(error.what, "ERROR")
            rows.append({"name": name, "whose": whose, "file": str(path), "error": error.what})
            continue
        rows.append({"name": name, "whose": whose, "file": str(path), **_about(book)})
    if as_json:
        print_document("runbook list", session.site, "", exit_code=code, meaning=LIST_CODES[code], result=rows)
        return code
    widest = max((len(str(row["name"])) for row in rows), default=0)
    for row in rows:
        severity = row.get("severity") or "-"
        click.echo(f"{row['name']:<{widest}}  {row['whose']:<5}  {severity:<3}  {row.get('title', '')}".rstrip())
    return code


@runbook.command()
@click.argument("wanted", metavar="NAME|FILE")
@click.option("--section", "anchor", metavar="ANCHOR", help="Only this section: its anchor or its label.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def show(session: Session, wanted: str, anchor: str | None, as_json: bool) -> int:
    """The whole runbook as plain text, every line of it."""
    path, book = runbooks_of(session).open(wanted)
    sections = list(book.sections) if anchor is None else [_section(book, anchor)]
    if as_json:
        result = {"file": str(path), **_about(book), "sections": [_section_body(section) for section in sections]}
        print_document("runbook show", session.site, "", exit_code=0, meaning=CODES[0], result=result)
        return 0
    from runbooks.plain_text import plain_text

    for line in plain_text(book, width(), sections):
        click.echo(line)
    return 0


@runbook.command()
@click.argument("wanted", metavar="NAME|FILE")
@click.pass_obj
def graph(session: Session, wanted: str) -> int:
    """Its tree as a Mermaid flowchart, for a page or a drawing program."""
    from runbooks.graph import mermaid

    _, book = runbooks_of(session).open(wanted)
    click.echo(mermaid(book), nl=False)
    return 0


@runbook.command()
@click.argument("wanted", metavar="NAME|FILE")
@click.pass_obj
def card(session: Session, wanted: str) -> int:
    """Its quick reference: one page with the way, the acts, the people, the limits."""
    from runbooks.card import card as card_of

    _, book = runbooks_of(session).open(wanted)
    click.echo("\n".join(card_of(book)))
    return 0


for command in (lint, check, new, walk):
    runbook.add_command(command)


def _section(book: Book, anchor: str) -> Section:
    found = book.section(anchor.removeprefix("#")) or book.by_label(anchor)
    if found is None:
        known = ", ".join(section.label or section.anchor for section in book.sections if section.anchor)
        raise VigieError(f"There is no section {one_line(anchor, 60)}.", next_step=f"There are {one_line(known, 600)}.")
    return found


def _about(book: Book) -> dict[str, str]:
    keys = ("severity", "owner", "reviewed")
    return {"title": one_line(book.title, 120), **{key: one_line(value_of(book.front, key), 60) for key in keys}}


def _section_body(section: Section) -> dict[str, object]:
    return {
        "anchor": section.anchor,
        "label": section.label,
        "title": section.title,
        "level": section.level,
        "lines": list(section.lines),
        "act": section.is_act,
        "end": section.is_end,
        "help": section.is_help,
        "next": section.next,
        "answers": [
            {
                "line": branch.line,
                "answer": branch.answer,
                "target": branch.target,
                "when": branch.when.text if branch.when else "",
                "exits": list(branch.exits),
            }
            for branch in section.branches
        ],
        "tasks": [
            {"line": task.lines[0], "text": task.text, "role": task.role, "due": task.due} for task in section.tasks
        ],
        "groups": [
            {
                "line": group.lines[0],
                "kind": group.kind,
                "text": group.text,
                "blanks": [blank.written for blank in group.blanks],
                "hazards": [hazard.words for hazard in group.hazards],
                "purpose": code.purpose,
                "name": code.name,
            }
            for code in section.blocks
            for group in code.groups
        ],
    }
