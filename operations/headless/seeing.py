"""The facts a headless walk goes by: a look at the site, or a file of recorded ones for tests and drills."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from operations.errors import VigieError
from operations.runbook_files import UNREADABLE, content_of
from operations.text import one_line
from operations.watch.model import Snapshot
from runbooks.facts import Fact, Facts, Value
from runbooks.model import Book
from runbooks.names import FACT_NAMES

LOOK_AGAIN = 20.0
"""Seconds after which facts are looked at again: they must be younger than 30 s to speak for an act."""
RECORDED = "recorded"
NO_VALUE = "the file has no value for it"
_LONGEST_AGE = 100 * 365 * 86400.0


class Seeing(Protocol):
    """Where facts come from. `words` says so in one line."""

    @property
    def words(self) -> str: ...

    def facts(self, now: datetime, *, anew: bool = False) -> Facts:
        """The facts as they are now; with `anew` after something happened that may have changed them."""
        ...


class Looking:
    """Looks at the site when first asked, and again when that is too long ago."""

    def __init__(self, look: Callable[[], Snapshot], say: Callable[[str], None]) -> None:
        self._look = look
        self._say = say
        self._seen: Snapshot | None = None

    @property
    def words(self) -> str:
        if self._seen is None:
            return "nothing was looked at"
        how = "recorded readings" if self._seen.recorded else "one quick look"
        return f"{how} at {self._seen.at:%H:%M:%SZ}: {self._seen.overall.value}"

    def facts(self, now: datetime, *, anew: bool = False) -> Facts:
        """One look, kept for a while."""
        old = self._seen is not None and (now - self._seen.at).total_seconds() > LOOK_AGAIN
        if self._seen is None or anew or old:
            again = self._seen is not None
            self._seen = self._look()
            if again:
                self._say(f"looked again: {self.words}")
        return self._seen.facts


class NothingToSee:
    """For a runbook that asks nothing of the watch."""

    words = "it asks for no facts, so nothing was looked at"

    def facts(self, now: datetime, *, anew: bool = False) -> Facts:
        """None."""
        return {}


@dataclass(frozen=True, slots=True)
class Recorded:
    """Facts out of a file. They keep the age they were recorded with, however long the walk takes."""

    name: str
    found: Mapping[str, tuple[Fact, float | None]]

    @property
    def words(self) -> str:
        unknown = sum(fact.value is None for fact, _ in self.found.values())
        return f"{len(self.found)} facts from {self.name}, {unknown} of them unknown; nothing was looked at"

    def unknown_to(self, book: Book) -> tuple[str, ...]:
        """Names that neither the watch nor the runbook knows: likely misspelt."""
        return tuple(name for name in self.found if name not in FACT_NAMES and name not in book.names())

    def facts(self, now: datetime, *, anew: bool = False) -> Facts:
        """The same facts as ever, as old as they were."""
        return {
            name: replace(fact, at=None if age is None else now - timedelta(seconds=age))
            for name, (fact, age) in self.found.items()
        }


def recorded_facts(path: Path) -> Recorded:
    """Read a file of facts: `name: value` with null for unknown, or the document of `vigie facts --json`.

    Raises VigieError (2) for a file that cannot be read or holds something else.
    """
    name = one_line(str(path), 120)
    try:
        whole = json.loads(content_of(path), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise VigieError(f"{name} is no JSON: {one_line(str(error), 120)}.", code=UNREADABLE) from None
    bodies = whole.get("result") if isinstance(whole, dict) and whole.get("command") == "facts" else whole
    if not isinstance(bodies, dict) or not bodies:
        raise VigieError(
            f"{name} holds no facts.",
            next_step='Write {"health.ok": true, "errors.rate": 38}, or what `vigie facts --json` prints.',
            code=UNREADABLE,
        )
    return Recorded(name, {str(key): _fact(name, str(key), body) for key, body in bodies.items()})


def _fact(file: str, name: str, body: Any) -> tuple[Fact, float | None]:
    """A fact and its age in seconds. A bare value counts as read just now; a document's keeps its own age."""
    if not isinstance(body, dict):
        return Fact(name, _value(file, name, body), RECORDED, None, math.inf, NO_VALUE), 0.0
    age = body.get("age")
    if age is not None and not _is_age(age):
        raise VigieError(f"{file}: {one_line(name, 60)}: its age is no number of seconds.", code=UNREADABLE)
    fact = Fact(
        name,
        _value(file, name, body.get("value")),
        one_line(str(body.get("source") or RECORDED), 80),
        None,
        math.inf,
        one_line(str(body.get("reason") or NO_VALUE), 120),
        one_line(str(body.get("says") or ""), 120),
    )
    return fact, None if age is None else float(age)


def _value(file: str, name: str, value: Any) -> Value | None:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float) and abs(value) < 1e300:
        return float(value)
    if isinstance(value, str):
        return one_line(value, 200)
    raise VigieError(
        f"{file}: {one_line(name, 60)} is neither a number, a text, true, false nor null.", code=UNREADABLE
    )


def _is_age(age: Any) -> bool:
    return isinstance(age, int | float) and not isinstance(age, bool) and 0 <= age <= _LONGEST_AGE


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is no number")
