"""The product's past as data: who changed what, how many days ago, and which commits became releases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

SOURCE = Path(__file__).with_name("source")
ANA, TOM = "Ana", "Tom"
_FIRST_MIGRATION = "migrations/0001_start.sql"
_OLD_LINE = "Calls come in below."
Tree = Mapping[str, str]
"""Path to text of every file of one commit."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One change: `old` becomes `new` in `path`; without `old`, `new` is added at the end (or is the new file)."""

    path: str
    new: str
    old: str = ""


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit, `age` before the session begins; `tag` makes it a release of that name."""

    age: timedelta
    who: str
    title: str
    edits: tuple[Edit, ...]
    tag: str = ""
    live_after: timedelta = timedelta(minutes=40)
    """How long after the commit its release went live."""


def _days(days: float) -> timedelta:
    return timedelta(days=days)


def _style(old: str, new: str) -> Edit:
    return Edit("assets/style.css", new, old)


def _adds(name: str) -> Edit:
    return Edit(f"migrations/{name}", (SOURCE / "migrations" / name).read_text("utf-8"))


def past() -> tuple[Commit, ...]:
    """The twenty commits up to v2.4.0, oldest first."""
    return (
        Commit(_days(41), ANA, "Start the dispatch board", ()),
        Commit(_days(40.2), TOM, "Say how to build", (Edit("README.md", "\nEverything it needs is in the box.\n"),)),
        Commit(_days(38), ANA, "Give the list more room", (_style("padding: 2px 0;", "padding: 4px 0;"),)),
        Commit(_days(36), TOM, "Keep invoices", (_adds("0002_invoices.sql"),)),
        Commit(_days(34), ANA, "Call the page what it is", (Edit("README.md", "\n## Releases\n"),), "v2.0.0"),
        Commit(_days(30), TOM, "Use a calmer blue", (_style("color: #123;", "color: #1b3a57;"),)),
        Commit(_days(28), TOM, "Let a call carry a note", (_adds("0003_call_notes.sql"),)),
        Commit(_days(27), ANA, "Show the plate first", (Edit("README.md", "\n- notes on calls\n"),), "v2.1.0"),
        Commit(_days(24), ANA, "Ask for calls more often", (Edit("assets/app.js", "12000", "15000"),)),
        Commit(_days(21), TOM, "Space the heading", (_style("color: #1b3a57;", "color: #1b3a57;\n  margin: 0;"),)),
        Commit(_days(20), ANA, "Name the picture", (Edit("templates/index.html", "Zone map", "Zones"),), "v2.2.0"),
        Commit(_days(17), TOM, "Remember where trucks stand", (_adds("0004_truck_positions.sql"),)),
        Commit(_days(15), ANA, "Thin the margins", (_style("margin: 2rem;", "margin: 1.5rem;"),)),
        Commit(_days(13), TOM, "Widen the list", (_style("padding: 4px 0;", "padding: 5px 0;"),), "v2.3.0"),
        Commit(_days(11), ANA, "Note how quotes work", (Edit("README.md", "\nA quote is a fee and a distance.\n"),)),
        Commit(_days(9), TOM, "Ask for calls less often", (Edit("assets/app.js", "15000", "12000"),), "v2.3.1"),
        Commit(_days(7), ANA, "Say where the map comes from", (Edit("README.md", "\nThe map is drawn when built.\n"),)),
        Commit(_days(5.5), TOM, "Show who to call", (Edit("templates/index.html", "Calls, newest first.", _OLD_LINE),)),
        Commit(_days(4.2), ANA, "Soften the list", (_style("padding: 5px 0;", "padding: 5px 0;\n  color: #333;"),)),
        Commit(
            _days(3.1),
            TOM,
            "Read the list aloud well",
            (Edit("templates/index.html", '<ol id="calls" aria-live="polite">', '<ol id="calls">'),),
            "v2.4.0",
            _days(0.016),
        ),
    )


@dataclass(frozen=True, slots=True)
class Dated:
    """A commit with its date, its whole tree, and when its release went live (None: it is no release)."""

    commit: Commit
    at: datetime
    live_at: datetime | None
    tree: Tree


def dated(now: datetime, chance: Random, later: tuple[Commit, ...] = ()) -> tuple[Dated, ...]:
    """The past as seen from `now`, followed by a scenario's own commits, each with its whole tree.

    Dates of the past move by up to twenty minutes with the seed; those of `later` are kept exactly.
    """
    tree = dict(_first_tree())
    found = []
    for commit in (*past(), *later):
        for edit in commit.edits:
            tree[edit.path] = _edited(tree.get(edit.path, ""), edit)
        drift = timedelta() if commit in later else timedelta(seconds=chance.randrange(1200))
        at = (now - commit.age - drift).replace(microsecond=0)
        found.append(Dated(commit, at, at + commit.live_after if commit.tag else None, dict(tree)))
    return tuple(found)


def migrations_applied(commits: tuple[Dated, ...]) -> dict[str, datetime]:
    """When each migration went into production: with the first release that held it."""
    applied: dict[str, datetime] = {}
    for release in (item for item in commits if item.live_at):
        for path in sorted(release.tree):
            if path.startswith("migrations/") and release.live_at:
                applied.setdefault(path.removeprefix("migrations/"), release.live_at - timedelta(seconds=30))
    return applied


def _first_tree() -> dict[str, str]:
    tree = {}
    for file in sorted(SOURCE.rglob("*")):
        path = file.relative_to(SOURCE).as_posix()
        if not file.is_file() or "__pycache__" in path or path.startswith("dist"):
            continue
        if path.startswith("migrations/") and path != _FIRST_MIGRATION:
            continue
        tree[".gitignore" if path == "gitignore" else path] = file.read_text("utf-8")
    return tree


def _edited(text: str, edit: Edit) -> str:
    if not edit.old:
        return text + edit.new
    if edit.old not in text:
        raise ValueError(f"{edit.path} does not hold {edit.old!r}")
    return text.replace(edit.old, edit.new, 1)
