"""The site's git checkout, read and tagged; its work tree is never touched. Commits are full hashes."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from operations.errors import PrerequisiteMissing, VigieError
from operations.git import GIT_LIMIT, GitAnswer, git_command, run_git
from operations.text import clean, one_line

MOST_COMMITS = 200
DIFF_LIMIT = 200_000
FILE_LIMIT = 1_000_000
TREE_LIMIT = 268_435_456
KEPT = 2000
KEPT_BYTES = 20_000
"""The most answers of git that are kept, and the longest."""
OUTSIDE = 20_000
"""Commits outside a line of history that are read in one go; with more, git is asked about each."""
_HASH = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_SUBMODULE = "160000 "
"""The mode git gives it (gitformat-index(5), gitlink)."""
_HEX = re.compile(r"[0-9a-f]{4,64}", re.IGNORECASE)
_AUTHOR = ("-c", "user.name=vigie", "-c", "user.email=vigie@localhost")
_kept: dict[tuple[str, ...], GitAnswer] = {}


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit, its subject cleaned; `at` is the committer's time in UTC."""

    hash: str
    author: str
    at: datetime
    subject: str


@dataclass(frozen=True, slots=True)
class Size:
    """How much differs between two commits."""

    files: int
    added: int
    removed: int
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """One file that differs. `text` is what the newer commit holds; None when deleted, too large or not text."""

    path: str
    change: str
    """added, changed or deleted."""
    text: str | None


class Repository:
    """One checkout. Every call has a time limit and raises VigieError when git does not answer."""

    def __init__(self, path: Path, limit: float = GIT_LIMIT) -> None:
        self.path = path
        self._limit = limit
        self._shallow: bool | None = None

    def check(self) -> None:
        """Raise PrerequisiteMissing unless this is a git repository that may be read."""
        answer = run_git(self.path, "rev-parse", "--git-dir", "--is-shallow-repository", limit=self._limit)
        if answer.code:
            raise PrerequisiteMissing(
                f"{self.path} is not a git repository that can be read: {answer.complaint}",
                next_step="Set site.repository to the site's checkout.",
            )
        self._shallow = answer.text.splitlines()[-1] == "true"

    def resolve(self, value: str) -> str:
        """The full hash of a commit named by hash, tag or branch. Raises VigieError (code 1) when there is none."""
        found = self.find(value)
        if found:
            return found
        shown = one_line(value, 60)
        if value.startswith("-") or not value.strip():
            raise VigieError(f"{shown!r} is not a commit.", next_step="Name a hash, a tag or a release.")
        if not self.find("HEAD") and not self._any_commit():
            raise VigieError(f"{self.path} has no commit yet: its branch is unborn.")
        if _HEX.fullmatch(value):
            raise VigieError(f"There is no commit {shown} in this checkout.", next_step="Try: git fetch --tags")
        raise VigieError(
            f"There is no tag, branch or commit {shown} in this checkout.",
            means="A tag that nobody pushed, or that was not fetched, is unborn here.",
            next_step="Try: git fetch --tags",
        )

    def find(self, value: str) -> str:
        """As `resolve`, but empty when there is no such commit."""
        if value.startswith("-") or not value.strip() or len(value) > 200 or not value.isprintable():
            return ""
        named = self._told((value,), "rev-parse", "--verify", "--quiet", "--end-of-options", f"{value}^{{commit}}").text
        return named if _HASH.fullmatch(named) else ""

    def commit(self, hash_: str) -> Commit:
        """Who made that commit (a full hash), when, and its subject."""
        text = self._ask("log", "-z", "--max-count=1", _SHAPE, "--end-of-options", hash_, "--", of=(hash_,))
        return _commits(text)[0]

    def commits_between(self, old: str, new: str, *, merges: bool = True) -> Sequence[Commit]:
        """Commits in `new` that are not in `old`, newest first, at most 200; without `merges` those are left out."""
        shape = (_SHAPE, *(() if merges else ("--no-merges",)))
        span = (f"--max-count={MOST_COMMITS}", "--end-of-options", f"{old}..{new}", "--")
        text = self._ask("log", "-z", *shape, *span, of=(old, new))
        return _commits(text)

    def newest(self, ref: str, most: int) -> Sequence[Commit]:
        """The newest commits of a reference, newest first."""
        return _commits(self._ask("log", "-z", f"--max-count={most}", _SHAPE, "--end-of-options", ref, "--"))

    def count_between(self, old: str, new: str) -> int:
        """How many commits `new` has that `old` has not."""
        return int(self._ask("rev-list", "--count", "--end-of-options", f"{old}..{new}", "--", of=(old, new)))

    def size_between(self, old: str, new: str) -> Size:
        """Files and lines that differ between two commits; binary files count no lines."""
        of = (old, new)
        text = self._ask("diff", "--numstat", "-z", *_PLAIN_DIFF, "--end-of-options", old, new, "--", of=of)
        rows = [row.split("\t", 2) for row in text.split("\0") if row.count("\t") >= 2]
        added = sum(int(row[0]) for row in rows if row[0].isdigit())
        removed = sum(int(row[1]) for row in rows if row[1].isdigit())
        return Size(len(rows), added, removed, tuple(one_line(row[2]) for row in rows[:MOST_COMMITS]))

    def diff_between(self, old: str, new: str, limit: int = DIFF_LIMIT) -> str:
        """The difference as text, cleaned, cut at `limit` characters with a line that says so."""
        answer = run_git(
            self.path, "diff", *_PLAIN_DIFF, "--end-of-options", old, new, "--", limit=self._limit, cap=limit
        )
        text = clean(answer.output, limit=limit)
        return f"{text}\n… cut here: the difference is larger than {limit:,} characters\n" if answer.truncated else text

    def is_ancestor(self, old: str, new: str) -> bool | None:
        """Whether `old` lies behind `new`; None when one of them is not in this checkout."""
        answer = self._told((old, new), "merge-base", "--is-ancestor", "--end-of-options", old, new)
        return {0: True, 1: False}.get(answer.code)

    def behind(self, commits: Collection[str], tip: str) -> Mapping[str, bool | None]:
        """As `is_ancestor` of each commit to `tip` (a full hash), in two calls of git however many they are."""
        hashes = {commit: commit if _HASH.fullmatch(commit) else self.find(commit) for commit in commits}
        named = sorted({*hashes.values()} - {""})
        if not named:
            return dict.fromkeys(commits)
        some = ("rev-list", "--ignore-missing", "--end-of-options")
        here = set(self._ask(*some[:2], "--no-walk=unsorted", some[2], *named).split())
        outside = self._ask(*some, *sorted(here), f"^{tip}").split() if here else []
        if len(outside) > OUTSIDE:
            return {commit: self.is_ancestor(hash_, tip) if hash_ else None for commit, hash_ in hashes.items()}
        ahead = set(outside)
        return {commit: hash_ not in ahead if hash_ in here else None for commit, hash_ in hashes.items()}

    def is_shallow(self) -> bool:
        """True for a checkout without its whole history, in which "not an ancestor" proves nothing.

        As the last `check` of this object saw it.
        """
        if self._shallow is None:
            self.check()
        return bool(self._shallow)

    def changed_files(self, folder: str, old: str, new: str) -> Sequence[ChangedFile]:
        """Files under `folder` that were added, changed or deleted from `old` to `new`, by path."""
        shape = ("--name-status", "-z", *_PLAIN_DIFF, "--end-of-options")
        text = self._ask("diff", *shape, old, new, "--", _pathspec(folder), of=(old, new))
        fields = text.split("\0")
        pairs = sorted(zip(fields[1::2], fields[::2], strict=False))
        words = {"A": "added", "D": "deleted"}
        return [
            ChangedFile(path, words.get(letter[:1], "changed"), None if letter == "D" else self.text_at(new, path))
            for path, letter in pairs
        ]

    def files_at(self, commit: str, folder: str) -> Sequence[str]:
        """Paths of the files under `folder` in that commit; empty when it has no such folder."""
        inside = _pathspec(folder).removeprefix(_LITERAL)
        text = self._ask("ls-tree", "-r", "-z", "--name-only", "--full-tree", commit, "--", inside, of=(commit,))
        return [path for path in text.split("\0") if path]

    def submodules_at(self, commit: str) -> Sequence[str]:
        """Paths in that commit that are other repositories: a checkout has an empty folder there."""
        answer = run_git(self.path, "ls-tree", "-r", "-z", "--full-tree", commit, limit=self._limit, cap=TREE_LIMIT)
        if answer.code or answer.truncated:
            why = answer.complaint_if_failed or f"it holds more than {TREE_LIMIT:,} bytes of names"
            raise VigieError(f"The files of {commit[:7]} cannot be listed: {why}", code=2)
        rows = (row.partition("\t") for row in answer.text.split("\0") if row.startswith(_SUBMODULE))
        return [one_line(path) for _, _, path in rows]

    def altered_in(self, worktree: Path, commit: str, folder: str) -> Sequence[str]:
        """Paths under `folder` that a worktree has otherwise than that commit (a full hash): changed, gone or new.

        Of what git ignores only SQL counts as new.
        """
        inside = _pathspec(folder)
        differ = self._paths_in(worktree, "diff", "--name-only", "-z", *_PLAIN_DIFF, commit, "--", inside)
        new = self._paths_in(worktree, "ls-files", "--others", "--exclude-standard", "-z", "--", inside)
        ignored = self._paths_in(
            worktree, "ls-files", "--others", "--ignored", "--exclude-standard", "-z", "--", inside
        )
        return sorted({*differ, *new, *(path for path in ignored if path.endswith(".sql"))})

    def _paths_in(self, worktree: Path, *arguments: str) -> Sequence[str]:
        answer = run_git(worktree, "-c", "core.fileMode=false", *arguments, limit=self._limit)
        if answer.code:
            raise VigieError(f"git {arguments[0]} in {worktree} failed: {answer.complaint}", code=2)
        return [path for path in answer.text.split("\0") if path]

    def tags_of(self, commit: str) -> Sequence[str]:
        """Names of the tags on that commit."""
        text = self._ask("for-each-ref", f"--points-at={commit}", "--format=%(refname:short)", "refs/tags")
        return [one_line(line) for line in text.splitlines()[:MOST_COMMITS]]

    def branches_with(self, commit: str) -> Sequence[str]:
        """Names of all branches, local or origin's as last fetched, that hold that commit; each once."""
        shape = (f"--contains={commit}", "--format=%(refname)", "refs/heads", "refs/remotes/origin")
        refs = self._ask("for-each-ref", *shape).splitlines()
        names = (ref.removeprefix("refs/heads/").removeprefix("refs/remotes/origin/") for ref in refs)
        return list(dict.fromkeys(one_line(name) for name in names if name != "HEAD"))

    def branches_holding(self, commit: str, branch: str) -> Sequence[str]:
        """The forms of `branch` here (local, origin's as last fetched) that hold that commit."""
        return [ref for ref, tip in self.forms_of(branch).items() if self.is_ancestor(commit, tip)]

    def is_on_branch(self, commit: str, branch: str) -> bool:
        """Whether the commit is part of that branch, local or as last fetched."""
        return bool(self.branches_holding(commit, branch))

    def not_reverted(self, old: str, new: str, *tips: str) -> Sequence[Commit]:
        """Commits of `old..new` (merges apart) that no commit after `new` in one of `tips` takes back, newest first."""
        reverted = {commit for tip in set(tips) for commit in self._reverted_in(new, tip)}
        merges = set(self._ask("rev-list", "--merges", "--end-of-options", f"{old}..{new}", "--").split())
        for merge in merges & reverted:
            reverted |= set(self._ask("rev-list", "--end-of-options", f"{merge}^1..{merge}", "--").split())
        return [commit for commit in self.commits_between(old, new, merges=False) if commit.hash not in reverted]

    def tag_recovery(self, environment: str, commit: str, at: datetime, message: str) -> str:
        """As `tag`, for the commit that a rollback leaves."""
        return self.tag("recovery", environment, commit, at, message)

    def tag(self, kind: str, environment: str, commit: str, at: datetime, message: str) -> str:
        """Put an annotated tag `<kind>/<env>/<utc>-<sha7>` on a commit; returns its name.

        A tag of that name on the same commit is taken as it is; on another one a number is added.
        """
        wanted = tag_name(kind, environment, commit, at)
        for name in (wanted, *(f"{wanted}-{number}" for number in range(2, 10))):
            there = self.find(f"refs/tags/{name}")
            if there == commit:
                return name
            if there:
                continue
            signed = () if self._has_author() else _AUTHOR
            answer = run_git(
                self.path, *signed, "tag", "--annotate", f"--message={message}", "--", name, commit, limit=self._limit
            )
            if answer.code == 0:
                return name
            raise VigieError(f"The {kind} tag could not be made: {answer.complaint}")
        raise VigieError(f"There are ten tags named {wanted} already.")

    def delete_tag(self, name: str) -> bool:
        """Remove a local tag; False when there was none."""
        return run_git(self.path, "tag", "--delete", "--", name, limit=self._limit).code == 0

    def push_tag(self, name: str) -> str:
        """Push a tag to origin; returns the complaint, empty when it went."""
        ref = f"refs/tags/{name}"
        return run_git(
            self.path, "push", "--no-verify", "origin", f"{ref}:{ref}", limit=30.0, network=True
        ).complaint_if_failed

    def worktree_command(self, folder: Path, commit: str) -> tuple[str, ...]:
        """The call that checks `commit` (a full hash) out into a new folder beside, leaving the work tree alone.

        Whole, also where this checkout is a sparse one: git would give the new folder the same patterns.
        """
        whole = ("-c", "core.sparseCheckout=false")
        return git_command(self.path, *whole, "worktree", "add", "--detach", "--force", "--", str(folder), commit)

    def remove_worktree(self, folder: Path) -> None:
        """Forget a worktree and remove its folder; fine when either is gone."""
        import shutil

        removed = run_git(self.path, "worktree", "remove", "--force", "--force", "--", str(folder), limit=60.0)
        shutil.rmtree(folder, ignore_errors=True)
        if removed.code:
            run_git(self.path, "worktree", "prune", limit=self._limit)

    def _told(self, of: Sequence[str], *arguments: str) -> GitAnswer:
        """What git says. A good answer `of` full hashes alone is kept: a commit never changes.

        A bad one may: what is not here today can be fetched tomorrow.
        """
        key = (str(self.path), *arguments)
        if (kept := _kept.get(key)) is not None:
            return kept
        answer = run_git(self.path, *arguments, limit=self._limit)
        if answer.code == 0 and len(answer.output) < KEPT_BYTES and all(_HASH.fullmatch(commit) for commit in of):
            if len(_kept) >= KEPT:
                _kept.clear()
            _kept[key] = answer
        return answer

    def _ask(self, *arguments: str, of: Sequence[str] = ()) -> str:
        answer = self._told(of, *arguments) if of else run_git(self.path, *arguments, limit=self._limit)
        if answer.code and not answer.truncated:
            raise VigieError(f"git {arguments[0]} in {self.path} failed: {answer.complaint}", code=2)
        return answer.text

    def text_at(self, commit: str, path: str) -> str | None:
        """The content of one file in that commit; None when it is not there, too large or not text."""
        answer = run_git(self.path, "cat-file", "blob", f"{commit}:{path}", limit=self._limit, cap=FILE_LIMIT)
        if answer.code or answer.truncated:
            return None
        try:
            return answer.output.decode("utf-8")
        except UnicodeDecodeError:
            return None

    def forms_of(self, branch: str) -> dict[str, str]:
        """The references here that are that branch, local before origin's as last fetched, each with its commit."""
        refs = (f"refs/heads/{branch}", f"refs/remotes/origin/{branch}")
        lines = self._ask("for-each-ref", "--format=%(refname) %(objectname)", *refs).splitlines()
        # A pattern also finds what lies in a folder of that name.
        found = dict(line.rsplit(" ", 1) for line in lines)
        return {ref: found[ref] for ref in refs if ref in found}

    def _reverted_in(self, commit: str, tip: str) -> set[str]:
        """Commits that something after `commit` in `tip` says it reverts, reverts of reverts worked out."""
        text = self._ask("log", "-z", "--format=%H%x1f%b", "--end-of-options", f"{commit}..{tip}", "--")
        taken_back: dict[str, list[str]] = {}
        for row in text.split("\0"):
            hash_, _, body = row.partition("\x1f")
            for named in re.findall(r"[Tt]his reverts commit ([0-9a-f]{40,64})", body):
                taken_back.setdefault(named, []).append(hash_)
        return {named for named in taken_back if _holds(named, taken_back)}

    def _has_author(self) -> bool:
        return bool(run_git(self.path, "config", "--get", "user.email", limit=self._limit).text)

    def _any_commit(self) -> bool:
        return bool(self._ask("rev-list", "--all", "--max-count=1"))


def _commits(text: str) -> list[Commit]:
    rows = (row.split("\x1f", 3) for row in text.split("\0") if row.count("\x1f") >= 3)
    return [
        Commit(row[0], one_line(row[1], 60), datetime.fromtimestamp(int(row[2]), UTC), one_line(row[3])) for row in rows
    ]


_SHAPE = "--format=%H%x1f%an%x1f%ct%x1f%s"
_LITERAL = ":(top,literal)"
_PLAIN_DIFF = ("--no-renames", "--no-ext-diff", "--no-textconv")


def recovery_tag(environment: str, commit: str, at: datetime) -> str:
    """The name of the tag on the commit that a rollback leaves."""
    return tag_name("recovery", environment, commit, at)


def tag_name(kind: str, environment: str, commit: str, at: datetime) -> str:
    """`<kind>/<env>/<yyyymmddThhmmssZ>-<sha7>`, the environment in letters a tag may have."""
    safe = re.sub(r"[^A-Za-z0-9_-]+", "-", environment).strip("-") or "environment"
    return f"{kind}/{safe}/{at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{commit[:7]}"


def _pathspec(folder: str) -> str:
    """A folder of the repository, literally: no pattern, no way out of it."""
    inside = PurePosixPath(folder)
    if inside.is_absolute() or ".." in inside.parts:
        raise VigieError(f"{one_line(folder)} is not a folder inside the repository.", code=2)
    return f"{_LITERAL}{inside}"


def _holds(commit: str, taken_back: dict[str, list[str]], depth: int = 0) -> bool:
    """True when some revert of `commit` was not itself reverted."""
    reverts = taken_back.get(commit, [])
    return depth < 20 and any(not _holds(revert, taken_back, depth + 1) for revert in reverts)
