"""Fixtures of the attacks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.attack.world import World, a_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A site of one's own to attack."""
    with a_world(tmp_path) as built:
        yield built
