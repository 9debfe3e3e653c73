"""Rows of the table: a figure, its budget, and the peer that was measured beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `figure`, `budget` and `peer` are in `unit`; None where there is none.

    The peer is the hello-world where the row is about the console. `share_of_peer` is a second budget: the figure may
    be at most so many times the peer's. `note` says what was done; `posting` is that program's figure, in `unit` too.
    """

    what: str
    figure: float
    unit: str
    budget: float | None = None
    peer: float | None = None
    share_of_peer: float | None = None
    note: str = ""
    posting: float | None = None

    @property
    def over(self) -> tuple[str, ...]:
        """The budgets that are not kept, in words."""
        found = []
        if self.budget is not None and self.figure > self.budget:
            found.append(f"OVER {shown(self.budget, self.unit)}")
        if self.share_of_peer and self.peer and self.figure > self.share_of_peer * self.peer:
            found.append(f"OVER {self.share_of_peer:g} x its peer")
        return tuple(found)

    @property
    def verdict(self) -> str:
        """`ok`, what is over, or nothing where there is no budget."""
        if self.budget is None and self.share_of_peer is None:
            return ""
        return ", ".join(self.over) or "ok"


HEADS = ("What", "Vigie", "Budget", "Peer", "Ratio", "Posting", "Verdict")


def table(rows: Sequence[Row]) -> str:
    """The rows under heads, columns aligned; the notes below."""
    cells = [HEADS, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADS))]
    lines = ["  ".join(_set(cell, widths[n], n) for n, cell in enumerate(line)).rstrip() for line in cells]
    lines.insert(1, "-" * max(len(line) for line in lines))
    notes = [f"  {row.what}: {row.note}" for row in rows if row.note]
    return "\n".join([*lines, "", *notes])


def shown(value: float, unit: str) -> str:
    """A figure as a person reads it."""
    if unit == "s":
        return f"{value:.3f} s"
    if unit in ("bytes/s", "ms"):
        return f"{value:.0f} {unit}"
    return f"{value:.1f} {unit}"


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` percent of `values` do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share / 100 * len(ordered) + 0.5) - 1))]


def middle(values: Sequence[float]) -> float:
    """The median."""
    return float(median(values))


def _cells(row: Row) -> tuple[str, ...]:
    budget = [shown(row.budget, row.unit)] if row.budget is not None else []
    budget += [f"{row.share_of_peer:g} x its peer"] if row.share_of_peer else []
    return (
        row.what,
        shown(row.figure, row.unit),
        ", ".join(budget),
        shown(row.peer, row.unit) if row.peer is not None else "",
        f"{row.figure / row.peer:.2f}" if row.peer else "",
        shown(row.posting, row.unit) if row.posting is not None else "",
        row.verdict,
    )


def _set(cell: str, width: int, column: int) -> str:
    return cell.rjust(width) if column in (1, 3, 4, 5) else cell.ljust(width)
