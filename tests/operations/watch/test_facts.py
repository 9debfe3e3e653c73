"""Every fact of the tree, from readings: its value where somebody measured it, and the reason where nobody did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from operations.settings import Environment, Settings
from operations.watch.facts import derive
from operations.watch.history import OFFLINE, History, VersionSpan
from operations.watch.model import Change, ProbeState, Reading, Status
from operations.watch.outside import Outside
from operations.watch.snapshot import snapshot_of
from runbooks.facts import Fact, Value
from runbooks.names import FACT_NAMES

NOW = datetime(2026, 3, 4, 3, 20, tzinfo=UTC)
OK, WARN, DOWN, UNKNOWN = Status.OK, Status.WARN, Status.DOWN, Status.UNKNOWN
CRITICAL = ("health", "page", "assets", "errors")
PROBES = (
    *CRITICAL, "vantage", "latency", "database", "business", "release", "settings", "migrations", "backups",
    "provider Quay", "alerts", "smoke", "rollback",
)  # fmt: skip
SETTINGS = Settings(environments={"production": Environment(kind="production")})


class Watched:
    """Readings put in by hand, facts taken out."""

    def __init__(self, *probes: str) -> None:
        names = probes or PROBES
        self.history = History([ProbeState(n, n.removeprefix("provider "), n in CRITICAL, 30, 10) for n in names])
        self.outside = Outside()

    def read(
        self,
        probe: str,
        status: Status = OK,
        *,
        ago: float = 0,
        times: int = 3,
        value: float | None = None,
        detail: str = "",
        **data: Any,
    ) -> Watched:
        for number in range(times):
            at = NOW - timedelta(seconds=ago + 10 * (times - 1 - number))
            self.history.add(Reading(probe, status, at, 0.1, detail, value, data))
        return self

    def facts(self, now: datetime = NOW) -> Mapping[str, Fact]:
        return derive(self.history, now, SETTINGS, "production", self.outside)

    def known(self, name: str) -> Value | None:
        return self.facts()[name].known(NOW)

    def why(self, name: str) -> str:
        return self.facts()[name].why_unknown(NOW)


def test_every_name_of_the_tree_is_listed_and_unknown_where_nothing_is_configured() -> None:
    facts = derive(History([]), NOW, Settings(), "production", Outside())
    assert set(FACT_NAMES) <= set(facts)
    assert {
        name: facts[name].why_unknown(NOW) for name in FACT_NAMES if facts[name].known(NOW) is None
    } == dict.fromkeys(FACT_NAMES, "not configured")


def test_every_name_is_listed_before_the_first_answer_too() -> None:
    facts = Watched().facts()
    assert set(FACT_NAMES) <= set(facts)
    assert all(facts[name].known(NOW) is None for name in FACT_NAMES)
    assert facts["health.ok"].why_unknown(NOW) == "no answer yet"


@pytest.mark.parametrize("probe", ["health", "page", "assets"])
@pytest.mark.parametrize(("status", "ok", "failed"), [(OK, True, False), (WARN, True, False), (DOWN, False, True)])
def test_ok_and_failed_are_opposites(probe: str, status: Status, ok: bool, failed: bool) -> None:
    watched = Watched().read(probe, status)
    assert (watched.known(f"{probe}.ok"), watched.known(f"{probe}.failed")) == (ok, failed)


def test_what_could_not_be_measured_is_neither_ok_nor_failed() -> None:
    watched = Watched().read("health", UNKNOWN, detail="no reading within 10 s")
    assert (watched.known("health.ok"), watched.known("health.failed")) == (None, None)
    assert watched.why("health.ok") == "no reading within 10 s"


def test_a_fact_goes_stale_and_says_how_old_its_answer_is() -> None:
    watched = Watched().read("page", OK, kind="http")
    later = NOW + timedelta(seconds=71)
    assert watched.facts()["page.ok"].known(NOW) is True
    assert watched.facts(later)["page.ok"].known(later) is None
    assert watched.facts()["front.kind"].why_unknown(later) == "last answer 71 s ago"


def test_an_offline_bastion_makes_network_facts_unknown_and_never_down() -> None:
    watched = Watched().read("page", OK, ago=60)
    watched.read("vantage", DOWN)
    watched.read("page", DOWN, kind="connect", network=True, detail="connection refused")
    watched.read("database", DOWN, answers=False, error="refused", network=True)
    for name in ("page.ok", "page.failed", "front.kind", "database.ok", "database.error"):
        assert watched.known(name) is None, name
        assert OFFLINE in watched.why(name)
    assert watched.known("vantage.ok") is False
    assert snapshot_of(watched.history, SETTINGS, "production", Outside(), NOW).overall.value == "unknown"


def test_an_http_answer_counts_even_when_control_targets_fail() -> None:
    watched = Watched().read("vantage", DOWN).read("health", DOWN, kind="http", code=503)
    assert watched.known("health.failed") is True


def test_trouble_seen_before_the_control_targets_failed_is_doubted_afterwards() -> None:
    watched = Watched().read("page", DOWN, ago=30, kind="timeout", network=True).read("vantage", DOWN)
    assert watched.known("page.failed") is None


def test_services_come_from_the_health_answer() -> None:
    services = {"database": "unhealthy", "maps": "slow", "mail": "ok"}
    watched = Watched().read("health", DOWN, services=services)
    assert watched.known("health.services.database") == "unhealthy"
    assert watched.known("health.services.mail") == "healthy"
    assert watched.known("services.slow") == 1
    silent = Watched().read("health", OK)
    assert silent.known("services.slow") is None
    assert silent.why("health.services.database") == "the health answer names no database"


def test_health_ok_for_counts_to_the_last_reading_and_through_warnings() -> None:
    watched = Watched().read("health", DOWN, ago=1000)
    watched.read("health", OK, ago=700, times=10).read("health", WARN, ago=100).read("health", OK, ago=60)
    assert watched.known("health.ok_for") == 730
    watched.read("health", DOWN)
    assert watched.known("health.ok_for") == 0


def _traffic(watched: Watched, rate: float | None = 38.0, *, ago: float = 0, **data: Any) -> Watched:
    status = UNKNOWN if rate is None else DOWN if rate > 5 else OK
    return watched.read("errors", status, value=rate, ago=ago, source="request log", rps=41.0, **data)


def test_without_traffic_the_error_rate_is_unknown_not_zero() -> None:
    watched = _traffic(Watched(), None, quiet=True)
    assert watched.known("errors.rate") is None
    assert _traffic(Watched(), 0.0).known("errors.rate") == 0.0


@pytest.mark.parametrize(
    ("paths", "scope"),
    [
        ({"/a": [100, 0, 0.1], "/b": [100, 1, 0.1]}, "none"),
        ({"/a": [100, 30, 0.1], "/b": [100, 1, 0.1]}, "one"),
        ({"/a": [100, 30, 0.1], "/b": [100, 2, 0.1]}, "many"),
        ({"/a": [100, 30, 0.1]}, "many"),
        ({}, None),
    ],
)
def test_errors_scope(paths: dict[str, list[float]], scope: str | None) -> None:
    assert _traffic(Watched(), paths=paths).known("errors.scope") == scope


def test_a_site_that_tells_no_figures_is_judged_by_our_own_requests_and_that_is_said() -> None:
    watched = Watched("health", "page")
    watched.read("health", OK, kind="http", code=200, total=0.2, times=3).read(
        "page", DOWN, kind="http", code=500, total=1.0
    )
    fact = watched.facts()["errors.rate"]
    assert (fact.known(NOW), fact.source) == (50.0, "our own probes")
    assert watched.known("latency.p95") == 1.0


def test_traffic_is_held_against_the_same_hour_of_recorded_days() -> None:
    watched = _traffic(Watched(), 0.1)
    assert watched.why("traffic.ratio") == "no record of this hour on other days"
    minute = int(NOW.timestamp() // 60)
    for day, per_second in ((1, 20.5), (2, 20.5), (3, 400)):
        for offset in range(30):
            watched.history.minutes[minute - day * 1440 + offset] = (round(60 * per_second), 0, 0.1)
    assert watched.known("traffic.ratio") == 200.0


def test_rows_that_fell_away_are_noticed_and_noise_is_not() -> None:
    calm = Watched()
    for index in range(60):
        calm.read("business", OK, value=1000.0 + index % 7, ago=3600 - 60 * index, times=1)
    assert calm.known("rows.dropped") is False
    calm.read("business", OK, value=640.0, times=1)
    assert calm.known("rows.dropped") is True
    assert Watched().read("business", OK, value=5.0).why("rows.dropped") == "too little history"


def test_the_database_speaks_for_itself() -> None:
    figures: dict[str, Any] = {"writable": True, "used": 12.0, "waiters": 0, "longest_wait": 0.0, "longest_query": 0.2}
    watched = Watched().read("database", OK, ago=60, answers=True, error="none", **figures)
    assert watched.known("database.ok") is True
    assert watched.known("database.connections_used") == 12.0
    watched.read("database", DOWN, answers=False, error="refused")
    assert (watched.known("database.ok"), watched.known("database.error")) == (False, "refused")
    assert watched.why("database.writable") == "it does not answer"


def test_its_size_is_said_in_words_and_a_database_without_a_replica_is_not_called_silent() -> None:
    watched = Watched().read("database", OK, answers=True, error="none", seconds=0.004, size=8_100_000_000)
    assert (watched.known("database.time"), watched.known("database.size")) == (0.004, 8_100_000_000.0)
    assert watched.facts()["database.size"].says == "8.1 GB"
    assert watched.why("database.lag") == "no replica is told of"


def test_a_full_database_still_answers_us() -> None:
    watched = Watched().read("database", DOWN, answers=True, error="too many clients", used=100.0)
    assert (watched.known("database.ok"), watched.known("database.error")) == (True, "too many clients")


def _errors_began(watched: Watched, ago: float) -> Watched:
    first = NOW - timedelta(seconds=ago)
    run = {
        "source": "request log",
        "first_bad": first.isoformat(),
        "last_good": (first - timedelta(seconds=1)).isoformat(),
    }
    _traffic(watched, 0.1, ago=ago + 60)
    return _traffic(watched, run=run)


def _release(watched: Watched, ago: float, **data: Any) -> Watched:
    start = NOW - timedelta(seconds=ago)
    rows = [
        {"id": "v2", "name": "v2.4.1", "commit": "a1b2c3d4e5"},
        {"id": "v1", "name": "v2.4.0", "commit": "9f8e7d6c5b"},
    ]
    periods = [
        {"release": "v2", "start": start.isoformat(), "end": None, "who": "ana", "how": "publish"},
        {"release": "v1", "start": (start - timedelta(days=3)).isoformat(), "end": start.isoformat(), "who": "tom",
         "how": "publish"},
    ]  # fmt: skip
    return watched.read("release", OK, site="a1b2c3d4e5", platform=rows[0], releases=rows, periods=periods, **data)


def test_errors_after_a_release_name_it_with_distance_and_margin() -> None:
    watched = (
        _release(_errors_began(Watched(), 600), 660).read("settings", OK, changes=[]).read("migrations", OK, applied=[])
    )
    assert watched.known("change.nearest") == "release"
    assert watched.facts()["change.nearest"].says == "release v2.4.1 a1b2c3d, 60 s (±3 s) before the errors began"
    assert watched.known("errors.began_before_release") is False
    assert watched.known("errors.began_at") == (NOW - timedelta(seconds=600)).timestamp()
    assert watched.known("release.age") == 660


def test_errors_older_than_the_release_do_not_blame_it() -> None:
    watched = (
        _release(_errors_began(Watched(), 900), 660).read("settings", OK, changes=[]).read("migrations", OK, applied=[])
    )
    assert watched.known("change.nearest") == "none"
    assert watched.known("errors.began_before_release") is True


def test_the_site_itself_dates_its_release_better_than_the_platform() -> None:
    watched = Watched()
    for ago in (700, 690):
        at = NOW - timedelta(seconds=ago)
        watched.history.add(Reading("release", OK, at, 0.1, data={"site": "9f8e7d6c5b"}))
    watched.history.add(Reading("release", OK, NOW - timedelta(seconds=680), 0.1, data={"site": "a1b2c3d4e5"}))
    _release(watched, 695)
    fact = watched.facts()["release.live_at"]
    assert fact.known(NOW) == (NOW - timedelta(seconds=680)).timestamp()
    assert fact.source == "the site's version"
    [change, *_] = snapshot_of(watched.history, SETTINGS, "production", Outside(), NOW).changes
    assert (change.margin, change.after, change.told_at) == (10.0, NOW - timedelta(seconds=690), None)


def test_a_version_first_seen_when_watching_began_has_no_time() -> None:
    watched = _errors_began(Watched(), 600).read("release", OK, site="a1b2c3d4e5")
    assert watched.known("release.live_at") is None
    assert watched.why("release.live_at") == "it went live before anybody watched"
    assert watched.known("change.nearest") is None


def test_skewed_clocks_leave_the_order_open_and_are_said() -> None:
    watched = _release(_errors_began(Watched(), 600), 660, skew=45.0)
    assert watched.known("clock.skew") == 45.0
    assert watched.why("errors.began_before_release") == "clocks differ by 45 s"
    assert watched.why("change.nearest") == "clocks differ by 45 s"
    snapshot = snapshot_of(watched.history, SETTINGS, "production", Outside(), NOW)
    assert snapshot.notes == ("clocks differ by 45 s, too much to tell what came first",)


def _outage(watched: Watched, began_ago: float, word: str = "major") -> Watched:
    began = (NOW - timedelta(seconds=began_ago)).isoformat()
    status = OK if word == "operational" else DOWN
    return watched.read("provider Quay", status, word=word, began=began)


@pytest.mark.parametrize(("ago", "fits"), [(600, True), (2300, True), (2500, False), (-1100, True), (86400, False)])
def test_an_outage_fits_when_it_began_about_when_our_errors_did(ago: float, fits: bool) -> None:
    assert _outage(_errors_began(Watched(), 600), ago).known("provider.fits_onset") is fits


def test_a_provider_that_cannot_be_read_is_unknown_never_operational() -> None:
    watched = _errors_began(Watched(), 600).read("provider Quay", UNKNOWN, detail="status page: 302")
    assert (watched.known("provider.used"), watched.known("provider.fits_onset")) == (None, None)
    assert watched.why("provider.used") == "Quay: status page: 302"
    assert _outage(Watched(), 0, "operational").known("provider.fits_onset") is False


def test_the_last_smoke_run_counts_only_for_the_release_it_ran_against() -> None:
    def smoked(ago: float) -> Watched:
        at = (NOW - timedelta(seconds=ago)).isoformat()
        return _release(Watched(), 660).read("smoke", WARN, ok=False, at=at, failed_kind="auth")

    assert (smoked(60).known("smoke.ok"), smoked(60).known("smoke.failed_kind")) == (False, "auth")
    assert smoked(700).why("smoke.ok") == "the last run was before v2.4.1 went live"
    assert smoked(60).facts()["smoke.ok"].age(NOW) == 60


def test_backups_are_known_by_the_newest_trusted_one() -> None:
    finished = (NOW - timedelta(hours=26)).isoformat()
    watched = Watched().read("backups", WARN, trusted=False, finished=finished)
    assert (watched.known("backup.trusted"), watched.known("backup.age")) == (False, 26 * 3600)
    assert Watched().read("backups", DOWN, trusted=False, finished=None).why("backup.age") == "none can be trusted"


def test_what_others_judge_is_passed_on() -> None:
    watched = Watched().read(
        "rollback", OK, target_ok=True, other_target=False, verdict="adds", migration_failed=False, says="v2.4.0"
    )
    watched.outside = Outside(job_running=lambda: True)
    assert watched.known("rollback.target_ok") is True
    assert watched.known("rollback.other_target") is False
    assert watched.known("migration.verdict") == "adds"
    assert watched.known("migration.failed") is False
    assert watched.known("job.running") is True
    watched.read("migrations", DOWN, failed=["0042_zone"], applied=[])
    assert watched.known("migration.failed") is True


def _minutes(watched: Watched, begin: float, end: float, p95: float) -> None:
    first = int((NOW - timedelta(seconds=begin)).timestamp() // 60)
    last = int((NOW - timedelta(seconds=end)).timestamp() // 60)
    watched.history.minutes.update(dict.fromkeys(range(first, last), (600, 0, p95)))


@pytest.mark.parametrize(
    ("before", "after", "now", "slower"), [(0.2, 0.4, 0.4, True), (0.2, 0.2, 9.0, False), (0.3, 0.4, 0.4, False)]
)
def test_slow_since_a_release_is_seen_against_the_hour_before(
    before: float, after: float, now: float, slower: bool
) -> None:
    watched = _release(Watched(), 1800).read("latency", OK, value=now)
    assert watched.why("latency.after_release") == "too little history before the release"
    _minutes(watched, 5400, 1800, before)
    _minutes(watched, 1740, 60, after)
    assert watched.known("latency.after_release") is slower


def test_an_error_first_seen_after_the_release_is_new_in_it() -> None:
    seen = NOW - timedelta(seconds=600)
    signatures = [["TypeError: zone", "/api/calls", 412, seen.isoformat(), (NOW - timedelta(minutes=7)).isoformat()]]
    covers = (NOW - timedelta(hours=2)).isoformat()
    watched = _release(_traffic(Watched(), signatures=signatures, covers_since=covers), 660)
    [signature] = snapshot_of(watched.history, SETTINGS, "production", Outside(), NOW).signatures
    assert (signature.count, signature.new_in) == (412, "v2.4.1")
    assert signature.last_seen == NOW - timedelta(minutes=7)
    assert watched.known("errors.signature_same") is False
    older = _release(_traffic(Watched(), signatures=signatures, covers_since=covers), 300)
    assert older.known("errors.signature_same") is True


def test_changes_of_others_are_listed_too() -> None:
    restore = Change("restore", NOW - timedelta(minutes=5), "staging")
    outside = Outside(changes=lambda: (restore,))
    watched = _release(Watched(), 660)
    changes = snapshot_of(watched.history, SETTINGS, "production", outside, NOW).changes
    assert [change.kind for change in changes] == ["restore", "release", "release"]
    assert replace(changes[0], title="") != restore


def test_a_release_known_by_its_commit_only_is_listed_by_the_beginning_of_it() -> None:
    watched = Watched()
    watched.history.versions[:] = [
        VersionSpan("0" * 40, NOW - timedelta(days=1), NOW - timedelta(minutes=9)),
        VersionSpan("a1b2c3d4" * 5, NOW - timedelta(minutes=8), NOW),
    ]
    [change] = snapshot_of(watched.history, SETTINGS, "production", Outside(), NOW).changes
    assert (change.title, change.commit) == ("a1b2c3d", "a1b2c3d4" * 5)
