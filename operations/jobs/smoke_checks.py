"""The smoke checks themselves: six that every site has, then its own, all at the same time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from urllib.parse import urljoin, urlsplit

from operations.engine.redaction import Redactor
from operations.errors import VigieError
from operations.health import judge_health
from operations.http import Answer, ask, client_for, client_with, trust
from operations.jobs.smoke_own import own_check
from operations.jobs.smoke_report import SKIPPED, CheckKind, SmokeCheck, SmokeReport, Split
from operations.page import assets_of, judge_asset, judge_page
from operations.settings import Environment, Settings
from operations.text import clean, one_line
from operations.watch.model import Status

FAST_ENOUGH = 3.0
"""Seconds; the manuals' limit for an answer."""
CACHED_MOST = 60.0
"""Seconds a cache may have held the health answer; an older one tells how it was, not how it is."""
_DATABASE_LIMIT = 5
_CACHE_HEADERS = ("age", "x-cache", "cf-cache-status", "x-vercel-cache", "cache-control")


def run_smoke(settings: Settings, environment: str, url: str | None = None) -> SmokeReport:
    """Check the environment, or the address `url` in its place. Raises VigieError when there is no address to check.

    Not to be called inside an event loop; there `smoke` is awaited.
    """
    return asyncio.run(smoke(settings, environment, url))


async def smoke(settings: Settings, environment: str, url: str | None = None) -> SmokeReport:
    """As `run_smoke`, inside an event loop."""
    env = settings.environments.get(environment) or Environment()
    base = url or env.url
    if not urlsplit(base).hostname:
        raise VigieError(
            f"There is no address to check for {environment or 'no environment'}.",
            next_step=f'Set environments.{environment or "production"}.url, or give --url "https://…".',
        )
    started, at = time.monotonic(), datetime.now(UTC)
    checks = await _Run(settings, environment, env, base).all()
    return SmokeReport(environment, base, at, round(time.monotonic() - started, 3), tuple(checks))


class _Run:
    """One run: its clients, and the secrets no line of it may show."""

    def __init__(self, settings: Settings, environment: str, env: Environment, base: str) -> None:
        self._env = env
        self._base = base
        self._mask = Redactor(settings.secrets()).redact
        authority = str(settings.resolve(env.authority)) if env.authority else ""
        self._trusted = partial(trust, authority, drill=settings.drill is not None)
        try:
            # Another host than the environment's own gets none of its headers: they may hold its keys.
            own = origin(base) == origin(env.url)
            self._site = client_for(settings, environment) if own else client_with(authority, {}, settings)
            self._plain = client_with(authority, {}, settings)
        except OSError as error:
            raise VigieError(f"The authority {authority} cannot be read: {error.strerror or error}") from None

    async def all(self) -> Sequence[SmokeCheck]:
        """Every check, in their fixed order."""
        try:
            async with asyncio.TaskGroup() as group:
                health = group.create_task(self._ask(self._env.health))
                page = group.create_task(self._ask(self._env.page))
                supabase = group.create_task(self._supabase())
                assets = group.create_task(self._assets(page))
                database = group.create_task(self._database())
                own = [
                    group.create_task(own_check(self._site, self._base, check, self._trusted, self._made))
                    for check in self._env.checks
                ]
            return [
                self._health(health.result()),
                self._page(page.result()),
                supabase.result(),
                assets.result(),
                database.result(),
                self._fast({"health": health.result(), "page": page.result()}),
                *(task.result() for task in own),
            ]
        finally:
            await asyncio.gather(self._site.aclose(), self._plain.aclose())

    async def _ask(self, path: str) -> Answer:
        return await ask(self._site, urljoin(self._base, path), follow_same_host=True)

    def _health(self, answer: Answer) -> SmokeCheck:
        verdict = judge_health(answer)
        stale = answer.cached_for > CACHED_MOST
        ok = verdict.status is Status.OK and not stale
        says = f"{verdict.says}, but {answer.age} s old, from a cache" if stale else verdict.says
        return self._made("health", ok, "200 and a body that says healthy", says, answer)

    def _page(self, answer: Answer) -> SmokeCheck:
        verdict = judge_page(answer, self._env.page_marker)
        marker = f' with "{self._env.page_marker}"' if self._env.page_marker else ""
        return self._made("front page", verdict.ok, f"200, HTML{marker}", verdict.says, answer)

    async def _supabase(self) -> SmokeCheck:
        expected = "an answer; refusing the key is one"
        if not self._env.supabase_url:
            return SmokeCheck("Supabase", None, expected, SKIPPED)
        key = self._env.supabase_anon_key.reveal()
        url = urljoin(self._env.supabase_url, "/auth/v1/health")
        answer = await ask(self._plain, url, headers={"apikey": key} if key else None)
        ok = answer.status is not None and answer.status < 500
        note = " (the key was refused)" if answer.status in (401, 403) else ""
        return self._made("Supabase", ok, expected, f"{answer.says}{note}", answer)

    async def _assets(self, asked: asyncio.Task[Answer]) -> SmokeCheck:
        expected = "each script and style sheet: 200, its own type"
        page = await asked
        if not judge_page(page).ok:
            return SmokeCheck("page's files", None, expected, "skipped: the page did not come")
        named = assets_of(page.body, page.url)
        answers = await asyncio.gather(*(ask(self._site, url, follow_same_host=True) for url in named))
        judged = [(judge_asset(answer, url), answer) for url, answer in zip(named, answers, strict=True)]
        wrong = [(verdict, answer) for verdict, answer in judged if not verdict.ok]
        actual = (
            ", ".join(verdict.says for verdict, _ in wrong[:5]) or f"{len(named)} file{'' if len(named) == 1 else 's'}"
        )
        slowest = max(answers, key=lambda answer: answer.total, default=None)
        return self._made("page's files", not wrong, expected, actual, wrong[0][1] if wrong else slowest)

    async def _database(self) -> SmokeCheck:
        if self._env.read_endpoint:
            answer = await self._ask(self._env.read_endpoint)
            first = "" if answer.status == 200 else one_line(answer.body, 80)
            ok = answer.status == 200 and not answer.error
            return self._made("database read", ok, "200", f"{answer.says}{f' {first}' if first else ''}", answer)
        if self._env.database_readonly:
            return await self._select_one()
        return SmokeCheck("database read", None, "a database read", SKIPPED)

    async def _select_one(self) -> SmokeCheck:
        import psycopg

        started = time.monotonic()
        try:
            async with asyncio.timeout(_DATABASE_LIMIT):
                connection = await psycopg.AsyncConnection.connect(
                    self._env.database_readonly.reveal(),
                    autocommit=True,
                    connect_timeout=_DATABASE_LIMIT,
                    application_name="vigie smoke",
                    options="-c statement_timeout=5000 -c default_transaction_read_only=on",
                )
                async with connection:
                    await connection.execute("select 1")
            ok, actual = True, "1"
        except TimeoutError:
            ok, actual = False, f"no answer within {_DATABASE_LIMIT} s"
        except psycopg.Error as error:
            ok, actual = False, one_line(error.diag.message_primary or str(error).rpartition("failed: ")[2], 120)
        seconds = round(time.monotonic() - started, 3)
        return SmokeCheck("database read", ok, "SELECT 1 answers 1", self._mask(actual), seconds)

    def _fast(self, answers: dict[str, Answer]) -> SmokeCheck:
        name, slowest = max(answers.items(), key=lambda item: item[1].total)
        silent = [f"{who} {answer.says}" for who, answer in answers.items() if answer.status is None]
        ok = not silent and slowest.total <= FAST_ENOUGH
        actual = ", ".join(silent) or f"{name} {slowest.total:.2f} s ({_split_words(slowest)})"
        return self._made("fast enough", ok, f"under {FAST_ENOUGH:g} s", actual, slowest, lines=False)

    def _made(
        self,
        name: str,
        ok: bool,
        expected: str,
        actual: str,
        answer: Answer | None,
        *,
        kind: CheckKind = "",
        lines: bool = True,
    ) -> SmokeCheck:
        if answer is None:
            return SmokeCheck(name, ok, self._mask(expected), self._mask(actual), kind=kind)
        first_lines = "" if ok or not lines else "\n".join(clean(answer.body, limit=2000).splitlines()[:5])[:600]
        return SmokeCheck(
            name,
            ok,
            self._mask(expected),
            self._mask(actual),
            round(answer.total, 3),
            Split(answer.lookup, answer.connect, answer.tls, answer.first_byte, answer.total),
            kind,
            self._mask(first_lines),
            _cache_words(answer),
        )


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of an address: what a header with a key may be sent to."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = None
    return parts.scheme, parts.hostname or "", port or {"http": 80, "https": 443}.get(parts.scheme, 0)


def _cache_words(answer: Answer) -> str:
    found = [f"{name}: {answer.headers[name]}" for name in _CACHE_HEADERS if answer.headers.get(name)]
    return one_line(", ".join(found), 160)


def _split_words(answer: Answer) -> str:
    parts = {
        "lookup": answer.lookup,
        "connect": answer.connect,
        "TLS": answer.tls,
        "first byte": answer.first_byte,
        "total": answer.total,
    }
    return ", ".join(f"{name} {seconds:.3f}" for name, seconds in parts.items() if seconds is not None)
