"""What every probe shares: where it looks, how it asks, and how a reading is put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from operations.desk import utc_now
from operations.engine.redaction import Redactor
from operations.http import HTTP_LIMIT, Answer, ask, client_for, client_with
from operations.settings import Environment, Settings, Thresholds
from operations.text import one_line
from operations.watch.model import Reading, Status
from operations.watch.outside import Outside

if TYPE_CHECKING:
    import httpx

LEAST_INTERVAL = 0.5
NETWORK_KINDS = ("dns", "tls", "connect", "timeout")
"""Where a request stops for reasons that may lie between us and the site: these are doubted when we are offline."""


class Web:
    """An HTTP client that several probes share; made when it is first needed."""

    def __init__(self, make: Callable[[], httpx.AsyncClient]) -> None:
        self._make = make
        self._client: httpx.AsyncClient | None = None

    async def ask(self, url: str, *, limit: float = HTTP_LIMIT, follow_same_host: bool = False) -> Answer:
        """One GET; never raises for network trouble, OSError when the private authority's file cannot be read."""
        if self._client is None:
            self._client = self._make()
        return await ask(self._client, url, limit=limit, follow_same_host=follow_same_host)

    async def close(self) -> None:
        """Close the client; a later question makes a new one."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()


@dataclass(frozen=True, slots=True)
class Place:
    """One environment as probes see it. `now` gives aware UTC times.

    `web` speaks to the site, with the settings' extra headers; `foreign` to everybody else, without them.
    """

    settings: Settings
    environment: str
    web: Web
    foreign: Web
    outside: Outside = field(default_factory=Outside)
    now: Callable[[], datetime] = utc_now

    @property
    def env(self) -> Environment:
        """The environment's settings; an unknown one has nothing configured."""
        return self.settings.environments.get(self.environment) or Environment()

    @property
    def thresholds(self) -> Thresholds:
        """Limits from the manuals or the settings."""
        return self.settings.watch.thresholds

    @property
    def speed(self) -> float:
        """How many times faster than real time this watch runs: above 1 only in a drill with compressed clocks."""
        return speed_of(self.settings)

    def every(self, seconds: float) -> float:
        """An interval, compressed."""
        return max(LEAST_INTERVAL, seconds / self.speed)

    def masked(self, text: str) -> str:
        """Words of the settings as a name on screen: without a key that may be in a path's query."""
        return Redactor(self.settings.secrets()).redact(text)

    def url(self, path: str) -> str:
        """A path of the site as a whole address; whole addresses stay as they are."""
        return urljoin(self.env.url.rstrip("/") + "/", path)


def place_for(settings: Settings, environment: str, outside: Outside | None = None) -> Place:
    """The place of that environment, with clients of its own."""
    web = Web(lambda: client_for(settings, environment))
    return Place(settings, environment, web, foreign_web(settings), outside or Outside())


def foreign_web(settings: Settings, authority: str = "") -> Web:
    """A client for addresses that are not the site's: none of the site's headers go there."""
    return Web(lambda: client_with(str(settings.resolve(authority)) if authority else "", {}, settings))


FASTEST = 2.0
"""A drill's clock may run much faster than this; probes do not, for they ask real servers."""


def speed_of(settings: Settings) -> float:
    """The drill's speed, else 1."""
    return min(FASTEST, max(1.0, settings.drill.speed)) if settings.drill else 1.0


class Shared:
    """What most probes are: a name, an interval, a limit, and nothing to give back."""

    name: str
    title: str
    interval: float
    limit: float
    critical: bool

    def __init__(self, place: Place, name: str, title: str, every: float, limit: float, critical: bool = False) -> None:
        self.place = place
        self.name = name
        self.title = title
        self.interval = place.every(every)
        self.limit = limit
        self.critical = critical
        self.started = place.now()

    def begin(self) -> None:
        """Note when this reading began."""
        self.started = self.place.now()

    def reading(
        self, status: Status, detail: str = "", value: float | None = None, data: Mapping[str, Any] | None = None
    ) -> Reading:
        """A reading taken since `begin`; the detail becomes one clean line."""
        now = self.place.now()
        seconds = max(0.0, (now - self.started).total_seconds())
        return Reading(self.name, status, now, seconds, one_line(detail, 200), value, data or {})

    async def close(self) -> None:
        """Give back the shared clients."""
        await self.place.web.close()
        await self.place.foreign.close()


def web_data(answer: Answer, asked_at: datetime) -> dict[str, Any]:
    """What every HTTP reading keeps: where it stopped, its times, its age in a cache and the clocks' difference."""
    rounded = {
        name: round(value, 4)
        for name in ("lookup", "connect", "tls", "first_byte", "total")
        if (value := getattr(answer, name)) is not None
    }
    data: dict[str, Any] = {"kind": answer.kind, "code": answer.status, **rounded}
    if answer.kind in NETWORK_KINDS:
        data["network"] = True
    if answer.age:
        data["age"] = one_line(answer.age, 20)
    elif (skew := skew_of(answer, asked_at)) is not None:
        data["skew"] = skew
    return data


def skew_of(answer: Answer, asked_at: datetime) -> float | None:
    """Seconds the other side's clock is ahead of ours, by its Date header; None when it tells no date.

    The header has whole seconds, so anything under one second is no difference.
    """
    if answer.first_byte is None or not answer.headers.get("date"):
        return None
    try:
        told = parsedate_to_datetime(answer.headers["date"])
        told = told.replace(tzinfo=UTC) if told.tzinfo is None else told.astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None
    ours = asked_at + timedelta(seconds=answer.first_byte)
    difference = (told - ours).total_seconds() + 0.5
    return 0.0 if abs(difference) <= 1.0 + answer.first_byte else round(difference, 1)
