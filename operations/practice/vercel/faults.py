"""What can go wrong with the simulated API: harm done to single requests, and lies told about the state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Call = Literal["project", "deployments", "deployment", "rollback", "promote", "aliases", "delete", "create"]
Harm = Literal["429", "500", "500-after", "reset", "reset-after", "html", "slow", "big", "garbage"]
"""`-after`: the act takes, and then the answer fails. `slow`: no answer until the server is let go."""


@dataclass
class Fault:
    """Harm to the next `times` requests of one call. `retry_after` goes with 429."""

    harm: Harm
    call: Call
    times: int = 1
    retry_after: str = "1"


@dataclass
class Lies:
    """Untruths about the state, each off by default.

    `stale_reads`: so many readings still tell of the job before. `skew`: seconds its clock is ahead. `stuck`: the job
    never ends. `failing_aliases` do not move. `strange_words`: every closed set gets a word nobody knows.
    `repeating_pages`: each page of deployments is the first. `foreign_project`: a deployment is another project's.
    """

    stale_reads: int = 0
    skew: float = 0.0
    stuck: bool = False
    failing_aliases: tuple[str, ...] = ()
    strange_words: bool = False
    repeating_pages: bool = False
    foreign_project: bool = False


def next_fault(faults: list[Fault], call: str) -> Fault | None:
    """The fault for this request, used up as it is taken."""
    for fault in faults:
        if fault.call == call and fault.times > 0:
            fault.times -= 1
            return fault
    return None
