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
    quotes and comments blanked out; `unfinished` says of each line whether its statement goes on after it; `is_open`
    that something in quotes or a comment never ends."""

    places: str
    bare: str
    unfinished: tuple[bool, ...]
    is_open: bool


@lru_cache(maxsize=16)
def sql_scan(text: str) -> SqlScan:
    """Read `text` as the server would."""
    spans: list[tuple[int, int, str]] = []
    is_open = False
    at = 0
    while found := _BEGIN.search(text, at):
        at, place, closed = _end(text, found)
        is_open = is_open or not closed
        spans.append((found.start(), at, place))
    places = bytearray(PLAIN.encode() * len(text))
    parts: list[str] = []
    at = 0
    for start, after, place in spans:
        places[start:after] = place.encode() * (after - start)
        parts += [text[at:start], re.sub(r"[^\n]", " ", text[start:after])]
        at = after
    bare = "".join([*parts, text[at:]])
    return SqlScan(places.decode(), bare, tuple(_unfinished(text, bare, spans)), is_open)


def _end(text: str, found: re.Match[str]) -> tuple[int, str, bool]:
    """Where what begins here ends, which place it is, and whether it ends at all."""
    opened, after = found[0], found.end()
    if opened == "--":
        stop = text.find("\n", after)
        return (stop if stop >= 0 else len(text)), COMMENT, True
    if opened == "/*":
        return _comment_end(text, after)
    if opened[-1] == "'" and len(opened) > 1:
        escaped = _ESCAPED_END.match(text, after)
        return (escaped.end() if escaped else len(text)), ODD, bool(escaped and escaped[0].endswith("'"))
    stop = text.find(opened, after)
    place = {"'": SINGLE, '"': DOUBLE}.get(opened, ODD)
    return (stop + len(opened) if stop >= 0 else len(text)), place, stop >= 0


def _comment_end(text: str, at: int) -> tuple[int, str, bool]:
    """Comments of this kind nest."""
    depth = 1
    while depth and (edge := _COMMENT_EDGE.search(text, at)):
        depth += 1 if edge[0] == "/*" else -1
        at = edge.end()
    return (len(text) if depth else at), COMMENT, not depth


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
