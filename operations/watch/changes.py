"""What changed on the site, newest first, and how exactly each time is known."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from operations.watch.history import History, VersionSpan
from operations.watch.model import Change
from operations.watch.probes.release import same_release

_PLATFORM_MARGIN = 1.0
_RECORDED_MARGIN = 1.0
_SAME_SWITCH = timedelta(minutes=15)
_EARLY = timedelta(seconds=30)
MOST_CHANGES = 60
_HASH = re.compile("[0-9a-f]{12,64}")


@dataclass(frozen=True, slots=True)
class LiveRelease:
    """The release that is live, as well as it is known. `change` tells when it went live, when that is known."""

    name: str
    commit: str
    change: Change | None
    reason: str = ""


def changes_of(history: History, more: Sequence[Change] = ()) -> tuple[Change, ...]:
    """Every change the readings tell of, and those of `more`, newest first."""
    found = [*_releases(history), *_migrations(history), *_settings(history), *more]
    return tuple(sorted(found, key=lambda change: change.at, reverse=True)[:MOST_CHANGES])


def live_release(history: History, changes: Sequence[Change]) -> LiveRelease:
    """Which release users get now: what the site reports, else what the platform says."""
    reading = history.measured.get("release")
    if reading is None:
        return LiveRelease("", "", None, "no answer yet" if "release" in history.states else "not configured")
    platform = reading.data.get("platform") or {}
    version = str(reading.data.get("site") or "")
    name, commit = str(platform.get("name", "")), str(platform.get("commit", ""))
    if version and not same_release(version, name, commit):
        known: Mapping[str, Any] = next((row for row in reading.data.get("releases") or [] if _is(row, version)), {})
        name, commit = str(known.get("name", "") or version), str(known.get("commit", ""))
    change = next((c for c in changes if c.kind == "release" and _names(c, name, commit)), None)
    return LiveRelease(name, commit, change, "" if change else "it went live before anybody watched")


def parse_time(text: Any) -> datetime | None:
    """A time out of a reading's data, as aware UTC; None for anything else."""
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _releases(history: History) -> Iterator[Change]:
    """The platform's switches, each moved to when the site was first seen with the new version, where it was."""
    reading = history.measured.get("release")
    data: Mapping[str, Any] = reading.data if reading else {}
    known = {str(row.get("id")): row for row in data.get("releases") or [] if isinstance(row, dict)}
    spans = list(_seen_switches(history.versions))
    used: set[int] = set()
    for period in data.get("periods") or []:
        start = parse_time(period.get("start"))
        if start is None:
            continue
        release = str(period.get("release", ""))
        row = known.get(release, {})
        name, commit = str(row.get("name") or release), str(row.get("commit", ""))
        title = f"back to {name}" if period.get("how") == "rollback" else name
        title = f"{title} {commit[:7]}".strip()
        who = str(period.get("who", ""))
        seen = _match(spans, used, start, name, commit)
        if seen is None:
            yield Change("release", start, title, who, _PLATFORM_MARGIN, str(row.get("title", "")), commit)
        else:
            before, span = spans[seen]
            margin = (span.first_at - before.last_at).total_seconds()
            detail = str(row.get("title", ""))
            told_at = start if before.last_at <= start <= span.first_at else None
            yield Change("release", span.first_at, title, who, margin, detail, commit, before.last_at, told_at)
    for index, (before, span) in enumerate(spans):
        if index not in used and not data.get("periods"):
            margin = (span.first_at - before.last_at).total_seconds()
            commit = span.version if len(span.version) >= 7 else ""
            title = span.version[:7] if _HASH.fullmatch(span.version) else span.version
            yield Change("release", span.first_at, title, "", margin, "", commit, before.last_at)


def _seen_switches(versions: Sequence[VersionSpan]) -> Iterator[tuple[VersionSpan, VersionSpan]]:
    yield from pairwise(versions)


def _match(
    spans: Sequence[tuple[VersionSpan, VersionSpan]], used: set[int], start: datetime, name: str, commit: str
) -> int | None:
    """The observed switch to that release which fits the platform's time, or None."""
    for index, (_, span) in enumerate(spans):
        fits = start - _EARLY <= span.first_at <= start + _SAME_SWITCH
        if index not in used and fits and same_release(span.version, name, commit):
            used.add(index)
            return index
    return None


def _migrations(history: History) -> Iterator[Change]:
    reading = history.measured.get("migrations")
    for row in (reading.data.get("applied") or []) if reading else []:
        name, applied, finished, error = row
        at = parse_time(applied)
        if at is None:
            continue
        ended = parse_time(finished) or at
        half = max(_RECORDED_MARGIN, (ended - at).total_seconds())
        detail = f"failed: {error}" if error else ""
        yield Change("migration", ended, str(name).removesuffix(".sql"), "", half, detail)


def _settings(history: History) -> Iterator[Change]:
    reading = history.measured.get("settings")
    for at_text, kind, name, who in (reading.data.get("changes") or []) if reading else []:
        at = parse_time(at_text)
        if at is not None:
            yield Change("flag" if kind == "flag" else "config", at, str(name), str(who), _RECORDED_MARGIN)


def _is(row: Any, version: str) -> bool:
    return isinstance(row, dict) and same_release(version, str(row.get("name", "")), str(row.get("commit", "")))


def _names(change: Change, name: str, commit: str) -> bool:
    if commit and change.commit:
        return change.commit.startswith(commit[:7]) or commit.startswith(change.commit[:7])
    return bool(name) and name in change.title.split()
