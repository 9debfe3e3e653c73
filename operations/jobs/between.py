"""What lies between two commits, in the words and the diff a plan shows."""

from __future__ import annotations

from operations.errors import VigieError
from operations.repository import Repository


def brought(repository: Repository, old: str, new: str) -> str:
    """`3 commits, 5 files, +40 -2`. Raises VigieError when git does not answer."""
    count, size = repository.count_between(old, new), repository.size_between(old, new)
    commits = f"{count} commit{'' if count == 1 else 's'}"
    files = f"{size.files} file{'' if size.files == 1 else 's'}"
    return f"{commits}, {files}, +{size.added} -{size.removed}"


def diff_of(repository: Repository, old: str, new: str) -> str:
    """The commits, a line each, and the difference; where git does not answer, that."""
    try:
        commits = repository.commits_between(old, new)
        head = "".join(f"{commit.hash[:7]} {commit.author}: {commit.subject}\n" for commit in commits)
        return f"{head}\n{repository.diff_between(old, new)}"
    except VigieError as error:
        return f"The difference cannot be shown: {error.what}"
