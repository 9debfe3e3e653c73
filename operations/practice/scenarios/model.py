"""What a scenario is: a story, real faults on a clock, decoys, and what counts as right, harmful and over.

Data only. `make(chance)` of each scenario's module deals one from a seed; the same seed deals the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from operations.practice.history import Commit
from operations.practice.traffic import Failure


@dataclass(frozen=True, slots=True)
class Step:
    """An act of the game: `action` is a name in `faults.ACTIONS`, done `after` the session began."""

    after: timedelta
    action: str
    arguments: Mapping[str, str | float] = field(default_factory=dict)
    decoy: bool = False


@dataclass(frozen=True, slots=True)
class Mend:
    """What the helper of one of these kinds mends when well briefed."""

    kinds: tuple[str, ...]
    steps: tuple[Step, ...]
    says: str


@dataclass(frozen=True, slots=True)
class Recovery:
    """When the service counts as right again; every condition that is set must hold."""

    release_is_not: str = ""
    database_answers: bool = True
    healthy: bool = True
    errors_below: float = 1.0
    """Percent of the last minute's requests."""


@dataclass(frozen=True, slots=True)
class Reference:
    """The good path and its times in seconds: `find` to the first right branch, `act`, `verify` after the act."""

    path: tuple[str, ...]
    find: float
    act: float
    verify: float

    @property
    def goal(self) -> str:
        """The label of the act's own branch: where the path first leaves the questions."""
        return next((label for label in self.path if not label.startswith("N")), self.path[-1])


@dataclass(frozen=True, slots=True)
class Harm:
    """An act that does harm here: an operation or a database act, and why."""

    act: str
    why: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """One drill. `onset_age` is how long before the session the first error was; `commits` came after v2.4.0."""

    name: str
    code_name: str
    story: str
    fault: str
    onset_age: timedelta
    failure: Failure
    commits: tuple[Commit, ...]
    steps: tuple[Step, ...]
    can_be_seen: tuple[str, ...]
    decoys: tuple[str, ...]
    reference: Reference
    harmful: tuple[Harm, ...]
    mends: tuple[Mend, ...]
    recovery: Recovery
    questions: tuple[str, ...]
