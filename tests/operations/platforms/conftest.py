"""A fresh simulated Vercel for each test that asks for one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.operations.platforms.vercel_ground import Ground, a_ground


@pytest.fixture
def ground() -> Iterator[Ground]:
    with a_ground() as made:
        yield made
