"""Everything a backup meets, real and small: a database with something in it, a bucket, settings, a desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from operations.backups import BackupList, list_backups
from operations.desk import Desk
from operations.engine.model import Outcome, Plan
from operations.jobs.backup import Backup
from operations.settings import Settings
from operations.settings_reader import load_settings
from tests.operations.jobs.rig import Bench
from tests.servers import PostgresServer, S3Server

ROWS = 3000


@dataclass
class Vault:
    """One environment `staging` with a database and a bucket of its own."""

    folder: Path
    postgres: PostgresServer
    s3: S3Server
    address: str
    bucket: str
    kind: str = "staging"
    more: str = ""
    url: str = "http://127.0.0.1:9"

    @property
    def database(self) -> str:
        return self.address.rpartition("/")[2]

    def settings(self, **changes: str) -> Settings:
        """The settings file; `changes` replace address, bucket, endpoint, access or secret."""
        given = {
            "address": self.address, "bucket": self.bucket, "endpoint": self.s3.endpoint,
            "access": self.s3.access_key, "secret": self.s3.secret_key, **changes,
        }  # fmt: skip
        path = self.folder / "vigie.toml"
        path.write_text(f"""
operator = "ana"
state_dir = "state"
lock_dir = "locks"
[site]
name = "dispatch"
[environments.staging]
kind = "{self.kind}"
url = "{self.url}"
database = "{given["address"]}"
{self.more}
[environments.staging.backups]
bucket = "{given["bucket"]}"
endpoint = "{given["endpoint"]}"
access_key = "{given["access"]}"
secret_key = "{given["secret"]}"
""")
        return load_settings(path, {})

    def desk(self, **changes: str) -> Desk:
        return Desk(self.settings(**changes), "staging")

    def fill(self, rows: int = ROWS) -> None:
        """Two tables, one with `rows` rows that do not pack well."""
        self.run("create table calls (id int primary key, caller text)")
        self.run(f"insert into calls select n, md5(n::text) from generate_series(1, {rows}) n")
        self.run("create table trucks (plate text)")
        self.run("insert into trucks values ('AB-1'), (null)")

    def run(self, statement: str) -> list[tuple[Any, ...]]:
        return self.postgres.run(statement, self.database)

    def stored(self) -> BackupList:
        return list_backups(self.settings(), "staging")

    def names(self) -> set[str]:
        """Every object in the bucket."""
        return {found["Key"] for found in self.s3.client().list_objects_v2(Bucket=self.bucket).get("Contents", [])}

    def read(self, key: str) -> bytes:
        return bytes(self.s3.client().get_object(Bucket=self.bucket, Key=key)["Body"].read())

    def plan(self, **request: str) -> Plan:
        return Backup().plan(self.desk(), request)

    def back_up(
        self, *, cancel_in: str = "", desk: Desk | None = None, days_ago: float = 0.0, **request: str
    ) -> tuple[Outcome, Bench]:
        """Plan and run a backup in this process, with a clock that is that far behind."""
        operation, desk = Backup(), desk or self.desk()
        plan = operation.plan(desk, request)
        assert plan.refusal is None, plan.refusal
        bench = Bench(plan, cancel_in=cancel_in)
        bench.behind = timedelta(days=days_ago)
        return bench.go(operation, desk), bench


def new_vault(folder: Path, postgres: PostgresServer, s3: S3Server) -> Vault:
    """A vault with a filled database."""
    vault = Vault(folder, postgres, s3, postgres.new_database(), s3.new_bucket())
    vault.fill()
    return vault


def today() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d}"
