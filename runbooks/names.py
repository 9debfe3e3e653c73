"""The names a runbook may use: every fact of the site-down tree with its unit and meaning, and every action.

The watch lists all fact names from the start; one that nothing supplies is unknown, "not configured".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

Unit = Literal["yes/no", "word", "count", "%", "s", "time"]
"""How a fact's value is meant: `%` plain percent (38 is 38 %), `s` seconds, `time` seconds since 1970 (UTC)."""


class FactName(NamedTuple):
    """What a fact's value is measured in, and what it is called on an evidence line, in front of what was seen.

    A name and no claim: "the front page: 200 in 0.05 s" stands for and against alike.
    """

    unit: Unit
    meaning: str
    yes: str = "yes"
    no: str = "no"
    """What a yes/no fact says where its source has no words of its own."""
    words: tuple[str, ...] = ()
    """The values of a word that a condition can compare it with."""


FACT_NAMES: Mapping[str, FactName] = {
    "vantage.ok": FactName("yes/no", "control targets, from here", "they answer", "they do not answer"),
    "front.kind": FactName("word", "the front page's request", words=("dns", "tls", "connect", "timeout", "http")),
    "page.ok": FactName("yes/no", "the front page", "right", "not right"),
    "page.failed": FactName("yes/no", "the front page", "it fails", "it does not fail"),
    "health.ok": FactName("yes/no", "the health endpoint", "green", "not green"),
    "health.failed": FactName("yes/no", "the health endpoint", "it fails", "it does not fail"),
    "health.ok_for": FactName("s", "health green without a break for"),
    "health.services.database": FactName("word", "the site says its database is", words=("healthy", "unhealthy")),
    "errors.rate": FactName("%", "requests that end in a 5xx"),
    "errors.scope": FactName("word", "endpoints that give errors", words=("none", "one", "many")),
    "errors.began_at": FactName("time", "the errors began"),
    "errors.began_before_release": FactName(
        "yes/no", "the errors against the live release", "older than it", "not older than it"
    ),
    "errors.signature_same": FactName("yes/no", "the errors against those before the act", "the same", "not the same"),
    "latency.p95": FactName("s", "p95 response time"),
    "latency.after_release": FactName("yes/no", "p95 since the release", "half as slow again", "not slower"),
    "traffic.ratio": FactName("%", "traffic against usual at this hour"),
    "assets.ok": FactName("yes/no", "the files the page names", "they load", "they do not load"),
    "assets.failed": FactName("yes/no", "the files the page names", "missing", "not missing"),
    "assets.in_build": FactName("yes/no", "those files in the live build", "all there", "not all there"),
    "rows.dropped": FactName("yes/no", "rows lost from the watched tables", "they were", "none"),
    "smoke.ok": FactName("yes/no", "the last smoke run", "passed", "failed"),
    "smoke.failed_kind": FactName("word", "what the last smoke run stumbled over", words=("none", "auth", "other")),
    "alerts.active": FactName("count", "alerts firing elsewhere"),
    "services.slow": FactName("count", "outside services that answer slowly"),
    "database.ok": FactName("yes/no", "the database, asked by us", "it answers", "it does not answer"),
    "database.error": FactName(
        "word",
        "the database's error",
        words=("none", "refused", "timeout", "starting", "auth", "too many clients", "other"),
    ),
    "database.writable": FactName("yes/no", "writes to the database", "possible", "not possible"),
    "database.connections_used": FactName("%", "usable connections taken"),
    "database.waiters": FactName("count", "sessions waiting for a lock"),
    "database.longest_wait": FactName("s", "longest wait for a lock"),
    "database.longest_query": FactName("s", "longest running query"),
    "database.time": FactName("s", "the database answered us within"),
    "database.size": FactName("count", "size of the database, in bytes"),
    "database.lag": FactName("s", "how far the replica lags behind"),
    "provider.used": FactName("word", "provider parts we use", words=("operational", "degraded", "partial", "major")),
    "provider.fits_onset": FactName(
        "yes/no", "a provider's outage when the errors began", "it fits", "it does not fit"
    ),
    "change.nearest": FactName(
        "word", "the change just before the errors", words=("release", "migration", "flag", "config", "none")
    ),
    "release.live_at": FactName("time", "the live release went live"),
    "release.age": FactName("s", "the live release is live for"),
    "migration.failed": FactName("yes/no", "failed migrations", "there are some", "none"),
    "migration.verdict": FactName(
        "word", "migrations since the older release", words=("none", "adds", "one-way", "cannot-tell", "failed")
    ),
    "rollback.target_ok": FactName("yes/no", "the release to go back to", "there is a good one", "there is none"),
    "rollback.other_target": FactName(
        "yes/no", "another release to go back to", "there is a good one", "there is none"
    ),
    "job.running": FactName("yes/no", "jobs of ours right now", "one runs", "none"),
    "host.cpu": FactName("%", "host CPU used"),
    "host.memory": FactName("%", "host memory used"),
    "backup.trusted": FactName("yes/no", "the newest backup", "it can be trusted", "it cannot be trusted"),
    "backup.age": FactName("s", "the last trusted backup is old"),
}


class ActionName(NamedTuple):
    """What an action does, and whether it changes anything outside Vigie."""

    changes: bool
    meaning: str


ACTIONS: Mapping[str, ActionName] = {
    "rollback": ActionName(True, "go back to the release that was healthy"),
    "redeploy": ActionName(True, "publish the live commit again with today's settings"),
    "deploy": ActionName(True, "publish a commit"),
    "undo": ActionName(True, "go forward again to the recovery tag of a rollback"),
    "backup": ActionName(True, "back up the database as it is now"),
    "restore": ActionName(True, "restore a backup, on staging or beside it, never onto production"),
    "smoke": ActionName(False, "run the smoke tests"),
    "flag": ActionName(True, "switch a feature flag"),
    "maintenance-on": ActionName(True, "show the maintenance page"),
    "maintenance-off": ActionName(True, "take the maintenance page away"),
    "freeze": ActionName(True, "stop deploys and restores"),
    "unfreeze": ActionName(True, "allow deploys and restores again"),
    "cancel-query": ActionName(True, "cancel one running query"),
    "end-sessions": ActionName(True, "end database sessions from a frozen list"),
    "cancel-job": ActionName(True, "cancel a running job of ours"),
}

OPERATIONS = frozenset(ACTIONS) - {"cancel-query", "end-sessions"}
"""Acts that go through an operation of ours: whatever stands in their fence is read, and never run. The statements of
the other two are run as they are written."""


def changes_something(action: str) -> bool:
    """True unless the action is known to be read-only; a command or a name we do not know may change anything."""
    known = ACTIONS.get(action)
    return known is None or known.changes
