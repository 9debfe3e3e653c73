"""What the console costs while nothing happens: bytes over the wire and processor time, the live dashboard on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.ground import FIRST_SCREEN, HELLO, HELLO_SCREEN, Ground, console
from tests.bench.report import Row, middle
from tests.bench.terminal import Terminal

SETTLING = 15.0
"""Seconds until every probe has been asked once and its client is loaded."""
WINDOW = 20.0


@dataclass(frozen=True, slots=True)
class Idle:
    """One window: bytes each second, processor time in percent of a core, the most memory ever held in MB."""

    bytes_per_second: float
    processor: float
    memory: float


def idle_once(argv: Sequence[str], first: str, settling: float = SETTLING, window: float = WINDOW) -> Idle:
    """Let a program come to rest, then look at it for a while."""
    terminal = Terminal(argv)
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


def idles(ground: Ground, runs: int) -> list[Row]:
    """Hello, the console that reads a recorder, and the console that probes for itself."""
    hello = [idle_once(HELLO, HELLO_SCREEN, 3.0, WINDOW) for _ in range(runs)]
    rows = []
    for config, how in ((ground.recorded, "recorder running"), (ground.alone, "probing itself")):
        rows += _rows(how, config, hello, runs)
    return rows


def _rows(how: str, config: Path, hello: Sequence[Idle], runs: int) -> list[Row]:
    found = [idle_once(console(config), FIRST_SCREEN) for _ in range(runs)]
    wire, processor = middle([one.bytes_per_second for one in found]), middle([one.processor for one in found])
    memory = middle([one.memory for one in found])
    return [
        Row(f"idle bytes, {how}", wire, "bytes/s", 300.0, middle([one.bytes_per_second for one in hello])),
        Row(f"idle processor, {how}", processor, "%", 1.0, middle([one.processor for one in hello])),
        Row(
            f"memory after {SETTLING + WINDOW:.0f} s, {how}", memory, "MB", 100.0, middle([one.memory for one in hello])
        ),
    ]
