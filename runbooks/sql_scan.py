"""How PostgreSQL reads a text: what stands in quotes or comments, and after which lines a statement goes on.

It raises nothing and reads every character once; what is left open stays open to the end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from runbooks.shell_scan import COMMENT, DOUBLE, ODD, PLAIN, SINGLE

_BEGIN = re.compile(r"--|/\*|\b[eE]'|'|\"|(?<![\w$])\$(?:[A-Za-z_]\w*)?\$")
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_ESCAPED_END = re.compile(r"(?:[^'\\]|\\.|'')*(?:'|\Z|\\\Z)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class SqlScan:
    """`places` has one letter for each character, as a shell's scan has them; `bare` is the text with everything in
    quotes and comments blanked out; `unfinished` says of each line whether its statement goes on after it."""

    places: str
    bare: str
    unfinished: tuple[bool, ...]


@lru_cache(maxsize=16)
def sql_scan(text: str) -> SqlScan:
    """Read `text` as the server would."""
    spans: list[tuple[int, int, str]] = []
    at = 0
    while found := _BEGIN.search(text, at):
        at, place = _end(text, found)
        spans.append((found.start(), at, place))
    places = bytearray(PLAIN.encode() * len(text))
    parts: list[str] = []
    at = 0
    for start, after, place in spans:
        places[start:after] = place.encode() * (after - start)
        parts += [text[at:start], re.sub(r"[^\n]", " ", text[start:after])]
        at = after
    bare = "".join([*parts, text[at:]])
    return SqlScan(places.decode(), bare, tuple(_unfinished(text, bare, spans)))


def _end(text: str, found: re.Match[str]) -> tuple[int, str]:
    """Where what begins here ends, and which place it is."""
    opened, after = found[0], found.end()
    if opened == "--":
        stop = text.find("\n", after)
        return (stop if stop >= 0 else len(text)), COMMENT
    if opened == "/*":
        return _comment_end(text, after), COMMENT
    if opened in ("'", '"'):
        stop = text.find(opened, after)
        return (stop + 1 if stop >= 0 else len(text)), SINGLE if opened == "'" else DOUBLE
    if opened[-1] == "'":
        escaped = _ESCAPED_END.match(text, after)
        return (escaped.end() if escaped else len(text)), ODD
    stop = text.find(opened, after)
    return (stop + len(opened) if stop >= 0 else len(text)), ODD


def _comment_end(text: str, at: int) -> int:
    """Comments of this kind nest."""
    depth = 1
    while depth and (found := _COMMENT_EDGE.search(text, at)):
        depth += 1 if found[0] == "/*" else -1
        at = found.end()
    return len(text) if depth else at


def _unfinished(text: str, bare: str, spans: list[tuple[int, int, str]]) -> list[bool]:
    """A statement that is never ended ends with its paragraph: nothing after it may be swallowed."""
    crossing: set[int] = set()
    line = at = 0
    for start, after, _ in spans:
        line += text.count("\n", at, start)
        inside = text.count("\n", start, after)
        crossing.update(range(line, line + inside))
        line, at = line + inside, after
    found: list[bool] = []
    going_on = False
    last = -1
    for number, (code, whole) in enumerate(zip(bare.split("\n"), text.split("\n"), strict=True)):
        code = code.strip()
        if code.endswith(";"):
            going_on, last = False, number
        elif whole.lstrip().startswith("\\") and not going_on:
            going_on = False  # one of psql's own commands: a line long
        elif code or (going_on and whole.strip()):
            going_on = True
        found.append(going_on)
    return [(going and number <= last) or number in crossing for number, going in enumerate(found)]
