"""Facts as `vigie facts` prints them."""

from __future__ import annotations

from operations.commands.look import fact_row
from runbooks.facts import Fact
from tests.runbooks.support import NOW


def test_a_fact_has_its_bare_value_beside_words_that_differ() -> None:
    row = fact_row(Fact("errors.rate", 38.5, "traffic", NOW, says="38 % of 41 req/s"), NOW)
    assert " ".join(row.split()) == "errors.rate 38 % of 41 req/s = 38.5 traffic 0 s ago"


def test_a_fact_without_words_of_its_own_or_without_a_value_has_none() -> None:
    assert "=" not in fact_row(Fact("page.ok", True, "page", NOW), NOW)
    assert fact_row(Fact("page.ok", reason="not asked yet"), NOW).split() == [
        "page.ok",
        "unknown",
        "(not",
        "asked",
        "yet)",
    ]
