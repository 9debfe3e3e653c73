"""Lines that destroy something or cannot be taken back. They are marked wherever they stand, and need a typed phrase.

A shell's commands are looked at word by word, so that a comment, a dry run or a word in a file's name is no hazard.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from runbooks.hazard_rules import READERS, RULES, by_any_program
from runbooks.parts import GroupKind, Hazard
from runbooks.shell_frames import listed
from runbooks.shell_words import HAND_ON, SHELLS, Command, commands_of
from runbooks.sql_hazards import statements_hazards

_PREVIEW = frozenset(
    {
        *("--dry-run", "--dry-run=client", "--dry-run=server", "--dry-run=true", "--dryrun", "--dry_run"),
        *(
            "--dry-run=yes",
            "--check",
            "--help",
            "--plan",
            "--noop",
            "--no-op",
            "--whatif",
            "--version",
            "-version",
            "-help",
        ),
    }
)
_CLIENTS = listed("psql mysql mariadb sqlite3 pgcli cockroach clickhouse-client usql supabase cqlsh influx duckdb")
_COMMON_WORDS = listed("kill cat true init migrate find http https kind k mc truncate rails consul vault serverless")
"""Names of programs that are words, too."""
_MOST_WORDS = 12
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


def hazards_in_words(text: str, first: int) -> tuple[Hazard, ...]:
    """The destructive commands that running text, whose first line has number `first`, names between backticks."""
    if "`" not in text:
        return ()
    found: dict[Hazard, None] = {}
    number, at = first, 0
    for span in _SPAN.finditer(text):
        number, at = number + text.count("\n", at, span.start()), span.start()
        found.update((Hazard(number, words), None) for words in _named(" ".join(span[2].split())))
    return tuple(found)


@lru_cache(maxsize=256)
def _named(text: str) -> tuple[str, ...]:
    """What a command or a statement that is named in running text destroys."""
    # A word alone is a name that is spoken of.
    if not (" " in text or "(" in text or text in ("FLUSHALL", "FLUSHDB")):
        return ()
    return tuple(one.words for kind in ("command", "sql") for one in hazards_in(text, kind, 0))


def _in_command(command: Command) -> Iterator[tuple[int, str]]:
    """Line, counted from 0, and words of what a command destroys."""
    for one in (command, *_carried(command)):
        words = _reason(one)
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


def _carried(command: Command) -> Iterator[Command]:
    """Programs that an unknown one is given to run: `aws-vault exec prod -- kubectl delete …`."""
    if command.program in RULES or command.program in READERS or command.program in HAND_ON:
        return
    for at, word in enumerate(command.words[1:_MOST_WORDS], 1):
        name = word.rsplit("/", 1)[-1]
        if name in RULES and name not in _COMMON_WORDS:
            yield replace(command, words=(name, *command.words[at + 1 :]))


def _reason(command: Command) -> str:
    """What the command destroys, in words; empty when nothing."""
    fetched = command.piped_from in ("curl", "wget") or any(name in ("curl", "wget") for name in command.inner)
    if fetched and (command.program in SHELLS or command.program in ("eval", "source", ".")):
        return "runs what a server sends"
    if any(word in _PREVIEW for word in command.words):
        return ""
    rule = RULES.get(command.program)
    return (rule(command) if rule else "") or by_any_program(command, known=rule is not None or command.guessed)
