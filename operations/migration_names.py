"""Which migration a file is, and which one a record in the database means.

A name stands for itself alone. A version stands for a migration only in a record that is one by versions, Supabase's.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import PurePosixPath

from operations.applied_migrations import Applied
from operations.text import one_line

_NOT_MIGRATIONS = re.compile(
    r"(?i)(^|/)(readme[^/]*|\.[^/]+|migration_lock\.toml|[^/]*\.md|([^/]*\.)?down\.sql"
    r"|meta/(_journal|\d+_snapshot)\.json)$"
)
"""The last are Drizzle's own notes."""
_PRISMA_FILE = "migration.sql"
_TIMESTAMP = 14
"""Digits of a version that no other migration has by chance: a date and a time to the second."""


def is_migration(path: str, driver: str = "") -> bool:
    """Whether a file in the folder of migrations is one: no README, no lock, no way back.

    Prisma (`driver`) runs `migration.sql` alone, whatever lies beside it.
    """
    name = PurePosixPath(path).name
    return not _NOT_MIGRATIONS.search(path) and (driver != "prisma" or name == _PRISMA_FILE)


def name_of(path: str, folder: str) -> str:
    """`0042_add_zone` for a plain file, `2026/0042_add_zone` for one in a folder, and Prisma's folder for its file."""
    inside = PurePosixPath(path).relative_to(PurePosixPath(folder))
    if len(inside.parts) == 2 and inside.name == _PRISMA_FILE:
        return inside.parts[0]
    return plain_name("/".join((*inside.parts[:-1], inside.stem)))


def plain_name(name: str) -> str:
    """A name as the record may hold it, without the suffixes of its file."""
    return name.removesuffix(".sql").removesuffix(".up")


def named_by(names: Iterable[str]) -> Callable[[Applied], str]:
    """Which of `names` a record means; empty for none of them. A version that two of them have means neither."""
    there = frozenset(names)
    versions = Counter(version for name in there if (version := _version_in(name)))
    alone = {version: name for name in there if (version := _version_in(name)) and versions[version] == 1}

    def meant(row: Applied) -> str:
        plain = plain_name(row.name)
        return plain if plain in there else alone.get(_version_of(row), "")

    return meant


def in_record(rows: Iterable[Applied], names: Collection[str]) -> frozenset[str]:
    """Those of `names` that one of the rows means."""
    meant = named_by(names)
    return frozenset(filter(None, map(meant, rows)))


def doubled(paths: Sequence[str], folder: str, rows: Sequence[Applied], driver: str = "") -> str:
    """Files that nobody can tell apart by the record, in words; empty when there are none.

    `driver` is who applies them: Supabase records versions, everybody else names.
    """
    named: dict[str, list[str]] = {}
    versions: dict[str, list[str]] = {}
    for path in sorted(path for path in paths if is_migration(path, driver)):
        name = name_of(path, folder)
        named.setdefault(name, []).append(path)
        if version := _version_in(name):
            versions.setdefault(version, []).append(path)
    if two := _two_of(named):
        return f"{two[1]} are one migration to the record, {two[0]}: rename one of them"
    recorded = {_version_of(row) for row in rows if plain_name(row.name) not in named}
    asked = versions if driver == "supabase" else {one: found for one, found in versions.items() if one in recorded}
    if two := _two_of(asked):
        return f"{two[1]} have one version, {two[0]}, which is all that the record holds of either: rename one of them"
    folders = {name.partition("/")[0] for name in named if "/" in name} - named.keys()
    if whole := next((row.name for row in rows if row.name in folders and not row.failed), ""):
        says = f"the record names the folder {one_line(whole, 80)}, and which of its files that means nobody can tell"
        return f"{says}: record each that is in the database as {one_line(whole, 80)}/<file>"
    return ""


def _two_of(found: Mapping[str, Sequence[str]]) -> tuple[str, str] | None:
    for key, paths in found.items():
        if len(paths) > 1:
            return one_line(key, 80), " and ".join(one_line(path, 120) for path in paths[:2])
    return None


def _version_in(name: str) -> str:
    """The number that a file's name begins with, as Supabase reads it."""
    found = re.match(r"\d+(?=_|$)", name)
    return found[0] if found else ""


def _version_of(row: Applied) -> str:
    """The version that a record stands for. One with a name is found by that, unless its version is a timestamp."""
    plain = plain_name(row.name)
    version = row.version or (plain if plain.isascii() and plain.isdigit() and len(plain) >= _TIMESTAMP else "")
    return version if version == plain or len(version) >= _TIMESTAMP else ""
