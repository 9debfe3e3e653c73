"""Blanks: what a person has to fill in before a command runs or a message goes out, and how it is filled in.

A value never becomes more than a value: it is quoted for the place where it stands.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping

from runbooks.parts import Blank, BlankStyle, GroupKind
from runbooks.shell_scan import COMMENT, DOUBLE, HERE, HERE_QUOTED, SINGLE, scan

How = GroupKind | str
_SECRET = re.compile(
    r"token|secret|passw|passphrase|credential|(?:api|access|private)[_ -]?key|(?:^|[_ -])key$"
    r"|dsn|database_?url|db_?url",
    re.IGNORECASE,
)
_STANDARD = frozenset(
    [
        "HOME",
        "PATH",
        "PWD",
        "OLDPWD",
        "USER",
        "LOGNAME",
        "SHELL",
        "HOSTNAME",
        "TMPDIR",
        "LANG",
        "LC_ALL",
        "TERM",
        "EDITOR",
        "UID",
        "EUID",
        "PPID",
        "RANDOM",
        "SECONDS",
        "LINENO",
        "IFS",
        "BASH",
        "BASHPID",
        "BASH_SOURCE",
        "BASH_VERSION",
        "FUNCNAME",
        "PIPESTATUS",
        "OPTARG",
        "OPTIND",
        "REPLY",
        "COLUMNS",
        "LINES",
        "PS1",
    ]
)
_BRACKETS = re.compile(r"(?<![\w$}\]\).\[])\[(?P<name>[A-Za-z][A-Za-z0-9 _./'’:-]*[A-Za-z0-9.]|[A-Z])\](?![\[(])")
_SENTENCE = re.compile(r"(?<![!\]\w])\[(?P<name>[^\[\]\n]{2,120}|[A-WYZ]|(?<!- \[)X)\](?![(\[:])")
_ANGLES = re.compile(r"<(?P<name>[A-Za-z][A-Za-z0-9_. /-]*[A-Za-z0-9]|[A-Z])>(?![\w$\"'~])")
_BRACES = re.compile(r"(?<![$\w{])\{\{\s*(?P<name>[A-Za-z_][\w -]*?)\s*\}\}(?!\})")
_YOUR = re.compile(
    r"(?<![\w@.-])(?P<name>(?:your|YOUR)[-_][A-Za-z0-9]+(?:[-_.][A-Za-z0-9]+)*"
    r"|(?:[a-z0-9-]+\.)*example\.(?:com|org|net))(?![\w-])"
)
_ELLIPSIS = re.compile(r"(?:(?P<name>[A-Za-z_]\w*)=)?(?P<quote>[\"']?)(?P<written>[a-z][a-z0-9+.-]*://\.\.\.[^\s\"']*)")
_VARIABLE = re.compile(r"\$(?:(?P<name>[A-Za-z_]\w*)|\{(?P<braced>[A-Za-z_]\w*)(?P<rest>[^}]*)\})")
_SET = re.compile(
    r"(?:^|[\s;(&|])(?:(?:export|local|readonly|declare(?:\s+-\w+)*|typeset)\s+)?([A-Za-z_]\w*)\+?="
    r"|\b(?:for|select)\s+([A-Za-z_]\w*)\b|\bread\s+(?:-\w+\s+)*((?:[A-Za-z_]\w*\s*)+)|-v\s+([A-Za-z_]\w*)=",
    re.MULTILINE,
)
_RANGE = re.compile(r"[A-Za-z0-9]-[A-Za-z0-9]")


def blanks_in(text: str, kind: How = "command") -> tuple[Blank, ...]:
    """The blanks of a command, of statements or of a text to send, in order, each once."""
    found = sorted(_found(text, kind), key=lambda one: one[0])
    return tuple({blank.written: blank for _, blank in reversed(found)}.values())[::-1]


def filled(text: str, values: Mapping[str, str], kind: How = "command") -> str:
    """`text` with every blank that `values` has (by how it is written) filled in, quoted for the place where it stands.

    Variables are left: their values go into the environment of what runs. Raises ValueError for a value with a NUL or
    a line break in a command or a statement.
    """
    places = scan(text).places if kind == "command" else ""
    parts: list[str] = []
    at = 0
    for start, blank in sorted(_found(text, kind), key=lambda one: one[0]):
        value = values.get(blank.written)
        if value is None or blank.style == "variable" or start < at:
            continue
        if "\0" in value or (kind != "message" and ("\n" in value or "\r" in value)):
            raise ValueError(f"the value for {blank.written} has a line break")
        parts += [text[at:start], _quoted(value, text, start, places, kind)]
        at = start + len(blank.written)
    return "".join([*parts, text[at:]])


def _found(text: str, kind: How) -> Iterator[tuple[int, Blank]]:
    if kind == "message":
        yield from _plain(_SENTENCE, text, "brackets", _is_sentence)
        yield from _plain(_BRACES, text, "braces")
        return
    places = scan(text).places if kind == "command" else ""
    for start, blank in _in_code(text):
        if not places or places[start] != COMMENT:
            yield start, blank
    if kind == "command":
        yield from _variables(text, places)


def _in_code(text: str) -> Iterator[tuple[int, Blank]]:
    yield from _plain(_BRACKETS, text, "brackets", lambda name, _: not _RANGE.match(name))
    yield from _plain(_ANGLES, text, "angles", lambda name, whole: f"</{name.split(' ')[0]}>" not in whole)
    yield from _plain(_BRACES, text, "braces")
    yield from _plain(_YOUR, text, "your")
    for found in _ELLIPSIS.finditer(text):
        name = found["name"] or "address"
        yield found.start("written"), Blank(found["written"], name, "ellipsis", bool(_SECRET.search(name)))


def _plain(
    pattern: re.Pattern[str], text: str, style: BlankStyle, fits: Callable[[str, str], bool] = lambda name, text: True
) -> Iterator[tuple[int, Blank]]:
    for found in pattern.finditer(text):
        name = found["name"].strip()
        if fits(name, text):
            secret = style != "your" and bool(_SECRET.search(name))
            secret = secret or (style == "your" and bool(re.search(r"token|secret|passw|key", name, re.IGNORECASE)))
            yield found.start(), Blank(found[0], name, style, secret)


def _is_sentence(name: str, _: str) -> bool:
    """A box to tick and a footnote are no blanks."""
    return name.strip() not in ("", "x") and not name.startswith(("^", "!"))


def _variables(text: str, places: str) -> Iterator[tuple[int, Blank]]:
    own = {name for found in _SET.finditer(text) for part in found.groups() if part for name in part.split()}
    for found in _VARIABLE.finditer(text):
        name = found["name"] or found["braced"]
        place = places[found.start()]
        if place in (SINGLE, COMMENT, HERE_QUOTED) or name in _STANDARD:
            continue
        if found.start() and text[found.start() - 1] == "\\":
            continue
        if (found["rest"] and found["rest"][0] in ":-=+?!") or (found["rest"] or "").startswith("["):
            continue  # it has a value of its own to fall back on, or is an array
        if name in own and not _is_used_before_set(text, name, found.start()):
            continue
        yield found.start(), Blank(f"${name}", name, "variable", bool(_SECRET.search(name)))


def _is_used_before_set(text: str, name: str, at: int) -> bool:
    """`TOKEN=$TOKEN …`: what stands on the right side still comes from outside."""
    first = re.search(rf"(?:^|[\s;(&|]){name}\+?=", text)
    return first is not None and at <= first.end() + 1


def _quoted(value: str, text: str, start: int, places: str, kind: How) -> str:
    if kind == "message":
        return value
    if kind == "sql":
        return _for_sql(value, text, start)
    place = places[start]
    if place == DOUBLE:
        return re.sub(r'([\\"$`!])', lambda found: f"\"'{found[0]}'\"" if found[0] == "!" else f"\\{found[0]}", value)
    if place == SINGLE:
        return value.replace("'", "'\\''")
    if place == HERE:
        return re.sub(r"([\\$`])", r"\\\1", value)
    return value if place in (HERE_QUOTED, COMMENT) else shlex.quote(value)


def _for_sql(value: str, text: str, start: int) -> str:
    """Inside '…' and "…" the quote is doubled; bare, only a plain name or number may stand."""
    line = text[:start]
    for quote in ("'", '"'):
        if line.count(quote) % 2:
            return value.replace(quote, quote * 2)
    if not re.fullmatch(r"[\w.-]+", value):
        raise ValueError(f"“{value}” cannot stand there without quotes: only letters, digits, _ . -")
    return value
