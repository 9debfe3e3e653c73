"""What a group of lines in a fence is: a command, statements, something for a person, a text to send, or what a program
printed. A comment, a quoted sentence, prose and sample output are no commands.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from runbooks.parts import GroupKind
from runbooks.shell_scan import scan
from runbooks.sql_scan import sql_scan

_QUOTED = re.compile(r"\"([^\"]*\s[^\"]*)\"|'([^']*\s[^']*)'|[“«]([^“”«»]*\s[^“”«»]*)[”»]")
_ASSIGNMENT = re.compile(r"(?:export\s+)?[A-Za-z_]\w*=(?:\"[^\"]*\"|'[^']*'|[^\s\"'`$]*)\s*(?:#.*)?$")
_PROSE = re.compile(r"[A-Z][a-z]+(?:,?\s+[A-Za-z][A-Za-z'’-]*){2,}[.:!?]?$")
_OUTPUT = re.compile(
    r"HTTP/\d|[{\[]\s*$|[{\[]\s*[\"{]|\[(?:INFO|WARN|WARNING|ERROR|DEBUG|OK|FAIL)\]|[+|][-=+|]{3,}|\|\s"
    r"|[A-Z][A-Z_/()-]+(?:\s{2,}|\s+[A-Z][A-Z_/()-]+\b)|</?[A-Za-z!?][^<>]*>|\d{4}-\d\d-\d\d[T ]"
    r"|(?:Error|Warning|ERROR|WARNING|FATAL|Traceback)\b.*:|\.{3}|…|={3,}|-{3,}|\d+\s*$|[✓✔✗✘✅❌⚠]"
    r"|\d+ (?:rows?|packets)\b|\(\d+ rows?\)"
)


def kind_of(code: Sequence[str], text: str, how: str) -> tuple[GroupKind, str]:
    """What the lines after the leading comments are, and the text that runs or is sent."""
    words = [line.strip() for line in code if line.strip() and not is_comment(line)]
    if not words:
        return "manual", text
    if how == "sql":
        return ("output" if sql_scan(text).unfinished[-1] else "sql"), text
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


def is_comment(line: str) -> bool:
    """True for a line that is a comment, of a shell or of SQL."""
    return line.lstrip().startswith(("#", "--"))
