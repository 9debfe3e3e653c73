"""What our own runbooks tell people to type exists: commands, keys, and statements that a real server answers."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import cache

import click
import psycopg
import pytest

from operations import cli
from operations.practice import scenarios
from runbooks import shelf
from runbooks.model import Book, Code
from tests.servers import PostgresServer
from tui.actions import ACTIONS

NAMES = shelf.names()
IN_A_FENCE = re.compile(r"(?:^|\s)(vigie(?: .*)?)$")
INLINE = re.compile(r"`(vigie [^`]+)`")
FILLED = {"[pid]": "0", "[backend start]": "2026-11-22 00:00:00Z", "[application]": "site", "[user]": "site"}
"""What stands for a blank in a statement that is tried: nobody's session."""


@cache
def ours() -> tuple[Book, ...]:
    """Read when first asked for: whoever only collects tests need not read the library."""
    return tuple(shelf.open_book(name) for name in NAMES)


def of_ours(name: str) -> Book:
    return next(book for book in ours() if book.name == name)


def fences(book: Book) -> list[Code]:
    return [code for section in book.sections for code in section.blocks]


def typed_lines(book: Book) -> list[tuple[str, bool]]:
    """Every call of `vigie` in the file, with True where it is a line to run and not a name in a sentence."""
    lines = [line for code in fences(book) for line in code.text.splitlines() if not line.lstrip().startswith("#")]
    whole = [found[1] for line in lines if (found := IN_A_FENCE.search(line))]
    prose = re.sub(r"^```.*?^```", "", book.source, flags=re.DOTALL | re.MULTILINE)
    return [(line, True) for line in whole] + [(line, False) for line in INLINE.findall(prose)]


def parse(words: list[str], whole: bool) -> None:
    """Let the real commands read these words, without running any of them. Raises click.UsageError."""
    command: click.Command = cli.vigie
    context = click.Context(command, info_name="vigie", obj=cli.Session(None, None, False, False, lambda _: 0))
    while isinstance(command, click.Group):
        _, rest, _ = command.make_parser(context).parse_args(words)
        if not rest:
            assert not whole, f"{context.command_path} needs a command"
            return
        name, found, words = command.resolve_command(context, rest)
        assert found is not None
        command, context = found, click.Context(found, parent=context, info_name=name)
    if words or whole:
        command.make_context(context.info_name, words, parent=context.parent)


def refusal(line: str, whole: bool) -> str:
    """What the command line says against these words; empty when it takes them."""
    try:
        parse(shlex.split(line, comments=True)[1:], whole)
    except click.UsageError as error:
        return error.format_message()
    return ""


def test_the_lines_are_found() -> None:
    assert sum(len(typed_lines(book)) for book in ours()) > 150


@pytest.mark.parametrize("name", NAMES)
def test_every_line_a_runbook_names_is_one_the_command_line_takes(name: str) -> None:
    assert [(line, said) for line, whole in typed_lines(of_ours(name)) if (said := refusal(line, whole))] == []


def test_every_drill_that_is_named_can_be_played() -> None:
    named = {found for book in ours() for found in re.findall(r"vigie drill ([a-z][\w-]*)", book.source)}
    assert named
    assert named <= set(scenarios.NAMES)


def test_every_key_that_is_named_is_one_of_the_console() -> None:
    keys = {action.key for action in ACTIONS}
    named = {(book.name, key) for book in ours() for key in re.findall(r"`([A-Za-z])`", book.source)}
    assert named
    assert {(book, key) for book, key in named if key not in keys} == set()


def looks(book: Book) -> list[str]:
    """The statements in the file that ask the server about itself."""
    groups = (group for code in fences(book) for group in code.groups if group.kind == "sql")
    return [group.text for group in groups if re.search(r"\bpg_(?:stat_(?!statements)|settings)", group.text)]


@pytest.fixture(scope="module")
def reading(postgres: PostgresServer) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute("set default_transaction_read_only = on")
        yield connection


def test_every_look_at_the_server_is_one_that_it_answers(reading: psycopg.Connection[tuple[object, ...]]) -> None:
    found = [(book.name, statement) for book in ours() for statement in looks(book)]
    assert len(found) > 20
    refused = []
    for name, statement in found:
        for blank, value in FILLED.items():
            statement = statement.replace(blank, value)
        try:
            reading.execute(statement.encode())
        except psycopg.Error as error:
            refused.append((name, statement, str(error)))
    assert refused == []


def test_the_checks_of_site_down_ask_the_database_itself() -> None:
    site_down = of_ours("site-down")
    checks = [code for code in fences(site_down) if code.purpose == "check" and code.language == "sql"]
    assert [check.name for check in checks] == ["holders", "blockers", "slow", "sessions"]
