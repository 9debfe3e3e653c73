"""The closed grammar and its three values."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbooks.condition_nodes import And, Constant, Leaf, Name, Node, Not, Operator, Or, truth, written
from runbooks.conditions import ACT_MAX_AGE, ConditionError, parse
from runbooks.facts import Fact, Value
from tests.runbooks.support import NOW, facts_from

KNOWN: dict[str, Value | None] = {"a.yes": True, "a.no": False, "n": 38.0, "word": "dns", "seconds": 0.3}


def verdict(text: str, **more: Value | None) -> bool | None:
    return parse(text).evaluate(facts_from({**KNOWN, **more}), NOW)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.yes", True),
        ("not a.yes", False),
        ("missing", None),
        ("not missing", None),
        ("a.no and missing", False),
        ("missing and a.no", False),
        ("a.yes and missing", None),
        ("a.yes or missing", True),
        ("a.no or missing", None),
        ("n > 5%", True),
        ("n <= 38", True),
        ("n < 38%", False),
        ("seconds <= 300ms", True),
        ("seconds < 1m", True),
        ('word == "dns"', True),
        ("word != 'dns'", False),
        ('word in ["tls", "dns"]', True),
        ('word in ["tls"]', False),
        ("n in [37, 38]", True),
        ('word ~ "^d"', True),
        ('word ~ "^n"', False),
        ("not a.no and a.yes", True),
        ("a.no and a.no or a.yes", True),
        ("a.no and (a.no or a.yes)", False),
        ("n > seconds", True),
        ('missing in ["x"]', None),
    ],
)
def test_a_condition_says_true_false_or_unknown(text: str, expected: bool | None) -> None:
    assert verdict(text) is expected


@pytest.mark.parametrize("text", ["word", "n", 'n == "38"', "word > 5", "a.yes == 1", 'a.yes ~ "x"', 'n in ["38"]'])
def test_types_that_do_not_fit_are_unknown(text: str) -> None:
    assert verdict(text) is None


def test_a_number_that_is_none_is_unknown() -> None:
    assert verdict("nan > 5", nan=float("nan")) is None
    assert verdict("not (nan > 5)", nan=float("nan")) is None


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 0),
        ("a and", 5),
        ("a == ", 5),
        ("a b", 2),
        ("(a", 2),
        ("a in []", 6),
        ("a in [b]", 6),
        ("a = 5", 2),
        ("a == 5x", 5),
        ("5 > a", 0),
        ("a < b < c", 6),
        ("__import__('os')", 10),
        ('a ~ "("', 4),
        ('a ~ "(x+)+y"', 4),
        ("a ~ 5", 4),
        ("a; b", 1),
    ],
)
def test_what_is_no_condition_is_refused_with_its_position(text: str, position: int) -> None:
    with pytest.raises(ConditionError) as refused:
        parse(text)
    assert refused.value.position == position


def test_a_condition_has_limits_of_length_and_depth() -> None:
    with pytest.raises(ConditionError):
        parse("(" * 200 + "a" + ")" * 200)
    with pytest.raises(ConditionError):
        parse(" and ".join(["abc"] * 1000))


@given(st.text(max_size=60) | st.text(alphabet="ab.()[]<>=!~,\"' 5sm%andorti", max_size=40))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        condition = parse(text)
    except ConditionError as error:
        assert 0 <= error.position <= len(text)
    else:
        assert condition.evaluate({}, NOW) is None


NAMES = st.sampled_from(["a", "a.b", "health.services.database", "x_1"])
CONSTANTS = st.one_of(
    st.text(alphabet="abc \"\\'é", max_size=5).map(
        lambda text: Constant(text, '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"')
    ),
    st.sampled_from([("5", 5.0), ("90%", 90.0), ("3s", 3.0), ("5m", 300.0), ("1h", 3600.0), ("1.5", 1.5)]).map(
        lambda pair: Constant(pair[1], pair[0])
    ),
)
OPERATORS: st.SearchStrategy[Operator] = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
LEAVES = st.one_of(
    st.builds(Leaf, NAMES, st.just("is")),
    st.builds(Leaf, NAMES, OPERATORS, st.tuples(CONSTANTS | NAMES.map(Name))),
    st.builds(Leaf, NAMES, st.just("in"), st.lists(CONSTANTS, min_size=1, max_size=3).map(tuple)),
)


def _joined(kind: Callable[[tuple[Node, ...]], Node]) -> Callable[[st.SearchStrategy[Node]], st.SearchStrategy[Node]]:
    return lambda inner: st.lists(inner, min_size=2, max_size=3).map(tuple).map(kind)


NODES: st.SearchStrategy[Node] = st.recursive(
    LEAVES, lambda inner: inner.map(Not) | _joined(And)(inner) | _joined(Or)(inner), max_leaves=8
)
VALUES = st.dictionaries(
    NAMES, st.none() | st.booleans() | st.floats() | st.sampled_from(["abc", "", "dns"]), max_size=4
)


@given(NODES)
def test_a_condition_written_and_read_again_is_the_same(node: Node) -> None:
    assert parse(written(node)).node == node


@given(NODES, VALUES, VALUES)
def test_learning_more_never_turns_a_verdict_round(
    node: Node, values: dict[str, Value | None], more: dict[str, Value | None]
) -> None:
    before = truth(node, values.get)
    after = truth(node, lambda name: values[name] if values.get(name) is not None else more.get(name))
    assert before is None or after is before


@given(NODES, VALUES)
def test_every_verdict_rests_on_evidence_of_its_own_kind(node: Node, values: dict[str, Value | None]) -> None:
    condition = parse(written(node))
    facts = facts_from(values)
    verdict = condition.evaluate(facts, NOW)
    reasons = condition.reasons(facts, NOW)
    assert reasons
    assert {line.verdict for line in reasons} == {verdict}
    assert {line.name for line in condition.evidence(facts, NOW)} <= set(condition.names())


def test_evidence_shows_the_actual_value_in_words_with_source_and_age() -> None:
    facts = facts_from({"errors.rate": 38.0, "latency.p95": 0.3, "rows.dropped": False}, age=4)
    lines = parse("errors.rate > 5% and latency.p95 > 3s and not rows.dropped").evidence(facts, NOW)
    assert [(line.text, line.verdict) for line in lines] == [
        ("requests that end in a 5xx: 38 %", True),
        ("p95 response time: 0.3 s", False),
        ("rows lost from the watched tables: none", True),
    ]
    assert {(line.source, line.age) for line in lines} == {("test", 4.0)}


def test_what_the_watch_says_of_a_fact_is_shown_in_its_own_words() -> None:
    fact = Fact("errors.rate", 38.0, "Prometheus", NOW, says="38 % of 41 req/s")
    (line,) = parse("errors.rate > 5%").evidence({fact.name: fact}, NOW)
    assert line.actual == "38 % of 41 req/s"


def test_unknown_evidence_says_why() -> None:
    old = Fact("health.ok", True, "probe", NOW - timedelta(seconds=90), stale_after=30)
    (stale,) = parse("health.ok").evidence({"health.ok": old}, NOW)
    (absent,) = parse("host.cpu > 80%").evidence({}, NOW)
    assert (stale.verdict, stale.actual) == (None, "unknown, last answer 90 s ago")
    assert (absent.verdict, absent.actual) == (None, "unknown, not configured")


def test_before_an_act_only_facts_of_the_last_half_minute_speak() -> None:
    condition = parse("health.failed")
    fresh = facts_from({"health.failed": True}, age=30)
    older = facts_from({"health.failed": True}, age=31)
    assert condition.evaluate(older, NOW) is True
    assert condition.evaluate(older, NOW, max_age=ACT_MAX_AGE) is None
    assert condition.evaluate(fresh, NOW, max_age=ACT_MAX_AGE) is True
    (line,) = condition.reasons(older, NOW, max_age=ACT_MAX_AGE)
    assert line.actual == "unknown, read 31 s ago, too old for an act"


def test_backups_and_smoke_go_by_their_own_age() -> None:
    for name in ("backup.trusted", "smoke.ok"):
        facts = {name: Fact(name, True, "test", NOW - timedelta(hours=3), stale_after=86_400)}
        assert parse(name).evaluate(facts, NOW, max_age=ACT_MAX_AGE) is True


def test_a_fact_without_a_time_cannot_speak_for_an_act() -> None:
    facts = {"job.running": Fact("job.running", False)}
    assert parse("job.running").evaluate(facts, NOW) is False
    assert parse("job.running").evaluate(facts, NOW, max_age=ACT_MAX_AGE) is None
