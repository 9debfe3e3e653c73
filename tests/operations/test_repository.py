"""The repository: naming commits, what lies between two of them, recovery tags, worktrees."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from operations.errors import PrerequisiteMissing, VigieError
from operations.git import run_git
from operations.repository import Repository, recovery_tag
from tests.operations.gitsite import GitSite

AT = datetime(2024, 5, 3, 3, 7, 9, tzinfo=UTC)


@pytest.fixture
def site(tmp_path: Path) -> GitSite:
    return GitSite(tmp_path / "repository")


@pytest.fixture
def repository(site: GitSite) -> Repository:
    return Repository(site.path)


def test_a_commit_is_found_by_hash_short_hash_tag_and_branch(site: GitSite, repository: Repository) -> None:
    commit = site.commit("one", {"a": "1"}, tag="v1")
    for value in (commit, commit[:7], commit.upper()[:9], "v1", "main", "refs/tags/v1"):
        assert repository.resolve(value) == commit


@pytest.mark.parametrize(
    "value", ["", " ", "-v1", "--all", "--upload-pack=touch x", "v9", "deadbeef", "v1 ", "a\nb", "..", "x" * 300]
)
def test_a_value_that_names_no_commit_is_refused_with_code_1(site: GitSite, repository: Repository, value: str) -> None:
    site.commit("one", {"a": "1"}, tag="v1")
    with pytest.raises(VigieError) as caught:
        repository.resolve(value)
    assert caught.value.code == 1
    assert "\n" not in caught.value.what


def test_an_unborn_tag_and_an_unborn_branch_have_words_of_their_own(site: GitSite, repository: Repository) -> None:
    with pytest.raises(VigieError, match="no commit yet"):
        repository.resolve("v1")
    site.commit("one", {"a": "1"})
    with pytest.raises(VigieError, match="unborn"):
        repository.resolve("v1")
    with pytest.raises(VigieError, match="no commit deadbee"):
        repository.resolve("deadbee")


def test_a_tag_on_something_that_is_no_commit_is_no_commit(site: GitSite, repository: Repository) -> None:
    site.commit("one", {"a": "1"})
    site.git("tag", "blob", site.git("rev-parse", "HEAD:a"))
    assert repository.find("blob") == ""


def test_a_folder_without_a_repository_is_a_missing_prerequisite(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    for folder in (tmp_path / "plain", tmp_path / "nowhere"):
        with pytest.raises(PrerequisiteMissing) as caught:
            Repository(folder).check()
        assert caught.value.code == 2


def test_commits_files_and_lines_between_two_commits(site: GitSite, repository: Repository) -> None:
    old = site.commit("one", {"a": "1\n2\n", "gone": "x\n"})
    site.commit("two \x1b[31mred", {"a": "1\n3\n4\n"})
    new = site.commit("three", {"b c.txt": "n\n", "gone": None, "image": "\x00\x01"})
    commits = repository.commits_between(old, new)
    assert [(c.subject, c.author) for c in commits] == [("three", "Ana"), ("two red", "Ana")]
    assert commits[0].at.tzinfo is not None
    assert repository.count_between(old, new) == 2
    size = repository.size_between(old, new)
    assert (size.files, size.added, size.removed) == (4, 3, 2)
    assert "b c.txt" in size.names
    assert repository.commits_between(new, new) == []


def test_the_difference_is_cleaned_and_cut(site: GitSite, repository: Repository) -> None:
    old = site.commit("one", {"a": "1\n"})
    new = site.commit("two", {"a": "1\n\x1b]0;title\x07evil\n" + "x\n" * 5000})
    text = repository.diff_between(old, new, limit=2000)
    assert "+evil" in text
    assert "\x1b" not in text
    assert "cut here" in text
    assert len(text) < 2200


def test_ancestors_and_a_commit_that_is_not_here(site: GitSite, repository: Repository) -> None:
    old = site.commit("one", {"a": "1"})
    new = site.commit("two", {"a": "2"})
    assert repository.is_ancestor(old, new) is True
    assert repository.is_ancestor(new, old) is False
    assert repository.is_ancestor("0" * 40, new) is None
    assert repository.is_shallow() is False


def test_migrations_added_changed_and_deleted(site: GitSite, repository: Repository) -> None:
    old = site.commit("one", {"migrations/0001.sql": "a", "migrations/0002.sql": "b", "migrations2/x.sql": "no"})
    new = site.commit(
        "two",
        {"migrations/0001.sql": "a2", "migrations/0002.sql": None, "migrations/0003 é.sql": "c", "other": "1"},
    )
    found = [(f.path, f.change, f.text) for f in repository.changed_files("migrations", old, new)]
    assert found == [
        ("migrations/0001.sql", "changed", "a2"),
        ("migrations/0002.sql", "deleted", None),
        ("migrations/0003 é.sql", "added", "c"),
    ]
    assert repository.files_at(new, "migrations") == ["migrations/0001.sql", "migrations/0003 é.sql"]
    assert repository.files_at(new, "nowhere") == []
    with pytest.raises(VigieError, match="not a folder inside"):
        repository.changed_files("../elsewhere", old, new)


def test_a_recovery_tag_is_annotated_and_made_once(site: GitSite, repository: Repository) -> None:
    commit = site.commit("one", {"a": "1"})
    name = repository.tag_recovery("production", commit, AT, "before rollback to v1")
    assert name == f"recovery/production/20240503T030709Z-{commit[:7]}"
    assert site.git("cat-file", "-t", name) == "tag"
    assert "before rollback" in site.git("tag", "-n1", "--list", name)
    assert repository.tag_recovery("production", commit, AT, "again") == name
    assert list(repository.tags_of(commit)) == [name]
    assert repository.delete_tag(name)
    assert not repository.delete_tag(name)


def test_a_recovery_tag_that_exists_on_another_commit_gets_a_number(site: GitSite, repository: Repository) -> None:
    first = site.commit("one", {"a": "1"})
    second = site.commit("two", {"a": "2"})
    site.git("tag", recovery_tag("production", second, AT), first)
    assert repository.tag_recovery("production", second, AT, "m").endswith("-2")


def test_an_environment_name_with_odd_letters_still_makes_a_tag() -> None:
    assert recovery_tag("eu west/..~", "a" * 40, AT).startswith("recovery/eu-west/2024")


def test_a_tag_goes_to_origin_only_when_pushed(site: GitSite, repository: Repository, tmp_path: Path) -> None:
    commit = site.commit("one", {"a": "1"})
    subprocess.run(["git", "init", "--quiet", "--bare", str(tmp_path / "origin")], check=True)
    name = repository.tag_recovery("production", commit, AT, "m")
    assert "origin" in repository.push_tag(name)
    site.git("remote", "add", "origin", str(tmp_path / "origin"))
    assert repository.push_tag(name) == ""
    assert Repository(tmp_path / "origin").find(f"refs/tags/{name}") == commit


def test_a_worktree_leaves_a_dirty_tree_as_it_is(site: GitSite, repository: Repository, tmp_path: Path) -> None:
    old = site.commit("one", {"a": "1"})
    site.commit("two", {"a": "2"})
    (site.path / "a").write_text("half done work")
    (site.path / "new").write_text("not added")
    hook = site.path / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/hooked\n")
    hook.chmod(0o755)
    before = site.git("status", "--porcelain")
    folder = tmp_path / "checkout"
    subprocess.run(repository.worktree_command(folder, old), check=True, capture_output=True)
    assert (folder / "a").read_text() == "1"
    assert not (tmp_path / "hooked").exists()
    repository.remove_worktree(folder)
    repository.remove_worktree(folder)
    assert not folder.exists()
    assert site.git("worktree", "list").count("\n") == 0
    assert site.git("status", "--porcelain") == before
    assert (site.path / "a").read_text() == "half done work"


def test_a_worktree_of_a_sparse_checkout_is_whole(site: GitSite, repository: Repository, tmp_path: Path) -> None:
    commit = site.commit("one", {"a": "1", "shown/b": "1", "hidden/c": "1"})
    site.git("sparse-checkout", "set", "shown")
    assert not (site.path / "hidden").exists()
    folder = tmp_path / "checkout"
    subprocess.run(repository.worktree_command(folder, commit), check=True, capture_output=True)
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and path.name != ".git"}
    assert there == set(repository.files_at(commit, ".")) == {"a", "shown/b", "hidden/c"}, "git takes the patterns over"
    assert not (site.path / "hidden").exists(), "the user's own tree stays as sparse as it was"


def test_submodules_are_told_from_files_and_folders(site: GitSite, repository: Repository) -> None:
    commit = site.commit("one", {"a": "1", "160000 b": "1", "c/d": "1"})
    assert repository.submodules_at(commit) == []
    site.git("update-index", "--add", "--cacheinfo", f"160000,{commit},vendor/lib")
    site.git("commit", "--quiet", "--message=two")
    assert repository.submodules_at(site.head()) == ["vendor/lib"]
    with pytest.raises(VigieError, match="cannot be listed"):
        repository.submodules_at("0" * 40)


def test_a_commit_stays_on_the_branch_until_it_is_reverted(site: GitSite, repository: Repository) -> None:
    old = site.commit("one", {"a": "1"})
    bad = site.commit("two", {"b": "2"})
    worse = site.commit("three", {"c": "3"})
    assert repository.is_on_branch(worse, "main")
    assert not repository.is_on_branch(worse, "elsewhere")
    assert [c.hash for c in repository.not_reverted(old, worse, "main")] == [worse, bad]
    site.git("revert", "--no-edit", worse)
    assert [c.hash for c in repository.not_reverted(old, worse, "main")] == [bad]
    site.git("revert", "--no-edit", bad)
    assert repository.not_reverted(old, worse, "main") == []
    site.git("revert", "--no-edit", "HEAD")
    assert [c.hash for c in repository.not_reverted(old, worse, "main")] == [bad]


def test_git_that_hangs_is_ended(site: GitSite) -> None:
    site.commit("one", {"a": "1"})
    site.git("config", "alias.hang", "!sleep 600")
    with pytest.raises(VigieError, match="did not end within"):
        run_git(site.path, "hang", limit=0.5)


def test_git_that_floods_is_cut(site: GitSite) -> None:
    site.commit("one", {"a": "1"})
    site.git("config", "alias.flood", "!yes")
    answer = run_git(site.path, "flood", limit=60.0, cap=1000)
    assert answer.truncated
    assert len(answer.output) == 1000


def test_the_callers_git_settings_do_not_leak_in(
    site: GitSite, repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    commit = site.commit("one", {"a": "1"})
    monkeypatch.setenv("GIT_DIR", str(tmp_path))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path))
    assert repository.resolve("main") == commit


def test_a_clone_without_all_its_objects_fetches_nothing_while_we_look(
    site: GitSite, repository: Repository, tmp_path: Path
) -> None:
    commit = site.commit("one", {"a": "1"})
    ran = tmp_path / "ran"
    program = tmp_path / "upload-pack.sh"
    program.write_text(f"#!/bin/sh\ntouch {ran}\nexit 1\n")
    program.chmod(0o755)
    for name, value in (
        ("extensions.partialClone", "origin"),
        ("core.repositoryFormatVersion", "1"),
        ("remote.origin.url", str(site.path)),
        ("remote.origin.promisor", "true"),
        ("remote.origin.uploadpack", str(program)),
    ):
        site.git("config", name, value)
    assert repository.find("a" * 40) == ""
    assert repository.is_ancestor("b" * 40, commit) is None
    assert repository.find(commit) == commit
    assert not ran.exists()


def test_what_git_said_of_full_hashes_is_not_asked_again(
    site: GitSite, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = site.commit("one", {"a": "1"}, tag="v1"), site.commit("two", {"a": "2"})
    asked: list[str] = []

    def asking(path: Path, *arguments: str, **limits: float) -> object:
        asked.append(arguments[0])
        return run_git(path, *arguments, limit=limits["limit"])

    monkeypatch.setattr("operations.repository.run_git", asking)
    for _ in range(2):
        assert repository.is_ancestor(old, new) is True
        assert repository.count_between(old, new) == 1
        assert Repository(site.path).find(old) == old
    assert asked == ["merge-base", "rev-list", "rev-parse"]
    # A name may point elsewhere tomorrow.
    assert repository.find("v1") == repository.find("v1") == old
    assert len(asked) == 5


def test_a_commit_that_was_not_here_is_asked_for_again(site: GitSite, repository: Repository, tmp_path: Path) -> None:
    old = site.commit("one", {"a": "1"})
    other = GitSite(tmp_path / "other")
    other.git("pull", "--quiet", str(site.path), "main")
    new = other.commit("two", {"a": "2"})
    assert repository.is_ancestor(old, new) is None and repository.find(new) == ""
    site.git("fetch", "--quiet", str(other.path), "main")
    assert repository.is_ancestor(old, new) is True and repository.find(new) == new


def test_many_commits_are_placed_behind_a_tip_at_once(site: GitSite, repository: Repository) -> None:
    first = site.commit("one", {"a": "1"}, tag="v1")
    tip = site.commit("two", {"a": "2"})
    ahead = site.commit("three", {"a": "3"})
    blob = site.git("rev-parse", "HEAD:a")
    asked = [first, tip, ahead, "v1", "0" * 40, blob, "", "-x", "nothing"]
    answers = repository.behind(asked, tip)
    assert answers == {
        first: True,
        tip: True,
        "v1": True,
        ahead: False,
        **dict.fromkeys(["0" * 40, blob, "", "-x", "nothing"]),
    }
    assert repository.behind(["", "0" * 40], tip) == {"": None, "0" * 40: None}


def test_a_side_branch_too_long_to_list_is_asked_about_by_itself(
    site: GitSite, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = site.commit("one", {"a": "1"})
    ahead = [site.commit(f"more {number}", {"a": str(number)}) for number in range(4)][-1]
    monkeypatch.setattr("operations.repository.OUTSIDE", 2)
    assert repository.behind([first, ahead], first) == {first: True, ahead: False}


def test_the_forms_of_a_branch_name_their_commits_and_nothing_beside_it(site: GitSite, repository: Repository) -> None:
    commit = site.commit("one", {"a": "1"})
    site.git("update-ref", "refs/remotes/origin/main", commit)
    site.git("update-ref", "refs/heads/release/1", commit)
    assert repository.forms_of("main") == {"refs/heads/main": commit, "refs/remotes/origin/main": commit}
    assert repository.forms_of("release") == {}
    assert repository.forms_of("release/1") == {"refs/heads/release/1": commit}
    assert repository.forms_of("*") == {}


def test_a_shallow_checkout_says_so_once_it_is_whole_no_more(site: GitSite, tmp_path: Path) -> None:
    for number in range(3):
        site.commit(f"commit {number}", {"a": str(number)})
    address = f"file://{site.path}"
    subprocess.run(["git", "clone", "--quiet", "--depth", "1", address, str(tmp_path / "cut")], check=True)
    cut = Repository(tmp_path / "cut")
    assert cut.is_shallow() is True
    subprocess.run(["git", "-C", str(cut.path), "fetch", "--quiet", "--unshallow"], check=True)
    cut.check()
    assert cut.is_shallow() is False
