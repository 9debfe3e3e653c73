"""Plans as plain text and as the JSON body that `--plan --json` prints."""

from __future__ import annotations

import shutil
import sys
import textwrap
from typing import Any

from operations.ages import expected_words
from operations.engine.model import Plan

WIDEST = 110
"""Columns of running text: longer lines are hard to read."""
SIGNS = {"pass": "ok", "warn": "WARN", "refuse": "REFUSED", "unknown": "unknown"}


def plan_text(plan: Plan) -> str:
    """The whole plan, contrary evidence first, one fact a line."""
    rows = [f"{plan.title}: {plan.site} {plan.environment}   {plan.config}", ""]
    rows += [f"{entry.label:<11} {entry.text}" + (f"   {entry.aside}" if entry.aside else "") for entry in plan.lines]
    rows += [f"{label:<11} {words}" for label, found, none in plan.evidence() for words in found or (none,)]
    rows += [f"{'Guard':<11} {SIGNS[g.verdict]:<8} {g.name}" + (f": {g.says}" if g.says else "") for g in plan.guards]
    for number, step in enumerate(plan.steps, 1):
        stop = "   <- point of no return" if step.no_return else ""
        rows.append(f"{'Step':<11} {number} {step.title}, about {expected_words(step.expected)}{stop}")
        rows += [f"{'':<11}   $ {command}" for command in step.commands]
    if plan.steps:
        rows.append(f"{'Takes':<11} about {expected_words(plan.expected)}")
    return "\n".join(rows)


def plan_document(plan: Plan) -> dict[str, Any]:
    """The plan as JSON types, with its fingerprint."""
    from operations.engine.orders import plan_to_json

    return {**plan_to_json(plan), "fingerprint": plan.fingerprint, "expected_seconds": plan.expected}


def hung(row: str, indent: int) -> str:
    """A row of a list as a terminal shows it best: folded between words, under its text. In a pipe it is one line."""
    if not sys.stdout.isatty() or indent >= (columns := shutil.get_terminal_size().columns) // 2:
        return row
    head, rest = row[:indent], row[indent:]
    pieces = textwrap.wrap(rest, columns - indent, break_on_hyphens=False) or [""]
    return head + f"\n{' ' * indent}".join(pieces)


def width() -> int:
    """Columns for running text: as wide as the terminal; on paper and in pipes a page."""
    return min(WIDEST, shutil.get_terminal_size().columns) if sys.stdout.isatty() else 100
