"""The commands of a fence in the groups that run together: never a whole fence of alternatives at once.

Groups end at blank lines, before comments such as `# Or …`, and before what a person has to do in between.
Here-documents, continued lines, quotes and functions stay whole. What a group is, `group_kinds` says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from runbooks.blanks import blanks_in
from runbooks.group_kinds import is_comment, is_printed, kind_of, shows_output_next
from runbooks.hazards import hazards_in
from runbooks.parts import Group
from runbooks.shell_frames import listed
from runbooks.shell_scan import scan
from runbooks.sql_scan import sql_scan

SHELLS = listed("bash sh shell zsh ksh console shell-session sh-session shellsession terminal")
SQL = listed("sql postgresql postgres pgsql psql plpgsql")

_PROMPT = re.compile(
    r"[ \t]*(?:\$ |(?:\[[\w.-]+@[\w.-]+(?: [^\]\s]{1,60})?\]|[\w.-]+@[\w.-]+:[^\s$#%]{0,80}|[\w.-]+@[\w.-]+)[ ]?[$#%] "
    r"|(?:ba|z)?sh-\d[\d.]*[$#] |[❯➜] )"
)
_ALTERNATIVE = re.compile(
    r"(?:#|--)\s*(?:\d+[.)]\s*)?(?:(?:or|alternatively|otherwise)\b|option\b|alternativ|variant\b|manual(?:ly)?\b"
    r"|method\s+\d|approach\s+\d|for\s+(?:linux|macos|mac|windows)\b"
    r"|(?:macos|osx|linux|ubuntu|debian|fedora|rhel|centos|alpine|windows)\b[\w/ ]{0,20}$)",
    re.IGNORECASE,
)
_FOR_A_PERSON = re.compile(
    r"(?:#|--)\s*(?:make|edit|change|adjust|wait|visit|open|review|ask|notify|post|contact|decide|now|then|if\s+(?:you|using|not|it))\b",
    re.IGNORECASE,
)
_SYSTEM = re.compile(
    r"\S\s+#\s*(?:macos|mac|osx|linux|ubuntu|debian|fedora|rhel|centos|alpine|arch|windows)\b", re.IGNORECASE
)
_TRIES = 20
"""How often a fence is read again behind something in it that never ends."""


class Line(NamedTuple):
    """A line of a fence with its number in the file."""

    number: int
    text: str


def groups(text: str, language: str, first: int) -> tuple[Group, ...]:
    """The groups of a fence whose first line of text has number `first`; none for a language that is no shell's, no
    SQL and shows no `$ ` prompt."""
    lines = [Line(number, line) for number, line in enumerate(text.split("\n"), first)]
    if language.lower() in SQL:
        return tuple(_group(part, "sql") for part in _split(lines, sql_scan(text).unfinished, "sql"))
    prompted = any(_PROMPT.match(line.text) for line in lines)
    if language.lower() not in SHELLS and (language or not prompted):
        return ()
    if prompted:
        lines = list(_typed(lines))
    if _is_script(lines):
        return (_group(lines, "shell"),)
    return tuple(_group(part, "shell") for part in _shell_parts(lines))


def _typed(lines: Sequence[Line]) -> Iterator[Line]:
    """What a person typed in a session, without the prompts; what was printed becomes nothing."""
    typed: list[str] = []
    going_on = False
    for line in lines:
        prompt = _PROMPT.match(line.text)
        if prompt:
            found = Line(line.number, line.text[prompt.end() :])
            typed = []
        elif going_on:
            found = Line(line.number, line.text.removeprefix("> "))
        elif line.text.lstrip().startswith("#") or not line.text.strip():
            yield line
            continue
        else:
            continue
        typed.append(found.text)
        going_on = len(typed) < 200 and _wants_more(typed)
        yield found


def _wants_more(typed: Sequence[str]) -> bool:
    """A shell would show its second prompt."""
    return typed[-1].endswith("\\") or scan("\n".join(typed)).unfinished[-1]


def _is_script(lines: Sequence[Line]) -> bool:
    """A whole script belongs together, unless it lists alternatives."""
    first = next((line.text for line in lines if line.text.strip()), "")
    shebang = first.startswith("#!")
    return shebang and not any(_ALTERNATIVE.match(line.text.strip()) for line in lines)


def _shell_parts(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """The groups of a shell's fence. Where something never ends, only its own paragraph is lost for it."""
    for _ in range(_TRIES):
        unfinished = scan("\n".join(line.text for line in lines)).unfinished
        if not unfinished[-1]:
            yield from _split(lines, unfinished, "shell")
            return
        begun = max((n for n, open_after in enumerate(unfinished) if not open_after), default=-1) + 1
        cut = next((n for n in range(begun + 1, len(lines)) if not lines[n].text.strip()), len(lines))
        yield from _split(lines[:cut], unfinished[:cut], "shell")
        lines = lines[cut:]
        if not lines:
            return
    yield list(lines)


def _split(lines: Sequence[Line], unfinished: Sequence[bool], how: str) -> Iterator[list[Line]]:
    part: list[Line] = []
    inside = False
    for line, open_after in zip(lines, unfinished, strict=True):
        bare = line.text.strip()
        if not inside and part and (not bare or _divides(bare, part, how) or _for_a_system(bare, part)):
            yield part
            part = []
        if bare or inside:
            part.append(line)
        inside = open_after
    if part:
        yield part


def _divides(bare: str, part: Sequence[Line], how: str) -> bool:
    """A comment that begins another way, or that sends a person off after a command."""
    if _ALTERNATIVE.match(bare):
        return True
    code = [line.text.strip() for line in part if not is_comment(line.text, how)]
    if not code:
        return False
    if _FOR_A_PERSON.match(bare) or shows_output_next(bare):
        return True
    return how == "shell" and is_printed(bare) and not is_printed(code[0])


def _for_a_system(bare: str, part: Sequence[Line]) -> bool:
    """`brew …  # macOS` and `apt-get …  # Debian` one under the other are alternatives."""
    return bool(_SYSTEM.search(bare)) and any(_SYSTEM.search(line.text) for line in part)


def _group(part: Sequence[Line], how: str) -> Group:
    while len(part) > 1 and not part[-1].text.strip():
        part = part[:-1]
    lead = list(_leading_comments(part, how))
    says = "\n".join(line.text.strip().lstrip("#-").strip() for line in lead if not line.text.startswith("#!"))
    text = "\n".join(line.text for line in part)
    kind, text = kind_of([line.text for line in part[len(lead) :]], text, how, says=lead[-1].text if lead else "")
    runs = kind in ("command", "sql")
    first = part[0].number
    return Group(
        lines=(first, part[-1].number),
        text=text,
        kind=kind,
        says=says,
        blanks=blanks_in(text, kind if runs else "message"),
        hazards=hazards_in(text, kind, first) if runs else (),
        alternative=bool(_ALTERNATIVE.match(part[0].text.strip()) or _SYSTEM.search(part[-1].text)),
    )


def _leading_comments(part: Sequence[Line], how: str) -> Iterator[Line]:
    for line in part:
        if not is_comment(line.text, how):
            return
        yield line
