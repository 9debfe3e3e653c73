"""The git checkout: each thing it may lack is named."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from operations.doctor.checkout import check_checkout
from operations.doctor.finding import Finding
from operations.settings import Environment, PlatformSettings, Settings, Site
from tests.operations.doctor.clinic import by_name
from tests.operations.gitsite import GitSite


@pytest.fixture
def origin(tmp_path: Path) -> GitSite:
    site = GitSite(tmp_path / "origin")
    site.commit("start", {"migrations/0001.sql": "select 1", "app.txt": "1"})
    site.commit("more", {"app.txt": "2"})
    return site


def clone(origin: GitSite, *options: str) -> Path:
    target = origin.path.with_name("clone")
    command = ["git", "clone", "--quiet", *options, origin.path.as_uri(), str(target)]
    subprocess.run(command, check=True, capture_output=True)
    return target


def checked(
    repository: Path, driver: bool = False, branch: str = "main", migrations: str = "migrations"
) -> dict[str, Finding]:
    platform = PlatformSettings(driver="releases" if driver else "", root="x")
    settings = Settings(
        site=Site(name="x", repository=str(repository), branch=branch, migrations=migrations),
        environments={"production": Environment(kind="production", platform=platform)},
    )
    return by_name(check_checkout(settings))


def test_nothing_is_wrong_with_a_whole_clone(origin: GitSite) -> None:
    found = checked(clone(origin))
    assert {finding.verdict for finding in found.values()} == {"ok"}


def test_a_folder_that_is_no_checkout_fails_where_releases_are_switched_and_else_warns(tmp_path: Path) -> None:
    assert checked(tmp_path)["repository"].verdict == "warn"
    found = checked(tmp_path, driver=True)["repository"]
    assert found.verdict == "fail"
    assert "git clone" in found.mend


def test_a_shallow_clone_is_named_with_the_command_that_deepens_it(origin: GitSite) -> None:
    found = checked(clone(origin, "--depth=1"))["history"]
    assert found.verdict == "warn"
    assert "fetch --unshallow" in found.mend


def test_a_branch_that_is_not_there_is_named_with_those_that_are(origin: GitSite) -> None:
    found = checked(clone(origin), branch="trunk")["branch"]
    assert (found.verdict, found.says) == ("warn", "there is no branch trunk here; there is main")


def test_a_checkout_without_a_remote_or_without_migrations_is_a_warning(origin: GitSite) -> None:
    found = checked(origin.path, migrations="prisma/migrations")
    assert [found[name].verdict for name in ("remote", "migrations", "history")] == ["warn", "warn", "ok"]
    assert "site.migrations" in found["migrations"].mend


def test_a_checkout_without_a_commit_is_a_warning(tmp_path: Path) -> None:
    assert checked(GitSite(tmp_path / "empty").path)["migrations"].says == "the checkout has no commit yet"


def test_without_git_the_checkout_is_not_blamed(origin: GitSite, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = clone(origin)
    monkeypatch.setenv("PATH", str(origin.path))
    assert checked(repository)["repository"].mend == "Install git."


def test_a_checkout_of_another_owner_names_the_command_that_trusts_it(origin: GitSite) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    repository = clone(origin)
    for path in (repository, repository / ".git"):
        os.chown(path, 65534, 65534)
    assert checked(repository)["repository"].mend == f"git config --global --add safe.directory {repository}"
