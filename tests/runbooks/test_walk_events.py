"""A walk's events as they are stored and read back: from any journal, of any version, in any order."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbooks.events import Acted, Answered, Moved, Noted, Payload, Skipped, Started, Ticked, from_data, to_data
from runbooks.reader import read
from runbooks.suggest import answer, no_longer_holds, suggest
from runbooks.walk import apply, begin, replay
from tests.runbooks.support import NOW, walk_at
from tests.runbooks.test_walk import BOOK, YES


def test_replaying_the_events_from_json_gives_the_same_state() -> None:
    one = walk_at(BOOK, "one")
    payloads: list[Payload] = [begin(BOOK, "one"), answer(one, 1, YES, NOW, why="seen")]
    payloads += [Noted("-act", "n"), Acted("-act", "rollback", "14", 4, "v1"), Ticked("-act", 3, "x")]
    payloads += [Skipped("-act", 4, "y", "late"), Moved("escalated", "-act", "help"), Moved("returned", "help", "-act")]
    events = [(NOW + timedelta(minutes=n), payload) for n, payload in enumerate(payloads)]
    stored = [(at, payload.kind, json.loads(json.dumps(to_data(payload)))) for at, payload in events]
    restored = [(at, payload) for at, kind, data in stored if (payload := from_data(kind, data)) is not None]
    assert restored == events
    assert replay(restored, BOOK) == replay(events, BOOK)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("walk.flown", {}),
        ("walk.answered", {"section": "one"}),
        ("walk.answered", {"section": "one", "branch": True, "answer": "x", "target": "two"}),
        ("walk.moved", {"how": "flying", "section": "one", "target": "two"}),
        ("walk.answered", {"section": "a", "branch": 0, "answer": "x", "target": "b", "evidence": [["x"]]}),
    ],
)
def test_an_event_of_unknown_shape_is_passed_over(kind: str, data: dict[str, object]) -> None:
    assert from_data(kind, data) is None


ANCHORS = st.sampled_from([*BOOK.anchors, "nowhere", ""])
PAYLOADS: st.SearchStrategy[Payload] = st.one_of(
    st.builds(
        Answered,
        section=ANCHORS,
        branch=st.integers(-1, 5),
        answer=st.just("x"),
        target=ANCHORS,
        wait=st.none() | st.floats(),
    ),
    st.builds(
        Moved,
        how=st.sampled_from(["back", "jump", "escalated", "returned", "timebox", "waited", "next"]),
        section=ANCHORS,
        target=ANCHORS,
        depth=st.none() | st.integers(-2, 9),
    ),
    st.builds(Acted, section=ANCHORS, action=st.just("rollback"), job=st.just("1"), exit_code=st.integers(0, 6)),
    st.builds(Noted, section=ANCHORS, text=st.just("n")),
    st.just(Started("test", BOOK.hash, "one", BOOK.source)),
)


@settings(deadline=None)
@given(st.lists(PAYLOADS, max_size=25))
def test_any_events_fold_to_a_state_that_can_be_shown(payloads: list[Payload]) -> None:
    from runbooks.view import view

    state = replay([(NOW, payload) for payload in [begin(BOOK), *payloads]], BOOK)
    assert state is not None
    assert view(state, YES, NOW).title == state.section.title
    assert suggest(state, YES, NOW).answers == suggest(state, YES, NOW).answers


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("walk.checked", {"check": "c", "exit_code": 10**400}),
        ("walk.checked", {"check": "c", "exit_code": 0, "seconds": 10**400}),
        ("walk.answered", {"branch": -100, "answer": "Yes", "target": "b", "verdict": True}),
        ("walk.answered", {"branch": 10**6, "answer": "Yes", "target": "b", "verdict": True}),
        ("walk.ticked", {"line": 10**400, "text": "x"}),
    ],
)
def test_numbers_that_nobody_can_have_meant_stop_no_console(kind: str, data: dict[str, object]) -> None:
    book = read("# T\n\n## A\n\n- **Yes** → [B](#b) <!-- when: c.code > 1 or c.time > 1 -->\n\n## B\n\nend\n", "book")
    state = apply(None, begin(book, "a"), NOW, book)
    payload = from_data(kind, {"section": "a", **data})
    after = apply(state, payload, NOW) if payload is not None else state
    assert after is not None
    assert no_longer_holds(after, {}, NOW) == ()
    assert suggest(after, {}, NOW).index is None
