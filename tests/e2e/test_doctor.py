"""The doctor on the practice site: nothing fails, and what it warns of is what a practice site really lacks."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Done, Stage, until

pytestmark = [pytest.mark.practice, pytest.mark.timeout(240)]
LACKS = {
    "remote": "the practice repository has nowhere to push to",
    "recorder": "it may not have begun yet, or nobody asked for one",
    "versioning": "its S3 server knows none",
    "pg_dump": "without PostgreSQL's own clients the wheel's serve it",
    "psql": "likewise",
    "lock folder": "this machine may be shared in no other way",
    "jobs outlive the login": "this machine may end what a login leaves",
}
"""Every warning that may stand here, and why."""


def test_on_the_practice_site_nothing_fails_and_each_warning_is_explained(stage: Stage) -> None:
    stage.held()
    # A site that was dealt a moment ago may still be warming up.
    looks: list[Done] = []

    def nothing_fails() -> bool:
        looks.append(stage.quickly("doctor", "--json"))
        return looks[-1].code == 0

    until(nothing_fails)
    findings = looks[-1].document["result"]["findings"]
    assert [one for one in findings if one["verdict"] == "fail"] == []
    warnings = [one for one in findings if one["verdict"] == "warn"]
    assert {one["name"] for one in warnings} <= set(LACKS), warnings
    assert all(one["mend"] for one in warnings)
    groups = {(one["group"], one["environment"]) for one in findings}
    for environment in ("production", "staging"):
        outside = ("site", "platform", "database", "bucket", "backups", "watch")
        assert {(group, environment) for group in outside} <= groups
    unlooked = {one["name"] for one in findings if one["verdict"] == "skip"}
    assert unlooked <= {"terminal", "last drill"}


def test_as_a_command_of_its_own_it_looks_at_the_environment_that_is_named_and_no_other(stage: Stage) -> None:
    stage.held()
    done = stage.run("doctor", "--env", "production")
    assert "database of production" in done.out
    assert "database of staging" not in done.out
    assert "no prerequisite is missing" in done.out.splitlines()[-1], done.out
    assert done.code == 0
