"""From a key to the screen that answers it, while a job prints 5,000 lines a second onto that very screen."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.chatter import chattering
from tests.bench.ground import FIRST_SCREEN, HELLO, HELLO_SCREEN, Ground, console
from tests.bench.report import Row, middle, percentile
from tests.bench.terminal import NotShown, Terminal

if TYPE_CHECKING:
    from tests.bench.posting import Posting

PACE = 0.6
"""Seconds between keys: longer than a button takes to be meant, so that Enter closes what `?` opened."""
LOST = 5.0
"""Seconds a key counts that was not answered at all."""
DIALOG = (("?", r"─ Keys"), ("\r", r"(?s)\A(?!.*─ Keys)"))
SWITCH = (("J", r"f follow"), ("\x7f", r"(?s)\A(?!.*f follow)"))
PAGES = {
    "J": r"── Jobs ─",
    "W": r"── Runbooks ─",
    "I": r"── Incident ",
    "L": r"── Errors users get, by kind",
    "V": r"── Health",
    "K": r"── Links and people",
}
"""Every page, and the words that only stand on it."""
WORD = (("?", r"Hello again"), ("?", r"(?s)\A(?!.*again)"))

Keys = Sequence[tuple[str, str]]


def pressed(terminal: Terminal, keys: Keys, rounds: int, pace: float = PACE) -> list[float]:
    """Press the keys round after round, then look when each was answered; seconds.

    Nothing is rendered meanwhile: on a small machine the looking would slow down what is looked at.
    """
    sent = []
    for _ in range(rounds):
        for key, answer in keys:
            sent.append((terminal.send(key), answer))
            # Not to the beat of any timer of the program.
            time.sleep(pace + 0.013 * (len(sent) % 7))
    found = []
    for stamp, answer in sent:
        try:
            found.append(min(LOST, terminal.wait(answer, after=stamp, limit=2.0) - stamp))
        except NotShown:
            found.append(LOST)
    return found


def key_rows(ground: Ground, rounds: int, peer: Posting) -> list[Row]:
    """Dialogs over a streaming log, pages while it streams, every page at rest; the hello-world's word as the floor."""
    floor = at_rest(HELLO, HELLO_SCREEN, WORD, rounds)
    quiet = at_rest(console(ground.recorded), FIRST_SCREEN, DIALOG, rounds)
    posting = peer.keys(rounds)
    with chattering(ground.recorded) as log:
        _wait_for_lines(log)
        before, began = log.stat().st_size, time.monotonic()
        busy = at_rest(console(ground.recorded), FIRST_SCREEN, DIALOG, rounds, first="J")
        switch = at_rest(console(ground.recorded), FIRST_SCREEN, SWITCH, rounds)
        width = len(log.read_bytes()[-4096:].splitlines()[-2]) + 1
        pace = (log.stat().st_size - before) / width / (time.monotonic() - began)
    hello, word = 1000 * percentile(floor, 95), 1000 * middle(floor)
    note = f"`?` opens, Enter closes, the job's log streaming below: {pace:.0f} lines/s were written; {len(busy)} keys"
    theirs, median = posting or (None, None)
    return [
        Row("key to paint, p95, while a job prints", 1000 * percentile(busy, 95), "ms", 50.0, hello, note=note),
        Row("  median", 1000 * middle(busy), "ms", None, word),
        Row("key to paint, p95, at rest", 1000 * percentile(quiet, 95), "ms", 50.0, hello,
            note="posting: its palette opened and closed", posting=theirs),
        Row("  median", 1000 * middle(quiet), "ms", None, word, posting=median),
        *_pages(ground, max(4, rounds // 3), hello),
        Row("screen switch, p95, while a job prints", 1000 * percentile(switch, 95), "ms", 100.0, hello,
            note="J and Backspace"),
    ]  # fmt: skip


def _pages(ground: Ground, rounds: int, hello: float) -> list[Row]:
    """There and back, every page in turn, in an open incident: without one `I` opens no page."""
    keys = [(key, words) for name, shows in PAGES.items() for key, words in ((name, shows), ("\x7f", _without(shows)))]
    found = at_rest(console(ground.in_incident()), FIRST_SCREEN, keys, rounds)
    each = {name: found[2 * n :: len(keys)] for n, name in enumerate(PAGES)}
    medians = ", ".join(f"{name} {1000 * middle(times):.0f}" for name, times in each.items())
    return [
        Row("screen switch, p95, every page at rest", 1000 * percentile(found, 95), "ms", 100.0, hello,
            note=f"there and back, {rounds} rounds; medians there, in ms: {medians}"),
        Row("  median", 1000 * middle(found), "ms"),
    ]  # fmt: skip


def _without(shows: str) -> str:
    """A pattern for a screen that is back on the main page."""
    return rf"(?s)\A(?!.*{shows}).*(q quit|more keys)"


def at_rest(
    argv: Sequence[str],
    screen: str,
    keys: Keys,
    rounds: int,
    *,
    first: str = "",
    pace: float = PACE,
    more: Mapping[str, str] | None = None,
) -> list[float]:
    """Start a program, let it come to rest, press `first`, then the keys; seconds."""
    terminal = Terminal(argv, more=more)
    try:
        terminal.wait(screen)
        terminal.settle(3.0)
        if first:
            terminal.send(first)
            terminal.settle(2.0)
        pressed(terminal, keys, 2, pace)
        return pressed(terminal, keys, rounds, pace)
    finally:
        terminal.close()


def _wait_for_lines(log: Path) -> None:
    until = time.monotonic() + 20.0
    while time.monotonic() < until and (not log.exists() or log.stat().st_size < 100_000):
        time.sleep(0.05)
