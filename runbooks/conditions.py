"""Conditions of runbooks: parsed once, then asked again and again what they say about the facts, and on what evidence.

Three values: True, False, and None for unknown. Asking never raises.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from runbooks.condition_grammar import ConditionError, parse_node
from runbooks.condition_nodes import Leaf, Lookup, Name, Node, deciding_leaves, leaves, truth, written
from runbooks.facts import Facts, Value, fact_of
from runbooks.names import FACT_NAMES, FactName
from runbooks.units import in_words

__all__ = ["ACT_MAX_AGE", "OWN_AGE", "Condition", "ConditionError", "Evidence", "parse"]

ACT_MAX_AGE = 30.0
"""Seconds: how old a fact may be when it speaks for a branch that leads to an act (runbooks.md)."""

OWN_AGE = ("backup.*", "smoke.*")
"""Facts that take no stricter age than their own `stale_after`: they are measured on schedules of hours."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One comparison beside what was measured.

    `verdict` is what it says for the condition it stands in (turned round under a `not`): True for, False against,
    None unknown. `actual` is the value in words, `text` the whole line ("requests that end in a 5xx: 38 %"),
    `age` the seconds since the reading, None when there was none.
    """

    comparison: str
    name: str
    text: str
    actual: str
    source: str
    age: float | None
    verdict: bool | None


@dataclass(frozen=True, slots=True)
class Condition:
    """A parsed condition; `text` is how the runbook wrote it."""

    text: str
    node: Node

    def evaluate(
        self, facts: Facts, now: datetime, *, max_age: float | None = None, exempt: tuple[str, ...] = OWN_AGE
    ) -> bool | None:
        """What the facts say. With `max_age` (seconds) an older fact is unknown, unless its name is `exempt`."""
        return truth(self.node, lookup(facts, now, max_age=max_age, exempt=exempt))

    def names(self) -> tuple[str, ...]:
        """Every fact the condition asks, each once, in order of writing."""
        found: dict[str, None] = {}
        for leaf, _ in leaves(self.node):
            found[leaf.name] = None
            found.update((operand.text, None) for operand in leaf.right if isinstance(operand, Name))
        return tuple(found)

    def evidence(
        self, facts: Facts, now: datetime, *, max_age: float | None = None, exempt: tuple[str, ...] = OWN_AGE
    ) -> tuple[Evidence, ...]:
        """Every comparison with what was measured, in order of writing."""
        known = lookup(facts, now, max_age=max_age, exempt=exempt)
        return tuple(_evidence(leaf, negated, facts, known, now) for leaf, negated in leaves(self.node))

    def reasons(
        self, facts: Facts, now: datetime, *, max_age: float | None = None, exempt: tuple[str, ...] = OWN_AGE
    ) -> tuple[Evidence, ...]:
        """Only the comparisons that make the verdict what it is; for an unknown verdict, the unknown ones."""
        known = lookup(facts, now, max_age=max_age, exempt=exempt)
        deciding = deciding_leaves(self.node, known)
        return tuple(_evidence(leaf, negated, facts, known, now) for leaf, negated in deciding)


def parse(text: str) -> Condition:
    """The condition that `text` says. Raises ConditionError with the position where reading stopped."""
    return Condition(text.strip(), parse_node(text))


def lookup(facts: Facts, now: datetime, *, max_age: float | None, exempt: tuple[str, ...]) -> Lookup:
    """How a name gets its value: known and, where `max_age` is given, young enough to speak for an act."""

    def known(name: str) -> Value | None:
        fact = fact_of(facts, name)
        value = fact.known(now)
        if value is None or max_age is None or _is_exempt(name, exempt):
            return value
        age = fact.age(now)
        return value if age is not None and age <= max_age else None

    return known


def normal_form(condition: Condition) -> str:
    """The condition with every bracket written; parsing it gives the same condition."""
    return written(condition.node)


def _is_exempt(name: str, exempt: tuple[str, ...]) -> bool:
    return any(name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern for pattern in exempt)


def _evidence(leaf: Leaf, negated: bool, facts: Facts, known: Lookup, now: datetime) -> Evidence:
    fact = fact_of(facts, leaf.name)
    verdict = truth(leaf, known)
    named = FACT_NAMES.get(leaf.name)
    value = known(leaf.name)
    if value is None:
        actual = f"unknown, {fact.why_unknown(now) or _too_old(fact.age(now))}"
    else:
        actual = fact.says or _said(value, named, leaf)
    seen = Evidence(
        comparison=f"not {leaf.text}" if negated else leaf.text,
        name=leaf.name,
        text=f"{named.meaning if named else leaf.name}: {actual}",
        actual=actual,
        source=fact.source,
        age=fact.age(now),
        verdict=verdict,
    )
    return replace(seen, verdict=not verdict) if negated and verdict is not None else seen


def _said(value: Value, named: FactName | None, leaf: Leaf) -> str:
    """A value in words, where its source has none of its own."""
    if named is not None and isinstance(value, bool):
        return named.yes if value else named.no
    return in_words(value, named.unit if named else _unit_written(leaf))


def _too_old(age: float | None) -> str:
    return "when it was read is not known" if age is None else f"read {round(age)} s ago, too old for an act"


def _unit_written(leaf: Leaf) -> str:
    """The unit of a fact we have no name for, as the runbook's own literal shows it."""
    written_unit = leaf.right[0].text.lstrip("0123456789.") if leaf.right else ""
    return "%" if written_unit == "%" else "s" if written_unit in ("ms", "s", "m", "h", "d") else ""
