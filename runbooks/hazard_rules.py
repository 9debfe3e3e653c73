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

_READERS = listed("grep rg ag echo printf cat less man type which git sed awk head tail ls cd")
_DATABASE_TASK = re.compile(
    r"(?:db|database|schema|ecto|migrate)[:._-](?:drop|reset|wipe|purge|nuke|fresh|refresh|migrate:reset|schema:load"
    r"|structure:load|truncate|truncate_all|clean|undo:all)(?:[:._-]?(?:all|_all))?",
    re.IGNORECASE,
)
_BACK_TASK = re.compile(r"(?:db|migrate|migration|ecto)[:._-](?:rollback|revert|down|undo)", re.IGNORECASE)


def by_any_program(command: Command) -> str:
    """What is seen without knowing the program: its tasks' names, a restore onto production, a disk written to."""
    if any(re.match(r"/dev/(?:sd|nvme|vd|xvd|hd|disk|mapper)", written) for written in command.writes):
        return "overwrites a disk"
    words = command.words[1:]
    if re.search(r"(?:^|[_.-])restore", named_program(command)) and any(PRODUCTION.search(word) for word in words):
        return RESTORES
    if command.program in _READERS:
        return ""
    if any(_DATABASE_TASK.fullmatch(word) for word in words):
        return "drops or empties the database"
    return "takes a migration back" if any(_BACK_TASK.fullmatch(word) for word in words) else ""


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
        if script and " " not in script:
            return script.rsplit("/", 1)[-1]
    return command.program
