"""Real servers, and programs looked for anew in every test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from operations.dump import tools
from tests.operations.jobs.vault import Vault, new_vault
from tests.servers import PostgresServer, S3Server


@pytest.fixture(autouse=True)
def programs_looked_for_anew() -> Iterator[None]:
    """What is installed is asked once a process; here PATH changes."""
    tools.installed.cache_clear()
    yield
    tools.installed.cache_clear()


@pytest.fixture
def vault(tmp_path: Path, postgres: PostgresServer, s3: S3Server) -> Vault:
    """A filled database and a bucket for staging."""
    return new_vault(tmp_path, postgres, s3)
