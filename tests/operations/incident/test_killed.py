"""`kill -9` at any moment of an incident loses nothing that was acknowledged, and what follows goes on from there.

Five moments; `VIGIE_KILLS=200` asks for more.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from operations.desk import utc_now
from operations.engine.journal import Journal
from operations.engine.redaction import Redactor
from operations.incident.book import IncidentBook

KILLS = int(os.environ.get("VIGIE_KILLS", "5"))
IN_ONE_JOURNAL = 10
"""Each goes on where the one before was killed; then a new journal, so that reading all of it stays quick."""
LINES = 330
"""About as many as one play of the script acknowledges."""


def killed_at(state: Path, chance: random.Random) -> list[str]:
    """Play the script, kill it somewhere, and return the ids it had acknowledged."""
    command = [sys.executable, "-m", "tests.operations.incident.scripted", str(state)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(chance.randrange(LINES))]
        with suppress(subprocess.TimeoutExpired):
            process.wait(chance.random() * 0.003)
        process.kill()
        said += process.stdout.readlines()
    return [line.strip() for line in said if line.endswith("\n")]


@pytest.mark.timeout(120 + 10 * KILLS)
def test_an_incident_that_is_killed_at_random_moments_loses_nothing(tmp_path: Path) -> None:
    chance = random.Random(os.environ.get("VIGIE_SEED", "11"))
    acknowledged: set[str] = set()
    counted = cut_short = 0
    for number in range(KILLS):
        state = tmp_path / str(number // IN_ONE_JOURNAL)
        acknowledged = set() if number % IN_ONE_JOURNAL == 0 else acknowledged
        said = killed_at(state, chance)
        cut_short += bool(said) and len(said) < LINES - 40
        counted += len(said)
        acknowledged |= set(said)
        journal = Journal.open(state / "journal.sqlite", actor="ana", redactor=Redactor(), now=utc_now)
        assert acknowledged <= {event.id for _, event in journal.events()}
        assert journal.verify() == []
        book = IncidentBook(journal)
        book.refresh()
        assert [one.head for one in book.all()] == list(book.heads())
        journal.close()
        assert not (state / "fallback").exists()
    assert counted > 20 * KILLS
    assert cut_short > KILLS // 2
