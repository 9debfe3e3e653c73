"""A vault with a production beside its staging, both marked: what a restore meets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from operations.desk import Desk, utc_now
from operations.engine.model import Outcome, Plan
from operations.engine.record import JobRecord
from operations.jobs import operation_named
from operations.settings import Settings
from operations.settings_reader import load_settings
from tests.operations.jobs.rig import Bench
from tests.operations.jobs.vault import Vault
from tests.servers import PostgresServer, S3Server


@dataclass
class Yard(Vault):
    """`tail` goes to the end of the settings; `production` is production's database address."""

    production: str = ""
    tail: str = ""

    def settings(self, **changes: str) -> Settings:
        super().settings(**changes)
        path = self.folder / "vigie.toml"
        backups = path.read_text().partition("[environments.staging.backups]")[2]
        path.write_text(f"""{path.read_text()}
[environments.production]
kind = "production"
url = "http://127.0.0.1:10"
database = "{self.production}"
[environments.production.backups]
{backups}
{self.tail}
""")
        return load_settings(path, {})

    @property
    def target(self) -> str:
        """The name of staging's database."""
        return self.database

    def mark(self, environment: str, address: str = "") -> None:
        name = (address or self.address).rpartition("/")[2]
        self.postgres.run(f"comment on database \"{name}\" is 'vigie:environment={environment}'")

    def databases(self) -> set[str]:
        """Every database whose name begins with the target's."""
        found = self.postgres.run(f"select datname from pg_database where starts_with(datname, '{self.target}')")
        return {str(name) for (name,) in found}

    def callers(self, database: str = "") -> int:
        return int(self.postgres.run("select count(*) from calls", database or self.target)[0][0])

    def restore_plan(
        self, request: Mapping[str, Any] | None = None, *, desk: Desk | None = None, **more: str | bool
    ) -> Plan:
        return operation_named("restore").plan(desk or self.desk(), {**(request or {}), **more})

    def restore(
        self,
        request: Mapping[str, Any] | None = None,
        *,
        desk: Desk | None = None,
        cancel_in: str = "",
        before: Callable[[str], None] | None = None,
        **more: str | bool,
    ) -> tuple[Outcome, Bench]:
        """Plan and run a restore in this process."""
        return self.go("restore", desk or self.desk(), {**(request or {}), **more}, cancel_in, before)

    def go(
        self,
        name: str,
        desk: Desk,
        request: Mapping[str, Any],
        cancel_in: str = "",
        before: Callable[[str], None] | None = None,
    ) -> tuple[Outcome, Bench]:
        operation = operation_named(name)
        plan = operation.plan(desk, request)
        assert plan.refusal is None, plan.refusal
        bench = Bench(plan, cancel_in=cancel_in)
        if before is not None:
            bench.before = before
        return bench.go(operation, desk), bench

    def desk_after(self, bench: Bench, outcome: Outcome) -> Desk:
        """A desk whose history holds that restore."""
        from operations.engine.record import JobState

        job = JobRecord(
            id=bench.job, number=1, operation="restore", environment="staging", site="dispatch", title="Restore",
            actor="ana", state=JobState.DONE, created_at=utc_now(), plan=bench.plan, code=outcome.code,
            says=outcome.says,
        )  # fmt: skip
        return replace(self.desk(), history=lambda: (job,))


def new_yard(folder: Path, postgres: PostgresServer, s3: S3Server, *, rows: int = 300) -> Yard:
    """Staging with some rows and a production of its own name, both marked; no address, so no smoke tests."""
    yard = Yard(
        folder, postgres, s3, postgres.new_database(), s3.new_bucket(), url="", production=postgres.new_database()
    )
    yard.fill(rows)
    yard.mark("staging")
    yard.mark("production", yard.production)
    return yard


def beside(original: Yard, folder: Path, *, rows: int) -> Yard:
    """Another target with so many rows, and a copy of everything in the original's bucket in a bucket of its own."""
    postgres, s3 = original.postgres, original.s3
    made = Yard(folder, postgres, s3, postgres.new_database(), s3.new_bucket(), url="", production=original.production)
    made.fill(rows)
    made.mark("staging")
    for key in original.names():
        s3.client().copy_object(Bucket=made.bucket, Key=key, CopySource=f"{original.bucket}/{key}")
    return made
