"""A fence as plain text: `$` before what runs, `!` before what destroys, what to fill in under it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from runbooks.model import Code
from runbooks.mojibake import repaired
from runbooks.parts import Blank, Group

_OPENING = re.compile(r"\s*(?:>\s*|[-*+]\s+|\d{1,9}[.)]\s+)*(`{3,}|~{3,})\s*(.*)$")
_PROMPT = re.compile(r"\s*+(?:[\w.-]++@[\w.-]++:[^\s$#]*+)?\$ ")
_SIGNS = {"command": "$ ", "sql": "> "}


def code_lines(code: Code, source: Sequence[str], indent: str) -> Iterator[str]:
    """The block, each line once; `source` are the lines it stands on."""
    opening = _OPENING.match(source[0]) if source else None
    if opening and opening[2].strip():
        yield f"{indent}  [{' '.join(re.sub('[{}]', ' ', opening[2]).split())}]"
    number = code.lines[0] + (1 if opening else 0)
    groups = {group.lines[0]: group for group in code.groups}
    dangers: dict[int, list[str]] = {}
    for hazard in (hazard for group in code.groups for hazard in group.hazards):
        dangers.setdefault(hazard.line, []).append(hazard.words)
    group: Group | None = None
    begun = False
    for line in code.text.split("\n") if code.text else ():
        if number in groups:
            group, begun = groups[number], False
        if line.strip():
            sign, begun = _sign(group, line, number, begun)
            prompt = _PROMPT.match(line) if sign.strip() else None
            text = line[prompt.end() :] if prompt else line
            yield f"{indent}  {'!' if number in dangers else ' '} {sign}{repaired(text).rstrip()}"
        else:
            yield ""
        yield from (f"{indent}      ! {words}" for words in dangers.get(number, ()))
        number += 1
    yield from _to_fill(code, indent)


def _sign(group: Group | None, line: str, number: int, begun: bool) -> tuple[str, bool]:
    """The mark before a line: where a group's command begins, after the comments above it."""
    if group is None or not group.runs or number > group.lines[1]:
        return "  ", begun
    if begun or line.lstrip().startswith(("#", "--")):
        return "  ", begun
    return _SIGNS.get(group.kind, "  "), True


def _to_fill(code: Code, indent: str) -> Iterator[str]:
    found = [*code.blanks, *(blank for group in code.groups if group.runs for blank in group.blanks)]
    needed = dict.fromkeys(_named(blank) for blank in found if blank.style == "variable" or blank.secret)
    filled = dict.fromkeys(_named(blank) for blank in found if blank.style != "variable" and not blank.secret)
    for words, named in (("needs", needed), ("fill in", filled)):
        if named:
            yield f"{indent}      {words}: {', '.join(named)}"


def _named(blank: Blank) -> str:
    name = blank.written if blank.style == "variable" else blank.name
    return f"{name} (a secret, from the settings)" if blank.secret else name
