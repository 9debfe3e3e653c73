"""From a key to the screen that answers it, while a job prints 5,000 lines a second onto that very screen."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from tests.bench.chatter import chattering
from tests.bench.ground import FIRST_SCREEN, HELLO, HELLO_SCREEN, Ground, console
from tests.bench.report import Row, middle, percentile
from tests.bench.terminal import NotShown, Terminal

PACE = 0.6
"""Seconds between keys: longer than a button takes to be meant, so that Enter closes what `?` opened."""
LOST = 5.0
"""Seconds a key counts that was not answered at all."""
DIALOG = (("?", r"─ Keys"), ("\r", r"(?s)\A(?!.*─ Keys)"))
SWITCH = (("J", r"f follow"), ("\x7f", r"(?s)\A(?!.*f follow)"))
WORD = (("?", r"Hello again"), ("?", r"(?s)\A(?!.*again)"))

Keys = Sequence[tuple[str, str]]


def pressed(terminal: Terminal, keys: Keys, rounds: int) -> list[float]:
    """Press the keys round after round, then look when each was answered; seconds.

    Nothing is rendered meanwhile: on a small machine the looking would slow down what is looked at.
    """
    sent = []
    for _ in range(rounds):
        for key, answer in keys:
            sent.append((terminal.send(key), answer))
            # Not to the beat of any timer of the program.
            time.sleep(PACE + 0.013 * (len(sent) % 7))
    found = []
    for stamp, answer in sent:
        try:
            found.append(min(LOST, terminal.wait(answer, after=stamp, limit=2.0) - stamp))
        except NotShown:
            found.append(LOST)
    return found


def key_rows(ground: Ground, rounds: int) -> list[Row]:
    """Dialogs over a streaming log, pages while it streams, pages at rest; the hello-world's one word as the floor."""
    floor = _at(HELLO, HELLO_SCREEN, WORD, rounds)
    quiet = _at(console(ground.recorded), FIRST_SCREEN, SWITCH, rounds)
    with chattering(ground.recorded) as log:
        _wait_for_lines(log)
        before, began = log.stat().st_size, time.monotonic()
        busy = _at(console(ground.recorded), FIRST_SCREEN, DIALOG, rounds, first="J")
        switch = _at(console(ground.recorded), FIRST_SCREEN, SWITCH, rounds)
        width = len(log.read_bytes()[-4096:].splitlines()[-2]) + 1
        pace = (log.stat().st_size - before) / width / (time.monotonic() - began)
    hello = 1000 * percentile(floor, 95)
    note = f"`?` opens, Enter closes, the job's log streaming below: {pace:.0f} lines/s were written; {len(busy)} keys"
    return [
        Row("key to paint, p95, while a job prints", 1000 * percentile(busy, 95), "ms", 50.0, hello, note=note),
        Row("  median", 1000 * middle(busy), "ms", None, 1000 * middle(floor)),
        Row("screen switch, p95, at rest", 1000 * percentile(quiet, 95), "ms", 100.0, hello, note="J and Backspace"),
        Row("screen switch, p95, while a job prints", 1000 * percentile(switch, 95), "ms", 100.0, hello),
    ]


def _at(argv: Sequence[str], screen: str, keys: Keys, rounds: int, first: str = "") -> list[float]:
    terminal = Terminal(argv)
    try:
        terminal.wait(screen)
        terminal.settle(3.0)
        if first:
            terminal.send(first)
            terminal.settle(2.0)
        pressed(terminal, keys, 2)
        return pressed(terminal, keys, rounds)
    finally:
        terminal.close()


def _wait_for_lines(log: Path) -> None:
    until = time.monotonic() + 20.0
    while time.monotonic() < until and (not log.exists() or log.stat().st_size < 100_000):
        time.sleep(0.05)
