"""The typed settings: what a site is, where its parts are, and which thresholds count.

Types only; `operations.settings_reader` makes them from `vigie.toml` and `.env.operations`. A value that may be a
secret is a `Secret`, which no repr, log or traceback can show.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from operations.secret_parts import secrets_of_address, secrets_of_text
from operations.settings_incident import Contact, IncidentSettings
from operations.settings_messages import MessageSettings, MessageTarget
from operations.settings_parts import MASK, Secret, Section
from operations.settings_release import (
    VERCEL_DEPLOY,
    CommandSettings,
    DeploySettings,
    NotifySettings,
    PlatformSettings,
    SwitchSettings,
)

__all__ = [
    "MASK", "VERCEL_DEPLOY", "BackupSettings", "Check", "CommandSettings", "Contact", "DeploySettings", "DrillSettings",
    "Environment", "IncidentSettings", "Link", "MessageSettings", "MessageTarget", "NotifySettings", "PlatformSettings",
    "PolicySettings", "Provider", "RestoreSettings", "Secret", "Section", "Settings", "Site", "SwitchSettings",
    "Thresholds", "WatchSettings", "address_of",
]  # fmt: skip


class Site(Section, frozen=True, kw_only=True):
    """The product looked after."""

    name: str = ""
    repository: str = "."
    """Path of the git checkout, relative to the settings file."""
    migrations: str = "migrations"
    """Folder of the migrations, relative to the repository."""
    push_recovery_tags: bool = False
    """Recovery tags stay local unless this is true: a pushed tag can trigger pipelines."""
    branch: str = "main"


class Check(Section, frozen=True, kw_only=True):
    """A check of the site's own, run with the smoke tests: a path and what its answer must be."""

    name: str
    path: str
    kind: Literal["", "auth", "third-party"] = ""
    """`auth` marks a login: when it fails after a rollback, the walk asks about keys before anything else."""
    method: Literal["GET", "POST"] = "GET"
    body: Secret = Secret("")
    status: int = 200
    contains: str = ""
    json_path: str = ""
    """Dotted path into a JSON answer, with `equals` its expected value."""
    equals: str = ""
    header: str = ""
    header_contains: str = ""
    within: float = 3.0
    """Seconds the answer may take."""
    certificate_days: int = 0
    """Days the certificate must still be valid; 0 does not look."""


class BackupSettings(Section, frozen=True, kw_only=True):
    """The bucket that holds the backups."""

    bucket: str = ""
    prefix: str = ""
    """Prefix in the bucket; empty means the site's name."""
    endpoint: str = ""
    """S3-compatible endpoint; empty means AWS (or AWS_ENDPOINT_URL_S3)."""
    region: str = ""
    access_key: Secret = Secret("")
    secret_key: Secret = Secret("")
    storage_class: str = "STANDARD_IA"
    """S3 storage class of the dumps; a server that knows none ignores it."""
    encryption: Literal["", "AES256", "aws:kms"] = "AES256"
    """Server-side encryption asked for; empty asks for none."""
    warn_after_hours: float = 25.0
    down_after_hours: float = 26.0


class Environment(Section, frozen=True, kw_only=True):
    """One environment of the site: its address, database, platform and bucket prefix."""

    kind: Literal["production", "staging", "recovery", "other"] = "other"
    url: str = ""
    health: str = "/api/health"
    page: str = "/"
    page_marker: str = ""
    endpoints: tuple[str, ...] = ()
    """API paths watched beside the health endpoint."""
    version: str = ""
    """Path of an endpoint that tells the running version, with `#field`, as `/api/version#commit`."""
    metrics: str = ""
    """Path or address of a Prometheus text page."""
    request_log: str = ""
    """Path of a JSON-lines request log on this machine: `at`, `path`, `status`, `seconds`, `error`."""
    settings_log: str = ""
    """Path of a JSON-lines log of flag and setting changes: `at`, `kind`, `name`, `who`; never values."""
    prometheus: str = ""
    alertmanager: str = ""
    business_count: str = ""
    """SQL that answers one number, e.g. the calls of the last minute."""
    read_endpoint: str = ""
    """Path whose answer proves a database read; empty means SELECT 1 with `database_readonly`."""
    supabase_url: str = ""
    supabase_anon_key: Secret = Secret("")
    database: Secret = Secret("")
    database_readonly: Secret = Secret("")
    authority: str = ""
    """File with the certificates to trust beside the system's, for a private authority."""
    headers: dict[str, Secret] = {}  # noqa: RUF012 - msgspec copies it
    """Extra request headers, e.g. for a protected staging site."""
    platform: PlatformSettings = PlatformSettings()
    backups: BackupSettings = BackupSettings()
    checks: tuple[Check, ...] = ()
    commands: Literal["", "ask", "never"] = ""
    """Whether commands of runbooks run here; empty means as `policy.commands` says."""

    @property
    def database_address(self) -> str:
        """`host:port/name` of the database without user and password, or empty."""
        return address_of(self.database.reveal())


class Provider(Section, frozen=True, kw_only=True):
    """A provider's status page (statuspage.io JSON) and the parts of it that the site uses."""

    name: str
    status: str
    components: tuple[str, ...] = ()
    """Names of the components in use; empty means the page's overall indicator."""
    database: bool = False
    """True when this provider runs the database."""
    authority: str = ""


class Thresholds(Section, frozen=True, kw_only=True):
    """Limits from the manuals (watch.md); shares in percent, times in seconds."""

    error_rate_warn: float = 1.0
    error_rate_down: float = 5.0
    p95_warn: float = 1.0
    p95_down: float = 3.0
    database_warn: float = 0.2
    certificate_warn_days: float = 30.0
    certificate_down_days: float = 7.0
    host_percent: float = 80.0


class WatchSettings(Section, frozen=True, kw_only=True):
    """How the watch probes."""

    control_targets: tuple[str, ...] = ("https://one.one.one.one", "https://dns.google")
    """Two or more addresses not on the site's provider: they tell "this bastion is offline" from "the site is down"."""
    thresholds: Thresholds = Thresholds()
    readings: str = ""
    """File of the recorder; empty means `readings.sqlite` in the state directory."""
    keep_days: float = 7.0
    smoke_every: float = 0.0
    """Seconds between the recorder's scheduled smoke runs; 0 means none."""


class DrillSettings(Section, frozen=True, kw_only=True):
    """Present only in the settings file of a practice site."""

    home: str
    """The practice site's folder."""
    lease: str
    """File on which every console and job of this practice site holds a shared flock."""
    scenario: str = ""
    seed: int = 0
    speed: float = 1.0
    """How much faster than life people answer and quiet watches pass; probes run at most twice as fast."""
    session: str = ""


class RestoreSettings(Section, frozen=True, kw_only=True):
    """What a restore must never touch, beside production."""

    never: tuple[str, ...] = ()
    """`host`, `host/database` or `/database`, each never restored onto."""


class PolicySettings(Section, frozen=True, kw_only=True):
    """What no runbook may do, whatever stands in it. It outranks every file and every confirmation."""

    commands: Literal["ask", "never"] = "ask"
    """`never`: no command, statement or check of a runbook runs. An environment may say otherwise for itself."""
    refuse: tuple[str, ...] = ()
    """Words or regular expressions; capitals do not count. A command in which one is found is refused."""


class Link(Section, frozen=True, kw_only=True):
    """A dashboard, ticket system or phone list."""

    title: str
    url: str


class Settings(Section, frozen=True, kw_only=True):
    """Everything Vigie knows about the site, from one file."""

    site: Site = Site()
    environments: dict[str, Environment] = {}  # noqa: RUF012 - msgspec copies it
    providers: tuple[Provider, ...] = ()
    contacts: tuple[Contact, ...] = ()
    links: tuple[Link, ...] = ()
    watch: WatchSettings = WatchSettings()
    restore: RestoreSettings = RestoreSettings()
    policy: PolicySettings = PolicySettings()
    deploy: DeploySettings = DeploySettings()
    switches: SwitchSettings = SwitchSettings()
    notify: NotifySettings = NotifySettings()
    incident: IncidentSettings = IncidentSettings()
    messages: MessageSettings = MessageSettings()
    drill: DrillSettings | None = None
    readonly: bool = False
    theme: Literal["night", "day", "contrast", "terminal"] = "night"
    """The console's colours; `terminal` takes the terminal's own sixteen. VIGIE_THEME goes before it."""
    operator: str = ""
    """Who is at this console; empty means the login name."""
    state_dir: str = ""
    lock_dir: str = ""
    runbooks: str = ""
    """Folder of the team's own runbooks; they overlay the library by file name."""
    retention_months: int = 13
    """How long the journal is kept: `vigie journal prune` removes what is older."""

    named: tuple[Secret, ...] = ()
    """Values of `.env.operations` whose names sound secret, used here or not (set by the reader, not a key)."""
    path: str = ""
    """The file these settings came from (set by the reader, not a key)."""
    unanswered: bool = False
    """True when only `.env.operations` exists and nobody has said yet which environment it stands for."""

    @property
    def folder(self) -> Path:
        """Folder of the settings file; relative paths in it start here."""
        return Path(self.path).parent if self.path else Path.cwd()

    def resolve(self, path: str) -> Path:
        """A path from the settings, relative ones seen from the settings file."""
        return (self.folder / Path(path).expanduser()).resolve() if path else self.folder

    def phrase(self, environment: str) -> str:
        """What has to be typed for an act; drills have their own, so that hands do not learn the real one."""
        return f"drill {environment}" if self.drill else f"{self.site.name} {environment}"

    def secrets(self) -> tuple[str, ...]:
        """Every value of these settings that must never be shown, passwords inside addresses included."""
        return tuple(sorted(set(_secrets_in(self)), key=len, reverse=True))


def address_of(url: str) -> str:
    """`host:port/path` of an address without user, password and query; empty for an empty or unreadable one."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    return f"{host}{port}{parts.path}" if host else ""


def _secrets_in(value: object) -> Iterator[str]:
    if isinstance(value, Secret):
        yield from secrets_of_text(value.reveal())
    elif isinstance(value, str):
        if "://" in value or "?" in value:
            yield from secrets_of_address(value.partition("#")[0])
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from _secrets_in(getattr(value, name))
    elif isinstance(value, dict):
        for item in value.values():
            yield from _secrets_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _secrets_in(item)
