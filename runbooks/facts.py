"""A fact: a named live value that a condition can use. The watch makes them, the walk reads them.

A fact never lies by omission: without a value it is *unknown* and says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

Value = bool | float | str
"""Numbers are floats: shares in percent (38 means 38 %), times and durations in seconds, else plain counts."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One named value with where it comes from and how old it is.

    `at` is when the underlying reading was taken (UTC); `stale_after` the seconds past `at` after which the
    value counts as unknown (twice the probe's interval plus its time limit). `reason` says why the value is
    unknown; `says` is a short human form of the value ("38 % of 41 req/s"); `inputs` names what a derived fact was
    computed from.
    """

    name: str
    value: Value | None = None
    source: str = ""
    at: datetime | None = None
    stale_after: float = 60.0
    reason: str = ""
    says: str = ""
    inputs: tuple[str, ...] = ()

    def age(self, now: datetime) -> float | None:
        """Seconds since the reading behind this fact, or None when there was none."""
        return None if self.at is None else max(0.0, (now - self.at).total_seconds())

    def is_stale(self, now: datetime) -> bool:
        """True when the reading is too old to be believed."""
        age = self.age(now)
        return age is not None and age > self.stale_after

    def known(self, now: datetime) -> Value | None:
        """The value, or None when it was never known or has gone stale."""
        return None if self.is_stale(now) else self.value

    def why_unknown(self, now: datetime) -> str:
        """Why `known` is None, in a few words; empty when it is known."""
        if self.known(now) is not None:
            return ""
        if self.value is not None and self.is_stale(now):
            return f"last answer {round(self.age(now) or 0)} s ago"
        return self.reason or "not configured"


Facts = Mapping[str, Fact]


def fact_of(facts: Facts, name: str) -> Fact:
    """The fact of that name; one that nobody supplies is unknown, "not configured"."""
    return facts.get(name) or Fact(name, reason="not configured")
