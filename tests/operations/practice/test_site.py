"""The whole practice site, really started. One site serves most tests of this file; those that kill have their own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from operations.errors import VigieError
from operations.platforms.releases import ReleasesPlatform
from operations.practice import control, site
from operations.practice.layout import Layout, databases_folder
from operations.practice.site import PracticeSite
from operations.settings import Settings
from operations.settings_reader import load_settings
from operations.watch.store import Store, store_path

pytestmark = [pytest.mark.practice, pytest.mark.xdist_group("practice-site"), pytest.mark.timeout(240)]
LIMIT = 60.0
BEGINS_TO_END = 2.5
"""Seconds after which a site that nobody holds has begun to end (it looks three times, every half second)."""
RARELY = 0.7
"""Whether a service has recovered is looked at from many sides, and only so many seconds after its last error."""


def wait_for(what: Callable[[], Any], limit: float = LIMIT, every: float = 0.1) -> Any:
    until = time.monotonic() + limit
    while time.monotonic() < until:
        if found := what():
            return found
        time.sleep(every)
    raise AssertionError(f"{what} did not come true in {limit} s")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("practice") / "site"
    yield folder
    site.reset(folder)


@pytest.fixture(scope="module")
def running(home: Path) -> Iterator[PracticeSite]:
    started = site.start(home, size=0.05, seed=3)
    yield started
    started.close()


@pytest.fixture
def settings(running: PracticeSite) -> Settings:
    return load_settings(running.config_path, {})


class Visitor:
    """Asks the front door of production."""

    def __init__(self, settings: Settings) -> None:
        self._env = settings.environments["production"]
        trust = ssl.create_default_context(cafile=self._env.authority)
        self._open = urllib.request.build_opener(urllib.request.HTTPSHandler(context=trust)).open

    def get(self, path: str, body: bytes | None = None) -> tuple[int, str]:
        url = path if "://" in path else self._env.url + path
        try:
            with self._open(urllib.request.Request(url, body), timeout=10) as answer:
                return answer.status, answer.read().decode("utf-8", "replace")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def health(self) -> dict[str, Any]:
        return dict(json.loads(self.get("/api/health")[1]))


@pytest.fixture
def visitor(settings: Settings) -> Visitor:
    return Visitor(settings)


def deal(home: Path, scenario: str, seed: int = 3, speed: float = 1.0) -> None:
    """Deal that scenario; a site that is healthy already is left as it is."""
    if scenario or site.status(home)["scenario"]:
        site.start(home, scenario=scenario, seed=seed, speed=speed).close()


def answers(visitor: Visitor, code: int) -> Callable[[], bool]:
    return lambda: visitor.get("/api/calls")[0] == code


def another_pid(home: Path, name: str, pid: int) -> Callable[[], bool]:
    return lambda: site.status(home)["children"].get(name, pid) != pid


def test_the_healthy_site_answers_everything_vigie_asks(
    running: PracticeSite, settings: Settings, visitor: Visitor
) -> None:
    deal(running.home, "")
    env = settings.environments["production"]
    code, page = visitor.get("/")
    assert code == 200 and env.page_marker in page
    assets = [part.split('"')[0] for part in page.split('="')[1:] if part.startswith("/assets/")]
    assert [visitor.get(path)[0] for path in assets] == [200, 200, 200]
    assert visitor.health()["services"]["database"] == "healthy"
    live = ReleasesPlatform(Path(env.platform.root)).live()
    assert live is not None and json.loads(visitor.get("/api/version")[1]) == {
        "version": "v2.4.0",
        "commit": live.commit,
    }
    assert all(visitor.get(path)[0] == 200 for path in env.endpoints)
    assert 'http_requests_total{path="/api/calls",status="200"}' in visitor.get("/metrics")[1]
    login = env.checks[0]
    assert visitor.get(login.path, login.body.reveal().encode())[0] == 200
    assert visitor.get(login.path, b'{"user": "dispatch", "key": "guess"}')[0] == 401
    assert visitor.get("/rest/v1/")[0] == 401
    assert visitor.get(f"/rest/v1/?apikey={env.supabase_anon_key.reveal()}")[0] == 200
    assert visitor.get(settings.watch.control_targets[0])[0] == 200
    for provider in settings.providers:
        told = json.loads(visitor.get(f"{provider.status}/api/v2/summary.json")[1])
        assert {"name", "status"} <= told["components"][0].keys()
        assert set(provider.components) <= {part["name"] for part in told["components"]}
    assert json.loads(visitor.get(f"{env.alertmanager}/api/v2/alerts")[1]) == []


def test_the_databases_are_marked_and_the_bucket_holds_five_days_of_checked_backups(
    running: PracticeSite, settings: Settings
) -> None:
    import hashlib

    import boto3
    import psycopg

    for name, env in settings.environments.items():
        with psycopg.connect(env.database_readonly.reveal()) as connection:
            asked = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()"
            assert connection.execute(asked).fetchone() == (f"vigie:environment={name}",)
            applied = connection.execute("SELECT count(*) FROM vigie_migrations WHERE finished_at IS NOT NULL")
            assert applied.fetchone() == (4,)
            with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
                connection.execute("DELETE FROM invoices")
        bucket = env.backups
        client = boto3.client(
            "s3",
            endpoint_url=bucket.endpoint,
            region_name=bucket.region,
            aws_access_key_id=bucket.access_key.reveal(),
            aws_secret_access_key=bucket.secret_key.reveal(),
        )
        prefix = f"{bucket.prefix}/backups/{name}/"
        keys = [one["Key"] for one in client.list_objects_v2(Bucket=bucket.bucket, Prefix=prefix)["Contents"]]
        assert len(keys) == 15
        newest = max(key for key in keys if key.endswith(".sql.gz"))
        body = client.get_object(Bucket=bucket.bucket, Key=newest)["Body"].read()
        manifest = json.loads(client.get_object(Bucket=bucket.bucket, Key=f"{newest}.manifest.json")["Body"].read())
        listed = client.get_object(Bucket=bucket.bucket, Key=f"{newest}.sha256")["Body"].read().decode()
        assert hashlib.sha256(body).hexdigest() == manifest["sha256"] == listed.split()[0]
        assert listed.split()[1] == newest.rpartition("/")[2]
        assert manifest["size"] == len(body) and manifest["tables"]["public.calls"] > 100
        client.close()


def test_a_bad_release_breaks_the_api_and_rolling_back_by_the_platform_mends_it(
    running: PracticeSite, settings: Settings
) -> None:
    deal(running.home, "bad-release", speed=60)
    settings = load_settings(running.config_path, {})
    visitor = Visitor(settings)
    assert visitor.get("/api/calls") == (500, '{"error":"TypeError: zone is undefined"}')
    assert visitor.get("/")[0] == 200
    health = visitor.health()
    assert health["status"] == "unhealthy" and health["services"]["database"] == "healthy"
    assert not control.ask(running.home, {"do": "recovered"})["recovered"]
    env = settings.environments["production"]
    alerts = json.loads(visitor.get(f"{env.alertmanager}/api/v2/alerts")[1])
    assert [alert["labels"]["alertname"] for alert in alerts] == ["HighErrorRate"]
    platform = ReleasesPlatform(Path(env.platform.root), restart=env.platform.restart)
    assert [period.release for period in platform.periods()][:2] == ["v2.4.1", "v2.4.0"]
    platform.promote("v2.4.0", who="ana", how="rollback")
    assert json.loads(visitor.get("/api/version")[1])["version"] == "v2.4.0"
    assert visitor.get("/api/calls")[0] == 200
    wait_for(lambda: control.ask(running.home, {"do": "recovered"})["recovered"], every=RARELY)
    store = Store(store_path(settings))
    commit = json.loads(visitor.get("/api/version")[1])["commit"]
    wait_for(lambda: store.versions("production")[-1].version == commit)
    assert len(store.minutes("production")) > 6 * 24 * 60 - 60
    store.close()
    truth = json.loads(Layout(running.home).truth.read_text())
    assert truth["release"]["live_at"] < truth["fault"]["onset_at"] < truth["fault"]["injected_at"]


def test_a_stopped_database_refuses_until_a_well_briefed_helper_starts_it(running: PracticeSite) -> None:
    import psycopg

    deal(running.home, "database-down", speed=60)
    settings = load_settings(running.config_path, {})
    visitor = Visitor(settings)
    production = settings.environments["production"]
    with pytest.raises(psycopg.OperationalError, match="refused"):
        psycopg.connect(production.database.reveal(), connect_timeout=5)
    assert "Connection refused" in visitor.get("/api/calls")[1]
    assert visitor.health()["services"]["database"] == "unhealthy"
    assert json.loads(visitor.get("/api/version")[1])["version"] == "v2.4.1"
    host = next(provider for provider in settings.providers if provider.database)
    assert json.loads(visitor.get(f"{host.status}/api/v2/summary.json")[1])["status"]["indicator"] == "none"
    helper = next(contact for contact in settings.contacts if contact.kind == "dba").call.reveal()

    def called(**brief: object) -> str:
        given = json.dumps({"kind": "dba", **brief}).encode()
        return str(json.loads(visitor.get(helper, given)[1])["id"])

    def says(call: str, state: str) -> Any:
        found = json.loads(visitor.get(f"{helper}/{call}")[1])
        return found if found["state"] == state else None

    vague = called(broken="the site")
    assert wait_for(lambda: says(vague, "asks"))["missing"] == ["since", "tried", "need"]
    full = called(broken="nobody can sign in", since="03:02Z", tried=[], need="start production's database")
    wait_for(lambda: says(full, "done"))
    psycopg.connect(production.database.reveal()).close()
    assert visitor.get("/api/calls")[0] == 200
    wait_for(lambda: control.ask(running.home, {"do": "recovered"})["recovered"], every=RARELY)
    happened = (Layout(running.home).session(site.status(running.home)["session"]) / "events.jsonl").read_text()
    assert '"what": "mended"' in happened


def test_the_site_lives_through_a_database_that_goes_and_comes_back(running: PracticeSite) -> None:
    deal(running.home, "")
    visitor = Visitor(load_settings(running.config_path, {}))
    for value, code in (("stop", 500), ("start", 200)):
        assert control.main(["database", "production", value, "--dir", str(running.home)]) == 0
        wait_for(answers(visitor, code))


def test_a_killed_application_and_a_killed_database_come_back_by_themselves(running: PracticeSite) -> None:
    deal(running.home, "")
    visitor = Visitor(load_settings(running.config_path, {}))
    for name in ("site-production", "database-production"):
        pid = site.status(running.home)["children"][name]
        os.kill(pid, signal.SIGKILL)
        wait_for(another_pid(running.home, name, pid))
        wait_for(answers(visitor, 200))


def test_maintenance_closes_the_site_and_is_written_down_without_its_value(running: PracticeSite) -> None:
    deal(running.home, "")
    visitor = Visitor(load_settings(running.config_path, {}))
    assert control.main(["maintenance", "production", "on", "--dir", str(running.home)]) == 0
    assert visitor.get("/")[0] == 503
    assert visitor.get("/api/health")[0] == 200
    assert control.main(["maintenance", "production", "off", "--dir", str(running.home)]) == 0
    assert visitor.get("/")[0] == 200
    last = json.loads(Layout(running.home).settings_log("production").read_text().splitlines()[-1])
    assert last.keys() == {"at", "kind", "name", "who"}


def test_a_request_without_the_token_is_refused(running: PracticeSite) -> None:
    import socket

    port = json.loads(Layout(running.home).state.read_text())["control"]["port"]
    with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
        wire.sendall(b'{"token": "guess", "do": "stop"}\n')
        assert json.loads(wire.makefile().readline()) == {"ok": False, "says": "wrong token"}
    assert site.status(running.home)["running"]


def test_users_keep_coming_a_few_a_second(running: PracticeSite) -> None:
    deal(running.home, "")
    log = Layout(running.home).request_log("production")
    before = log.stat().st_size
    began = time.monotonic()
    wait_for(lambda: log.read_bytes()[before:].count(b"\n") > 20)
    assert 20 / (time.monotonic() - began) < 10


def test_no_secret_stands_in_any_command_line(running: PracticeSite) -> None:
    known = json.loads(Layout(running.home).secrets.read_text())
    secrets = [known["anon_key"], known["access_key"], known["secret_key"], *known["login_keys"].values()]
    secrets += [password for roles in known["roles"].values() for password in roles.values()]
    for pid in site.status(running.home)["children"].values():
        with contextlib.suppress(FileNotFoundError):
            line = Path(f"/proc/{pid}/cmdline").read_text()
            assert not any(secret in line for secret in secrets)


def test_starting_another_size_beside_a_running_one_is_refused(running: PracticeSite) -> None:
    with pytest.raises(VigieError, match="has size"):
        site.start(running.home, size=0.2)


def test_a_second_site_that_is_kept_outlives_its_users_until_it_is_stopped_and_leaves_nothing(
    tmp_path: Path, running: PracticeSite
) -> None:
    first = site.start(tmp_path / "second", size=0.05, keep=True)
    ports = set(json.loads(Layout(first.home).state.read_text())["ports"].values())
    assert ports.isdisjoint(json.loads(Layout(running.home).state.read_text())["ports"].values())
    children = list(site.status(first.home)["children"].values())
    shared = site.start(first.home)
    first.close()
    shared.close()
    with pytest.raises(AssertionError):
        wait_for(lambda: site.status(shared.home)["phase"] != "ready", BEGINS_TO_END)
    assert site.stop(shared.home)
    assert not site.status(shared.home)["running"]
    assert not any(_lives(pid) for pid in children)
    assert not site.stop(shared.home)
    site.reset(shared.home)
    assert not databases_folder(Layout(shared.home)).exists()
    assert not (tmp_path / "second").exists()


def test_a_folder_that_is_no_site_is_never_removed(tmp_path: Path) -> None:
    (tmp_path / "letters").write_text("dear ana")
    with pytest.raises(VigieError, match="not a practice site"):
        site.reset(tmp_path)
    assert not site.stop(tmp_path)
    assert (tmp_path / "letters").exists()


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
