"""The parts a parsed condition is made of, and what they say in three values: true, false, unknown (None).

Evaluating never raises: a fact that is missing, stale, or of a type that does not fit gives unknown.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from runbooks.facts import Value

Operator = Literal["is", "==", "!=", "<", "<=", ">", ">=", "~", "in"]
Lookup = Callable[[str], Value | None]
"""The known value of a fact by name, or None when it is unknown."""

SEARCHED = 300  # characters of a value that `~` looks at, so that no pattern can keep the console waiting


@dataclass(frozen=True, slots=True)
class Constant:
    """A string, or a number in the fact's own unit (percent, seconds, plain); `text` is how the runbook wrote it."""

    value: float | str
    text: str


@dataclass(frozen=True, slots=True)
class Name:
    """Another fact on the right-hand side of a comparison."""

    name: str

    @property
    def text(self) -> str:
        """How the runbook wrote it."""
        return self.name


@dataclass(frozen=True, slots=True)
class Leaf:
    """One comparison of one fact; the operator `is` stands for a bare name, which only a yes/no fact can answer."""

    name: str
    operator: Operator
    right: tuple[Constant | Name, ...] = ()

    @property
    def text(self) -> str:
        """The comparison as a runbook would write it."""
        if self.operator == "is":
            return self.name
        words = ", ".join(operand.text for operand in self.right)
        return f"{self.name} {self.operator} " + (f"[{words}]" if self.operator == "in" else words)


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite; the opposite of unknown is unknown."""

    part: Node


@dataclass(frozen=True, slots=True)
class And:
    """True when all are; false as soon as one is, whatever the others."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """True as soon as one is, whatever the others; false when all are."""

    parts: tuple[Node, ...]


Node = Leaf | Not | And | Or


def truth(node: Node, lookup: Lookup) -> bool | None:
    """Kleene's three values: false and unknown is false, true or unknown is true."""
    if isinstance(node, Leaf):
        return _leaf_truth(node, lookup)
    if isinstance(node, Not):
        inner = truth(node.part, lookup)
        return None if inner is None else not inner
    decided = isinstance(node, Or)
    verdicts = [truth(part, lookup) for part in node.parts]
    if decided in verdicts:
        return decided
    return None if None in verdicts else not decided


def leaves(node: Node, negated: bool = False) -> Iterator[tuple[Leaf, bool]]:
    """Every comparison in order of writing, with True when it stands under an odd number of `not`."""
    if isinstance(node, Leaf):
        yield node, negated
    elif isinstance(node, Not):
        yield from leaves(node.part, not negated)
    else:
        for part in node.parts:
            yield from leaves(part, negated)


def deciding_leaves(node: Node, lookup: Lookup, negated: bool = False) -> Iterator[tuple[Leaf, bool]]:
    """Only the comparisons that decide: the true ones of a true `or`, the false ones of a false `and`."""
    if isinstance(node, Leaf):
        yield node, negated
    elif isinstance(node, Not):
        yield from deciding_leaves(node.part, lookup, not negated)
    else:
        verdict = truth(node, lookup)
        for part in node.parts:
            if truth(part, lookup) is verdict:
                yield from deciding_leaves(part, lookup, negated)


def written(node: Node) -> str:
    """The condition in normal form; parsing it gives an equal node."""
    if isinstance(node, Leaf):
        return node.text
    if isinstance(node, Not):
        return f"not {_bracketed(node.part)}"
    joint = " and " if isinstance(node, And) else " or "
    return joint.join(_bracketed(part) for part in node.parts)


def _bracketed(node: Node) -> str:
    return node.text if isinstance(node, Leaf) and node.operator == "is" else f"({written(node)})"


def _leaf_truth(leaf: Leaf, lookup: Lookup) -> bool | None:
    left = _usable(lookup(leaf.name))
    if left is None:
        return None
    if leaf.operator == "is":
        return left if isinstance(left, bool) else None
    verdicts = [_compare(leaf.operator, left, _operand(operand, lookup)) for operand in leaf.right]
    if True in verdicts:
        return True
    return False if False in verdicts else None


def _operand(operand: Constant | Name, lookup: Lookup) -> Value | None:
    return operand.value if isinstance(operand, Constant) else _usable(lookup(operand.name))


def _usable(value: Value | None) -> Value | None:
    """A number that is not a number says nothing."""
    if isinstance(value, bool | str) or value is None:
        return value
    return float(value) if math.isfinite(value) else None


def _compare(operator: Operator, left: Value, right: Value | None) -> bool | None:
    if right is None or type(left) is not type(right):
        return None
    if operator in ("==", "in"):
        return left == right
    if operator == "!=":
        return left != right
    if operator == "~":
        fits = isinstance(left, str) and isinstance(right, str)
        return re.search(str(right), str(left)[:SEARCHED]) is not None if fits else None
    if not isinstance(left, float) or not isinstance(right, float):
        return None
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[operator]
