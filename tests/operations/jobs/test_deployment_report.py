"""The report of a deployment that went well, and of one that failed: true, and with its blanks."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from operations.commands.session import to_json
from operations.documents.markdown import markdown
from operations.engine.model import Plan
from operations.engine.record import JobRecord, JobState, StepRecord
from operations.engine.redaction import Redactor
from operations.errors import VigieError
from operations.jobs.deployment_report import deployment_data, deployment_report, redacted_job

NOON = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
CHECKS = [
    {"name": "health", "ok": True, "actual": "200"},
    {"name": "login", "ok": False, "actual": "500 instead of 200"},
    {"name": "mail", "ok": None, "actual": "skipped: not configured"},
]


def deploy(**changes: object) -> JobRecord:
    """A deploy with two migrations that went well in 95 seconds."""
    details = {
        "from_name": "v3", "from_commit": "c" * 40, "to_name": "v4", "to_commit": "d" * 40, "way_back": "v3",
        "subject": "New zones | for all", "error_rate_before": 0.2,
        "pending": [{"name": "0042_add_zone", "word": "adds"}, {"name": "0043_drop", "word": "one-way"}],
    }  # fmt: skip
    plan = Plan("deploy", "board", "production", "vigie.toml", "Deploy", {}, details=details)
    steps = (StepRecord("build", "build v4", 30.0, "done", NOON, 31.0),
             StepRecord("migrate", "apply 2 migrations", 10.0, "done", NOON, 4.0, "2 applied"))  # fmt: skip
    job = JobRecord(
        "0190-deploy", 7, "deploy", "production", "board", "Deploy", "ana", JobState.DONE, NOON, plan,
        ended_at=NOON + timedelta(seconds=95), steps=steps, code=0, meaning="success", says="v4 is live",
        details={"seen": "version dddd", "checks": CHECKS, "backup": "board/2026.dump"},
    )  # fmt: skip
    return replace(job, **changes)  # type: ignore[arg-type]


def text(job: JobRecord) -> str:
    return markdown(deployment_report(job))


def test_it_tells_who_deployed_what_instead_of_what_and_for_how_long() -> None:
    found = text(deploy())
    assert found.startswith("# Deployment report: v4, board production\n")
    for row in ("| Version | v4 " + "d" * 40, "| Instead of | v3 " + "c" * 40, "| Duration | 1m35s |",
                "| Deployed by | ana |", "| Outcome | exit code 0, success: v4 is live |"):  # fmt: skip
        assert row in found


def test_migrations_checks_and_backup_stand_as_they_ended() -> None:
    found = text(deploy())
    assert "- 0042\\_add\\_zone (adds only): applied" in found and "- 0043\\_drop (one way): applied" in found
    assert "| login | FAILED | 500 instead of 200 |" in found and "| mail | skipped |" in found
    assert "Backed up before it: board/2026.dump." in found


@pytest.mark.parametrize(
    ("state", "words"), [("failed", "failed"), ("waiting", "not applied"), ("skipped", "not applied")]
)
def test_migrations_that_did_not_run_are_never_called_applied(state: str, words: str) -> None:
    steps = tuple(replace(step, state=state) if step.name == "migrate" else step for step in deploy().steps)
    assert f"(one way): {words}" in text(deploy(steps=steps, code=4))


def test_what_only_a_person_knows_is_blank() -> None:
    assert deployment_report(deploy()).blanks == (
        "what changes for users, in their words",
        "error rate, p95 and uptime now, and what follows",
        "verified by, and approved by",
    )


def test_trouble_is_named_with_the_step_it_came_in() -> None:
    steps = (StepRecord("build", "build v4", 30.0, "failed", NOON, 3.0, "exit code 2; last line: no space"),)
    found = text(deploy(steps=steps, code=3, meaning="build failed", says="the build failed", details=None))
    assert "- build v4: exit code 2; last line: no space" in found
    assert "That users get it was not seen from outside." in found and "No smoke tests ran." in found


def test_the_json_holds_the_same() -> None:
    body = json.loads(to_json(deployment_data(deploy())))
    assert (body["schema"], body["version"], body["seconds"]) == ("vigie.deployment-report/1", "v4", 95)
    assert body["migrations"][1] == {"name": "0043_drop", "kind": "one-way", "state": "applied"}
    assert [check["result"] for check in body["checks"]] == ["passed", "FAILED", "skipped"]


def test_a_job_that_deploys_nothing_or_still_runs_has_no_report() -> None:
    with pytest.raises(VigieError, match="no deployment"):
        deployment_report(deploy(operation="smoke"))
    with pytest.raises(VigieError, match="still runs"):
        deployment_report(deploy(state=JobState.RUNNING))


def test_todays_secrets_are_masked() -> None:
    job = deploy(says="pushed with hunter2secret")
    assert "hunter2" not in text(redacted_job(job, Redactor(["hunter2secret"])))
    assert redacted_job(job, Redactor()) == job


def test_details_that_make_no_sense_keep_no_report_from_being_made() -> None:
    for odd in (None, 5, [], {"a": 1}, [None, 5, {"name": None}], "x"):
        details = dict.fromkeys(deploy().plan.details, odd)
        plan = replace(deploy().plan, details=details)
        job = deploy(plan=plan, details={"seen": odd, "checks": odd, "smoke": odd, "backup": odd})
        assert text(job)
        assert msgspec.json.decode(to_json(deployment_data(job)))
