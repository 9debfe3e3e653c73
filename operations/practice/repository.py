"""The product's git repository, written anew for each session so that its dates fit the day.

One `git fast-import` makes it: the same history, seed and moment give the same hashes.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from operations.errors import PrerequisiteMissing
from operations.practice.history import Dated, Tree
from operations.practice.processes import run

BRANCH = "main"
_MAIL = "harbour-tow.example"
LIMIT = 30.0


def write_repository(folder: Path, commits: Sequence[Dated], environ: Mapping[str, str]) -> tuple[str, ...]:
    """Make the repository with `main` checked out; returns the commits' full hashes in their order.

    Whatever was in `folder` is gone. Raises PrerequisiteMissing without git, VigieError when git fails.
    """
    git = shutil.which("git", path=environ.get("PATH"))
    if git is None:
        raise PrerequisiteMissing("git is not installed.", next_step="Install git.")
    fresh = folder.with_name(folder.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)

    def call(*arguments: str, given: bytes = b"") -> bytes:
        return run([git, *arguments], folder=fresh, environ=environ, limit=LIMIT, given=given)

    call("init", "--quiet", f"--initial-branch={BRANCH}")
    for name, value in (("user.name", "Practice"), ("user.email", f"practice@{_MAIL}"), ("commit.gpgsign", "false")):
        call("config", name, value)
    call("config", "tag.gpgsign", "false")
    call("config", "gc.auto", "0")
    call("fast-import", "--quiet", "--export-marks=.git/practice-marks", given=stream(commits))
    call("reset", "--quiet", "--hard", BRANCH)
    marks = dict(line.split() for line in (fresh / ".git" / "practice-marks").read_text("ascii").splitlines())
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)
    return tuple(marks[f":{number}"] for number in range(1, len(commits) + 1))


def stream(commits: Sequence[Dated]) -> bytes:
    """The history in fast-import's language (git-fast-import(1)). Only what changed is written."""
    parts: list[bytes] = []
    before: Tree = {}
    for number, item in enumerate(commits, start=1):
        who = _person(item.commit.who, item.at)
        parts.append(f"commit refs/heads/{BRANCH}\nmark :{number}\nauthor {who}\ncommitter {who}\n".encode())
        parts.append(_data(item.commit.title + "\n"))
        if number > 1:
            parts.append(f"from :{number - 1}\n".encode())
        for path, text in sorted(item.tree.items()):
            if before.get(path) != text:
                parts.append(f"M 100644 inline {path}\n".encode() + _data(text))
        parts += [f"D {path}\n".encode() for path in sorted(before) if path not in item.tree]
        parts.append(b"\n")
        if item.commit.tag:
            parts.append(f"tag {item.commit.tag}\nfrom :{number}\ntagger {who}\n".encode() + _data(item.commit.tag))
        before = item.tree
    return b"".join(parts)


def _person(who: str, at: datetime) -> str:
    return f"{who} <{who.lower()}@{_MAIL}> {int(at.timestamp())} +0000"


def _data(text: str) -> bytes:
    raw = text.encode()
    return f"data {len(raw)}\n".encode() + raw + b"\n"
