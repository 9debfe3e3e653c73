"""A settings file with production and staging for commands of runbooks, and what became of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from operations.desk import Desk
from operations.engine.model import Guard, Outcome, Plan
from operations.jobs.command import Command
from operations.settings import Settings
from operations.settings_reader import load_settings
from tests.operations.jobs.rig import Bench


@dataclass
class Station:
    """`databases` are addresses by environment; `more` goes into production's table, `tail` to the end of the file."""

    folder: Path
    databases: Mapping[str, str]
    more: str = ""
    tail: str = ""
    names: str = ""

    def settings(self) -> Settings:
        path = self.folder / "vigie.toml"
        (self.folder / ".env.operations").write_text(self.names)
        path.write_text(f"""
operator = "ana"
state_dir = "state"
lock_dir = "locks"
[site]
name = "dispatch"
[environments.production]
kind = "production"
url = "https://dispatch.example"
database = "{self.databases.get("production", "")}"
{self.more}
[environments.staging]
kind = "staging"
url = "https://staging.dispatch.example:8443"
database = "{self.databases.get("staging", "")}"
{self.tail}
""")
        return load_settings(path, {})

    def desk(self, environment: str = "staging") -> Desk:
        return Desk(self.settings(), environment)

    def plan(self, text: str, environment: str = "staging", **more: Any) -> Plan:
        return Command().plan(self.desk(environment), {"kind": "shell", "text": text, **more})

    def refused(self, text: str, environment: str = "staging", **more: Any) -> Guard:
        """The guard that keeps it from running."""
        found = self.plan(text, environment, **more).refusal
        assert found is not None
        return found

    def run(self, text: str, environment: str = "staging", **more: Any) -> tuple[Outcome, Bench]:
        """Plan and run it in this process."""
        plan = self.plan(text, environment, **more)
        assert plan.refusal is None, plan.refusal
        bench = Bench(plan)
        return bench.go(Command(), self.desk(environment)), bench
