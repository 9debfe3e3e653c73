"""The smoke tests against real small servers: what passes, what fails and with which words, what is skipped."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import msgspec
import pytest
import trustme

from operations.desk import Desk
from operations.engine.model import ConfirmLevel, StepFailed
from operations.errors import VigieError
from operations.jobs import OPERATIONS, operation_named
from operations.jobs.smoke import Smoke, outcome_of
from operations.jobs.smoke_checks import run_smoke, smoke
from operations.jobs.smoke_report import SKIPPED, SmokeCheck, SmokeReport, junit, report_from
from operations.settings import Check, Environment, Secret, Settings, Site
from tests.operations.jobs.rig import Bench
from tests.operations.web import Web, hang, reply, reset, web_server
from tests.servers import PostgresServer

PAGE = '<html><script src="/a/app.js"></script><link rel="stylesheet" href="/a/app.css">Dispatch board</html>'


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    async with web_server() as served:
        served.routes = {
            "/api/health": reply('{"status": "healthy", "services": {"database": "healthy"}}'),
            "/": reply(PAGE, kind="text/html", age="17"),
            "/a/app.js": reply("go()", kind="text/javascript"),
            "/a/app.css": reply("b{}", kind="text/css"),
            "/api/calls": reply("[]"),
        }
        yield served


def site(web: Web, **more: Any) -> Settings:
    values: dict[str, Any] = {"url": web.url, "page_marker": "Dispatch", "read_endpoint": "/api/calls", **more}
    return Settings(site=Site(name="dispatch"), environments={"production": Environment(kind="production", **values)})


async def run(web: Web, **more: Any) -> SmokeReport:
    return await smoke(site(web, **more), "production")


def found(report: SmokeReport, name: str) -> SmokeCheck:
    return next(check for check in report.checks if check.name == name)


async def test_a_healthy_site_passes_in_under_a_second(web: Web) -> None:
    report = await run(web)
    assert report.ok, report.says
    assert [(check.name, check.ok) for check in report.checks] == [
        ("health", True),
        ("front page", True),
        ("Supabase", None),
        ("page's files", True),
        ("database read", True),
        ("fast enough", True),
    ]
    assert found(report, "Supabase").actual == SKIPPED
    assert report.seconds < 1.0
    assert report.failed_kind == "none"
    assert report.says == "5 of 5 tests passed"
    split = found(report, "health").split
    assert split is not None
    assert split.connect is not None
    assert split.first_byte is not None
    assert "age: 17" in found(report, "front page").cache
    assert all("cache-control: no-cache" in head.lower() for head in web.asked)


@pytest.mark.parametrize(
    ("routes", "name", "actual"),
    [
        ({"/api/health": reply('{"status": "healthy"}', 500)}, "health", "500"),
        (
            {"/api/health": reply('{"status": "healthy", "services": {"mail": "unhealthy"}}')},
            "health",
            "mail unhealthy",
        ),
        ({"/api/health": reply('{"status": "degraded"}')}, "health", "degraded"),
        ({"/api/health": reply("<html>sign in</html>", kind="text/html")}, "health", "200"),
        ({"/": reply("<html>Other</html>", kind="text/html")}, "front page", 'without "Dispatch"'),
        ({"/": reply("{}")}, "front page", "instead of HTML"),
        ({"/a/app.js": reply("<!doctype html>", kind="text/html")}, "page's files", "app.js 200 but an HTML page"),
        ({"/a/app.css": reply("no", 404, "text/plain")}, "page's files", "app.css 404"),
        ({"/api/calls": reply('{"error": "zone is undefined"}', 503)}, "database read", "503"),
        ({"/api/calls": reset}, "database read", ""),
    ],
)
async def test_what_is_wrong_is_said_with_the_actual_value(
    web: Web, routes: dict[str, Any], name: str, actual: str
) -> None:
    web.routes.update(routes)
    report = await run(web)
    assert not report.ok
    assert [check.name for check in report.failed] == [name]
    assert actual in found(report, name).actual
    assert report.failed_kind == "other"


async def test_the_first_lines_of_a_wrong_answer_are_kept_clean(web: Web) -> None:
    web.routes["/api/calls"] = reply("\x1b[31mTypeError: zone\x1b[0m\nat line 1\n" + "x\n" * 50, 500, "text/plain")
    lines = found(await run(web), "database read").first_lines.splitlines()
    assert lines[:2] == ["TypeError: zone", "at line 1"]
    assert len(lines) == 5


async def test_a_site_that_is_gone_fails_and_leaves_its_files_unmeasured(web: Web) -> None:
    settings = site(web, url="http://127.0.0.1:9")
    report = await smoke(settings, "production")
    assert {check.name: check.ok for check in report.checks} == {
        "health": False,
        "front page": False,
        "Supabase": None,
        "page's files": None,
        "database read": False,
        "fast enough": False,
    }
    assert found(report, "front page").actual == "connection refused"
    assert "the page did not come" in found(report, "page's files").actual


async def test_a_slow_answer_is_too_slow_and_its_time_is_split(web: Web) -> None:
    async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(3.1)
        writer.write(reply(PAGE, kind="text/html"))

    web.routes["/"] = late
    check = found(await run(web), "fast enough")
    assert check.ok is False
    assert "first byte 3.1" in check.actual
    assert "under 3 s" in check.expected


async def test_checks_run_side_by_side(web: Web) -> None:
    async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.5)
        writer.write(reply("{}"))

    web.routes["/slow"] = late
    checks = tuple(Check(name=f"c{number}", path="/slow") for number in range(20))
    report = await run(web, checks=checks)
    assert report.ok, report.says
    assert report.seconds < 5.0


@pytest.mark.parametrize(("status", "ok"), [(200, True), (401, True), (404, True), (500, False), (503, False)])
async def test_supabase_answering_at_all_is_enough_and_a_refused_key_is_no_outage(
    web: Web, status: int, ok: bool
) -> None:
    web.routes["/auth/v1/health"] = reply("{}", status)
    more = {"headers": {"x-bypass": Secret("site-secret")}, "supabase_anon_key": Secret("anon-key-1")}
    report = await run(web, supabase_url=web.url, **more)
    assert found(report, "Supabase").ok is ok
    (asked,) = [head for head in web.asked if "/auth/v1/health" in head]
    assert "apikey: anon-key-1" in asked.lower()
    assert "site-secret" not in asked
    assert any("x-bypass: site-secret" in head.lower() for head in web.asked)


async def test_another_address_gets_none_of_the_environments_headers(web: Web) -> None:
    settings = site(web, url="https://dispatch.test", headers={"x-bypass": Secret("site-secret")})
    report = await smoke(settings, "production", web.url)
    assert report.ok, report.says
    assert not any("site-secret" in head for head in web.asked)


@pytest.mark.parametrize(
    ("check", "actual"),
    [
        ({"status": 201}, "200 instead of 201"),
        ({"header": "X-Kind", "header_contains": "full"}, "x-kind: half"),
        ({"header": "X-None", "header_contains": "a"}, "no header X-None"),
        ({"json_path": "user.roles.1", "equals": "owner"}, "user.roles.1 = admin"),
        ({"json_path": "user.active", "equals": "false"}, "user.active = true"),
        ({"json_path": "user.name.first", "equals": "x"}, "no user.name.first"),
        ({"contains": "welcome"}, 'without "welcome"'),
        ({"within": 0.000001}, "took 0."),
        ({"certificate_days": 30}, "not https"),
    ],
)
async def test_own_checks_say_which_condition_failed(web: Web, check: dict[str, Any], actual: str) -> None:
    body = json.dumps({"user": {"roles": ["reader", "admin"], "active": True, "name": "ana"}})
    web.routes["/login"] = reply(body, x_kind="half")
    report = await run(web, checks=(Check(name="login", path="/login", kind="auth", **check),))
    login = found(report, "login")
    assert login.ok is False
    assert actual.lower() in login.actual.lower()
    assert report.failed_kind == "auth"


async def test_a_certificate_is_measured_in_days(tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", not_after=datetime.now(UTC) + timedelta(days=20)).configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    async with web_server(context) as served:
        served.routes = {"/api/health": reply('{"status": "ok"}'), "/": reply(PAGE, kind="text/html")}
        checks = tuple(Check(name=f"{days} days", path="/api/health", certificate_days=days) for days in (5, 30))
        report = await run(served, authority=str(tmp_path / "authority.pem"), checks=checks)
        assert found(report, "5 days").ok is True
        assert "certificate ends in 19 days" in found(report, "30 days").actual
        assert (split := found(report, "5 days").split) is not None
        assert split.tls is not None
        untrusted = await run(served, checks=checks)
        assert "certificate" in found(untrusted, "health").actual


async def test_an_authority_that_cannot_be_read_is_an_error_with_its_name(web: Web) -> None:
    with pytest.raises(VigieError, match=r"authority /nowhere/ca\.pem cannot be read"):
        await run(web, authority="/nowhere/ca.pem")


async def test_own_checks_that_hold_pass(web: Web) -> None:
    web.routes["/login"] = reply('{"user": {"roles": ["a"], "active": true}}', 201, x_kind="full")
    check = Check(
        name="login",
        path="/login",
        method="POST",
        body=Secret('{"password": "hunter2hunter2"}'),
        status=201,
        header="x-kind",
        header_contains="ful",
        json_path="$.user.active",
        equals="true",
        contains="roles",
    )
    report = await run(web, checks=(check,))
    assert report.ok, report.says
    (asked,) = [head for head in web.asked if "/login" in head]
    assert asked.startswith("POST")
    assert "content-type: application/json" in asked.lower()


async def test_no_secret_reaches_the_report(web: Web) -> None:
    web.routes["/login"] = reply('you sent {"password": "hunter2hunter2"} and anon-key-1', 500, "text/plain")
    checks = (Check(name="login", path="/login", method="POST", body=Secret("hunter2hunter2"), contains="anon-key-1"),)
    report = await run(web, checks=checks, supabase_anon_key=Secret("anon-key-1"))
    text = json.dumps(report.as_data()) + junit(report)
    assert "hunter2hunter2" not in text
    assert "anon-key-1" not in text


@pytest.mark.parametrize(
    ("kinds", "together"),
    [
        (("auth",), "auth"),
        (("third-party",), "third-party"),
        (("auth", "third-party"), "auth"),
        (("auth", ""), "other"),
    ],
)
async def test_the_kind_of_a_failure_is_told_only_when_nothing_else_failed(
    web: Web, kinds: tuple[Any, ...], together: str
) -> None:
    checks = tuple(Check(name=f"c{place}", path="/missing", kind=kind) for place, kind in enumerate(kinds))
    assert (await run(web, checks=checks)).failed_kind == together


async def test_a_hanging_check_ends_at_its_time_limit(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("operations.jobs.smoke_own.HTTP_LIMIT", 0.5)
    web.routes["/hangs"] = hang
    report = await run(web, checks=(Check(name="hangs", path="/hangs", within=0.2),))
    assert found(report, "hangs").ok is False
    assert "within 0.5 s" in found(report, "hangs").actual


async def test_the_database_is_read_when_no_endpoint_does(web: Web, postgres: PostgresServer) -> None:
    good = await run(web, read_endpoint="", database_readonly=Secret(postgres.url()))
    assert found(good, "database read").ok is True
    wrong = Secret(postgres.url(password="wrong-password"))
    bad = await run(web, read_endpoint="", database_readonly=wrong)
    assert found(bad, "database read").ok is False
    assert "password authentication failed" in found(bad, "database read").actual
    none = await run(web, read_endpoint="")
    assert found(none, "database read").ok is None


def test_an_environment_without_an_address_cannot_be_checked() -> None:
    for settings in (Settings(), Settings(environments={"production": Environment()})):
        with pytest.raises(VigieError, match="no address") as caught:
            run_smoke(settings, "production")
        assert caught.value.code == 1


async def test_the_report_goes_to_json_and_back(web: Web) -> None:
    report = await run(web)
    again = report_from(json.loads(json.dumps(report.as_data())))
    assert again == report
    with pytest.raises(msgspec.ValidationError):
        report_from({"checks": "none"})


def test_junit_counts_failures_and_skips_and_survives_foreign_text() -> None:
    report = SmokeReport(
        "production",
        "http://x",
        datetime(2024, 5, 1, tzinfo=UTC),
        0.5,
        (
            SmokeCheck("good", True, "200", "200", 0.1),
            SmokeCheck("bad <&>", False, "200", "500", 0.2, first_lines="\x00]]>\ufffe<b>"),
            SmokeCheck("skipped", None, "x", SKIPPED),
        ),
    )
    (suite,) = ElementTree.fromstring(junit(report))
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("3", "1", "1")
    assert [case.get("name") for case in suite] == ["good", "bad <&>", "skipped"]
    failure = suite[1][0]
    assert failure.get("message") == "expected 200: 500"
    assert failure.text == "]]><b>"


def test_nothing_checked_is_not_ok() -> None:
    nothing = SmokeReport("x", "http://x", datetime.now(UTC), 0.0, (SmokeCheck("a", None, "x", SKIPPED),))
    assert not nothing.ok
    assert outcome_of(nothing).code == 1
    one = replace(nothing, checks=(SmokeCheck("a", True, "x", "x"),))
    assert outcome_of(one).code == 0


async def test_as_an_operation_it_needs_no_lock_and_no_confirmation(web: Web, tmp_path: Path) -> None:
    settings = site(web)
    operation, desk = Smoke(), Desk(settings, "production")
    file = tmp_path / "junit.xml"
    plan = await asyncio.to_thread(operation.plan, desk, {"junit": str(file)})
    assert (operation.lock, plan.confirm.level, plan.refusal) == (None, ConfirmLevel.NONE, None)
    bench = Bench(plan)
    outcome = await asyncio.to_thread(bench.go, operation, desk)
    assert (outcome.code, outcome.meaning) == (0, "all passed")
    assert outcome.details["ok"] is True
    assert ElementTree.fromstring(file.read_text()).get("failures") == "0"
    web.routes["/api/health"] = reply("{}", 503)
    failed = await asyncio.to_thread(Bench(plan).go, operation, desk)
    assert (failed.code, failed.meaning) == (1, "one or more failed")
    assert ElementTree.fromstring(file.read_text()).get("failures") == "1"
    assert StepFailed(1, "x").code == 1


async def test_an_address_of_another_environment_is_refused(web: Web) -> None:
    settings = Settings(
        site=Site(name="dispatch"),
        environments={"production": Environment(url="https://a.test"), "staging": Environment(url="https://b.test")},
    )
    plan = Smoke().plan(Desk(settings, "production"), {"url": "https://b.test/"})
    assert plan.refusal is not None
    assert plan.refusal.code == 1
    assert "belongs to staging" in plan.refusal.says


def test_operations_are_found_by_name_and_loaded_when_asked_for() -> None:
    assert {"backup", "restore", "rollback", "smoke"} <= set(OPERATIONS)
    assert operation_named("smoke").name == "smoke"
    assert OPERATIONS["rollback"].lock == "change"
    with pytest.raises(VigieError, match="no operation 'deploi'"):
        operation_named("deploi")
