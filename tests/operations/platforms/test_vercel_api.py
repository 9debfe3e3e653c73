"""Every way Vercel's API can answer badly: said in words, within limits, and never with the token in them."""

from __future__ import annotations

import json
import socket
import time
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operations.errors import VigieError
from operations.http import Answer
from operations.platforms.vercel_api import NoAnswer, _asked_to_wait, _decoded, _instead
from operations.platforms.vercel_replies import Aliases, Deployment, Deployments, Project
from operations.practice.vercel.faults import Call, Fault, Harm
from operations.settings import Secret
from tests.operations.platforms.vercel_ground import TOKEN, Ground

_FIELDS = (
    "id",
    "uid",
    "deployments",
    "aliases",
    "alias",
    "pagination",
    "next",
    "targets",
    "production",
    "created",
    "meta",
)
HARMS: tuple[Harm, ...] = ("429", "500", "reset", "html", "big", "garbage")
CALLS: tuple[Call, ...] = ("project", "deployments")


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("harm", HARMS)
def test_a_read_that_fails_once_is_read_again(ground: Ground, harm: Harm, call: Call) -> None:
    ground.world.faults = [Fault(harm, call)]
    assert len(ground.platform.releases()) == 3
    assert len(ground.clock.paused) == 1


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        ("429", "429 rate_limited: Rate limit exceeded"),
        ("500", "500 internal_server_error: An unexpected error"),
        ("html", "200 and an HTML page instead of the API's answer"),
        ("big", "200 with more than 2 MB"),
        ("garbage", "is not what its API says"),
        ("reset", "does not answer"),
    ],
)
def test_a_read_that_keeps_failing_is_an_error_with_the_reason(ground: Ground, harm: Harm, words: str) -> None:
    ground.world.faults = [Fault(harm, "project", times=99)]
    began = ground.clock.at
    with pytest.raises(NoAnswer, match=words):
        ground.platform.live()
    assert ground.clock.at - began < 7.0
    assert 1 < len(ground.simulator.seen) < 9


def test_a_slow_answer_ends_with_the_deadline(ground: Ground) -> None:
    ground.world.faults = [Fault("slow", "project", times=99)]
    platform = ground.another(attempt=0.1)
    began = time.monotonic()
    with pytest.raises(NoAnswer, match=r"no answer within 0\.1 s"):
        platform.live()
    assert time.monotonic() - began < 5


def test_retry_after_is_obeyed_and_jittered(ground: Ground) -> None:
    ground.world.faults = [Fault("429", "project", retry_after="3")]
    ground.platform.live()
    (pause,) = ground.clock.paused
    assert 3.0 < pause <= 3.75


def test_a_wait_beyond_the_deadline_is_not_begun(ground: Ground) -> None:
    ground.world.faults = [Fault("429", "project", retry_after="60")]
    with pytest.raises(NoAnswer, match="429"):
        ground.platform.live()
    assert ground.clock.paused == []


def test_pauses_grow(ground: Ground) -> None:
    ground.world.faults = [Fault("500", "project", times=3)]
    ground.platform.live()
    first, second, third = ground.clock.paused
    assert first < second < third


def test_a_date_in_retry_after_counts_from_the_answers_own_date() -> None:
    dates = {"date": "Wed, 01 May 2024 03:00:00 GMT", "retry-after": "Wed, 01 May 2024 03:00:20 GMT"}
    assert _asked_to_wait(Answer("/", "http", 429, dates)) == 20.0
    assert _asked_to_wait(Answer("/", "http", 429, {"retry-after": "soon"})) == 0.0
    assert _asked_to_wait(Answer("/", "http", 429, {"retry-after": "Wed, 01 May 2024 03:00:20 GMT"})) == 0.0


def test_a_short_answer_that_is_no_json_is_shown_cleaned() -> None:
    assert _instead(Answer("/", "http", 502, body=b"\x1b[2Jbad gateway")) == '"bad gateway"'


def test_nobody_listening_is_an_error_in_words(ground: Ground) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        platform = ground.another(api=f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(NoAnswer, match="does not answer: connection refused"):
            platform.live()


def test_a_wrong_token_is_a_missing_prerequisite_and_is_not_tried_again(ground: Ground) -> None:
    with pytest.raises(VigieError, match="403 forbidden: Not authorized") as refused:
        ground.another(token=Secret("wrong")).live()
    assert (refused.value.code, len(ground.simulator.seen)) == (2, 1)
    assert "platform.token" in refused.value.next_step


def test_a_wrong_project_says_where_to_look(ground: Ground) -> None:
    with pytest.raises(VigieError, match="404 not_found: Project not found") as refused:
        ground.another(project="harbor/../x").live()
    assert (refused.value.code, "platform.project" in refused.value.next_step) == (2, True)


@pytest.mark.parametrize("harm", [*HARMS, "slow"])
def test_the_token_is_in_no_exception_and_no_repr(ground: Ground, harm: Harm) -> None:
    ground.world.faults = [Fault(harm, "project", times=99)]
    platform = ground.another(attempt=0.2)
    with pytest.raises(VigieError) as failed:
        platform.live()
    chain = "".join(traceback.format_exception(failed.value))
    shown = f"{chain}{failed.value!r}{platform!r}{vars(platform)!r}{vars(platform._api)!r}"
    assert TOKEN not in shown


def test_the_token_travels_in_the_header_alone(ground: Ground) -> None:
    ground.platform.releases()
    assert not any(TOKEN in path for _, path in ground.simulator.seen)


_ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_FIELDS) | st.text(), inner, max_size=6)
    ),
    max_leaves=12,
)


@given(_ANY_JSON)
def test_whatever_json_comes_it_is_a_reply_or_an_error_in_words(body: object) -> None:
    answer = Answer("/", "http", 200, body=json.dumps(body).encode())
    for kind in (Project, Deployments, Deployment, Aliases):
        try:
            _decoded(kind, answer, "/")
        except NoAnswer as error:
            assert "\n" not in error.what
