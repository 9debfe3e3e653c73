"""What a person has to do before an act runs: the one table, for the console and the command line alike."""

from __future__ import annotations

from typing import Literal

from operations.engine.model import Confirm, ConfirmLevel
from operations.errors import VigieError

Act = Literal[
    "smoke", "plan", "list", "verify", "backup", "cancel", "deploy", "redeploy", "rollback", "restore", "undo",
    "end-sessions", "flag", "maintenance", "mark", "force-unlock", "freeze", "unfreeze", "prune", "drop-before",
    "abort-upload", "clean", "analyze", "vacuum", "reindex", "command", "hazard", "message", "public-message",
]  # fmt: skip

_FREE = frozenset({"smoke", "plan", "list", "verify"})
_YES_ON_PRODUCTION = frozenset({"backup", "cancel"})
_YES = frozenset(
    {"freeze", "unfreeze", "prune", "drop-before", "abort-upload", "clean", "analyze", "vacuum", "reindex", "command"}
    | {"message"}
)


def confirmation(act: Act, *, production: bool, phrase: str = "", database: str = "", one_way: bool = False) -> Confirm:
    """The confirmation that `act` needs. `phrase` is what production asks for (`Settings.phrase`).

    A restore asks for the target `database`'s name instead. `one_way` (a rollback across one-way migrations) asks for
    the phrase a second time. A `command` of a runbook wants a yes, one with a `hazard` the phrase everywhere. A
    `message` wants a yes, one that anybody may read its own word (`phrase`), whatever it is about.
    """
    if act in _FREE or (act in _YES_ON_PRODUCTION and not production):
        return Confirm()
    if act == "restore" and not production:
        return Confirm(ConfirmLevel.PHRASE, phrase=database)
    if act == "public-message" or (act == "hazard" and not production):
        return Confirm(ConfirmLevel.PHRASE, phrase=phrase)
    if not production or act in _YES or act in _YES_ON_PRODUCTION:
        return Confirm(ConfirmLevel.YES, needs_reason=production and act == "freeze")
    level = ConfirmLevel.PHRASE_TWICE if one_way else ConfirmLevel.PHRASE
    return Confirm(level, phrase=phrase, needs_reason=True)


def check_confirmation(
    confirm: Confirm, *, yes: bool = False, typed: str = "", reason: str = "", typed_again: str = ""
) -> VigieError | None:
    """None when what was given is enough; else the error (code 1) that says what is missing. The default is No."""
    missing: list[str] = []
    if confirm.level is ConfirmLevel.YES and not yes:
        missing.append("--yes")
    if confirm.level in (ConfirmLevel.PHRASE, ConfirmLevel.PHRASE_TWICE) and not _matches(typed, confirm.phrase):
        missing.append(f'--confirm "{confirm.phrase}"')
    elif confirm.level is ConfirmLevel.PHRASE_TWICE and not _matches(typed_again, confirm.phrase):
        missing.append(f'--confirm "{confirm.phrase}" a second time')
    if confirm.needs_reason and not is_reason(reason, confirm.phrase):
        missing.append('--reason "why"')
    if not missing:
        return None
    return VigieError("Not confirmed, so nothing was done.", next_step=f"Give {' and '.join(missing)}.")


def is_reason(reason: str, phrase: str) -> bool:
    """Whether it can stand as the reason: the phrase, typed into the wrong field, tells nobody anything later."""
    return bool(reason.strip()) and not _matches(reason, phrase)


def _matches(typed: str, phrase: str) -> bool:
    # An empty phrase would be met by an empty answer: that is a mistake in a plan, and the answer to it is No.
    return bool(phrase) and typed.strip() == phrase
