"""Our own site-down.md: whole, linked, and true to the truth table of recorded scenarios."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping

import pytest

from runbooks import shelf
from runbooks.condition_nodes import Constant, leaves
from runbooks.events import Acted
from runbooks.facts import Fact, Value
from runbooks.model import Section
from runbooks.names import ACTIONS, FACT_NAMES
from runbooks.suggest import answer, clear_run, suggest, suggest_at
from runbooks.view import view
from runbooks.walk import apply
from tests.runbooks.support import NOW, Scenario, facts_from, scenarios, walk_at

BOOK = shelf.open_book("site-down")
DECISIONS = [section for section in BOOK.sections if section.branches]
SCENARIOS = {scenario.name: scenario for scenario in scenarios()}

LABELS = (
    *("N1", "N1b", "N2", "N3", "N4", "N5", "N6", "N7", "N8", "N9", "N10", "N11", "R1", "R2", "R3", "C1", "C2", "W1"),
    *("M1", "B1", "B2", "B3", "B4", "Q1", "T1", "L1", "L2", "A1", "F1", "F2", "P1", "D1", "X1", "G1", "E1", "V1"),
    "STAND DOWN",
)

# The table of conditions of the design: decision, condition, where it goes.
CONDITIONS = """
N1 | vantage.ok | N2
N1 | not vantage.ok | N1b
N2 | front.kind != "http" or page.failed or (errors.rate > 5% and errors.scope != "one") or (health.failed and errors.scope != "one") | N3
N2 | page.ok and errors.rate <= 5% and latency.p95 > 3s | N8
N2 | health.ok and page.ok and assets.failed and errors.rate <= 5% and latency.p95 <= 3s | N9
N2 | page.ok and errors.scope == "one" and latency.p95 <= 3s | N10
N2 | rows.dropped and page.ok and assets.ok and errors.rate <= 5% and latency.p95 <= 3s and errors.scope == "none" | D1
N2 | health.ok and page.ok and assets.ok and smoke.ok and errors.rate <= 1% and latency.p95 <= 1s and not rows.dropped and traffic.ratio > 30% and alerts.active == 0 | N11
N3 | front.kind == "dns" | F1
N3 | front.kind == "tls" | F2
N3 | front.kind == "connect" | N5
N3 | front.kind in ["http","timeout"] | N4
N4 | database.error in ["refused","timeout","starting"] and provider.fits_onset | P1
N4 | database.error in ["refused","timeout","starting"] and not provider.fits_onset | B1
N4 | (database.error == "too many clients" or database.connections_used >= 90%) and not (database.waiters >= 3) | B2
N4 | database.waiters >= 3 and database.longest_wait > 30s | B3
N4 | database.error == "auth" or (database.ok and health.services.database == "unhealthy" and database.connections_used < 90% and database.waiters < 3 and database.writable) | N6
N4 | database.ok and not database.writable | B4
N4 | database.ok and database.writable and database.waiters < 3 and database.connections_used < 90% and not (health.services.database == "unhealthy") | N5
N5 | provider.used in ["partial","major"] and provider.fits_onset | P1
N5 | provider.used in ["partial","major"] and not provider.fits_onset | N6
N5 | provider.used in ["operational","degraded"] | N6
N6 | change.nearest == "release" | N7
N6 | change.nearest == "migration" or migration.failed | M1
N6 | change.nearest in ["flag","config"] | C1
N6 | job.running | N6
N6 | change.nearest == "none" | G1
N7 | rollback.target_ok and migration.verdict in ["none","adds"] | R1
N7 | migration.verdict in ["one-way","cannot-tell","failed"] | W1
N7 | not rollback.target_ok | W1
N8 | database.waiters >= 3 | B3
N8 | database.longest_query > 10s and database.waiters < 3 | Q1
N8 | services.slow == 1 and database.longest_query <= 10s and database.waiters < 3 | T1
N8 | latency.after_release and database.longest_query <= 10s and database.waiters < 3 | N7
N8 | traffic.ratio > 300% and database.longest_query <= 10s and database.waiters < 3 | L1
N8 | (host.cpu > 80% or host.memory > 80%) and database.longest_query <= 10s and database.waiters < 3 | L2
N9 | assets.in_build | A1
N9 | not assets.in_build | N7
R2 | rollback.other_target | R1
R3 | smoke.failed_kind == "auth" | C2
R3 | errors.signature_same | G1
V1 | smoke.ok and health.ok_for >= 10m and errors.rate <= 1% and latency.p95 <= 1s and traffic.ratio > 70% | STAND DOWN
"""  # noqa: E501 - a table

# Scenario -> sections that no decision of the whole book may suggest on its facts.
NEVER_SUGGESTED = {
    "database-down": {"R1", "A1", "C2", "L2"},
    "connections-exhausted": {"A1", "C2", "L2"},
    "blocking-lock": {"A1", "C2", "L2"},
    "one-way-migration": {"R1"},
    "provider-outage": {"R1", "A1", "C2", "L2"},
    "third-party-slow": {"L1", "L2", "A1", "C2"},
    "hot-query": {"B1", "L2", "A1"},
    "certificate-expired": {"R1"},
    "assets-missing": {"STAND DOWN"},
    "leaked-key": {"N11", "STAND DOWN"},
    "bad-release": {"B2", "B3"},
}


def label_of(anchor: str) -> str:
    section = BOOK.section(anchor)
    assert section is not None
    return section.label


def labels_suggested(facts: Mapping[str, Fact]) -> list[str]:
    state = walk_at(BOOK)
    labels = [state.section.label]
    while (index := suggest(state, facts, NOW).index) is not None:
        followed = apply(state, answer(state, index, facts, NOW), NOW)
        assert followed is not None
        state = followed
        labels.append(state.section.label)
    return labels


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_suggestions_lead_along_the_path_of_the_truth_table(scenario: Scenario) -> None:
    assert labels_suggested(scenario.facts) == list(scenario.suggested)


@pytest.mark.parametrize("name", NEVER_SUGGESTED)
def test_no_decision_of_the_book_suggests_what_would_do_harm(name: str) -> None:
    facts = SCENARIOS[name].facts
    chosen = [suggest_at(BOOK, section, facts, NOW).chosen for section in DECISIONS]
    assert NEVER_SUGGESTED[name].isdisjoint({label_of(one.target) for one in chosen if one})


def test_a_leak_and_all_green_are_never_suggested() -> None:
    for scenario in SCENARIOS.values():
        chosen = [suggest_at(BOOK, section, scenario.facts, NOW).chosen for section in DECISIONS]
        assert not {"X1", "N11"} & {label_of(one.target) for one in chosen if one}
    quiet = facts_from({**VALUES_OF_QUIET})
    n2 = BOOK.by_label("N2")
    assert n2 is not None
    assert "only a person" in suggest_at(BOOK, n2, quiet, NOW).why_not


VALUES_OF_QUIET: dict[str, Value | int | None] = {
    **dict.fromkeys(("vantage.ok", "page.ok", "health.ok", "assets.ok", "smoke.ok", "database.ok"), True),
    **dict.fromkeys(("page.failed", "health.failed", "assets.failed", "rows.dropped"), False),
    "front.kind": "http",
    "errors.rate": 0.1,
    "errors.scope": "none",
    "latency.p95": 0.3,
    "traffic.ratio": 100,
    "alerts.active": 0,
}


def test_login_that_fails_is_not_over() -> None:
    facts = facts_from(
        {"smoke.ok": False, "health.ok_for": 900, "errors.rate": 0.0, "latency.p95": 0.2, "traffic.ratio": 100}
    )
    v1 = BOOK.by_label("V1")
    assert v1 is not None
    assert suggest_at(BOOK, v1, facts, NOW).index is None
    solved = suggest_at(BOOK, v1, {**facts, **facts_from({"smoke.ok": True})}, NOW).chosen
    assert solved is not None
    assert label_of(solved.target) == "STAND DOWN"


@pytest.mark.parametrize("when", ["front.kind", "database.error", "errors.began_before_release", "provider.used"])
def test_a_rollback_is_not_suggested_for_trouble_it_cannot_mend(when: str) -> None:
    against: dict[str, dict[str, Value | int | None]] = {
        "front.kind": {"front.kind": "tls"},
        "database.error": {"database.error": "refused"},
        "errors.began_before_release": {"errors.began_before_release": True},
        "provider.used": {"provider.used": "major", "provider.fits_onset": True},
    }
    n7 = BOOK.by_label("N7")
    assert n7 is not None
    facts = SCENARIOS["bad-release"].facts
    assert suggest_at(BOOK, n7, facts, NOW).index == 0
    suggestion = suggest_at(BOOK, n7, {**facts, **facts_from(against[when])}, NOW)
    assert suggestion.index is None
    assert "speaks against it" in suggestion.why_not


def test_a_failed_rollback_leads_over_another_release_to_the_end() -> None:
    facts = {**SCENARIOS["bad-release"].facts, **facts_from({"rollback.other_target": True})}
    state = walk_at(BOOK, "R1")
    path = []
    for exit_code in (4, None, 0):
        if exit_code is not None:
            acted = apply(state, Acted(state.current, "rollback", "14", exit_code, "v2.4.0"), NOW)
            assert acted is not None
            state = acted
        index = suggest(state, facts, NOW).index
        assert index is not None
        followed = apply(state, answer(state, index, facts, NOW), NOW)
        assert followed is not None
        state = followed
        path.append(state.section.label)
    assert path == ["R2", "R1", "V1"]
    assert state.failed_releases == ("v2.4.0",)


def test_a_rolled_back_site_with_a_stale_key_is_led_to_a_redeploy() -> None:
    facts = facts_from({"smoke.failed_kind": "auth", "errors.signature_same": False})
    r3 = BOOK.by_label("R3")
    assert r3 is not None
    chosen = suggest_at(BOOK, r3, facts, NOW).chosen
    assert chosen is not None
    assert label_of(chosen.target) == "C2"


def test_a_plain_bad_release_is_one_key_from_its_plan() -> None:
    for name in ("bad-release", "bad-release (extras not configured)"):
        steps = clear_run(walk_at(BOOK), SCENARIOS[name].facts, NOW)
        assert [step.label for step in steps] == ["N1", "N2", "N3", "N4", "N5", "N6", "N7"]
        assert label_of(steps[-1].target) == "R1"
        assert all(step.evidence for step in steps)


def test_the_view_of_a_decision_is_ready_to_draw() -> None:
    facts = SCENARIOS["bad-release"].facts
    state = walk_at(BOOK)
    for _ in range(5):
        followed = apply(state, answer(state, suggest(state, facts, NOW).index or 0, facts, NOW), NOW)
        assert followed is not None
        state = followed
    shown = view(state, facts, NOW)
    assert (shown.number, shown.about, shown.label) == (6, 8, "N6")
    assert shown.title == "What changed just before the first errors?"
    assert " › ".join(f"{crumb.path} {crumb.word}" for crumb in shown.crumbs) == (
        "bastion sees ✓ › users get errors ✓ › site answers ✓ › database ✓ › provider ✓"
    )
    assert [(one.key, one.text) for one in shown.answers if one.suggested] == [(1, "A release")]
    assert shown.then == "Can the old release run?"
    assert [line.text for line in shown.evidence] == ["the change just before the errors: release"]
    assert shown.time_box is not None
    assert (shown.time_box.total, shown.time_box_offers) == (300.0, "Find out more")
    turned = view(state, {**facts, **facts_from({"front.kind": "dns"})}, NOW)
    assert [crumb.word for crumb in turned.crumbs][2] == "no longer holds"


def test_the_book_reports_no_problems_and_has_every_section_of_the_tree() -> None:
    assert BOOK.problems == ()
    assert [label for label in LABELS if BOOK.by_label(label) is None] == []
    assert label_of(BOOK.start) == "N1"
    assert label_of(BOOK.help) == "E1"


def test_the_conditions_are_those_of_the_table_and_no_others() -> None:
    rows = [tuple(part.strip() for part in row.split(" | ")) for row in CONDITIONS.strip().splitlines()]
    written = [
        (section.label, branch.when.text, label_of(branch.target))
        for section in DECISIONS
        for branch in section.branches
        if branch.when
    ]
    assert sorted(written) == sorted(rows)


def test_every_decision_has_two_answers_or_more_and_a_way_out_when_unsure() -> None:
    for section in DECISIONS:
        assert len(section.branches) >= 2, section.title
        unsure = [branch for branch in section.branches if branch.answer.startswith("Cannot tell")]
        assert [branch.when for branch in unsure] == [None], section.title
        assert len(section.branches) <= 9, f"{section.title}: answers have the keys 1 to 9"


def test_everything_labelled_is_reached_from_the_start_and_reaches_an_end() -> None:
    onward = {section.anchor: _links(section) for section in BOOK.sections}

    def reached(start: str) -> set[str]:
        seen, queue = {start}, [start]
        while queue:
            for target in onward[queue.pop()] - seen:
                seen.add(target)
                queue.append(target)
        return seen

    from_start = reached(BOOK.start)
    for section in (section for section in BOOK.sections if section.label):
        assert section.anchor in from_start, section.title
        if not section.is_end:
            assert {"stand-down", "call-for-help"} <= reached(section.anchor), section.title


def _links(section: Section) -> set[str]:
    links = {branch.target for branch in section.branches} | {branch.instead for branch in section.branches}
    return {link for link in links | {section.next, section.on_expire, section.then} if link}


def test_every_link_on_the_page_leads_to_a_section() -> None:
    links = set(re.findall(r"\]\(#([^)]+)\)", BOOK.source)) | set(re.findall(r": #([\w-]+)", BOOK.source))
    assert links - set(BOOK.anchors) == set()


def test_every_section_with_an_act_says_so_in_its_title_and_binds_a_known_action() -> None:
    for section in BOOK.sections:
        assert section.is_act is section.title.startswith("⚠"), section.title
        assert {action.name for action in section.actions} <= set(ACTIONS)
        assert not section.is_act or section.actions, section.title


def test_checks_have_time_limits() -> None:
    checks = [check for section in BOOK.sections for check in section.codes("check")]
    assert checks
    assert all(check.timeout for check in checks)


def test_the_four_messages_are_there_in_english_and_french() -> None:
    messages = [message for section in BOOK.sections for message in section.codes("message")]
    found = {(message.name, message.attributes["lang"]) for message in messages}
    assert found == set(itertools.product(("initial", "update", "resolved", "correction"), ("en", "fr")))
    assert next(message.due for message in messages if message.name == "initial") == 300.0


def test_every_fact_of_the_book_is_named_and_compared_in_its_own_unit() -> None:
    units = {"s": ("s", "m", "h"), "%": ("%",), "count": ("",)}
    assert set(BOOK.names()) <= set(FACT_NAMES)
    conditions = [branch.when for section in DECISIONS for branch in section.branches if branch.when]
    conditions += [section.unless for section in BOOK.sections if section.unless]
    for leaf, _ in itertools.chain.from_iterable(leaves(condition.node) for condition in conditions):
        unit = FACT_NAMES[leaf.name].unit
        if leaf.operator == "is":
            assert unit == "yes/no", leaf.text
        for operand in leaf.right:
            assert isinstance(operand, Constant)
            if isinstance(operand.value, str):
                assert unit == "word", leaf.text
            else:
                assert operand.text.lstrip("0123456789.") in units[unit], leaf.text


def test_the_recorded_facts_use_known_names_only() -> None:
    assert {name for scenario in SCENARIOS.values() for name in scenario.facts} <= set(FACT_NAMES)
