"""What the console costs while nothing happens: bytes over the wire and processor time, the live dashboard on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.bench.ground import FIRST_SCREEN, HELLO, HELLO_SCREEN, Ground, console
from tests.bench.report import Row, middle
from tests.bench.terminal import Terminal

if TYPE_CHECKING:
    from tests.bench.posting import Posting

SETTLING = 15.0
"""Seconds until every probe has been asked once and its client is loaded."""
WINDOW = 20.0


@dataclass(frozen=True, slots=True)
class Idle:
    """One window: bytes each second, processor time in percent of a core, the most memory ever held in MB."""

    bytes_per_second: float
    processor: float
    memory: float


def idle_once(
    argv: Sequence[str],
    first: str,
    settling: float = SETTLING,
    window: float = WINDOW,
    *,
    more: Mapping[str, str] | None = None,
) -> Idle:
    """Let a program come to rest, then look at it for a while."""
    terminal = Terminal(argv, more=more)
    try:
        terminal.wait(first)
        terminal.settle(settling)
        received, processor, began = terminal.received, terminal.cpu_seconds(), terminal.now()
        terminal.settle(window)
        took = terminal.now() - began
        used = 100 * (terminal.cpu_seconds() - processor) / took
        return Idle((terminal.received - received) / took, used, terminal.peak_memory())
    finally:
        terminal.close()


def idles(ground: Ground, runs: int, peer: Posting) -> list[Row]:
    """The console that reads a recorder, the same with an open incident, the one that probes for itself; the peers."""
    hello = [idle_once(HELLO, HELLO_SCREEN, 3.0, WINDOW) for _ in range(runs)]
    posting = [one for one in (peer.idle(SETTLING, WINDOW) for _ in range(runs)) if one is not None]
    rows = []
    for config, how in (
        (ground.recorded, "recorder running"),
        (ground.in_incident(), "an incident open"),
        (ground.alone, "probing itself"),
    ):
        found = [idle_once(console(config), FIRST_SCREEN) for _ in range(runs)]
        rows += _rows(how, found, hello, posting)
    return rows


def _rows(how: str, found: Sequence[Idle], hello: Sequence[Idle], posting: Sequence[Idle]) -> list[Row]:
    def row(what: str, field: str, unit: str, budget: float) -> Row:
        def of(looks: Sequence[Idle]) -> float:
            return middle([getattr(one, field) for one in looks])

        theirs = of(posting) if posting else None
        return Row(f"{what}, {how}", of(found), unit, budget, of(hello), posting=theirs)

    return [
        row("idle bytes", "bytes_per_second", "bytes/s", 300.0),
        row("idle processor", "processor", "%", 1.0),
        row(f"memory after {SETTLING + WINDOW:.0f} s", "memory", "MB", 100.0),
    ]
