"""Probes over HTTP, against real sockets that misbehave: what they see is what they say."""

from __future__ import annotations

import json
import ssl
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
import trustme

from operations.platforms.base import LivePeriod, Progress, Release
from operations.settings import Environment, Provider, Secret, Settings, WatchSettings
from operations.watch.model import Reading, Status
from operations.watch.outside import Outside
from operations.watch.probes.alerts import AlertsProbe
from operations.watch.probes.base import Place, place_for
from operations.watch.probes.certificate import CertificateProbe
from operations.watch.probes.endpoint import EndpointProbe
from operations.watch.probes.health import HealthProbe
from operations.watch.probes.page import AssetsProbe, PageProbe
from operations.watch.probes.provider import ProviderProbe
from operations.watch.probes.release import ReleaseProbe, same_release, version_in
from operations.watch.probes.settings_log import SettingsLogProbe
from operations.watch.probes.vantage import VantageProbe
from tests.operations.watch.conftest import SmallSite
from tests.operations.web import hang, reply, reset, web_server

OK, WARN, DOWN, UNKNOWN = Status.OK, Status.WARN, Status.DOWN, Status.UNKNOWN


def _place(site: SmallSite, **keys: object) -> Place:
    place = place_for(site.settings, "production", Outside(**keys))  # type: ignore[arg-type]
    assert place.env.url == site.web.url
    return place


async def _read(probe: object) -> Reading:
    try:
        return await probe.read()  # type: ignore[attr-defined,no-any-return]
    finally:
        await probe.close()  # type: ignore[attr-defined]


async def test_a_healthy_endpoint_tells_its_services_and_times(site: SmallSite) -> None:
    reading = await _read(HealthProbe(_place(site)))
    assert (reading.status, reading.detail) == (OK, "200 healthy")
    assert reading.data["services"] == {"database": "healthy", "maps": "healthy"}
    assert {"lookup", "connect", "first_byte", "total"} <= set(reading.data)
    assert "network" not in reading.data


async def test_a_clock_that_is_ahead_is_measured_by_its_date_header(site: SmallSite) -> None:
    ahead = (datetime.now(UTC) + timedelta(seconds=60)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    site.web.routes["/api/health"] = reply('{"status": "ok"}', date=ahead)
    reading = await _read(HealthProbe(_place(site)))
    assert 57 < reading.data["skew"] < 62


async def test_an_answer_out_of_a_cache_says_its_age_and_no_clock(site: SmallSite) -> None:
    site.web.routes["/api/health"] = reply('{"status": "ok"}', age="77", date="Thu, 01 Jan 1970 00:00:00 GMT")
    reading = await _read(HealthProbe(_place(site)))
    assert reading.detail == "200 ok, 77 s old in a cache"
    assert "skew" not in reading.data


async def test_a_cut_connection_is_network_trouble_and_a_503_is_not(site: SmallSite) -> None:
    site.web.routes["/api/health"] = reset
    cut = await _read(HealthProbe(_place(site)))
    assert (cut.status, cut.data["kind"], cut.data["network"]) == (DOWN, "connect", True)
    site.web.routes["/api/health"] = reply('{"error": "zone is undefined"}', 503)
    bad = await _read(HealthProbe(_place(site)))
    assert (bad.status, bad.detail, bad.data.get("network")) == (DOWN, '503 "zone is undefined"', None)


async def test_the_page_needs_its_marker(site: SmallSite) -> None:
    assert (await _read(PageProbe(_place(site)))).status is OK
    site.web.routes["/"] = reply("<p>closed", kind="text/html")
    assert (await _read(PageProbe(_place(site)))).detail == '200 without "Calls"'


async def test_missing_files_are_named_and_the_build_is_asked(site: SmallSite) -> None:
    del site.web.routes["/assets/app.js"]
    held = _FakePlatform({"/assets/app.js", "/assets/app.css"})
    reading = await _read(AssetsProbe(_place(site, platform=held)))
    assert (reading.status, reading.detail, reading.data["in_build"]) == (DOWN, "app.js 404 of 2", True)
    lacking = _FakePlatform({"/assets/app.css"})
    assert (await _read(AssetsProbe(_place(site, platform=lacking)))).data["in_build"] is False
    assert (await _read(AssetsProbe(_place(site)))).data["in_build"] is None


async def test_files_of_a_page_that_does_not_answer_are_unknown(site: SmallSite) -> None:
    site.web.routes["/"] = reply("", 500)
    reading = await _read(AssetsProbe(_place(site)))
    assert reading.status is UNKNOWN


@pytest.mark.parametrize(
    ("answer", "status"), [(reply("[]"), OK), (reply("", 401), OK), (reply("", 500), DOWN), (reply("", 404), DOWN)]
)
async def test_an_endpoint_is_down_on_errors_and_a_401_is_an_answer(
    site: SmallSite, answer: bytes, status: Status
) -> None:
    site.web.routes["/api/calls"] = answer
    assert (await _read(EndpointProbe(_place(site), "/api/calls"))).status is status


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"error": "zone is undefined"}', '500 "zone is undefined"'),
        ('{"error": {"code": 7}, "message": "no zone"}', '500 "no zone"'),
        ("<h1>Oops</h1>", '500 "<h1>Oops</h1>"'),
        ("[" * 5000, f'500 "{"[" * 99}…"'),
        ("", "500"),
    ],
    ids=["its error", "its message", "no JSON", "nested", "nothing"],
)
async def test_an_endpoint_that_fails_is_told_in_its_own_words(site: SmallSite, body: str, words: str) -> None:
    site.web.routes["/api/calls"] = reply(body, 500)
    assert (await _read(EndpointProbe(_place(site), "/api/calls"))).detail == words


async def test_one_control_target_is_enough_to_be_online_and_none_is_not(site: SmallSite) -> None:
    assert (await _read(VantageProbe(_place(site)))).status is OK
    offline = msgspec.structs.replace(
        site.settings, watch=WatchSettings(control_targets=("http://127.0.0.1:1/", "http://127.0.0.1:2/"))
    )
    reading = await _read(VantageProbe(place_for(offline, "production")))
    assert reading.status is DOWN
    assert "connection refused" in reading.detail


async def test_headers_of_the_site_never_go_to_anybody_else(site: SmallSite) -> None:
    async with web_server() as elsewhere:
        elsewhere.routes |= {"/": reply("ok"), "/api/v2/alerts": reply("[]")}
        secret = {"x-bypass": Secret("letmein")}
        environment = Environment(url=site.web.url, alertmanager=elsewhere.url, headers=secret)
        provider = Provider(name="Pelican", status=elsewhere.url)
        settings = Settings(
            environments={"production": environment}, watch=WatchSettings(control_targets=(elsewhere.url + "/",))
        )
        place = place_for(settings, "production")
        await _read(HealthProbe(place))
        for probe in (VantageProbe(place), AlertsProbe(place), ProviderProbe(place, provider)):
            await _read(probe)
    assert "letmein" in site.web.asked[0]
    assert len(elsewhere.asked) == 3
    assert not any("letmein" in head for head in elsewhere.asked)


def _summary(*components: tuple[str, str], indicator: str = "none", began: str = "") -> bytes:
    incidents = [{"name": "Slow queries", "status": "investigating", "started_at": began}] if began else []
    rows = [{"name": name, "status": status} for name, status in components]
    return reply(json.dumps({"status": {"indicator": indicator}, "components": rows, "incidents": incidents}))


async def _provider(site: SmallSite, body: object, components: tuple[str, ...] = ("Postgres",)) -> Reading:
    site.web.routes["/api/v2/summary.json"] = body  # type: ignore[assignment]
    provider = Provider(name="Quayside", status=site.web.url, components=components)
    return await _read(ProviderProbe(_place(site), provider))


async def test_only_the_components_in_use_count(site: SmallSite) -> None:
    body = _summary(("Postgres", "operational"), ("Dashboard", "major_outage"), indicator="critical")
    reading = await _provider(site, body)
    assert (reading.status, reading.data["word"]) == (OK, "operational")
    assert (await _provider(site, body, ())).data["word"] == "major"


async def test_an_outage_says_since_when(site: SmallSite) -> None:
    began = "2026-03-01T02:50:00Z"
    reading = await _provider(site, _summary(("Postgres", "partial_outage"), began=began))
    assert (reading.status, reading.data["word"]) == (DOWN, "partial")
    assert reading.data["began"] == "2026-03-01T02:50:00+00:00"
    assert reading.detail == "Postgres partial: Slow queries"


@pytest.mark.parametrize(
    "body",
    [
        reply("<html>fine</html>", kind="text/html"),
        reply("", 302, location="https://elsewhere.example/"),
        reply("", 500),
        reply("[]"),
        reply('{"components": 7}'),
        _summary(("Postgres", "sunny")),
        _summary(("Dashboard", "operational")),
        hang,
    ],
)
async def test_a_status_page_that_says_anything_else_is_unknown(site: SmallSite, body: object) -> None:
    site.web.routes["/api/v2/summary.json"] = body  # type: ignore[assignment]
    provider = Provider(name="Quayside", status=site.web.url, components=("Postgres",))
    probe = ProviderProbe(_place(site), provider)
    probe.limit = 0.5
    assert (await _read(probe)).status is UNKNOWN


async def test_active_alerts_are_counted_and_security_ones_apart(site: SmallSite) -> None:
    alerts = [
        {"labels": {"alertname": "HighErrors"}, "status": {"state": "active"}},
        {"labels": {"alertname": "OddLogins", "category": "security"}, "status": {"state": "active"}},
        {"labels": {"alertname": "Old"}, "status": {"state": "suppressed"}},
    ]
    site.web.routes["/api/v2/alerts"] = reply(json.dumps(alerts))
    settings = msgspec.structs.replace(
        site.settings, environments={"production": Environment(alertmanager=site.web.url)}
    )
    reading = await _read(AlertsProbe(place_for(settings, "production")))
    assert (reading.status, reading.value, reading.data["security"]) == (WARN, 2.0, 1)
    site.web.routes["/api/v2/alerts"] = reply("<html>")
    assert (await _read(AlertsProbe(place_for(settings, "production")))).status is UNKNOWN


def _tls_site(tmp_path: Path, days: float, host: str = "127.0.0.1") -> tuple[ssl.SSLContext, str]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    now = datetime.now(UTC)
    ends = now + timedelta(days=days)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate = authority.issue_cert(host, not_before=min(now, ends) - timedelta(days=1), not_after=ends)
    certificate.configure_cert(context)
    return context, str(tmp_path / "ca.pem")


@pytest.mark.parametrize(("days", "status"), [(90, OK), (20, WARN), (3, DOWN), (-1, DOWN)])
async def test_a_certificate_is_judged_by_its_days_left(tmp_path: Path, days: float, status: Status) -> None:
    context, authority = _tls_site(tmp_path, days)
    async with web_server(context) as web:
        settings = Settings(environments={"production": Environment(url=web.url, authority=authority)})
        reading = await _read(CertificateProbe(place_for(settings, "production")))
    assert reading.status is status
    if days > 0:
        assert reading.data["days"] == pytest.approx(days, abs=0.1)
    else:
        assert (reading.detail, reading.data["kind"]) == ("certificate: certificate has expired", "tls")


async def test_a_certificate_of_another_name_is_down(tmp_path: Path) -> None:
    context, authority = _tls_site(tmp_path, 90, "other.test")
    async with web_server(context) as web:
        settings = Settings(environments={"production": Environment(url=web.url, authority=authority)})
        reading = await _read(CertificateProbe(place_for(settings, "production")))
    assert (reading.status, reading.data["kind"]) == (DOWN, "tls")


class _FakePlatform:
    """The interface, in memory: tests of the drivers are elsewhere."""

    name = "fake"
    can_promote = True

    def __init__(self, files: set[str] = frozenset(), commit: str = "a1b2c3d4e5") -> None:  # type: ignore[assignment]
        self._files = files
        self._live = Release("v2", "v2.4.1", commit, who="ana", live=True)

    def releases(self, limit: int = 20) -> Sequence[Release]:
        return [self._live]

    def live(self) -> Release | None:
        return self._live

    def periods(self, limit: int = 50) -> Sequence[LivePeriod]:
        return [LivePeriod("v2", datetime(2026, 3, 1, tzinfo=UTC), None, "ana", "publish")]

    def publish(self, build: Path, *, name: str, commit: str, who: str) -> str:
        raise NotImplementedError

    def promote(self, release: str, *, who: str, how: str = "promote") -> str:
        raise NotImplementedError

    def progress(self, id: str) -> Progress:
        raise NotImplementedError

    def has_file(self, release: str, path: str) -> bool | None:
        return path in self._files

    def brings_back(self, release: str) -> Sequence[str]:
        return ()


class _BrokenPlatform(_FakePlatform):
    def live(self) -> Release | None:
        raise ValueError("[/x]\x1b[2J no answer")


async def test_site_and_platform_are_two_witnesses(site: SmallSite) -> None:
    agreed = await _read(ReleaseProbe(_place(site, platform=_FakePlatform())))
    assert (agreed.status, agreed.detail) == (OK, "v2.4.1 a1b2c3d")
    differ = await _read(ReleaseProbe(_place(site, platform=_FakePlatform(commit="ffffffffff"))))
    assert differ.status is WARN
    assert differ.detail == "site reports a1b2c3d4e5, platform says v2.4.1 fffffff"
    broken = await _read(ReleaseProbe(_place(site, platform=_BrokenPlatform())))
    assert (broken.status, broken.data["site"]) == (WARN, "a1b2c3d4e5")
    assert broken.detail == "a1b2c3d4e5; platform: [/x] no answer"


async def test_a_site_that_tells_no_version_leaves_the_platforms_word(site: SmallSite) -> None:
    site.web.routes["/api/version"] = reply("", 503)
    reading = await _read(ReleaseProbe(_place(site, platform=_FakePlatform())))
    assert (reading.status, "site" in reading.data) == (WARN, False)
    assert (await _read(ReleaseProbe(_place(site)))).status is UNKNOWN


def test_versions_are_compared_by_name_or_commit() -> None:
    assert same_release("2.4.1", "v2.4.1", "a1b2c3d4")
    assert same_release("a1b2c3d", "v2.4.1", "a1b2c3d4e5")
    assert not same_release("a1b", "v2.4.1", "a1b2c3d4e5")
    assert version_in(b'{"a": {"b": "x"}}', "a.b") == "x"
    assert version_in(b"v1\n", "") == "v1"
    assert version_in(b"<html>", "commit") == ""


async def test_changes_of_settings_are_names_and_times_never_values(site: SmallSite) -> None:
    lines = [
        {"at": "2026-03-01T02:00:00Z", "kind": "flag", "name": "maps", "who": "ana", "value": "topsecret"},
        {"at": "2026-03-01T01:00:00Z", "kind": "secret", "name": "LOGIN_KEY"},
    ]
    (site.folder / "settings.jsonl").write_text(
        "\n".join(map(json.dumps, lines)) + "\n[/x]\n" + '{"x":' + "[" * 3_000 + "\n"
    )
    reading = await _read(SettingsLogProbe(_place(site)))
    assert reading.detail.endswith("2 lines unreadable")
    assert [row[1:] for row in reading.data["changes"]] == [["config", "LOGIN_KEY", ""], ["flag", "maps", "ana"]]
    assert "topsecret" not in str(reading)


async def test_a_probe_keeps_its_place(site: SmallSite) -> None:
    place = replace(_place(site))
    assert place.url("/x") == f"{site.web.url}/x"
    assert place.url("http://other/x") == "http://other/x"
    assert place.every(10) == 10
