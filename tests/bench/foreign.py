"""What the reader makes of other people's runbooks: `python -m tests.bench.foreign FOLDER…` prints a table, one row a
folder. The folders hold Markdown files; nothing in them is changed or run.

`--anchors` compares with what `github-slugger` made of the same files: a JSON file, {path: [anchor, …]}.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runbooks.model import Book
from runbooks.parts import Group
from runbooks.reader import read

KINDS = ("command", "sql", "manual", "message", "output")


@dataclass
class Figures:
    """What one collection gave."""

    name: str
    files: int = 0
    lines: int = 0
    exceptions: int = 0
    lossy: int = 0
    decisions: int = 0
    hazards: int = 0
    anchors: int = 0
    other_anchors: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.foreign", description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--anchors", type=Path, help="anchors by file as github-slugger makes them")
    chosen = parser.parse_args(arguments)
    expected = json.loads(chosen.anchors.read_text("utf-8")) if chosen.anchors else {}
    read("# warm\n\n```sh\nls 'x'\n```\n", "warm")
    rows = [measured(folder, expected) for folder in chosen.folders]
    print("| Collection | Files | Lines | Exceptions | Not lossless | Anchors | Differ | Decisions", end="")
    print(" | " + " | ".join(KINDS) + " | Hazards | Median | p99 | Slowest |")
    print("|---" * (11 + len(KINDS) + 1) + "|")
    for row in rows:
        print(_row(row))


def measured(folder: Path, expected: dict[str, list[str]]) -> Figures:
    """The figures of one folder; each file is read three times, and the fastest counts (processor time)."""
    found = Figures(folder.name)
    for path in sorted(folder.rglob("*.md")):
        if not path.is_file() or path.is_symlink():
            continue
        source = path.read_bytes()
        found.files += 1
        found.lines += source.count(b"\n") + 1
        best = 9.0
        for _ in range(3):
            started = time.process_time()
            book = read(source, path.name)
            best = min(best, time.process_time() - started)
        found.seconds.append(best)
        _count(found, book, source, expected.get(str(path)))
    return found


def _count(found: Figures, book: Book, source: bytes, expected: list[str] | None) -> None:
    found.exceptions += any("reading it failed" in problem.words for problem in book.problems)
    found.lossy += not _is_lossless(book, source)
    found.decisions += sum(bool(section.branches) for section in book.sections)
    found.hazards += len(book.hazards)
    found.kinds.update(group.kind for group in _groups(book))
    if expected is not None:
        found.anchors += len(expected)
        found.other_anchors += len(set(expected) ^ set(book.anchors))


def _is_lossless(book: Book, source: bytes) -> bool:
    text = source.decode("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    shown = Counter(
        number
        for section in book.sections
        for element in section.elements
        for number in range(element.lines[0], element.lines[1] + 1)
    )
    filled = {number for number, line in enumerate(text.split("\n"), 1) if line.strip()}
    return filled <= set(shown) and all(count == 1 for count in shown.values())


def _groups(book: Book) -> Iterator[Group]:
    return (group for section in book.sections for block in section.blocks for group in block.groups)


def _row(row: Figures) -> str:
    seconds = sorted(row.seconds) or [0.0]
    times = (statistics.median(seconds), seconds[int(len(seconds) * 0.99)], seconds[-1])
    cells = [row.name, row.files, row.lines, row.exceptions, row.lossy, row.anchors, row.other_anchors, row.decisions]
    cells += [row.kinds[kind] for kind in KINDS]
    cells += [row.hazards, *(f"{one * 1000:.1f} ms" for one in times)]
    return "| " + " | ".join(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in cells) + " |"


if __name__ == "__main__":
    main()
