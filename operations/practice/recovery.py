"""Whether the service is right again, seen from outside: through the front door, the database's link and the log."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from datetime import UTC, datetime
from typing import Any

from operations.practice.databases import READER
from operations.practice.layout import DATABASE_NAMES
from operations.practice.postgres import address, can_connect
from operations.practice.request_history import recent_lines
from operations.practice.scenarios.model import Recovery
from operations.practice.world import World

LIMIT = 5.0
FEWEST = 10
WINDOW = 10.0
"""Seconds of the log that count: the load makes some hundred requests in it."""


def check(world: World, wanted: Recovery) -> tuple[str, ...]:
    """What is not right yet, in words; empty when the service has recovered. Blocks for a few seconds at most."""
    base = f"https://127.0.0.1:{world.ports['front-production']}"
    trust = ssl.create_default_context(cafile=world.layout.authority)
    found: list[str] = []
    status, body = _get(f"{base}/api/health", trust)
    if wanted.healthy and (status != 200 or body.get("status") != "healthy"):
        found.append(f"health answers {status or 'nothing'}")
    if wanted.release_is_not and _get(f"{base}/api/version", trust)[1].get("version") == wanted.release_is_not:
        found.append(f"{wanted.release_is_not} is still running")
    if wanted.database_answers and not can_connect(_reader(world)):
        found.append("the database does not answer")
    share = error_share(world, datetime.now(UTC))
    if share is None:
        found.append("too little traffic to judge the errors")
    elif share >= wanted.errors_below:
        found.append(f"{share:.1f} % of requests fail")
    return tuple(found)


def error_share(world: World, now: datetime) -> float | None:
    """Percent of production's requests of the last seconds that failed; None when there were too few."""
    statuses = []
    for line in recent_lines(world.layout.request_log("production"), 100_000):
        try:
            ago = (now - datetime.fromisoformat(str(line["at"]))).total_seconds()
            statuses += [int(str(line["status"]))] if ago <= WINDOW else []
        except (KeyError, ValueError):
            continue
    if len(statuses) < FEWEST:
        return None
    return 100 * sum(status >= 500 for status in statuses) / len(statuses)


def _reader(world: World) -> str:
    password = world.identity.roles["production"][READER]
    return address(world.ports["database-production"], READER, password, DATABASE_NAMES["production"])


def _get(url: str, trust: ssl.SSLContext) -> tuple[int, dict[str, Any]]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trust))
    try:
        with opener.open(url, timeout=LIMIT) as answer:
            status, raw = answer.status, answer.read(65_536)
    except urllib.error.HTTPError as error:
        status, raw = error.code, error.read(65_536)
    except OSError:
        return 0, {}
    try:
        body = json.loads(raw)
    except ValueError:
        body = {}
    return int(status), body if isinstance(body, dict) else {}
