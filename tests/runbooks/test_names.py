"""The document's table of facts is the one that the names make."""

from __future__ import annotations

from pathlib import Path

from runbooks.names import FACT_NAMES, FactName

DOCUMENT = (Path(__file__).parent.parent.parent / "docs" / "runbooks.md").read_text("utf-8")


def row(name: str, fact: FactName) -> str:
    said = f": {fact.yes}, or {fact.no}" if (fact.yes, fact.no) != ("yes", "no") else ""
    values = f": {', '.join(f'`{word}`' for word in fact.words)}" if fact.words else ""
    return f"| `{name}` | {fact.unit}{values} | {fact.meaning}{said} |"


def test_every_fact_stands_in_the_document_with_its_kind_and_meaning() -> None:
    table = DOCUMENT.partition("| Fact | Kind | What it says |\n|---|---|---|\n")[2].partition("\n\n")[0]
    assert table == "\n".join(row(name, fact) for name, fact in FACT_NAMES.items())


def test_every_word_has_its_values_and_nothing_else_has_any() -> None:
    assert {name for name, fact in FACT_NAMES.items() if fact.words} == {
        name for name, fact in FACT_NAMES.items() if fact.unit == "word"
    }
