"""Text in the wrong encoding is repaired on screen; text that is well stays as it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbooks.mojibake import garbled_lines, repaired
from runbooks.reader import read

MEANT = ["🚀 Start", "✅ done", "⚠️ careful", "├── scripts/", "café über naïve", "a → b", "“quoted” – text", "€ 5"]


@pytest.mark.parametrize("meant", MEANT)
@pytest.mark.parametrize("encoding", ["mac_roman", "latin-1"])
def test_utf8_that_was_read_as_something_else_is_repaired(meant: str, encoding: str) -> None:
    assert repaired(meant.encode().decode(encoding)) == meant


@pytest.mark.parametrize("meant", ["✅ done", "├── scripts/", "café über naïve", "a → b", "€ 5"])
def test_utf8_that_was_read_as_windows_text_is_repaired(meant: str) -> None:
    assert repaired(meant.encode().decode("cp1252")) == meant


@pytest.mark.parametrize(
    "text",
    [
        *MEANT,
        "Âge, Ære, Ãrea, ÉTÉ, À LA CARTE",
        "Größe, Maß, Œuvre, façade, señor, coração, Ünal",
        "√2 ≈ 1,41 and ‚low quotes‘",
        "Привет, мир; Καλημέρα; 日本語; العربية",
        "plain ASCII",
        "",
    ],
)
def test_text_that_is_well_stays_as_it_is(text: str) -> None:
    assert repaired(text) == text


def test_only_the_damaged_lines_are_named() -> None:
    assert garbled_lines(["fine", "‚úÖ done", "é", "âœ… done"]) == (2, 4)
    assert garbled_lines(["‚úÖ"], first=7) == (7,)


def test_a_file_is_flagged_and_not_changed() -> None:
    source = "# ‚úÖ Done\n\nwell\n"
    book = read(source, "t")
    assert (book.garbled, book.source, book.sections[0].title) == ((1,), source, "‚úÖ Done")


@given(st.text(max_size=80))
def test_repairing_keeps_the_lines_and_does_not_go_on_for_ever(text: str) -> None:
    once = repaired(text)
    assert once.count("\n") == text.count("\n")
