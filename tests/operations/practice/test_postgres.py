"""Preparing the practice site's clusters where the installed binaries can't be walked to."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from operations.practice import postgres

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user runs the installed binaries as they are")


@only_root
def test_two_clusters_at_once_share_one_copy_of_binaries_that_nobody_may_walk_to(
    walkable: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "searchable_by_all", lambda path: False)
    prepare = partial(postgres.prepare_cluster, folder=walkable, password="pw", environ=os.environ)
    with ThreadPoolExecutor() as pool:
        clusters = list(pool.map(prepare, ("production", "staging")))
    assert all(cluster.binaries.is_relative_to(walkable) for cluster in clusters)
    assert all((cluster.data / "PG_VERSION").read_text().strip() == "18" for cluster in clusters)
