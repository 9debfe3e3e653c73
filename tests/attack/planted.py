"""A world whose every setting holds a secret, and whose site tells all it was told."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from urllib.parse import quote

from tests.attack.planting import Garden, files_under
from tests.attack.site import Asked, Reply, echo
from tests.attack.world import World, heard
from tests.servers import PostgresServer

SETTINGS = """
operator = "ana"
state_dir = "state"
lock_dir = "locks"

[site]
name = "dispatch"
repository = "repository"

[watch]
control_targets = ["{control}"]

[environments.production]
kind = "production"
url = "{site}"
health = "/api/health?key={health_key}"
version = "/api/version#commit"
endpoints = ["/api/echo?token={endpoint_token}"]
metrics = "/metrics?token={metrics_token}"
alertmanager = "{alertmanager}"
business_count = "select 5"
supabase_url = "{supabase}"
supabase_anon_key = "{anon_key}"
database = "{database}"
database_readonly = "{readonly}"

[environments.production.headers]
Authorization = "Bearer {bearer}"
X-Access = "${{ACCESS_TOKEN}}"
Cookie = "session={cookie}; theme=dark"

[environments.production.platform]
driver = "releases"
root = "platform"
build = ["{python}", "{build}"]
token = "{platform_token}"

[environments.production.platform.commands]
variables = {{ REGISTRY_TOKEN = "{registry_token}" }}

[notify]
webhook = "{notify}"

[environments.production.backups]
bucket = "copies"
endpoint = "{bucket}"
region = "us-east-1"
access_key = "{access_key}"
secret_key = "{secret_key}"

[[environments.production.checks]]
name = "sign in"
path = "/login?api_key={check_key}"
method = "POST"
body = '{{"user": "dispatch", "password": "{check_password}"}}'

[[environments.production.checks]]
name = "sign in by form"
path = "/form"
kind = "auth"
method = "POST"
body = "user=dispatch&token={form_token}"

[environments.staging]
kind = "staging"
url = "http://127.0.0.1:9/{unreachable}?token={staging_token}"
prometheus = "{prometheus}"
read_endpoint = "/read?key={read_key}"
database = "{wrong_database}"
database_readonly = "{unreachable_database}"

[[providers]]
name = "Host"
status = "{provider}"

[[contacts]]
name = "Desk"
call = "{call}"

[[contacts]]
name = "Nobody"
call = "{deaf_call}"

[[contacts]]
name = "Pagers"
pager = "pagerduty"
key = "{pager_key}"
call = "{pager}"

[[contacts]]
name = "Alerts"
pager = "opsgenie"
key = "{alerts_key}"
call = "{pager}"

[[messages.targets]]
name = "chat"
kind = "slack"
address = "{chat}"

[[messages.targets]]
name = "page"
kind = "statuspage"
address = "{status_page}"
page = "p1"
key = "{page_key}"

[[links]]
title = "Board"
url = "https://user:{link_password}@example.test/?token={link_token}"
"""


class Planted:
    """A world whose every setting holds a secret, and whose site tells all it knows."""

    def __init__(self, world: World, postgres: PostgresServer) -> None:
        self.world = world
        self.garden = Garden(f"zq{secrets.token_hex(4)}")
        self.said: list[tuple[str, str]] = []
        self._configure(postgres)

    def _configure(self, postgres: PostgresServer) -> None:
        plant, site = self.garden.plant, self.world.site
        name, password = f"harbour_{secrets.token_hex(4)}", plant("environments.database", hard=True)
        readonly = plant("environments.database_readonly")
        for user, word in ((name, password), (f"{name}_readonly", readonly)):
            postgres.run(f"create role {user} login password '" + word.replace("'", "''") + "'")

        def at(place: str, path: str = "", query: str = "") -> str:
            more = f"?{query}={plant(f'{place} query')}" if query else ""
            return f"http://user:{plant(place)}@127.0.0.1:{site.port}{path}{more}"

        server = f"127.0.0.1:{postgres.port}"
        build = self.world.folder / "build.py"
        access_token = plant(".env.operations ACCESS_TOKEN", hard=False)
        (self.world.folder / ".env.operations").write_text(
            f"ACCESS_TOKEN={access_token}\nSENTRY_AUTH_TOKEN={plant('.env.operations SENTRY_AUTH_TOKEN')}\n"
        )
        text = SETTINGS.format(
            site=at("environments.url"),
            control=at("watch.control_targets"),
            alertmanager=at("environments.alertmanager"),
            supabase=at("environments.supabase_url"),
            prometheus=at("environments.prometheus", "/prometheus"),
            provider=at("providers.status", "/status.json", "token"),
            bucket=at("environments.backups.endpoint"),
            call=at("contacts.call", f"/hook/{plant('contacts.call path')}", "token"),
            pager=at("contacts.call pager", "/pager"),
            pager_key=plant("contacts.key"),
            alerts_key=plant("contacts.key opsgenie"),
            chat=at("messages.targets.address", f"/chat/{plant('messages.targets.address path')}", "token"),
            status_page=at("messages.targets.address page", "/v1"),
            page_key=plant("messages.targets.key"),
            notify=at("notify.webhook", "/notify", "token"),
            platform_token=plant("environments.platform.token"),
            registry_token=plant("environments.platform.commands.variables"),
            deaf_call=f"http://127.0.0.1:9/hook/{plant('contacts.call unreachable')}",
            database=f"postgresql://{name}:{quote(password, safe='')}@{server}/postgres",
            readonly=f"postgresql://{name}_readonly:{readonly}@{server}/postgres",
            wrong_database=f"postgresql://{name}:{plant('environments.database wrong')}@{server}/other",
            unreachable_database=f"postgresql://nobody:{plant('environments.database unreachable')}@127.0.0.1:9/db",
            python=sys.executable,
            build=build,
            unreachable="page",
            **{
                key: plant(f"environments.{key}")
                for key in (
                    "health_key", "endpoint_token", "metrics_token", "staging_token", "read_key", "check_key",
                    "link_password", "link_token",
                )
            },
            anon_key=plant("environments.supabase_anon_key"),
            bearer=plant("environments.headers"),
            cookie=plant("environments.headers cookie"),
            access_key=plant("environments.backups.access_key"),
            secret_key=plant("environments.backups.secret_key"),
            check_password=plant("environments.checks.body"),
            form_token=plant("environments.checks.body form"),
        )  # fmt: skip
        self.world.config.write_text(text)
        build.write_text(f"print({json.dumps(chr(10).join(self.garden.planted.values()))})")
        site.rest = echo(401)
        site.routes["/api/health"] = echo(503)
        site.routes["/api/echo"] = echo(500)
        for path in ("/pager/v2/enqueue", "/pager/v2/alerts"):
            site.routes[path] = self._pager
        site.routes[f"/hook/{self.garden.planted['contacts.call path']}"] = self._hook

    def _hook(self, asked: Asked) -> Reply:
        return Reply(json.dumps({"id": f"call-{asked.path}", "says": asked.everything}))

    def _pager(self, asked: Asked) -> Reply:
        return Reply(json.dumps({"message": asked.everything}), 403)

    def heal(self) -> None:
        """The site answers well; only its other paths go on telling everything."""
        self.world.site.routes["/api/health"] = Reply('{"status": "healthy"}')
        self.world.site.routes["/api/echo"] = Reply("{}")

    def hear(self, what: str, text: str) -> None:
        """Keep what was said, to be searched."""
        self.said.append((what, text))

    def run(self, *arguments: str, code: int | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command and hear all it says."""
        done = heard("--config", str(self.world.config), *arguments)
        self.hear(" ".join(arguments), done.stdout + done.stderr)
        assert "Traceback" not in done.stderr, done.stderr
        assert code is None or done.returncode == code, (arguments, done)
        return done

    def leaks(self) -> list[str]:
        """Everywhere a secret was found: what was said, and every file but the settings themselves."""
        spared = {self.world.config, self.world.folder / ".env.operations", self.world.folder / "build.py"}
        folder = self.world.folder
        texts = [
            *self.said,
            *((str(path.relative_to(folder)), text) for path, text in files_under(folder) if path not in spared),
        ]
        return sorted({f"{place}  in  {what}" for what, text in texts for place in self.garden.found_in(text)})
