"""Plan, guard, step and outcome: what every job shares. Pure data that goes into the journal as JSON and comes back.

The way of a job: an Operation computes a Plan (read-only); a person confirms it; the Plan is computed again and must
be the same; a worker process takes the lock, computes it once more, and runs the Steps.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from operations.engine.steps import StepContext

Verdict = Literal["pass", "warn", "refuse", "unknown"]
LockName = Literal["change", "backup"]


class ConfirmLevel(StrEnum):
    """What a person has to do before an act runs (the one table in operations.md)."""

    NONE = "none"
    YES = "yes"
    PHRASE = "phrase"
    PHRASE_TWICE = "phrase-twice"


@dataclass(frozen=True, slots=True)
class Confirm:
    """The confirmation an act needs. `phrase` is what has to be typed for the PHRASE levels."""

    level: ConfirmLevel = ConfirmLevel.NONE
    phrase: str = ""
    needs_reason: bool = False


@dataclass(frozen=True, slots=True)
class Guard:
    """A named yes/no condition on a plan. One `refuse` stops it with `code`; `warn` and `unknown` are shown."""

    name: str
    verdict: Verdict
    says: str = ""
    code: int = 1


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One labelled line of the preview; `severity` colours it, `aside` is the note at its right edge."""

    label: str
    text: str
    severity: Literal["plain", "good", "warn", "bad"] = "plain"
    aside: str = ""


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step as the plan shows it. `effect` is the outside effect in words, empty for a read-only step.

    `no_return` marks the step's point of no return: before it a cancel undoes, past it a cancel only stops watching.
    """

    name: str
    title: str
    expected: float
    effect: str = ""
    commands: tuple[str, ...] = ()
    no_return: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What an operation would do, computed without changing anything.

    `request` holds the normalised arguments; `details` what the operation needs to run and to report (JSON types);
    `decisive` what must be unchanged between preview and run, in words a person can compare.
    """

    operation: str
    site: str
    environment: str
    config: str
    title: str
    request: Mapping[str, Any]
    lines: tuple[PlanLine, ...] = ()
    against: tuple[str, ...] = ()
    in_favour: tuple[str, ...] = ()
    other_changes: tuple[str, ...] = ()
    guards: tuple[Guard, ...] = ()
    steps: tuple[PlannedStep, ...] = ()
    confirm: Confirm = Confirm()
    details: Mapping[str, Any] = field(default_factory=dict)
    decisive: Mapping[str, str] = field(default_factory=dict)
    diff: str = ""
    weighed: bool = False
    """Evidence was looked for: only then does an empty `against`, `in_favour` or `other_changes` say anything."""

    @property
    def expected(self) -> float:
        """Seconds the whole is expected to take."""
        return sum(step.expected for step in self.steps)

    @property
    def refusal(self) -> Guard | None:
        """The first refusing guard; prerequisites and locks speak before plain refusals do."""
        refusing = [guard for guard in self.guards if guard.verdict == "refuse"]
        return max(refusing, key=lambda guard: guard.code, default=None)

    def evidence(self) -> Iterator[tuple[str, tuple[str, ...], str]]:
        """Label, what was found, and the words for nothing found, contrary first; only what was looked for."""
        for label, found, none in (
            ("Against", self.against, "nothing found"),
            ("For", self.in_favour, "nothing found"),
            ("Also", self.other_changes, "no other change in the hour before"),
        ):
            if found or self.weighed:
                yield label, found, none

    @property
    def fingerprint(self) -> str:
        """Hash over everything decisive: two plans with the same fingerprint would do the same thing."""
        body = [
            self.operation,
            self.environment,
            dict(self.decisive),
            [[g.name, g.verdict == "refuse"] for g in self.guards],
        ]
        return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:16]

    def differences(self, newer: Plan) -> tuple[str, ...]:
        """What became different in `newer`, one line each: "To: v2.4.0 9f8e7d6 -> v2.4.1 a1b2c3d"."""
        keys = [*self.decisive, *(key for key in newer.decisive if key not in self.decisive)]
        lines = [
            f"{key}: {self.decisive.get(key, 'nothing')} -> {newer.decisive.get(key, 'nothing')}"
            for key in keys
            if self.decisive.get(key) != newer.decisive.get(key)
        ]
        before = {guard.name: guard.verdict for guard in self.guards}
        lines += [
            f"guard {guard.name}: {before.get(guard.name, 'absent')} -> {guard.verdict} ({guard.says})"
            for guard in newer.guards
            if (guard.verdict == "refuse") != (before.get(guard.name) == "refuse")
        ]
        return tuple(lines)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended: the exit code, its meaning from the operation's table, and one line of what was seen."""

    code: int
    meaning: str
    says: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """True when the job did what its plan said and saw it from outside."""
        return self.code == 0


@dataclass(frozen=True, slots=True)
class Step:
    """The doing of one PlannedStep (same `name`). Raises StepFailed with the operation's code when it fails."""

    name: str
    run: Callable[[StepContext], None]


class StepFailed(Exception):
    """A step failed: `code` from the operation's table, `says` for a person."""

    def __init__(self, code: int, says: str, **details: Any) -> None:
        super().__init__(says)
        self.code = code
        self.says = says
        self.details = details


class Desk(Protocol):
    """What an operation may reach while planning and running; built once a process from the settings."""

    site: str
    environment: str
    config: str


class Operation(Protocol):
    """One of the operations. Stateless: everything it knows comes from the desk and the request."""

    name: str
    title: str
    codes: Mapping[int, str]
    lock: LockName | None

    def plan(self, desk: Any, request: Mapping[str, Any]) -> Plan:
        """Compute the plan without changing anything. Raises VigieError for a request that makes no sense."""
        ...

    def steps(self, desk: Any, plan: Plan) -> Sequence[Step]:
        """The steps of `plan`, same names and order as `plan.steps`."""
        ...

    def clean(self, desk: Any, debris: Mapping[str, Any], say: Callable[[str], None]) -> None:
        """Clean one piece of debris that a step left behind (see StepContext.leaves). Idempotent."""
        ...
