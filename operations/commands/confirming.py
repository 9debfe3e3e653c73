"""Asks for the confirmation a plan needs, on a terminal; without one only options can give it. The default is No."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from operations.engine.confirm import check_confirmation, is_reason
from operations.engine.model import Confirm, ConfirmLevel
from operations.errors import VigieError


def confirm_plan(confirm: Confirm, how: Mapping[str, Any], *, interactive: bool) -> str:
    """Return the reason given. Raises VigieError (code 1) when it was not confirmed."""
    yes, typed, again, reason = how["yes"], how["typed"], how["typed_again"], how["reason"]
    if interactive:
        if confirm.needs_reason and not is_reason(reason, confirm.phrase):
            reason = _ask("Reason, for the record")
        if confirm.level is ConfirmLevel.YES and not yes:
            yes = click.confirm("Go on?", default=False, err=True)
        if confirm.level in (ConfirmLevel.PHRASE, ConfirmLevel.PHRASE_TWICE) and not typed:
            typed = _ask(f"Type “{confirm.phrase}”")
        if confirm.level is ConfirmLevel.PHRASE_TWICE and not again:
            again = _ask("The code goes back, the schema does not. Type it once more")
    refusal = check_confirmation(confirm, yes=yes, typed=typed, typed_again=again, reason=reason)
    if refusal is not None:
        raise refusal
    return str(reason).strip()


def _ask(question: str) -> str:
    answer = click.prompt(question, default="", show_default=False, err=True)
    if not str(answer).strip():
        raise VigieError("Not confirmed; nothing was changed.")
    return str(answer)
