"""A command that failed, as the one document of `--json`: the same shape whatever went wrong, and wherever."""

from __future__ import annotations

from typing import Any

from operations.cli import Session
from operations.commands.codes import meaning_of_failure
from operations.commands.session import print_document
from operations.errors import SettingsError, VigieError


def failure_document(session: Session, error: VigieError) -> None:
    """Print it. What is not known of the site or environment is empty."""
    body: dict[str, Any] = {"what": error.what, "means": error.means, "next_step": error.next_step}
    if isinstance(error, SettingsError):
        body["problems"] = list(error.problems)
    meaning = meaning_of_failure(session.command, error.code)
    print_document(session.command, session.site, session.chosen, exit_code=error.code, meaning=meaning, error=body)
