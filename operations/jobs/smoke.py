"""The smoke tests as an operation: read-only, no lock, no confirmation; 0 when all passed, 1 when one did not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from operations.coherence import check_addresses, process_address
from operations.desk import Desk
from operations.engine.confirm import confirmation
from operations.engine.model import Guard, LockName, Outcome, Plan, PlanLine, PlannedStep, Step, StepFailed
from operations.engine.steps import StepContext
from operations.errors import PrerequisiteMissing
from operations.jobs.smoke_checks import run_smoke
from operations.jobs.smoke_report import SmokeReport, junit
from operations.jobs.timings import MEASURED, expected_seconds

CODES = {0: "all passed", 1: "one or more failed", 2: "missing prerequisite"}


class Smoke:
    """`vigie smoke [--env …] [--url URL]`; request: `url` (empty: the environment's own)."""

    name = "smoke"
    title = "Smoke tests"
    codes: Mapping[int, str] = CODES
    lock: LockName | None = None

    def plan(self, desk: Desk, request: Mapping[str, Any]) -> Plan:
        """What will be checked. Raises PrerequisiteMissing when there is no address."""
        url = str(request.get("url") or "")
        env = desk.env
        if not (url or env.url):
            raise PrerequisiteMissing(
                f"environments.{desk.environment}.url is not set, so there is nothing to check.",
                next_step="Set it in the settings file, or name an address: --url https://…",
            )
        seconds = expected_seconds(desk.history(), self.name, "smoke", MEASURED["smoke"])
        disagreement = check_addresses(desk.settings, desk.environment, url=url, app_url=process_address(desk.settings))
        own = ", ".join(check.name for check in env.checks)
        return Plan(
            operation=self.name,
            site=desk.site,
            environment=desk.environment,
            config=desk.config,
            title=f"{self.title} {desk.environment}",
            request={"url": url, "junit": str(request.get("junit") or "")},
            lines=(
                PlanLine("Address", url or env.url),
                PlanLine("Checks", "health, front page, Supabase, page's files, database read, fast enough"),
                *((PlanLine("Own checks", own),) if own else ()),
            ),
            guards=(Guard("one story", "refuse" if disagreement else "pass", disagreement),),
            steps=(PlannedStep("smoke", "smoke tests", seconds, commands=(f"GET {url or env.url} …",)),),
            confirm=confirmation("smoke", production=desk.is_production),
            details={"url": url or env.url},
            decisive={"Address": url or env.url},
        )

    def steps(self, desk: Desk, plan: Plan) -> Sequence[Step]:
        """The one step."""

        def run(context: StepContext) -> None:
            report = smoke_step(desk, context, url=str(plan.request.get("url") or "") or None)
            context.report(**report.as_data())
            _write_junit(context, report, str(plan.request.get("junit") or ""))
            if not report.ok:
                raise StepFailed(1, report.says)
            context.report(says=report.says)

        return (Step("smoke", run),)

    def clean(self, desk: Desk, debris: Mapping[str, Any], say: Callable[[str], None]) -> None:
        """A smoke run changes nothing, so it leaves nothing."""
        say("smoke tests leave nothing behind")


def smoke_step(desk: Desk, context: StepContext, url: str | None = None) -> SmokeReport:
    """Run the smoke tests inside a job: each check a line of its log."""
    report = run_smoke(desk.settings, desk.environment, url)
    words = {True: "passed", False: "FAILED", None: "skipped"}
    for check in report.checks:
        level = "error" if check.ok is False else "info"
        context.say(f"{words[check.ok]}  {check.name}: {check.actual} (expected {check.expected})", level=level)  # type: ignore[arg-type]
        if check.first_lines:
            context.say(check.first_lines)
    return report


def _write_junit(context: StepContext, report: SmokeReport, path: str) -> None:
    """Write the JUnit file; a folder that cannot be written does not change what the tests found."""
    if not path:
        return
    try:
        Path(path).write_text(junit(report), "utf-8")
    except OSError as error:
        context.say(f"the JUnit file {path} could not be written: {error.strerror}", "error")


def outcome_of(report: SmokeReport) -> Outcome:
    """The report as an outcome, for the command that runs without a job."""
    code = 0 if report.ok else 1
    return Outcome(code, CODES[code], report.says, {"smoke": report.as_data()})
