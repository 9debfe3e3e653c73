"""The exit codes of every command, in one place: for the README's table and for the documents of commands that fail."""

from __future__ import annotations

from collections.abc import Mapping

from operations.engine.orders import COMMON_MEANINGS
from operations.jobs import OPERATIONS

CALLED = {"prune": "backups prune"}
"""Operations whose command has another name."""
NO_COMMAND = {"command", "verify"}
"""What has no command of its own: a runbook's group runs from its walk; `vigie backups verify` has codes of its own."""
ENDS: Mapping[int, str] = {70: "unexpected failure", 130: "stopped"}
"""How a command may end before it has begun."""


def codes_of_commands() -> dict[str, Mapping[int, str]]:
    """Each command with a table of its own, as it is typed. Options of another command have that one's codes."""
    from operations.commands.backups import VERIFY_CODES
    from operations.commands.init import CODES as INIT_CODES
    from operations.commands.journal import EXPORT_CODES, IMPORT_CODES, PRUNE_CODES, REPAIR_CODES
    from operations.commands.journal import VERIFY_CODES as JOURNAL_CODES
    from operations.commands.look import EXIT_CODES
    from operations.commands.message import DRAFT_CODES, RETRY_CODES, SEND_CODES
    from operations.commands.runbook import CODES as RUNBOOK_CODES
    from operations.commands.runbook import LIST_CODES
    from operations.commands.runbook_check import CODES as CHECK_CODES
    from operations.commands.runbook_lint import CODES as LINT_CODES
    from operations.commands.runbook_new import CODES as NEW_CODES
    from operations.commands.runbook_walk import WALK_CODES
    from operations.doctor.finding import CODES as DOCTOR_CODES

    tables = {
        CALLED.get(name, name): operation.codes
        for name, operation in OPERATIONS.items()
        if "-" not in name and name not in NO_COMMAND
    }
    return {
        **tables,
        "status": EXIT_CODES,
        "backups verify": VERIFY_CODES,
        "doctor": DOCTOR_CODES,
        "init": INIT_CODES,
        "message draft": DRAFT_CODES,
        "message send": SEND_CODES,
        "message retry": RETRY_CODES,
        "journal verify": JOURNAL_CODES,
        "journal export": EXPORT_CODES,
        "journal import": IMPORT_CODES,
        "journal repair": REPAIR_CODES,
        "journal prune": PRUNE_CODES,
        "runbook list": LIST_CODES,
        "runbook show": RUNBOOK_CODES,
        "runbook graph": RUNBOOK_CODES,
        "runbook card": RUNBOOK_CODES,
        "runbook lint": LINT_CODES,
        "runbook check": CHECK_CODES,
        "runbook walk": WALK_CODES,
        "runbook new": NEW_CODES,
        "drill": {0: "passed", 1: "not passed"},
    }


def meaning_of_failure(command: str, code: int) -> str:
    """What an exit code means of a command that was refused or could not go on. It never claims a result."""
    if code == 1 and command in ("smoke", "drill"):
        return "invalid arguments, or refused"
    codes = OPERATIONS[command].codes if command in OPERATIONS else codes_of_commands().get(command, {})
    return codes.get(code) or ENDS.get(code) or ("refused" if code == 1 else COMMON_MEANINGS.get(code, "refused"))
