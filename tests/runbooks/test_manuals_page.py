"""docs/manuals.md tells where each procedure of the old manuals went: every link holds, no runbook is missing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from runbooks import shelf
from runbooks.model import Book
from runbooks.reader import read

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "manuals.md"
TEXT = PAGE.read_text("utf-8")
LIBRARY = set(shelf.names())
TABLES, _, REST = TEXT.partition("## Not from the manuals")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in TABLES.splitlines()
    if line.startswith("| ") and not line.startswith("| Section |")
]
LINK = re.compile(r"\]\(([^)#]+)(?:#([^)]+))?\)")


def linked(text: str) -> list[tuple[str, str]]:
    """Every file that is linked and the section of it, empty for the whole file."""
    return LINK.findall(text)


def runbooks_in(text: str) -> set[str]:
    return {Path(file).stem for file, _ in linked(text) if file.startswith("../runbooks/library/")}


def book(file: str) -> Book:
    path = (PAGE.parent / file).resolve()
    return shelf.open_book(path.stem) if path.parent == shelf.LIBRARY.resolve() else read(path.read_bytes(), path.stem)


@pytest.mark.parametrize("file", sorted({file for file, _ in linked(TEXT)}))
def test_every_file_it_links_is_there(file: str) -> None:
    assert (PAGE.parent / file).exists()


@pytest.mark.parametrize("file", sorted({file for file, anchor in linked(TEXT) if anchor}))
def test_every_link_leads_to_a_section(file: str) -> None:
    anchors = {anchor for linked_file, anchor in linked(TEXT) if linked_file == file and anchor}
    assert anchors - set(book(file).anchors) == set()


def test_every_procedure_has_a_place() -> None:
    assert ROWS
    for row in ROWS:
        assert len(row) == 4, row
        assert all(anchor for _, anchor in linked(row[2])), row
        assert linked(row[2]), row


def test_what_lies_outside_the_library_says_so() -> None:
    for section, _, where, note in ROWS:
        assert runbooks_in(where) or note.startswith("outside"), section


def test_every_runbook_is_named_by_a_procedure_or_listed_as_our_own() -> None:
    assert runbooks_in(TABLES) | runbooks_in(REST) == LIBRARY
    assert runbooks_in(TABLES) & runbooks_in(REST) == set()


def test_the_page_is_found_from_the_readme() -> None:
    assert "(docs/manuals.md)" in (ROOT / "README.md").read_text("utf-8")
