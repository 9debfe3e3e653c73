"""The conditions of site-down.md against facts nobody recorded: whatever they are, a suggestion is the only fit."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from runbooks import shelf
from runbooks.facts import Value
from runbooks.names import FACT_NAMES
from runbooks.suggest import suggest_at
from tests.runbooks.support import NOW, facts_from

BOOK = shelf.open_book("site-down")
DECISIONS = [section for section in BOOK.sections if section.branches]
LABELS = {section.anchor: section.label for section in BOOK.sections}

# Pairs of answers that the table of conditions lets fit at once, by decision. Nothing is suggested then.
OVERLAPS = {
    "N2": {("D1", "N3"), ("N3", "N8"), ("N10", "N9")},
    "N4": {("B2", "B4"), ("B2", "N6"), ("B3", "B4"), ("B3", "N6")},
    "N6": {
        *{("C1", "N6"), ("C1", "M1"), ("G1", "M1"), ("M1", "N6"), ("G1", "N6"), ("M1", "N7"), ("N6", "N7")},
    },
    "N8": {("L1", "L2"), ("L1", "N7"), ("L2", "N7"), ("L1", "T1"), ("L2", "T1"), ("N7", "T1")},
    "R3": {("C2", "G1")},
}
WORDS: dict[str, list[str]] = {
    "front.kind": ["dns", "tls", "connect", "timeout", "http"],
    "errors.scope": ["none", "one", "many"],
    "health.services.database": ["healthy", "unhealthy"],
    "database.error": ["none", "refused", "timeout", "starting", "auth", "too many clients"],
    "provider.used": ["operational", "degraded", "partial", "major"],
    "change.nearest": ["release", "migration", "flag", "config", "none"],
    "migration.verdict": ["none", "adds", "one-way", "cannot-tell", "failed"],
    "smoke.failed_kind": ["none", "auth", "other"],
}
NUMBERS = st.sampled_from([0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 10.0, 20.0, 31.0, 80.0, 90.0, 97.0, 301.0, 700.0])


def _value(name: str) -> st.SearchStrategy[Value | None]:
    if FACT_NAMES[name].unit == "word":
        return st.none() | st.sampled_from(WORDS[name])
    return st.none() | (st.booleans() if FACT_NAMES[name].unit == "yes/no" else NUMBERS)


ANY_FACTS = st.fixed_dictionaries({name: _value(name) for name in FACT_NAMES})


def _possible(values: dict[str, Value | None]) -> dict[str, Value | None]:
    """The same facts without what cannot be at once: a page that is right and fails, a lock seen on a dead database."""
    made = dict(values)
    if made["front.kind"] not in ("http", None):
        made["page.ok"] = False
    for part in ("page", "health", "assets"):
        good = made[f"{part}.ok"]
        made[f"{part}.failed"] = None if good is None else not good
    if made["database.error"] is not None:
        made["database.ok"] = made["database.error"] == "none"
    if made["database.error"] in ("refused", "timeout", "starting"):
        for name in ("writable", "waiters", "longest_wait", "longest_query", "connections_used"):
            made[f"database.{name}"] = None
    return made


@settings(max_examples=100, deadline=None)
@given(ANY_FACTS)
def test_answers_of_one_decision_exclude_each_other_but_for_the_known_pairs(values: dict[str, Value | None]) -> None:
    facts = facts_from(_possible(values))
    for section in DECISIONS:
        suggestion = suggest_at(BOOK, section, facts, NOW)
        fitting = sorted({LABELS[answer.target] for answer in suggestion.answers if answer.verdict})
        pairs = set(itertools.combinations(fitting, 2))
        assert pairs <= OVERLAPS.get(section.label, set()), section.title
        assert not pairs or suggestion.index is None


@settings(max_examples=100, deadline=None)
@given(ANY_FACTS)
def test_a_suggestion_is_the_only_answer_that_fits_whatever_the_facts(values: dict[str, Value | None]) -> None:
    facts = facts_from(values)
    for section in DECISIONS:
        suggestion = suggest_at(BOOK, section, facts, NOW)
        fitting = {answer.target for answer in suggestion.answers if answer.verdict}
        if suggestion.chosen is None:
            assert suggestion.why_not
            continue
        assert fitting == {suggestion.chosen.target}
        if suggestion.chosen.leads_to_act:
            rivals = [answer for answer in suggestion.answers if answer.measured and answer.target not in fitting]
            assert all(rival.verdict is False for rival in rivals)
