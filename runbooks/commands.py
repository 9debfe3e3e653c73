"""The commands of a shell block in the groups that run together: never a whole block of alternatives at once.

Groups end at blank lines and before comments such as `# Or …`; heredocs, continued lines and functions stay whole.
"""

from __future__ import annotations

import re

SHELLS = frozenset({"bash", "sh", "shell", "zsh", "console", "shell-session", "terminal"})

_PROMPT = re.compile(r"\s*\$ ")
_ALTERNATIVE = re.compile(r"#\s*(or\b|option\b|alternativ|manual)", re.IGNORECASE)
_HEREDOC = re.compile(r"<<-?\s*(['\"]?)([A-Za-z_]\w*)\1")
_FUNCTION = re.compile(r"\s*(?:function\s+[\w-]+|[\w-]+\s*\(\))\s*(?:\(\))?\s*\{")


def groups(text: str, language: str) -> tuple[str, ...]:
    """The command groups of a block; none for a language that is no shell's and shows no `$ ` prompt."""
    lines = text.split("\n")
    prompted = any(_PROMPT.match(line) for line in lines)
    if language not in SHELLS and (language or not prompted):
        return ()
    found: list[list[str]] = [[]]
    until, depth = "", 0
    for line in lines:
        inside = bool(until) or depth > 0 or (bool(found[-1]) and found[-1][-1].endswith("\\"))
        if not inside and (not line.strip() or _ALTERNATIVE.match(line.strip())) and found[-1]:
            found.append([])
        if prompted and not inside:
            if not _PROMPT.match(line) and not line.lstrip().startswith("#"):
                continue  # what a prompted session printed is no command
            line = _PROMPT.sub("", line, count=1)
        if line.strip() or inside:
            found[-1].append(line)
        if until:
            until = "" if line.strip() == until else until
            continue
        heredoc = _HEREDOC.search(line)
        until = heredoc[2] if heredoc else ""
        if depth or _FUNCTION.match(line):
            depth = max(0, depth + line.count("{") - line.count("}"))
    return tuple("\n".join(group) for group in found if group)
