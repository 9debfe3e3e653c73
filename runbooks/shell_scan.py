"""How a shell reads a text: what stands in quotes, comments or here-documents, and which lines are unfinished.

Enough of POSIX and bash to keep together what belongs together and to quote what is filled in; it runs nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

PLAIN, DOUBLE, SINGLE, COMMENT, HERE, HERE_QUOTED = "p", "d", "s", "c", "h", "q"
"""A character's place: bare, in "…", in '…', in a comment, in a here-document that expands, in one that does not."""

_NOT_SIMPLE = re.compile(r"[\"'`\\<(){}#|&]")
_HEREDOC = re.compile(r"<<(-?)[ \t]*(?:'([^'\n]+)'|\"([^\"\n]+)\"|\\?([A-Za-z_][\w.-]*))")
_WORD = re.compile(r"[A-Za-z]+(?=[\s;)&|]|$)|[{}](?=[\s;)&|]|$)")
_FUNCTION = re.compile(r"(?:\)|\bfunction[ \t]+[\w.-]+)[ \t]*$")
_OPENS = {"if": "fi", "case": "esac", "for": "done", "while": "done", "until": "done", "select": "done", "{": "}"}
_CLOSES = frozenset(_OPENS.values())
_BEFORE_COMMAND = frozenset({"then", "do", "else", "elif", "if", "while", "until", "!", "time"})


@dataclass(slots=True)
class _Reader:
    """Where reading stands. `inside` are the closers that are still missing, the innermost last."""

    text: str
    places: list[str]
    inside: list[str] = field(default_factory=list)
    heredocs: list[tuple[str, bool, bool]] = field(default_factory=list)
    begins: bool = True


@dataclass(frozen=True, slots=True)
class Scan:
    """`places` has one letter for each character; `unfinished` says of each line whether the shell would want more."""

    places: str
    unfinished: tuple[bool, ...]


def scan(text: str) -> Scan:
    """Read `text` as a shell would. Never raises; what is left open stays unfinished to the end."""
    lines = text.split("\n")
    if not _NOT_SIMPLE.search(text) and not any(word in text for word in ("if ", "for ", "while ", "until ", "case ")):
        return Scan(PLAIN * len(text), (False,) * len(lines))
    reader = _Reader(text, [PLAIN] * len(text))
    unfinished: list[bool] = []
    at = 0
    for line in lines:
        end = at + len(line)
        if reader.heredocs:
            _heredoc_line(reader, line, at, end)
        else:
            _line(reader, at, end)
        continued = not reader.heredocs and _is_continued(reader, line, end)
        unfinished.append(bool(reader.inside or reader.heredocs or continued))
        reader.begins = not continued
        at = end + 1
    return Scan("".join(reader.places), tuple(unfinished))


def _is_continued(reader: _Reader, line: str, end: int) -> bool:
    """The line ends with a backslash that is none of a comment's or a quote's, or with `|`, `&&`, `||`."""
    if not line or reader.places[end - 1] in (COMMENT, SINGLE):
        return False
    bare = line.rstrip()
    if len(line) - len(line.rstrip("\\")) & 1:
        return True
    return bare.endswith(("|", "&&")) and reader.places[end - 1 - (len(line) - len(bare))] == PLAIN


def _heredoc_line(reader: _Reader, line: str, at: int, end: int) -> None:
    delimiter, strips, quoted = reader.heredocs[0]
    if (line.lstrip("\t") if strips else line).rstrip() == delimiter:
        reader.heredocs.pop(0)
        return
    reader.places[at:end] = [HERE_QUOTED if quoted else HERE] * (end - at)


def _line(reader: _Reader, at: int, end: int) -> None:
    """One line, or what of it follows an open quote."""
    text, places, inside = reader.text, reader.places, reader.inside
    wanted: list[tuple[str, bool, bool]] = []
    while at < end:
        top = inside[-1] if inside else ""
        character = text[at]
        if top == "'":
            places[at] = SINGLE
            if character == "'":
                inside.pop()
            at += 1
        elif top == '"':
            at = _in_double(reader, at, end)
        elif character == "#" and (at == 0 or text[at - 1] in " \t\n;(&|"):
            places[at:end] = [COMMENT] * (end - at)
            at = end
        elif character == "<" and (found := _HEREDOC.match(text, at, end)) and text[at : at + 3] != "<<<":
            wanted.append(((found[2] or found[3] or found[4]), bool(found[1]), found[4] is None))
            at = found.end()
            reader.begins = False
        else:
            at = _bare(reader, at, end)
    reader.heredocs += wanted


def _in_double(reader: _Reader, at: int, end: int) -> int:
    character = reader.text[at]
    reader.places[at] = DOUBLE
    if character == "\\" and at + 1 < end:
        reader.places[at + 1] = DOUBLE
        return at + 2
    if character == '"':
        reader.inside.pop()
    elif character == "$" and reader.text[at + 1 : at + 2] == "(":
        reader.inside.append(")")
        reader.begins = True
        return at + 2
    return at + 1


def _bare(reader: _Reader, at: int, end: int) -> int:
    text, inside = reader.text, reader.inside
    character = text[at]
    if character == "\\":
        reader.begins = False
        return min(at + 2, end)
    if character in "'\"":
        reader.places[at] = SINGLE if character == "'" else DOUBLE
        inside.append(character)
        reader.begins = False
        return at + 1
    if character == "(":
        inside.append(")")
        reader.begins = True
        return at + 1
    if character == ")":
        if inside and inside[-1] == ")":
            inside.pop()
        reader.begins = bool(inside) and inside[-1] == "esac"
        return at + 1
    if reader.begins and (found := _WORD.match(text, at, end)):
        return _word(reader, found)
    if character in ";&|\n":
        reader.begins = True
    elif character not in " \t":
        reader.begins = character == "{" and bool(_FUNCTION.search(text, max(0, at - 200), at))
        if reader.begins:
            inside.append("}")
    return at + 1


def _word(reader: _Reader, found: re.Match[str]) -> int:
    """A word where a command may stand: a keyword opens or closes a compound command."""
    word = found[0]
    if word in _OPENS:
        reader.inside.append(_OPENS[word])
    elif word in _CLOSES and reader.inside and reader.inside[-1] == word:
        reader.inside.pop()
    reader.begins = word in _BEFORE_COMMAND or word in ("{", "in")
    return found.end()
