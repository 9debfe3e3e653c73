"""Migrations between two releases, from git and from the database: can the older code run on today's schema?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from operations.applied_migrations import Applied
from operations.errors import VigieError
from operations.migration_names import in_record, is_migration, name_of, named_by
from operations.migration_sql import Verdict, Word, judge_sql
from operations.repository import FILE_LIMIT, ChangedFile, Repository
from operations.text import one_line

__all__ = ["MigrationItem", "MigrationsBetween", "Verdict", "judge_between", "judge_sql"]

BetweenWord = Literal["none", "adds", "one-way", "cannot-tell", "failed"]
WORDS: dict[BetweenWord, str] = {
    "none": "none",
    "adds": "adds only: old code usually runs",
    "one-way": "one way: the code rolls back, the schema does not",
    "cannot-tell": "cannot tell: the code rolls back, the schema does not",
    "failed": "failed: a migration did not finish",
}
TOO_LARGE = f"too large to read (over {FILE_LIMIT // 1_000_000} MB), or not UTF-8 text"
_RANK: dict[BetweenWord, int] = {"none": 0, "adds": 1, "cannot-tell": 2, "one-way": 3, "failed": 4}


@dataclass(frozen=True, slots=True)
class MigrationItem:
    """One migration between the two releases; its name is made fit to be shown."""

    name: str
    verdict: BetweenWord
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MigrationsBetween:
    """The verdict on all of them. `notes` say what could not be read; nothing unread counts as harmless."""

    verdict: BetweenWord
    items: tuple[MigrationItem, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def safe(self) -> bool:
        """True when evidence may suggest a rollback."""
        return self.verdict in ("none", "adds")

    @property
    def words(self) -> str:
        """The verdict for a person: "0042_add_zone, adds only: old code usually runs"."""
        names = ", ".join(item.name for item in self.items[:3])
        more = f" and {len(self.items) - 3} more" if len(self.items) > 3 else ""
        return f"{names}{more}, {WORDS[self.verdict]}" if names else WORDS[self.verdict]


def judge_between(
    repository: Repository,
    folder: str,
    old: str,
    new: str,
    applied: Callable[[], Sequence[Applied] | None] | None = None,
    *,
    since: datetime | None = None,
) -> MigrationsBetween:
    """Judge what was added under `folder` from commit `old` (the target) to `new` (the live one).

    `applied` reads the database's record (None: no database is configured; it may raise VigieError, and git still
    counts). `since` is when the target last went live: what the database recorded before then, the target ran with.
    """
    changed = [file for file in repository.changed_files(folder, old, new) if is_migration(file.path)]
    known = {name_of(path, folder) for path in _all_paths(repository, folder, old, new)}
    notes: list[str] = []
    recorded: Sequence[Applied] | None = None
    if applied is None:
        notes.append("no database configured: judged from git alone")
    else:
        try:
            recorded = applied()
            if recorded is None:
                notes.append("the database keeps no record of migrations: judged from git alone")
        except VigieError as error:
            notes.append(f"{error.what} Judged from git alone.")
    items = [*_from_git(changed, folder, recorded, known), *_from_database(recorded or (), known, since)]
    return MigrationsBetween(_worst(item.verdict for item in items), tuple(items), tuple(notes))


def judge_lost(
    repository: Repository, folder: str, new: str, live: str, recorded: Sequence[Applied] | None
) -> MigrationsBetween:
    """Judge what the commit that is live has under `folder`, and `new`, which is to replace it, has not.

    `recorded` is the database's own record, None where there is none to go by.
    """
    changed = [
        file
        for file in repository.changed_files(folder, new, live)
        if file.change != "deleted" and is_migration(file.path)
    ]
    known = {name_of(path, folder) for path in _all_paths(repository, folder, new, live)}
    items = tuple(_from_git(changed, folder, recorded, known))
    return MigrationsBetween(_worst(item.verdict for item in items), items)


def unreadable(why: str) -> MigrationsBetween:
    """The verdict when git cannot say what lies between the two releases."""
    return MigrationsBetween("cannot-tell", (), (why,))


def _from_git(
    changed: Iterable[ChangedFile], folder: str, recorded: Sequence[Applied] | None, known: set[str]
) -> Iterable[MigrationItem]:
    """One item a file; what the database says was never applied has no effect on the schema yet."""
    there = None if recorded is None else in_record(recorded, known)
    for file in changed:
        name = name_of(file.path, folder)
        if there is not None and file.change == "added" and name not in there:
            yield MigrationItem(_shown(name), "none", ("not applied in the database",))
        else:
            verdict = judge_file(file)
            yield MigrationItem(_shown(name), verdict.word, verdict.reasons)


def judge_file(file: ChangedFile) -> Verdict:
    """The verdict on one file that lies between two commits."""
    if file.change != "added":
        return Verdict("cannot-tell", (f"the file was {file.change} after it was written",))
    if not file.path.endswith(".sql"):
        return Verdict("cannot-tell", ("not an SQL file",))
    if file.text is None:
        return Verdict("cannot-tell", (TOO_LARGE,))
    return judge_sql(file.text)


def _from_database(recorded: Iterable[Applied], known: set[str], since: datetime | None) -> Iterable[MigrationItem]:
    meant = named_by(known)
    for row in recorded:
        if row.failed:
            yield MigrationItem(_shown(row.name), "failed", (row.failed,))
        elif not meant(row) and not (since and row.at and row.at < since):
            yield MigrationItem(_shown(row.name), "cannot-tell", ("recorded in the database but not in git",))


def _all_paths(repository: Repository, folder: str, old: str, new: str) -> Iterable[str]:
    yield from repository.files_at(old, folder)
    yield from repository.files_at(new, folder)


def _shown(name: str) -> str:
    return one_line(name, 200)


def _worst(words: Iterable[Word | BetweenWord]) -> BetweenWord:
    return max(words, key=lambda word: _RANK[word], default="none")
