"""What a command destroys, in words: the rules of all programs, and what is seen without knowing the program."""

from __future__ import annotations

import re
from collections.abc import Mapping

from runbooks.hazard_databases import DATABASES
from runbooks.hazard_platforms import PLATFORMS
from runbooks.hazard_programs import PROGRAMS
from runbooks.hazard_words import PRODUCTION, RESTORES, Rule
from runbooks.shell_frames import listed
from runbooks.shell_words import SHELLS, Command

RULES: Mapping[str, Rule] = {**PROGRAMS, **DATABASES, **PLATFORMS}

READERS = listed(
    "grep egrep zgrep rg ag echo printf cat less more man type which whereis whatis apropos command help info tldr"
    " alias complete hash sed awk head tail ls cd mkdir touch cp mv vi vim nano code jq yq test [ export brew pip pip3"
    " gem cargo go history apt-cache open xdg-open diff stat file wc sort uniq cut tr logger journalctl read for case"
    " select"
)
"""Programs whose words are no commands."""
_DATABASE_TASK = re.compile(
    r"(?:db|database|schema|ecto|migrate)[:._-](?:drop|reset|wipe|purge|nuke|fresh|refresh|migrate:reset|schema:load"
    r"|structure:load|truncate|truncate_all|clean|undo:all)(?:[:._-]?(?:all|_all))?",
    re.IGNORECASE,
)
_DELETES = listed("delete destroy purge drop wipe erase nuke truncate rm del")
_TASK = re.compile(
    r"(?:.*[:_.-])?(?:delete|destroy|drop|purge|wipe|reset|truncate|erase|flush)(?:[:_.\[-].*)?", re.IGNORECASE
)
_TASK_RUNNERS = listed(
    "rake rails gitlab-rake make just task invoke inv npm pnpm yarn bun composer artisan mix gradle mvn"
)
_SCRIPT = re.compile(
    r"(?:.*[_.-])?(?:delete|destroy|drop|purge|wipe|nuke|erase|truncate)(?:[_.-].*)?\.(?:sh|py|rb|js|ts|pl|php)",
    re.IGNORECASE,
)
_BACK_TASK = re.compile(r"(?:db|migrate|migration|ecto)[:._-](?:rollback|revert|down|undo)", re.IGNORECASE)


def by_any_program(command: Command, *, known: bool) -> str:
    """What is seen without knowing the program: its tasks' names, a restore onto production, a disk written to."""
    if any(re.match(r"/dev/(?:sd|nvme|vd|xvd|hd|disk|mapper)", written) for written in command.writes):
        return "overwrites a disk"
    if not command.program:
        return "empties a file" if any(not written.startswith("/dev/") for written in command.writes) else ""
    words = command.words[1:]
    script = named_program(command)
    if re.search(r"(?:^|[_.-])restore", script) and any(PRODUCTION.search(word) for word in words):
        return RESTORES
    if command.program in READERS or any("dry" in word.lower() for word in words if not _WET.search(word)):
        return ""
    if any(_DATABASE_TASK.fullmatch(word) for word in words):
        return "drops or empties the database"
    if any(_BACK_TASK.fullmatch(word) for word in words):
        return "takes a migration back"
    if _SCRIPT.fullmatch(script):
        return "runs a script that deletes"
    if command.program in _TASK_RUNNERS and any(_TASK.fullmatch(word) for word in words[:4]):
        return "runs a task that deletes"
    named = re.fullmatch(r"[A-Za-z][\w.-]*", command.program)
    return "deletes" if not known and named and _DELETES & set(command.verbs()[:2]) else ""


_WET = re.compile(r"=\s*(?:false|no|none|0)$", re.IGNORECASE)


def named_program(command: Command) -> str:
    """The script that an interpreter is given (`bash restore-db.sh`), or the program itself."""
    if command.program in SHELLS or command.program in (
        "node",
        "python",
        "python3",
        "ruby",
        "perl",
        "php",
        "source",
        ".",
    ):
        script = next((word for word in command.words[1:] if not word.startswith("-")), "")
        if script and not re.search(r"\s", script):
            return script.rsplit("/", 1)[-1]
    return command.program
