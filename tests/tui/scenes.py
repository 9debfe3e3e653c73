"""Models for tests of the screen: the same moments as in a real incident, with a frozen clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from operations.incident.model import Entry, Incident, IncidentState, Severity
from operations.watch.model import Alarm, Change, Overall, ProbeState, Reading, Signature, Snapshot, Status
from runbooks.facts import Fact
from runbooks.shelf import open_book
from runbooks.suggest import clear_run, take_clear
from runbooks.view import view
from runbooks.walk import apply, begin, replay
from tui.model import Model

NOW = datetime(2026, 11, 21, 3, 18, 0, tzinfo=UTC)
ONSET = NOW - timedelta(minutes=11)

BAD_RELEASE: dict[str, Any] = {
    "vantage.ok": True, "front.kind": "http", "page.ok": True, "page.failed": False, "health.ok": False,
    "health.failed": True, "errors.rate": 38.0, "errors.scope": "many", "latency.p95": 0.3, "assets.ok": True,
    "assets.failed": False, "rows.dropped": False, "smoke.ok": False, "traffic.ratio": 100.0, "alerts.active": 1.0,
    "database.ok": True, "database.error": "none", "database.writable": True, "database.waiters": 0.0,
    "database.longest_wait": 0.0, "database.longest_query": 0.2, "database.connections_used": 12.0,
    "health.services.database": "healthy", "provider.used": "operational", "provider.fits_onset": False,
    "change.nearest": "release", "migration.failed": False, "job.running": False, "rollback.target_ok": True,
    "migration.verdict": "none", "services.slow": 0.0, "latency.after_release": False, "host.cpu": 20.0,
    "host.memory": 30.0, "assets.in_build": True,
}  # fmt: skip


def facts(values: dict[str, Any], at: datetime = NOW) -> dict[str, Fact]:
    """Facts of these values, four seconds old."""
    return {
        name: Fact(name, value, source="tests", at=at - timedelta(seconds=4), stale_after=60.0)
        for name, value in values.items()
    }


def state(probe: str, title: str, status: Status, detail: str = "", *, critical: bool = False) -> ProbeState:
    """A probe in that state since the onset."""
    reading = Reading(probe, status, NOW - timedelta(seconds=4), 0.1, detail)
    since = ONSET if status is Status.DOWN else NOW - timedelta(days=2)
    return ProbeState(probe, title, critical, 10.0, 10.0, status, since, False, reading, reason=detail or "no answer")


def down_snapshot() -> Snapshot:
    """Eleven minutes into a bad release."""
    states = (
        state("health", "api/health", Status.DOWN, '503 "zone is undefined"', critical=True),
        state("errors", "5xx", Status.DOWN, "38% of 41 req/s"),
        *(
            state(name, title, Status.OK)
            for name, title in (("latency", "p95 0.4 s"), ("page", "page"), ("database", "database"), ("cert", "cert"))
        ),
        replace(state("vercel", "Vercel", Status.UNKNOWN), reason="no answer 2m"),
        state("backups", "backups", Status.WARN, "last trusted backup 25h ago (expected by 25h)"),
    )
    changes = (
        Change("release", NOW - timedelta(minutes=12), "v2.4.1 a1b2c3d", "ana", 20.0, "migration 0042 adds only"),
        Change("release", NOW - timedelta(days=3), "v2.4.0 9f8e7d6", "tom", 20.0, "live 3d2h, 44 req/s, no alarm"),
    )
    rates = tuple((NOW - timedelta(minutes=60 - n), 0.2 if n < 49 else 38.0) for n in range(60))
    return Snapshot(
        NOW, "production", Overall.DOWN, ONSET, states,
        (Alarm("health", "health failed three times", ONSET + timedelta(minutes=3), None, "health"),),
        facts(BAD_RELEASE), changes, NOW - timedelta(days=9), True, ONSET, 20.0, rates,
        (Signature("TypeError: zone is undefined", "/api/calls", 412, ONSET, "v2.4.1"),),
    )  # fmt: skip


def quiet_snapshot() -> Snapshot:
    """Nothing is wrong."""
    states = (
        state("health", "api/health", Status.OK, critical=True),
        state("page", "page", Status.OK, critical=True),
        state("database", "database", Status.OK),
        state("cert", "cert", Status.OK),
    )
    return replace(down_snapshot(), overall=Overall.OK, since=NOW - timedelta(days=2), states=states, alarms=(),
                   signatures=(), onset=None, rates=())  # fmt: skip


def incident() -> Incident:
    """Opened five minutes ago."""
    opened = NOW - timedelta(minutes=5, seconds=7)
    entries = (
        Entry(ONSET, opened, "ana", "probe.changed", "api/health DOWN: 503", "bad"),
        Entry(opened, opened, "ana", "incident.opened", "incident opened, P0: api/health, 5xx down", "bad"),
    )
    return Incident("1121-kfp", "pro-remorque", "production", Severity.P0, "api/health, 5xx down",
                    IncidentState.INVESTIGATING, opened, "ana", entries)  # fmt: skip


def model(**changes: Any) -> Model:
    """A quiet production; `changes` replace fields."""
    keys = (("R", "rollback"), ("T", "smoke"), ("J", "jobs"), ("I", "incident"), ("?", "keys"), ("q", "quit"))
    base = Model(NOW, "pro-remorque", "production", "production", "/etc/vigie/vigie.toml", "ana",
                 snapshot=quiet_snapshot(), keys=keys)  # fmt: skip
    return replace(base, **changes)


def walking(steps: int = 6) -> Model:
    """In the incident, `steps` clear answers into the site-down walk."""
    book = open_book("site-down")
    walk = replay([(NOW - timedelta(minutes=3), begin(book))], book)
    assert walk is not None
    snapshot = down_snapshot()
    clear = clear_run(walk, snapshot.facts, NOW)[:steps]
    for payload in take_clear(walk, clear, snapshot.facts, NOW):
        moved = apply(walk, payload, NOW - timedelta(minutes=2), book)
        assert moved is not None
        walk = moved
    keys = (("Enter", "take it"), ("1-9", "answer"), ("a", "all clear ones"), ("o", "why"), ("x", "back"),
            ("n", "note"), ("h", "call help"), *model().keys)  # fmt: skip
    return model(snapshot=snapshot, incident=incident(), walk=view(walk, snapshot.facts, NOW), keys=keys)
