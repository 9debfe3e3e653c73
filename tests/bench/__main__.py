"""`python -m tests.bench [--quick]`: prints the table of budgets. A figure over its budget fails nothing."""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from tests.bench.acting import acting
from tests.bench.dumping import dumping
from tests.bench.ground import healthy_site
from tests.bench.idling import idles
from tests.bench.journaling import journaling
from tests.bench.keys import key_rows
from tests.bench.longjournal import EVENTS, long_journal
from tests.bench.many import many
from tests.bench.posting import Posting, install
from tests.bench.report import Row, table
from tests.bench.starting import starts

PARTS = ("start", "journal", "keys", "idle", "act", "many", "dump")
BESIDE_POSTING = {"start", "keys", "idle"}
ON_THE_SITE = {"start", "journal", "keys", "idle", "act"}


def main() -> int:
    """Measure and print; 0 also when something is over."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer runs: a first impression")
    parser.add_argument("--only", choices=PARTS, action="append", help="one part, or several")
    parser.add_argument("--no-peer", action="store_true", help="without posting, which has to be installed for it")
    asked = parser.parse_args()
    parts = asked.only or PARTS
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="vigie-bench-peer-") as folder:
        peer = Posting(trouble="not asked for")
        if set(parts) & BESIDE_POSTING and not asked.no_peer:
            _say("installing posting into an environment of its own")
            peer = install(Path(folder))
        if set(parts) & ON_THE_SITE:
            rows += _on_the_site(set(parts), peer, quick=asked.quick)
    if "many" in parts:
        _say("a thousand probes")
        rows += asyncio.run(many(20.0 if asked.quick else 60.0))
    if "dump" in parts:
        _say("backing up and restoring 300 MB")
        rows += dumping(1 if asked.quick else 5)
    print(_machine())
    print(table(rows))
    if set(parts) & BESIDE_POSTING:
        print(f"  posting: {peer.trouble or peer.name}")
    return 0


def _on_the_site(parts: set[str], peer: Posting, *, quick: bool) -> list[Row]:
    """What is measured on the practice site."""
    rows: list[Row] = []
    with healthy_site() as ground:
        if {"start", "journal"} & parts:
            events = EVENTS // 50 if quick else EVENTS
            _say(f"writing a journal of {events:,} events")
            long = long_journal(ground, events)
        if "start" in parts:
            _say("starting the console, the console on the long journal, the hello-world and posting, in turn")
            rows += starts(ground, long.config, events, 3 if quick else 15, peer)
        if "journal" in parts:
            _say("reading and writing the long journal")
            rows += journaling(long.journal, events, 3 if quick else 15)
        if "keys" in parts:
            _say("pressing keys")
            rows += key_rows(ground, 8 if quick else 30, peer)
        if "idle" in parts:
            _say("looking at it while nothing happens")
            rows += idles(ground, 1 if quick else 3, peer)
        if "act" in parts:
            _say("rolling back by promote and by rebuild, smoke tests beside curl")
            rows += acting(ground, 1 if quick else 3)
    return rows


def _machine() -> str:
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores, load {load:.1f}, Linux {platform.release().split('-')[0]}, "
        f"Python {platform.python_version()}, Textual {version('textual')}\n"
    )


def _say(words: str) -> None:
    print(f"{words} ...", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
