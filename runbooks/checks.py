"""Results of a runbook's own checks as facts: `look.ok`, `look.code`, `look.num` … beside those of the live watch.

A check that was not run, or was stopped at its limit, is unknown. No check stands for a live fact, also where nobody
watches: what a file prints is no measurement of the site.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache

from runbooks.events import Checked
from runbooks.facts import Fact, Facts, Value
from runbooks.names import FACT_NAMES

KEYS = ("ok", "failed", "warn", "code", "out", "num", "time", "at")
"""What a condition may ask of a check: whether it ended with 0, with anything but 0 and 2, with 2 (a warning); its exit
code, the first line it printed, the first number in it, its duration and when it was run (seconds)."""

STALE_AFTER = 300.0
"""Seconds that a result counts; an act asks for a younger one."""
WARNS = 2
KEPT = 4000
"""Characters of a check's output that are kept with the walk."""
_FAILED = re.compile(r"\bERROR\b|\bFAIL(?:ED|URE)?\b|(?<!\b0 )\b[Ff]ailed\b|[✖✗]")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_LONGEST = 200

Results = Mapping[str, tuple[datetime, Checked]]
"""The latest result of each check by its name, with its time."""


def shortened(out: str) -> str:
    """What of a check's output goes into the walk: all of it, or its beginning and its end."""
    return out if len(out) <= KEPT else f"{out[: KEPT // 2]}\n…\n{out[-KEPT // 2 :]}"


def telling_line(result: Checked) -> str:
    """The line that a result is shown by: the first; of a failed check the last that says so, else its last."""
    lines = [line.strip() for line in result.out.split("\n") if line.strip()]
    if not lines:
        return ""
    if result.exit_code in (0, WARNS, None):
        return lines[0]
    return next((line for line in reversed(lines) if _FAILED.search(line)), lines[-1])


def facts_with_checks(results: Results, facts: Facts, checks: Iterable[str] = ()) -> Facts:
    """`facts` and what the checks told. Of `checks`, the names of all a book has, those without a result are unknown
    because nobody has run them."""
    found = {fact.name: fact for name in checks if name not in results for fact in _not_run(name)}
    found |= {fact.name: fact for at, result in results.values() for fact in facts_of_check(result, at)}
    own = {name: fact for name, fact in found.items() if name not in FACT_NAMES}
    return {**own, **facts} if own else facts


@lru_cache(maxsize=512)
def _not_run(check: str) -> tuple[Fact, ...]:
    """Asked for each check of a book, several times a second."""
    return tuple(Fact(f"{check}.{key}", reason=f"check {check} has not been run") for key in KEYS)


def facts_of_check(result: Checked, at: datetime) -> tuple[Fact, ...]:
    """What one result tells; without an exit code everything is unknown, and says why."""
    code = result.exit_code
    first = next((line.strip() for line in result.out.split("\n") if line.strip()), "")[:_LONGEST]
    number = _NUMBER.search(result.out[:10_000])
    values: dict[str, Value | None] = dict.fromkeys(KEYS)
    if code is not None:
        values = {
            "ok": code == 0,
            "failed": code not in (0, WARNS),
            "warn": code == WARNS,
            "code": float(code),
            "out": first,
            "num": float(number[0]) if number else None,
            "time": result.seconds,
            "at": at.timestamp(),
        }
    reason = result.why or ("it printed no number" if code is not None else "it has not run to its end")
    return tuple(
        Fact(f"{result.check}.{key}", values[key], f"check {result.check}", at, STALE_AFTER, reason) for key in KEYS
    )
