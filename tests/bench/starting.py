"""From the command to the full first screen, with the memory held by then, each time beside the hello-world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.ground import FIRST_SCREEN, HELLO, HELLO_SCREEN, Ground, console
from tests.bench.report import Row, middle
from tests.bench.terminal import Terminal

if TYPE_CHECKING:
    from tests.bench.posting import Posting

WATCHED = r"watching \d"
"""On the screen once the first snapshot was taken in."""


@dataclass(frozen=True, slots=True)
class Start:
    """One start: seconds to the full first screen, processor seconds and memory (MB) then, seconds to what followed."""

    first: float
    processor: float
    memory: float
    then: float


def start_once(argv: Sequence[str], first: str, then: str = "", *, more: Mapping[str, str] | None = None) -> Start:
    """Start a program, wait for its first screen and, where named, for what comes on it next."""
    terminal = Terminal(argv, more=more)
    try:
        seen = terminal.wait(first)
        processor, memory = terminal.cpu_seconds(), terminal.peak_memory()
        return Start(seen, processor, memory, terminal.wait(then) if then else seen)
    finally:
        terminal.close()


def starts(ground: Ground, long: Path, events: int, runs: int, peer: Posting) -> list[Row]:
    """Starts in turn, so that all programs meet the same machine; one of each to warm up is not counted."""
    ours, hellos, longs, peers = [], [], [], []
    for number in range(runs + 1):
        hello = start_once(HELLO, HELLO_SCREEN)
        one = start_once(console(ground.recorded), FIRST_SCREEN, WATCHED)
        other = start_once(console(long), FIRST_SCREEN, WATCHED)
        posting = peer.start()
        if number:
            hellos.append(hello)
            ours.append(one)
            longs.append(other)
            peers += [posting] if posting else []
    screen = "80x24, medians; the keys at the bottom are painted"
    longer = f"  the same, {events:,} events in the journal"
    health = "from the recorder's readings"
    theirs = (_middle(peers, "first"), _middle(peers, "processor"), _middle(peers, "memory"))
    first = Row("start to full first screen", _of(ours, "first"), "s", 0.30, _of(hellos, "first"), 1.5, screen)
    processor = Row("  processor time by then", _of(ours, "processor"), "s", None, _of(hellos, "processor"), 1.5)
    memory = Row("memory at the first screen", _of(ours, "memory"), "MB", 60.0, _of(hellos, "memory"))
    return [
        replace(first, posting=theirs[0]),
        replace(processor, posting=theirs[1]),
        Row(longer, _of(longs, "first"), "s", 0.30, _of(hellos, "first"), 1.5, posting=theirs[0]),
        Row("  start to health on screen", _of(ours, "then"), "s", note=health),
        replace(memory, posting=theirs[2]),
    ]


def _of(starts: Sequence[Start], what: str) -> float:
    return middle([getattr(one, what) for one in starts])


def _middle(starts: Sequence[Start], what: str) -> float | None:
    return _of(starts, what) if starts else None
