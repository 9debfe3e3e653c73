"""Builds of the product's releases, and the release folders they are filed in.

A build depends on the tree alone and is kept; who built it when, and what went live when, is written for each session.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from operations.practice.history import Dated, Tree
from operations.practice.processes import run

BUILD_LIMIT = 120.0
BUILD_COMMAND = (sys.executable, "build.py")


@dataclass(frozen=True, slots=True)
class Shelved:
    """One release as the platform will find it."""

    name: str
    commit: str
    who: str
    title: str
    built_at: datetime
    live_at: datetime
    build: Path


def build_tree(cache: Path, tree: Tree, environ: Mapping[str, str]) -> Path:
    """The built folder of that tree, by the product's own build command; made once. Raises VigieError."""
    key = hashlib.sha256(json.dumps(sorted(tree.items())).encode()).hexdigest()[:20]
    folder = cache / "builds" / key
    if folder.is_dir():
        return folder
    fresh = folder.with_name(key + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    for path, text in tree.items():
        file = fresh / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    kept = {**environ, "HARBOUR_BUILD_CACHE": str(cache / "maps")}
    run(BUILD_COMMAND, folder=fresh, environ=kept, limit=BUILD_LIMIT)
    fresh.rename(folder)
    return folder


def shelve(
    commits: Sequence[Dated], hashes: Sequence[str], cache: Path, environ: Mapping[str, str]
) -> tuple[Shelved, ...]:
    """Every tagged commit built, in the order they went live."""
    return tuple(
        Shelved(
            name=item.commit.tag,
            commit=commit,
            who=item.commit.who.lower(),
            title=item.commit.title,
            built_at=item.live_at - timedelta(seconds=45),
            live_at=item.live_at,
            build=build_tree(cache, item.tree, environ),
        )
        for item, commit in zip(commits, hashes, strict=True)
        if item.live_at is not None
    )


def file_releases(root: Path, shelved: Sequence[Shelved]) -> None:
    """Lay out the platform's folder: every release, the record of switches, and `current` on the last one."""
    fresh = root / "releases.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for release in shelved:
        shutil.copytree(release.build, fresh / release.name)
        record = {
            "name": release.name,
            "commit": release.commit,
            "who": release.who,
            "built_at": stamp(release.built_at),
            "title": release.title,
        }
        (fresh / release.name / "release.json").write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    shutil.rmtree(root / "releases", ignore_errors=True)
    fresh.rename(root / "releases")
    (root / ".switching.json").unlink(missing_ok=True)
    lines = [
        {"at": stamp(r.live_at), "release": r.name, "who": r.who, "how": "publish", "commit": r.commit} for r in shelved
    ]
    (root / "releases.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    point_current(root, shelved[-1].name)


def point_current(root: Path, name: str) -> None:
    """Switch `current` with one rename."""
    link = root / ".current-next"
    link.unlink(missing_ok=True)
    link.symlink_to(Path("releases") / name)
    link.replace(root / "current")


def stamp(at: datetime) -> str:
    """ISO 8601 in UTC with Z."""
    return at.isoformat().replace("+00:00", "Z")
