"""The one error tree: what happened, what it means, what to do next. Raised where known, shown once at the edge."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


class VigieError(Exception):
    """An error a person can act on.

    `code` is the exit code a command ends with when this error reaches its edge; 1 unless an
    operation's own table says otherwise.
    """

    def __init__(self, what: str, *, means: str = "", next_step: str = "", code: int = 1) -> None:
        super().__init__(what)
        self.what = what
        self.means = means
        self.next_step = next_step
        self.code = code

    def __str__(self) -> str:
        return " ".join(part for part in (self.what, self.means, self.next_step) if part)


class SettingsError(VigieError):
    """One or more settings are wrong; `problems` holds every one of them, not only the first."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems), next_step="")
        self.problems = problems


class JournalUnavailable(VigieError):
    """The journal cannot be written (full disk, read-only folder, damaged file). `damaged`: a repair would help."""

    damaged = False


class Busy(VigieError):
    """Another job holds the lock (exit code 75)."""

    def __init__(self, what: str, *, holder_job: str = "", next_step: str = "") -> None:
        super().__init__(what, next_step=next_step, code=75)
        self.holder_job = holder_job


class PrerequisiteMissing(VigieError):
    """A tool, credential or setting that an operation needs is not there (exit code 2)."""

    def __init__(self, what: str, *, next_step: str = "") -> None:
        super().__init__(what, next_step=next_step, code=2)


def or_error(ask: Callable[[], Found]) -> Found | VigieError:
    """What `ask` finds, or the error it raises: a plan shows everything it can, and says what it could not learn."""
    try:
        return ask()
    except VigieError as error:
        return error
