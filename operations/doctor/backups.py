"""One environment's backups: is there one that can be trusted, and how old is it."""

from __future__ import annotations

from collections.abc import Iterator

from operations.ages import age_words, seconds_between
from operations.backups import BackupList, list_backups
from operations.bucket import s3_client
from operations.desk import utc_now
from operations.doctor.finding import Finding, Verdict, fail, ok, skip, warn
from operations.errors import VigieError
from operations.settings import Environment, Settings

_LIMIT = 3.0
_NIGHTLY = "Every night by cron or a timer: docs/operations.md"


def check_backups(settings: Settings, environment: str) -> Iterator[Finding]:
    """The newest trusted one against the hours in the settings."""
    env = settings.environments[environment]
    if not env.backups.bucket:
        yield skip("backups", "no bucket is set")
        return
    client = s3_client(env.backups, drill=settings.drill is not None, limit=_LIMIT, retries=0)
    try:
        found = list_backups(settings, environment, client)
    except VigieError as error:
        yield fail("backups", error.what, "What is said of the bucket above tells how.")
        return
    yield _newest(env, environment, found)
    if found.strays:
        says = f"{len(found.strays)} unfinished uploads, the oldest of {found.strays[0].started:%Y-%m-%d %H:%M}Z"
        yield warn("unfinished uploads", says, "vigie jobs list names those of a job of yours: vigie jobs clean ID")


def _newest(env: Environment, environment: str, found: BackupList) -> Finding:
    name, now = "newest", f"vigie backup --env {environment}"
    newest = found.newest_trusted
    if newest is None or newest.finished is None:
        why = f": {found.backups[0].why_not}" if found.backups else ""
        says = f"none can be trusted{why}" if found.backups else "there is no backup yet"
        # Without one there is no way back from lost data.
        grave: Verdict = "fail" if env.kind == "production" else "warn"
        return Finding(name, grave, says, f"{now}. {_NIGHTLY}")
    age = seconds_between(newest.finished, utc_now())
    says = f"{newest.name}, {age_words(age)} ago"
    if age / 3600 > env.backups.warn_after_hours:
        return warn(name, f"{says}: late", f"{now}. {_NIGHTLY}")
    untrusted = [backup for backup in found.backups if not backup.trusted and backup.at > newest.at]
    if untrusted:
        return warn(name, f"{says}; {len(untrusted)} since cannot be trusted: {untrusted[0].why_not}", now)
    return ok(name, says)
