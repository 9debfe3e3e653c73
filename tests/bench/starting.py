"""From the command to the full first screen, with the memory held by then, each time beside the hello-world."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.ground import FIRST_SCREEN, HELLO, HELLO_SCREEN, Ground, console
from tests.bench.report import Row, middle
from tests.bench.terminal import Terminal

WATCHED = r"watching \d"
"""On the screen once the first snapshot was taken in."""


@dataclass(frozen=True, slots=True)
class Start:
    """One start: seconds to the full first screen, processor seconds and memory (MB) then, seconds to what followed."""

    first: float
    processor: float
    memory: float
    then: float


def start_once(argv: Sequence[str], first: str, then: str = "") -> Start:
    """Start a program, wait for its first screen and, where named, for what comes on it next."""
    terminal = Terminal(argv)
    try:
        seen = terminal.wait(first)
        processor, memory = terminal.cpu_seconds(), terminal.peak_memory()
        return Start(seen, processor, memory, terminal.wait(then) if then else seen)
    finally:
        terminal.close()


def starts(ground: Ground, long: Path, events: int, runs: int) -> list[Row]:
    """Starts in turn, so that both programs meet the same machine; one of each to warm up is not counted."""
    ours, hellos, longs = [], [], []
    for number in range(runs + 1):
        hello = start_once(HELLO, HELLO_SCREEN)
        one = start_once(console(ground.recorded), FIRST_SCREEN, WATCHED)
        other = start_once(console(long), FIRST_SCREEN, WATCHED)
        if number:
            hellos.append(hello)
            ours.append(one)
            longs.append(other)
    hello_first = middle([one.first for one in hellos])
    hello_processor = middle([one.processor for one in hellos])
    first, long_first = middle([one.first for one in ours]), middle([one.first for one in longs])
    return [
        Row(
            "start to full first screen",
            first,
            "s",
            0.30,
            hello_first,
            1.5,
            "80x24, medians; keys at the bottom painted",
        ),
        Row("  processor time by then", middle([one.processor for one in ours]), "s", None, hello_processor, 1.5),
        Row(f"  the same, {events:,} events in the journal", long_first, "s", 0.30, hello_first, 1.5),
        Row(
            "  start to health on screen", middle([one.then for one in ours]), "s", note="from the recorder's readings"
        ),
        Row(
            "memory at the first screen",
            middle([one.memory for one in ours]),
            "MB",
            60.0,
            middle([one.memory for one in hellos]),
        ),
    ]
