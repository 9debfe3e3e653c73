"""Lines that destroy something or cannot be taken back. They are marked wherever they stand, and need a typed phrase.

A shell's commands are looked at word by word, so that a comment, a dry run or a word in a file's name is no hazard.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from runbooks.hazard_rules import RULES, by_any_program
from runbooks.parts import GroupKind, Hazard
from runbooks.shell_frames import listed
from runbooks.shell_words import SHELLS, Command, commands_of
from runbooks.sql_hazards import statements_hazards

_PREVIEW = frozenset(
    {
        *("--dry-run", "--dry-run=client", "--dry-run=server", "--dry-run=true", "--dryrun", "--dry_run"),
        *("--check", "--help", "--plan", "--noop", "--no-op", "--whatif", "--version", "-version", "-help"),
    }
)
_CLIENTS = listed("psql mysql mariadb sqlite3 pgcli cockroach clickhouse-client usql supabase cqlsh influx duckdb")
_SPAN = re.compile(r"(?<!`)(`{1,4})(?!`)([^`]{3,400})(?<!`)\1(?!`)")


def hazards_in(text: str, kind: GroupKind | str, first: int) -> tuple[Hazard, ...]:
    """The destructive lines of a command or of statements whose first line has number `first`, each once a reason."""
    if kind == "sql":
        found = set(statements_hazards(text))
    elif kind == "command":
        found = {one for command in commands_of(text) for one in _in_command(command)}
    else:
        return ()
    return tuple(Hazard(first + line, words) for line, words in sorted(found))


def hazards_in_words(line: str, number: int) -> tuple[Hazard, ...]:
    """The destructive commands that a line of running text names between backticks."""
    if "`" not in line:
        return ()
    spans = [span[2].strip() for span in _SPAN.finditer(line)]
    found = [hazard for span in spans for kind in ("command", "sql") for hazard in hazards_in(span, kind, number)]
    return tuple(dict.fromkeys(found))


def _in_command(command: Command) -> Iterator[tuple[int, str]]:
    """Line, counted from 0, and words of what a command destroys."""
    words = _reason(command)
    if words:
        yield command.line, words
    if command.program in _CLIENTS:
        for word in command.words[1:]:
            if " " in word or "\n" in word:
                for _, said in statements_hazards(word):
                    yield command.line, said
        for line, text in command.fed:
            for further, said in statements_hazards(text):
                yield line + further, said


def _reason(command: Command) -> str:
    """What the command destroys, in words; empty when nothing."""
    fetched = command.piped_from in ("curl", "wget") or any(name in ("curl", "wget") for name in command.inner)
    if fetched and (command.program in SHELLS or command.program in ("eval", "source", ".")):
        return "runs what a server sends"
    if any(word in _PREVIEW for word in command.words):
        return ""
    rule = RULES.get(command.program)
    return (rule(command) if rule else "") or by_any_program(command)
