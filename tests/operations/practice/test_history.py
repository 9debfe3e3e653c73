from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from operations.platforms.releases import ReleasesPlatform
from operations.practice import builds, history, scenarios
from operations.practice.containment import child_environment
from operations.practice.layout import Layout, make_folders
from operations.practice.repository import write_repository

NOW = datetime(2026, 3, 4, 3, 12, tzinfo=UTC)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout(tmp_path / "site")
    make_folders(made)
    return made


def git(folder: Path, *words: str) -> list[str]:
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_the_repository_has_twenty_commits_six_releases_and_two_authors(layout: Layout) -> None:
    commits = history.dated(NOW, Random(1))
    hashes = write_repository(layout.repository, commits, child_environment(layout))
    assert len(hashes) == 20
    assert git(layout.repository, "rev-parse", "main") == [hashes[-1]]
    assert git(layout.repository, "tag") == ["v2.0.0", "v2.1.0", "v2.2.0", "v2.3.0", "v2.3.1", "v2.4.0"]
    assert set(git(layout.repository, "log", "--format=%an")) == {"Ana", "Tom"}
    assert git(layout.repository, "status", "--porcelain") == []
    assert len(list((layout.repository / "migrations").iterdir())) == 4


def test_the_same_seed_and_moment_give_the_same_hashes_and_another_seed_others(layout: Layout) -> None:
    environ = child_environment(layout)
    first = write_repository(layout.repository, history.dated(NOW, Random(1)), environ)
    again = write_repository(layout.repository, history.dated(NOW, Random(1)), environ)
    other = write_repository(layout.repository, history.dated(NOW, Random(2)), environ)
    assert first == again
    assert first[-1] != other[-1]


def test_dates_lie_in_the_past_in_order_and_the_newest_release_is_three_days_old() -> None:
    for seed in range(20):
        commits = history.dated(NOW, Random(seed))
        dates = [item.at for item in commits]
        assert dates == sorted(dates)
        live = commits[-1].live_at
        assert live is not None
        assert timedelta(days=3) < NOW - live < timedelta(days=3, hours=4)


def test_every_migration_went_in_just_before_a_release_that_holds_it() -> None:
    commits = history.dated(NOW, Random(1))
    applied = history.migrations_applied(commits)
    assert len(applied) == 4
    live = {item.live_at for item in commits if item.live_at}
    assert all(at + timedelta(seconds=30) in live for at in applied.values())


@pytest.mark.parametrize("name", scenarios.NAMES)
def test_a_scenarios_commits_fit_the_product_and_end_in_a_release_of_their_own(name: str) -> None:
    scenario = scenarios.deal(name, 7)
    commits = history.dated(NOW, Random(1), scenario.commits)
    assert commits[-1].commit.tag == "v2.4.1"
    live = commits[-1].live_at
    assert live is not None
    assert timedelta(minutes=5) < NOW - live < timedelta(minutes=13)
    assert [item.at for item in commits] == sorted(item.at for item in commits)


def test_release_folders_are_what_the_platform_driver_reads(layout: Layout) -> None:
    commits = tuple(item for item in history.dated(NOW, Random(1)) if item.commit.tag)[-2:]
    hashes = [f"{number:040x}" for number in range(len(commits))]
    shelved = builds.shelve(commits, hashes, layout.cache, child_environment(layout))
    builds.file_releases(layout.site("production"), shelved)
    platform = ReleasesPlatform(layout.site("production"))
    live = platform.live()
    assert live is not None
    assert (live.name, live.commit, live.who) == ("v2.4.0", hashes[-1], "tom")
    assert [period.release for period in platform.periods()] == ["v2.4.0", "v2.3.1"]
    page = (shelved[-1].build / "dist" / "index.html").read_text()
    named = [part.split('"')[0] for part in page.split('="')[1:] if part.startswith("/assets/")]
    assert len(named) == 3
    assert all(platform.has_file("v2.4.0", path) for path in named)


def test_a_build_is_made_once(layout: Layout) -> None:
    tree = history.dated(NOW, Random(1))[-1].tree
    first = builds.build_tree(layout.cache, tree, child_environment(layout))
    (first / "kept").touch()
    assert (builds.build_tree(layout.cache, tree, child_environment(layout)) / "kept").exists()
