"""A health answer is judged by what it says, and a hostile body comes out as one short line."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operations.health import judge_health
from operations.http import Answer, ask, client_for
from operations.settings import Settings
from operations.watch.model import Status
from tests.operations.web import reply, web_server


def _answer(body: object, status: int = 200) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer("http://x/", "http", status=status, body=raw)


def test_a_healthy_body_is_ok() -> None:
    verdict = judge_health(_answer({"status": "healthy", "services": {"database": "healthy", "ai": {"status": "up"}}}))
    assert verdict.status is Status.OK
    assert verdict.services == {"database": "healthy", "ai": "up"}
    assert verdict.says == "200 healthy"


def test_one_sick_service_makes_it_down_and_is_named() -> None:
    verdict = judge_health(_answer({"status": "healthy", "services": {"database": "unhealthy"}}))
    assert verdict.status is Status.DOWN
    assert verdict.says == "200 but database unhealthy"


def test_a_slow_service_is_a_warning_that_still_works() -> None:
    verdict = judge_health(_answer({"status": "healthy", "services": {"maps": "slow", "database": "healthy"}}))
    assert verdict.status is Status.WARN
    assert verdict.slow == ("maps",)


def test_a_bad_status_gives_the_bodys_own_reason() -> None:
    verdict = judge_health(_answer({"status": "unhealthy", "error": "zone is undefined"}, 503))
    assert verdict.status is Status.DOWN
    assert verdict.says == '503 "zone is undefined"'


def test_a_bad_status_still_tells_its_services() -> None:
    verdict = judge_health(_answer({"status": "unhealthy", "services": {"database": "unhealthy", "mail": "ok"}}, 503))
    assert verdict.services["database"] == "unhealthy"
    assert verdict.says == '503 "database unhealthy"'


@pytest.mark.parametrize("body", [b"OK", b"healthy\n", b'"ok"', {"ok": True}, {"healthy": True}])
def test_plain_forms_of_healthy_are_understood(body: object) -> None:
    assert judge_health(_answer(body)).status is Status.OK


@pytest.mark.parametrize(
    "body", [b"<html>fine</html>", b"", {}, {"ok": False}, {"status": "down"}, [1], {"status": []}]
)
def test_a_200_that_does_not_say_healthy_is_down(body: object) -> None:
    verdict = judge_health(_answer(body))
    assert verdict.status is Status.DOWN
    assert verdict.says


def test_no_answer_is_down_with_its_reason() -> None:
    verdict = judge_health(Answer("http://x/", "connect", error="connection refused"))
    assert (verdict.status, verdict.says) == (Status.DOWN, "connection refused")


@pytest.mark.parametrize(
    ("memory", "percent"), [({"used": 30, "total": 60}, 50.0), ({"percent": 81}, 81.0), ({}, None), (5, None)]
)
def test_memory_is_percent_where_it_can_be_told(memory: object, percent: float | None) -> None:
    assert judge_health(_answer({"status": "ok", "memory": memory})).memory == percent


async def test_five_megabytes_of_markup_escapes_and_invalid_text_give_one_short_line() -> None:
    async with web_server() as web, client_for(Settings(), "production") as client:
        web.routes["/api/health"] = reply(b"[/x]\x1b[2J\x1b]0;own\x07\xff\xfe" * 350_000, 500, "text/html")
        answer = await ask(client, web.url + "/api/health")
    verdict = judge_health(answer)
    assert verdict.status is Status.DOWN
    assert len(verdict.says) <= 140
    assert verdict.says.startswith('500 "[/x]')
    assert verdict.says.isprintable()


def test_a_body_nested_without_end_is_down_not_an_error() -> None:
    assert judge_health(_answer(b"[" * 900_000)).status is Status.DOWN


@given(st.binary(max_size=300), st.integers(100, 599))
def test_any_body_gives_a_verdict_on_one_printable_line(body: bytes, status: int) -> None:
    verdict = judge_health(_answer(body, status))
    assert verdict.status in (Status.OK, Status.WARN, Status.DOWN)
    assert "\n" not in verdict.says and "\x1b" not in verdict.says and len(verdict.says) <= 160


def test_an_answer_that_broke_off_is_down_even_when_what_came_says_healthy() -> None:
    broken = Answer(
        "http://x/", "http", status=200, body=b'{"status":"ok"}', error="the answer broke off after 15 bytes"
    )
    verdict = judge_health(broken)
    assert (verdict.status, verdict.says) == (Status.DOWN, "200, but the answer broke off after 15 bytes")
