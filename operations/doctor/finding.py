"""What the doctor finds: data only. A check is a name and a way to look; a finding is what came of it, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["ok", "warn", "fail", "skip"]
CODES: dict[int, str] = {0: "no prerequisite is missing", 1: "invalid arguments", 2: "a prerequisite is missing"}
MISSING = 2
"""Exit code when something fails; warnings alone end with 0."""
LIMIT = 8.0
"""Seconds a check may take."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `mend` says what to do about it: never empty for a warning or a failure.

    `warn`: Vigie works, and something of it does not or will not. `fail`: an operation would be refused.
    `skip`: not configured, not looked at, or not to be told with these rights; `says` which.
    """

    name: str
    verdict: Verdict
    says: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """Several findings that come of one look. `look` blocks and may give them one by one: a late one loses no other.

    `environment` is empty for what all environments share; `group` is the heading.
    """

    group: str
    name: str
    look: Callable[[], Iterable[Finding]]
    environment: str = ""
    limit: float = LIMIT

    @property
    def title(self) -> str:
        """The heading its findings stand under."""
        return f"{self.group} of {self.environment}" if self.environment else self.group


@dataclass(frozen=True, slots=True)
class Examined:
    """A check and what came of it."""

    check: Check
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was found, in the order of the checks."""

    parts: tuple[Examined, ...]

    def count(self, verdict: Verdict) -> int:
        """How many findings have that verdict."""
        return sum(finding.verdict == verdict for part in self.parts for finding in part.findings)

    @property
    def exit_code(self) -> int:
        """0, or 2 when something fails."""
        return MISSING if self.count("fail") else 0


def ok(name: str, says: str) -> Finding:
    """It is as it should be."""
    return Finding(name, "ok", says)


def warn(name: str, says: str, mend: str) -> Finding:
    """It works for now, or in part."""
    return Finding(name, "warn", says, mend)


def fail(name: str, says: str, mend: str) -> Finding:
    """An operation would be refused for it."""
    return Finding(name, "fail", says, mend)


def skip(name: str, says: str, mend: str = "") -> Finding:
    """Nothing was learnt, and why."""
    return Finding(name, "skip", says, mend)
