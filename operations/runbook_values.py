"""What the variables and blanks of a runbook's commands stand for: the settings, `.env.operations`, the process.

What belongs to an environment comes from that environment's settings or from nowhere: never another's address, database
or bucket. A secret is handed on as a `Secret`, for a child's environment alone.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from operations.errors import VigieError
from operations.secret_parts import secrets_of_named, secrets_of_text, sounds_secret
from operations.settings import MASK, Environment, Secret, Settings
from operations.settings_checks import ENV_FILE
from operations.text import one_line

if TYPE_CHECKING:
    from runbooks.parts import Blank

OWN, IN_SETTINGS, IN_FILE, IN_PROCESS = "the environment's own", "the settings", ENV_FILE, "this process"
_VARIABLE = re.compile(r"[A-Za-z_]\w*")
_SITE_URL = frozenset({"APP_URL", "SITE_URL", "NEXT_PUBLIC_APP_URL", "NEXT_PUBLIC_SITE_URL"})
_DATABASE_URL = frozenset({"DATABASE_URL", "DB_URL", "POSTGRES_URL", "POSTGRESQL_URL"})
_READ_ONLY_URL = frozenset({"READ_URL", "DATABASE_READONLY_URL", "DATABASE_URL_READONLY"})
DATABASE_PARTS = {
    "PGHOST": "PGHOST", "PGPORT": "PGPORT", "PGUSER": "PGUSER", "PGDATABASE": "PGDATABASE", "PGSSLMODE": "PGSSLMODE",
    "DB_HOST": "PGHOST", "DB_PORT": "PGPORT", "DB_USER": "PGUSER", "DB_NAME": "PGDATABASE",
    "PGPASSWORD": "", "DB_PASSWORD": "",
}  # fmt: skip
_BUCKET = frozenset({"S3_BUCKET", "BUCKET", "BACKUP_BUCKET"})
_KEYS = frozenset({"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"})
READ_BY_ITSELF: Mapping[str, tuple[str, ...]] = {
    "aws": (*sorted(_KEYS), "AWS_REGION", "AWS_ENDPOINT_URL_S3", "AWS_PROFILE"),
    "vercel": ("VERCEL_TOKEN", "VERCEL_ORG_ID", "VERCEL_PROJECT_ID"),
    "wrangler": ("CLOUDFLARE_API_TOKEN", "CLOUDFLARE_ACCOUNT_ID"),
    "supabase": ("SUPABASE_ACCESS_TOKEN",),
    "gh": ("GH_TOKEN",),
    "kubectl": ("KUBECONFIG",),
    "docker": ("DOCKER_HOST", "DOCKER_CONTEXT"),
    "ssh": ("SSH_AUTH_SOCK",),
    "scp": ("SSH_AUTH_SOCK",),
    "rsync": ("SSH_AUTH_SOCK",),
    "git": ("SSH_AUTH_SOCK",),
}
"""Names that a program reads without their standing in the command. Without them it may take another account, cluster
or host than the person's own shell would."""


@dataclass(frozen=True, slots=True)
class Value:
    """What a variable holds. `source` says where it is from; an `own` one is its environment's alone to say."""

    name: str
    value: Secret
    source: str
    secret: bool
    own: bool = False

    @property
    def shown(self) -> str:
        """The value for a person; of a secret one only that there is one."""
        return MASK if self.secret else one_line(self.value.reveal(), 200)

    def secrets(self) -> tuple[str, ...]:
        """What of it must never be shown."""
        return tuple(secrets_of_text(self.value.reveal())) if self.secret else ()


class Values:
    """Everything known for one environment. `environ` is the process environment, of which a drill takes nothing."""

    def __init__(self, settings: Settings, environment: str, environ: Mapping[str, str] | None = None) -> None:
        self._settings = settings
        self._name = environment
        self._env = settings.environments.get(environment) or Environment()
        self._process = {} if settings.drill else os.environ if environ is None else environ

    def find(self, name: str, *, secret: bool = False) -> Value | None:
        """The variable of that name; None where nobody knows it. Raises SettingsError for an unreadable file."""
        own = self._own(name)
        if own is not None:
            return self._value(name, own, OWN, secret, own=True) if own else None
        for source, found in (
            (IN_SETTINGS, self._platform(name)),
            (IN_FILE, self._file.get(name, "")),
            (IN_PROCESS, self._process.get(name, "")),
        ):
            if found:
                return self._value(name, found, source, secret)
        return None

    def belongs(self, name: str) -> str:
        """Where the value of that name has to be written for us to know it, in words."""
        if self._own(name) is None:
            return f"in {ENV_FILE} under that name"
        return f"to {self._name}, so in its table of the settings"

    def placeholder(self, written: str) -> str:
        """What a `[blank]`, `<blank>` or `your-domain.com` stands for, where that is certain; else empty."""
        words = re.sub(r"[^a-z0-9]+", "-", written.lower()).strip("-")
        for names, value in self._certain:
            if words in names:
                return value()
        return ""

    def _value(self, name: str, value: str, source: str, secret: bool, *, own: bool = False) -> Value:
        hidden = secret or sounds_secret(name) or bool(secrets_of_named(name, value))
        return Value(name, Secret(value), source, hidden, own)

    def _own(self, name: str) -> str | None:
        """A name that only the environment itself may say: its value, empty where it has none. None for other names."""
        env = self._env
        bucket = env.backups
        if name in _SITE_URL:
            return env.url
        if name in _DATABASE_URL:
            return env.database.reveal()
        if name in _READ_ONLY_URL:
            return env.database_readonly.reveal()
        if name in DATABASE_PARTS:
            return self._part(name)
        if name in _BUCKET:
            return bucket.bucket
        if name in _KEYS and bucket.access_key:
            keys = {"AWS_ACCESS_KEY_ID": bucket.access_key, "AWS_SECRET_ACCESS_KEY": bucket.secret_key}
            return keys.get(name, Secret("")).reveal()
        return {
            "HEALTH_URL": urljoin(env.url, env.health) if env.url else "",
            "SUPABASE_URL": env.supabase_url,
            "NEXT_PUBLIC_SUPABASE_URL": env.supabase_url,
            "SUPABASE_ANON_KEY": env.supabase_anon_key.reveal(),
            "NEXT_PUBLIC_SUPABASE_ANON_KEY": env.supabase_anon_key.reveal(),
            "ENVIRONMENT": self._name,
        }.get(name)

    def _part(self, name: str) -> str:
        from operations.dump.connection import way_to

        if not self._env.database:
            return ""
        way = way_to(self._env.database)
        part = DATABASE_PARTS[name]
        return way.environment.get(part, "") if part else way.password.reveal()

    def _platform(self, name: str) -> str:
        platform, bucket = self._env.platform, self._env.backups
        if name in platform.commands.variables:
            return platform.commands.variables[name].reveal()
        vercel = platform.driver == "vercel"
        return {
            "VERCEL_TOKEN": platform.token.reveal() if vercel else "",
            "AWS_REGION": bucket.region,
            "AWS_DEFAULT_REGION": bucket.region,
            "AWS_ENDPOINT_URL_S3": bucket.endpoint,
            "SITE_NAME": self._settings.site.name,
        }.get(name, "")

    @cached_property
    def _file(self) -> Mapping[str, str]:
        from operations.settings_reader import read_env_file

        if not self._settings.path:
            return {}
        path = Path(self._settings.path)
        return read_env_file(path if path.name == ENV_FILE else path.with_name(ENV_FILE))

    @property
    def _certain(self) -> tuple[tuple[frozenset[str], Callable[[], str]], ...]:
        env = self._env
        return (
            (_words("domain host hostname your-domain your-domain-com your-site-com your-app-com your-host "
                    "site-host app-host site-domain app-domain your-domain-example"), self._host),
            (_words("app-url site-url your-app-url your-site-url"), lambda: env.url),
            (_words("environment env environment-name"), lambda: self._name),
            (_words("site site-name your-site"), lambda: self._settings.site.name),
            (_words("bucket bucket-name your-bucket your-bucket-name s3-bucket backup-bucket"),
             lambda: env.backups.bucket),
            (_words("region aws-region your-region"), lambda: env.backups.region),
            (_words("db-host database-host your-db-host"), lambda: self._database_part("PGHOST")),
            (_words("db-name database-name your-db-name your-database-name"),
             lambda: self._database_part("PGDATABASE")),
            (_words("db-user database-user"), lambda: self._database_part("PGUSER")),
        )  # fmt: skip

    def _database_part(self, name: str) -> str:
        try:
            return self._part(name)
        except VigieError:
            return ""

    def _host(self) -> str:
        """Host and port of the environment's address, as it stands in a URL."""
        try:
            return urlsplit(self._env.url).netloc.rpartition("@")[2]
        except ValueError:
            return ""


def known(blank: Blank, settings: Settings, environment: str, environ: Mapping[str, str] | None = None) -> str | None:
    """What a blank is filled with before anybody types: what is certain, a masked word for a secret, or None."""
    values = Values(settings, environment, environ)
    if blank.style == "variable":
        found = values.find(variable_name(blank.written), secret=blank.secret)
        return found.shown if found is not None else None
    if blank.secret:
        return None
    return values.placeholder(blank.written) or None


def variable_name(written: str) -> str:
    """The name in `$NAME` or `${NAME}`."""
    found = _VARIABLE.search(written)
    return found[0] if found else ""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())
