"""Blanks: what a person has to fill in before a command runs or a message goes out, and how it is filled in.

A value never becomes more than a value: it is quoted for the place where it stands. Where no quotes could keep it one,
only a plain word is taken.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping

from runbooks.blank_forms import INTERPRETERS, PATTERNS, Ground, How, found_in, ground_of
from runbooks.parts import Blank
from runbooks.shell_frames import OPENS, Simple, listed
from runbooks.shell_scan import COMMENT, DOUBLE, HERE, HERE_QUOTED, ODD, SINGLE, scan
from runbooks.shell_words import SHELLS

_READ_AGAIN = (
    SHELLS
    | INTERPRETERS
    | listed(
        "ssh eval su runuser watch parallel trap knife ansible salt pssh pdsh psql mysql mariadb sqlite3 cqlsh sed"
        " awk gawk jq clickhouse-client"
    )
)
"""Programs that read their arguments or their input as commands or statements of their own."""
_JOINED = frozenset({"ssh", "eval", "watch", "parallel", "mosh", "autossh"})
_PLAIN_WORD = re.compile(r"\w(?:[\w.@%+,:/=]|-(?!-))*")
_SQL_WORD = re.compile(r"\w+(?:[.-]\w+)*|\d+\.\d+")
_KEYWORDS = frozenset({*OPENS, *OPENS.values(), "then", "do", "else", "elif", "!", "time", "coproc", "function", "in"})
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def blanks_in(text: str, kind: How = "command") -> tuple[Blank, ...]:
    """The blanks of a command, of statements or of a text to send, in order, each once."""
    found: dict[str, Blank] = {}
    for _, blank in found_in(ground_of(text, kind), kind):
        first = found.setdefault(blank.written, blank)
        if blank.secret and not first.secret:
            found[blank.written] = blank
    return tuple(found.values())


def filled(text: str, values: Mapping[str, str], kind: How = "command") -> str:
    """`text` with every blank that `values` has (by how it is written) filled in, quoted for the place where it stands.

    Variables are left: their values go into the environment of what runs. Raises ValueError for a value that cannot
    stand there: with a line break in a command or a statement, or anything but a plain word where it is read twice.
    """
    ground = ground_of(text, kind)
    found = found_in(ground, kind)
    made = _filled(ground, found, values, kind)
    if kind == "command":
        plain = _filled(ground, found, dict.fromkeys(values, "x"), kind)
        if _shape(made) != _shape(plain):
            raise ValueError("what is filled in would make other commands of it")
    return made


def _filled(ground: Ground, found: list[tuple[int, Blank]], values: Mapping[str, str], kind: How) -> str:
    again = _read_again(ground) if kind == "command" else ()
    parts: list[str] = []
    at = 0
    for start, blank in found:
        value = values.get(blank.written)
        if value is None or blank.style == "variable" or start < at:
            continue
        if "\0" in value or (kind != "message" and _CONTROL.search(value)):
            raise ValueError(f"the value for {blank.written} has a line break or a control character")
        end = start + len(blank.written)
        if any(first <= start < after for first, after in again) and not _PLAIN_WORD.fullmatch(value):
            raise ValueError(
                f"{blank.written} is read by another program there: only a plain word may be filled in, without spaces,"
                " quotes or signs"
            )
        parts += [ground.text[at:start], _quoted(value, ground, start, end, kind)]
        at = end
    return "".join([*parts, ground.text[at:]])


def _quoted(value: str, ground: Ground, start: int, end: int, kind: How) -> str:
    if kind == "message":
        return value
    place = ground.places[start]
    if kind == "sql":
        return _for_sql(value, place, ground.text[start - 1 : start])
    if place == DOUBLE:
        return re.sub(r'([\\"$`!])', lambda found: f"\"'{found[0]}'\"" if found[0] == "!" else f"\\{found[0]}", value)
    if place == SINGLE:
        return value.replace("'", "'\\''")
    if place in (HERE, HERE_QUOTED):
        if not ground.text[:start].rpartition("\n")[2].strip("\t") and value.startswith("\t"):
            raise ValueError("a value that begins with a tab would lose it there")
        return re.sub(r"([\\$`])", r"\\\1", value) if place == HERE else value
    if place == ODD and not _PLAIN_WORD.fullmatch(value):
        raise ValueError(f"“{value}” cannot stand there: only a plain word, without spaces, quotes or signs")
    if place in (COMMENT, ODD):
        return value
    return _bare(value, ground.text[end : end + 1])


def _bare(value: str, after: str) -> str:
    """A word of its own: never an assignment, a keyword or the number of what is redirected."""
    quoted = shlex.quote(value)
    alone = "=" in value or value in _KEYWORDS or (value.isdigit() and after in ("<", ">"))
    return f"'{value}'" if quoted == value and alone else quoted


def _for_sql(value: str, place: str, before: str) -> str:
    """Inside '…' and "…" the quote is doubled; bare, only a plain name or number may stand."""
    if place == SINGLE:
        return value.replace("'", "''")
    if place == DOUBLE:
        return value.replace('"', '""')
    signed = value.removeprefix("-") if before not in ("-", "") and re.fullmatch(r"-\d[\d.]*", value) else value
    if place != COMMENT and not _SQL_WORD.fullmatch(signed):
        raise ValueError(f"“{value}” cannot stand there without quotes: only letters, digits, _ . -")
    return value


def _read_again(ground: Ground) -> tuple[tuple[int, int], ...]:
    """Where the text of a command is read by a program as commands or statements of its own."""
    return tuple(span for command in ground.commands for span in _spans_read_again(command, ground.text))


def _spans_read_again(command: Simple, text: str) -> Iterator[tuple[int, int]]:
    names = [word.rsplit("/", 1)[-1] for word, _, _ in command.words]
    reader = next((n for n, name in enumerate(names) if name in _READ_AGAIN or name in _JOINED), None)
    piped_to = command.piped_from is not None and reader is not None
    if reader is None:
        return
    yield from command.bodies
    if piped_to and command.piped_from is not None:
        yield from ((start, end) for _, start, end in command.piped_from.words[1:])
        yield from command.piped_from.bodies
    joined = names[reader] in _JOINED
    for n, (word, start, end) in enumerate(command.words[reader + 1 :], reader + 1):
        whole = names[reader] in PATTERNS | INTERPRETERS and text[start] in "'\""
        if joined or whole or re.search(r"[\s;]", word) or names[n - 1] in ("-c", "-e", "--eval", "--command"):
            yield start, end


def _shape(text: str) -> list[tuple[str, int, int, int, bool]]:
    """What stays as it is whatever is filled in: the commands, their numbers of words, where they read and write."""
    read = scan(text)
    return [
        (one.operator, len(one.words), len(one.bodies), len(one.writes), bool(one.reads)) for one in read.commands
    ] + [("", sum(read.unfinished), 0, 0, False)]
