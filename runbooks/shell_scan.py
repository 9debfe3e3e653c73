"""How a shell reads a text: what stands in quotes, comments or here-documents, which lines are unfinished, and the
simple commands in it.

Enough of POSIX and bash to keep together what belongs together, to know what a command destroys and to quote what is
filled in. It runs nothing, raises nothing and reads every character once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from runbooks.shell_frames import ANGLE, COMMENT, DOUBLE, GLUED, HERE, HERE_QUOTED, ODD, PLAIN, SINGLE, Frame, Simple
from runbooks.shell_lexer import Lexer

__all__ = ["ANGLE", "COMMENT", "DOUBLE", "GLUED", "HERE", "HERE_QUOTED", "ODD", "PLAIN", "SINGLE", "Scan", "scan"]


@dataclass(frozen=True, slots=True)
class Scan:
    """`places` has one letter for each character; `unfinished` says of each line whether the shell would want more;
    `commands` are the simple commands in order of writing, those in substitutions and here-documents included. `broken`
    is True where no shell could read it: prose with brackets, another language."""

    places: str
    unfinished: tuple[bool, ...]
    commands: tuple[Simple, ...]
    broken: bool = False


@lru_cache(maxsize=16)
def scan(text: str) -> Scan:
    """Read `text` as a shell would. Never raises; what is left open stays unfinished to the end."""
    unfinished: list[bool] = []
    places = bytearray(PLAIN.encode() * len(text))
    lexer = Lexer(text, 0, len(text), places, unfinished, [])
    top = Frame("command")
    lexer.run(top)
    commands = tuple(sorted(lexer.commands, key=lambda command: command.start))
    line = at = 0
    for command in commands:
        line += text.count("\n", at, command.start)
        command.line, at = line, command.start
    return Scan(places.decode(), tuple(unfinished), commands, lexer.broken or top.stray)
