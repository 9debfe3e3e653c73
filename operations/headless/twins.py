"""The command line of a section's act: what would be typed for it. No runbook can bring a confirmation along."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from runbooks.model import Code

_COMMANDS: Mapping[str, tuple[str, ...]] = {
    "rollback": ("rollback",),
    "undo": ("rollback", "--forward"),
    "redeploy": ("redeploy",),
    "deploy": ("deploy",),
    "backup": ("backup",),
    "restore": ("restore",),
    "smoke": ("smoke",),
    "flag": ("flag", "NAME", "off"),
    "maintenance-on": ("maintenance", "on"),
    "maintenance-off": ("maintenance", "off"),
    "freeze": ("freeze", "ENVIRONMENT", "WHY"),
    "unfreeze": ("unfreeze", "ENVIRONMENT"),
    "cancel-job": ("jobs", "cancel", "ID"),
}
"""What an act is called on the command line; acts that are not here are done in the console."""
_BY_POSITION = frozenset({"freeze", "unfreeze"})
"""Commands that take the environment as their first word."""
_OF_NO_ENVIRONMENT = frozenset({"jobs"})
_TO_FILL = re.compile(r"NAME|WHY|ID|HASH|COMMIT|FILE|TIME")
_A_PERSONS = (
    "--yes", "--confirm", "--reason", "--json", "--detach", "--plan", "--despite", "--services-off",
)  # fmt: skip
"""Options that are a person's to give: a runbook that holds one is not taken at its word."""
_MEANT = "production"
"""The environment that runbooks write; the walk's own is meant."""


@dataclass(frozen=True, slots=True)
class Twin:
    """`words` are those behind `vigie`. `blanks` are the words of them that somebody has to fill in."""

    words: tuple[str, ...]

    @property
    def blanks(self) -> tuple[str, ...]:
        """Words in capitals that stand for something."""
        return tuple(dict.fromkeys(word for word in self.words if _TO_FILL.fullmatch(word)))

    @property
    def text(self) -> str:
        """The whole line, as it is typed."""
        return shlex.join(("vigie", *self.words))

    def filled(self, given: Mapping[str, str]) -> Twin:
        """With what somebody typed for its blanks."""
        return Twin(tuple(given.get(word, word) if _TO_FILL.fullmatch(word) else word for word in self.words))


def twin_of(code: Code, environment: str) -> Twin | None:
    """The command of an act for that environment: as the runbook has it where that is one plain command of ours that
    does this act, else the usual one. None for an act that has no command."""
    usual = _COMMANDS.get(code.name)
    if usual is None:
        return None
    words = _written(code.text, usual) or usual
    return Twin(_for_environment(words, environment))


def _written(text: str, usual: tuple[str, ...]) -> tuple[str, ...]:
    """The runbook's own words behind `vigie`; none where they are more than one plain command of that kind."""
    lines = [line.strip().removeprefix("$ ") for line in text.splitlines() if line.strip() and line.strip()[0] != "#"]
    if len(lines) != 1 or re.search(r"[|&;<>`$(){}\\*?\[\]]", lines[0]):
        return ()
    try:
        words = shlex.split(lines[0], comments=True)
    except ValueError:
        return ()
    head = tuple(word for word in usual if not _TO_FILL.fullmatch(word) and word not in ("ENVIRONMENT", "off"))
    if tuple(words[:1]) != ("vigie",) or tuple(words[1 : 1 + len(head)]) != head:
        return ()
    if "--" in words or any(word.startswith(_A_PERSONS) for word in words):
        return ()
    return tuple(piece for word in words[1:] for piece in (word.split("=", 1) if word.startswith("--env=") else [word]))


def _for_environment(words: tuple[str, ...], environment: str) -> tuple[str, ...]:
    if words[0] in _OF_NO_ENVIRONMENT:
        return words
    if words[0] in _BY_POSITION:
        named = environment if len(words) < 2 or words[1] in (_MEANT, "ENVIRONMENT") else words[1]
        return (words[0], named, *words[2:])
    if "--env" in words:
        at = words.index("--env") + 1
        return (*words[:at], environment, *words[at + 1 :]) if words[at : at + 1] == (_MEANT,) else words
    return (*words, "--env", environment)
