"""The commands of a fence in the groups that run together: never a whole fence of alternatives at once.

Groups end at blank lines, before comments such as `# Or …`, and before what a person has to do in between.
Here-documents, continued lines, quotes and functions stay whole. A comment, a quoted sentence and printed output are no
commands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from runbooks.blanks import blanks_in
from runbooks.hazards import hazards_in
from runbooks.parts import Group, GroupKind
from runbooks.shell_scan import scan

SHELLS = frozenset(
    {"bash", "sh", "shell", "zsh", "ksh", "console", "shell-session", "sh-session", "shellsession", "terminal"}
)
SQL = frozenset({"sql", "postgresql", "postgres", "pgsql", "psql", "plpgsql"})

_PROMPT = re.compile(r"\s*(?:[\w.-]+@[\w.-]+:[^\s$#]*)?\$ ")
_ALTERNATIVE = re.compile(r"(?:#|--)\s*(?:or\b|option\b|alternativ|manual(?:ly)?\b)", re.IGNORECASE)
_FOR_A_PERSON = re.compile(
    r"(?:#|--)\s*(?:make|edit|change|adjust|wait|visit|open|review|ask|notify|post|contact|decide|now|then)\b",
    re.IGNORECASE,
)
_SYSTEM = re.compile(
    r"\S\s+#\s*(?:macos|mac|osx|linux|ubuntu|debian|fedora|rhel|centos|alpine|arch|windows)\b", re.IGNORECASE
)
_QUOTED = re.compile(r"\"([^\"]*\s[^\"]*)\"|'([^']*\s[^']*)'|[“«]([^“”«»]*\s[^“”«»]*)[”»]")
_ASSIGNMENT = re.compile(r"(?:export\s+)?[A-Za-z_]\w*=(?:\"[^\"]*\"|'[^']*'|[^\s\"'`$]*)\s*(?:#.*)?$")
_PROSE = re.compile(r"[A-Z][a-z]+(?:,?\s+[A-Za-z][A-Za-z'’-]*){2,}[.:!?]?$")
_OUTPUT = re.compile(
    r"HTTP/\d|[{\[]\s*$|[{\[]\s*[\"{]|\[(?:INFO|WARN|WARNING|ERROR|DEBUG|OK|FAIL)\]|[+|][-=+|]{3,}|\|\s"
    r"|[A-Z][A-Z_/()-]+(?:\s{2,}|\s+[A-Z][A-Z_/()-]+\b)|</?[A-Za-z!?][^<>]*>|\d{4}-\d\d-\d\d[T ]"
    r"|(?:Error|Warning|ERROR|WARNING|FATAL|Traceback)\b.*:|\.{3}|…|={3,}|-{3,}|\d+\s*$|[✓✔✗✘✅❌⚠]"
    r"|\d+ (?:rows?|packets)\b|\(\d+ rows?\)"
)


class _Line(NamedTuple):
    number: int
    text: str


def groups(text: str, language: str, first: int) -> tuple[Group, ...]:
    """The groups of a fence whose first line of text has number `first`; none for a language that is no shell's, no
    SQL and shows no `$ ` prompt."""
    lines = [_Line(number, line) for number, line in enumerate(text.split("\n"), first)]
    if language.lower() in SQL:
        return tuple(_group(part, "sql") for part in _split(lines, _sql_unfinished(lines)))
    prompted = any(_PROMPT.match(line.text) for line in lines)
    if language.lower() not in SHELLS and (language or not prompted):
        return ()
    if prompted:
        lines = list(_typed(lines))
    if _is_script(lines):
        return (_group(lines, "shell"),)
    return tuple(
        _group(part, "shell") for part in _split(lines, scan("\n".join(line.text for line in lines)).unfinished)
    )


def _typed(lines: Sequence[_Line]) -> Iterator[_Line]:
    """What a person typed in a session, without the prompts; what was printed becomes nothing."""
    continued = False
    for line in lines:
        if _PROMPT.match(line.text):
            found = _Line(line.number, _PROMPT.sub("", line.text, count=1))
        elif continued:
            found = _Line(line.number, line.text.removeprefix("> "))
        elif line.text.lstrip().startswith("#") or not line.text.strip():
            found = line
        else:
            continue
        continued = found.text.endswith("\\") or ("<<" in found.text) or (continued and bool(line.text.strip()))
        yield found


def _is_script(lines: Sequence[_Line]) -> bool:
    """A whole script belongs together, unless it lists alternatives."""
    shebang = bool(lines) and lines[0].text.startswith("#!")
    return shebang and not any(_ALTERNATIVE.match(line.text.strip()) for line in lines)


def _split(lines: Sequence[_Line], unfinished: Sequence[bool]) -> Iterator[list[_Line]]:
    part: list[_Line] = []
    inside = False
    for line, open_after in zip(lines, unfinished, strict=True):
        bare = line.text.strip()
        if not inside and part and (not bare or _divides(bare, part) or _for_a_system(bare, part)):
            yield part
            part = []
        if bare or inside:
            part.append(line)
        inside = open_after
    if part:
        yield part


def _divides(bare: str, part: Sequence[_Line]) -> bool:
    """A comment that begins another way, or that sends a person off after a command."""
    if _ALTERNATIVE.match(bare):
        return True
    return bool(_FOR_A_PERSON.match(bare)) and any(not _is_comment(line.text) for line in part)


def _for_a_system(bare: str, part: Sequence[_Line]) -> bool:
    """`brew …  # macOS` and `apt-get …  # Debian` one under the other are alternatives."""
    return bool(_SYSTEM.search(bare)) and any(_SYSTEM.search(line.text) for line in part)


def _sql_unfinished(lines: Sequence[_Line]) -> list[bool]:
    """After which lines a statement goes on: its last word was no semicolon."""
    found: list[bool] = []
    going_on = False
    for line in lines:
        code = line.text.split("--", 1)[0].strip()
        if code:
            going_on = not code.endswith(";")
        found.append(going_on)
    # A statement that is never ended ends with its paragraph: nothing after it may be swallowed.
    last = max((n for n, line in enumerate(lines) if line.text.split("--", 1)[0].strip().endswith(";")), default=-1)
    return [going and n <= last for n, going in enumerate(found)]


def _group(part: Sequence[_Line], how: str) -> Group:
    lead = list(_leading_comments(part))
    says = "\n".join(line.text.strip().lstrip("#-").strip() for line in lead if not line.text.startswith("#!"))
    text = "\n".join(line.text for line in part)
    kind, text = _kind(part[len(lead) :], text, how)
    runs = kind in ("command", "sql")
    first = part[0].number
    return Group(
        lines=(first, part[-1].number),
        text=text,
        kind=kind,
        says=says,
        blanks=blanks_in(text, "message" if kind in ("manual", "message", "output") else kind),
        hazards=hazards_in(text, kind, first) if runs else (),
        alternative=bool(_ALTERNATIVE.match(part[0].text.strip()) or _SYSTEM.search(part[-1].text)),
    )


def _leading_comments(part: Sequence[_Line]) -> Iterator[_Line]:
    for line in part:
        if not _is_comment(line.text):
            return
        yield line


def _kind(code: Sequence[_Line], text: str, how: str) -> tuple[GroupKind, str]:
    """What the lines after the leading comments are, and the text that runs or is sent."""
    words = [line.text.strip() for line in code if line.text.strip() and not _is_comment(line.text)]
    if not words:
        return "manual", text
    if how == "sql":
        return "sql", text
    quoted = _QUOTED.fullmatch("\n".join(words))
    if quoted:
        inner = next(found for found in quoted.groups() if found is not None)
        if inner[:1] not in "/.~$":
            return "message", inner
    if _OUTPUT.match(words[0]):
        return "output", text
    if all(_ASSIGNMENT.fullmatch(word) for word in words) or all(_PROSE.fullmatch(word) for word in words):
        return "manual", text
    # A shell would wait for the rest: somebody's example, cut short.
    return ("output" if scan(text).unfinished[-1] else "command"), text


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith(("#", "--"))
