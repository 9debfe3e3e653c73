"""The order of the tests (the long ones first and shared out, the short ones in the gaps), and one folder."""

from __future__ import annotations

import gc
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import textual._wait

from tests.servers import in_memory, postgres, s3

# One server of each for a test process: a module that imports these gets servers of its own.
__all__ = ["postgres", "s3"]

if "TMPDIR" not in os.environ and (memory := in_memory()):
    # Every event that is written waits for the disk, and nothing here has to outlive the machine.
    os.environ["TMPDIR"] = str(memory)
    tempfile.tempdir = None
# Whoever presses keys in this process waits for a console that rests, and asks for it more often than every 20 ms.
textual._wait.SLEEP_GRANULARITY = 1 / 200
textual._wait.SLEEP_IDLE = textual._wait.SLEEP_GRANULARITY / 20
hypothesis.settings.register_profile("vigie", deadline=None)
hypothesis.settings.load_profile("vigie")
"""No property is timed: on a machine with its hands full any example may take long."""
BUNDLES = {
    "e2e/test_kills e2e/test_database_down e2e/test_terminals": 100,
    "e2e/test_bad_release e2e/test_commands e2e/test_doctor e2e/test_readme": 90,
    "attack/test_faults": 55,
    "practice/test_site": 55,
    "attack/test_secrets": 30,
    "attack/test_hostile_text": 25,
    "attack/test_lies attack/test_two_at_once attack/test_command_line": 20,
}
"""Files whose tests wait for real sites and consoles, with about how many seconds they take; each stays together."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every worker its share of the long tests first, and short ones after them, which others may take over.

    xdist hands each worker one stretch of the list and lets idle ones take from the end of another's.
    """
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    bundles: dict[str, list[pytest.Item]] = {name: [] for name in BUNDLES}
    short: list[pytest.Item] = []
    for item in items:
        path = Path(item.path)
        place = f"{path.parent.name}/{path.stem}"
        bundles.get(next((name for name in BUNDLES if place in name.split()), ""), short).append(item)
    shares: list[list[pytest.Item]] = [[] for _ in range(workers)]
    loads = [0] * workers
    for name in sorted(BUNDLES, key=lambda name: -BUNDLES[name]):
        least = loads.index(min(loads))
        shares[least] += bundles[name]
        loads[least] += BUNDLES[name]
    ordered: list[pytest.Item] = []
    for number, share in enumerate(shares):
        stretch = (len(items) - len(ordered)) // (workers - number)
        room = max(0, stretch - len(share)) if number < workers - 1 else len(short)
        ordered += share + short[:room]
        del short[:room]
    items[:] = ordered


def pytest_collection_finish() -> None:
    """What is loaded by now stays: it need not be searched for garbage again and again."""
    gc.collect()
    gc.freeze()
    # And what the tests make is searched more rarely: it takes a tenth of their time.
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture
def walkable() -> Iterator[Path]:
    """A folder that every user may walk to; pytest's own are private."""
    with tempfile.TemporaryDirectory(prefix="vigie-test-") as name:
        Path(name).chmod(0o711)
        yield Path(name)
