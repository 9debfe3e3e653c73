"""Facts: a condition asks for what exists, in the way it is measured, or it stays unknown for ever. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from runbooks.condition_nodes import Constant, Leaf, leaves
from runbooks.conditions import Condition
from runbooks.lint_finding import Finding, error, line_of
from runbooks.model import Book
from runbooks.names import FACT_NAMES, Unit

CHECK_FIELDS: Mapping[str, Unit] = {
    "ok": "yes/no", "failed": "yes/no", "warn": "yes/no", "code": "count", "out": "word", "num": "count", "time": "s",
    "at": "time",
}  # fmt: skip
"""What a condition may ask of a file's own check: exit code 0 is ok, 2 warn, any other failed."""

_WRITTEN_AS: Mapping[Unit, str] = {
    "yes/no": "yes or no: write it bare, or after “not”",
    "word": 'a word: compare it with one, as in == "none"',
    "count": "a plain number: compare it with one, as in >= 3",
    "%": "a share: compare it with one, as in > 5%",
    "s": "a time: compare it with one, as in > 3s",
    "time": "a moment: compare it with another fact of that kind",
}


def facts_are_known(book: Book) -> Iterator[Finding]:
    """Every name in every condition is a live fact or a result of this file's own checks, and is compared as such."""
    checks = {code.name for section in book.sections for code in section.codes("check")}
    for section in book.sections:
        for branch in section.branches:
            if branch.when is not None:
                yield from _known(branch.when, branch.line, checks)
        if section.unless is not None:
            yield from _known(section.unless, line_of(section, "unless"), checks)


def _known(condition: Condition, line: int, checks: set[str]) -> Iterator[Finding]:
    for name in condition.names():
        if _unit(name, checks) is None:
            yield error(line, "fact", f"there is no fact “{name}”{_near(name, checks)}")
    for leaf, _ in leaves(condition.node):
        unit = _unit(leaf.name, checks)
        if unit is not None and not _fits(leaf, unit, checks):
            yield error(line, "fact", f"“{leaf.text}” stays unknown; “{leaf.name}” is {_WRITTEN_AS[unit]}")


def _unit(name: str, checks: set[str]) -> Unit | None:
    if name in FACT_NAMES:
        return FACT_NAMES[name].unit
    check, _, asked = name.rpartition(".")
    return CHECK_FIELDS.get(asked) if check in checks else None


def _fits(leaf: Leaf, unit: Unit, checks: set[str]) -> bool:
    """False where no value of that unit could ever be compared so."""
    if leaf.operator == "is" or unit == "yes/no":
        return leaf.operator == "is" and unit == "yes/no"
    if leaf.operator == "~" or (unit == "word" and leaf.operator in ("<", "<=", ">", ">=")):
        return leaf.operator == "~" and unit == "word"
    for operand in leaf.right:
        if isinstance(operand, Constant):
            text = isinstance(operand.value, str)
            if text != (unit == "word") or not (text or _written_in(operand, unit)):
                return False
        elif (other := _unit(operand.name, checks)) is not None and other != unit:
            return False
    return True


def _written_in(number: Constant, unit: Unit) -> bool:
    """True where the number has a unit that goes with the fact's; a plain number goes with all but times."""
    written = number.text.lstrip("0123456789.")
    if written == "%":
        return unit == "%"
    return unit in ("s", "time") if written else unit != "s"


def _near(name: str, checks: set[str]) -> str:
    from difflib import get_close_matches

    own = [f"{check}.{asked}" for check in checks for asked in CHECK_FIELDS]
    near = get_close_matches(name[:200], [*FACT_NAMES, *own], 1, 0.6)
    return f": did you mean “{near[0]}”?" if near else ": “vigie facts” lists the facts there are"
