"""The order of the tests (the long ones first, so that the short ones fill the gaps at the end), and one folder."""

from __future__ import annotations

import gc
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

hypothesis.settings.register_profile("vigie", deadline=None)
hypothesis.settings.load_profile("vigie")
"""No property is timed: on a machine with its hands full any example may take long."""
LONG = ("e2e", "attack", "practice")
"""Folders whose tests run real sites and consoles for many seconds each, longest first."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort by how long a folder's tests take."""

    def rank(item: pytest.Item) -> int:
        return next((n for n, folder in enumerate(LONG) if folder in Path(item.path).parts), len(LONG))

    items.sort(key=rank)


def pytest_collection_finish() -> None:
    """What is loaded by now stays: it need not be searched for garbage again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def walkable() -> Iterator[Path]:
    """A folder that every user may walk to; pytest's own are private."""
    with tempfile.TemporaryDirectory(prefix="vigie-test-") as name:
        Path(name).chmod(0o711)
        yield Path(name)
