"""The commands on the practice site, without a terminal: one JSON document each, and exit codes that mean something."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from runbooks.names import FACT_NAMES
from tests.e2e.conftest import Done, Stage, until
from tests.e2e.paths import facts_lead_along

pytestmark = [pytest.mark.practice, pytest.mark.timeout(240)]
HEAD = ("schema", "command", "site", "environment", "ok", "exit_code", "meaning")
CONFIRMED = ("--confirm", "drill production", "--reason", "v2.4.1 throws")


def opened(done: Done, command: str, code: int, body: str, environment: str = "production") -> dict[str, Any]:
    """The body of the one document that a command printed, after its head was checked."""
    document = done.document
    assert tuple(document)[: len(HEAD)] == HEAD, done.out[:400]
    assert (document["schema"], document["command"], document["site"]) == (1, command, "harbour-tow")
    assert document["environment"] == environment
    assert (document["exit_code"], document["ok"]) == (code, code == 0), done.out
    assert done.code == code, done.err
    assert document["meaning"]
    assert set(document) == {*HEAD, body}
    return dict(document[body]) if isinstance(document[body], dict) else {"list": document[body]}


def test_facts_of_a_bad_release_give_exactly_the_path_of_the_truth_table(stage: Stage) -> None:
    path = ["N1", "N2", "N3", "N4", "N5", "N6", "N7", "R1", "V1"]
    facts_lead_along(stage.look_at("bad-release"), path, never={"B2", "B3"})


def test_a_walk_by_one_look_and_by_that_looks_facts_again_goes_the_path_of_the_truth_table(
    stage: Stage, tmp_path: Path
) -> None:
    stage.look_at("bad-release")
    walk = ("runbook", "walk", "site-down", "--env", "production", "--json")
    path = ["N1", "N2", "N3", "N4", "N5", "N6", "N7", "R1"]
    until(lambda: labels(stage.quickly(*walk)) == path, 60)
    recorded = tmp_path / "facts.json"
    recorded.write_text(stage.quickly("facts", "--json").out)
    done = stage.quickly(*walk, "--facts", str(recorded))
    assert labels(done) == path
    assert opened(done, "runbook walk", 0, "result")["ended"]["reason"] == "act"


def labels(walk: Done) -> list[str]:
    """The sections of a walk, by its document."""
    result = walk.document["result"]
    return [step["label"] for step in result["path"]] + [result["ended"]["label"]]


def test_every_command_prints_one_document_while_a_release_is_bad_and_after_it_was_rolled_back(stage: Stage) -> None:
    stage.deal("bad-release")
    broken(stage)
    plan = opened(stage.run("rollback", "--env", "production", "--plan", "--json"), "rollback", 0, "plan")
    names = [step["name"] for step in plan["steps"]]
    assert names == ["prerequisites", "recovery-tag", "promote", "wait", "smoke", "record"]
    assert (plan["details"]["from_name"], plan["details"]["to_name"]) == ("v2.4.1", "v2.4.0")
    assert {guard["verdict"] for guard in plan["guards"]} == {"pass"}
    assert stage.jobs()[0].operation == "smoke", "a plan starts nothing"

    done = stage.run("rollback", "--env", "production", "--json", *CONFIRMED)
    result = opened(done, "rollback", 0, "result")
    assert result["smoke_ok"] is True
    assert result["seen"].startswith("version ")
    assert_utc(result["at"])
    assert stage.served() == "v2.4.0"

    assert len(opened(stage.run("smoke", "--env", "production", "--json"), "smoke", 0, "result")["checks"]) == 8
    listed = opened(stage.run("jobs", "list", "--json"), "jobs list", 0, "result")
    assert [job["operation"] for job in next(iter(listed.values()))] == ["smoke", "rollback", "smoke"]

    # What was just rolled back from is never preselected: not by the second rollback, and it would be the newest.
    second = opened(stage.run("rollback", "--env", "production", "--plan", "--json"), "rollback", 0, "plan")
    assert second["details"]["from_name"] == "v2.4.0"
    assert second["details"]["to_name"] == "v2.3.1"
    words = {one["name"]: one["words"] for one in second["details"]["candidates"]}
    assert "v2.4.1" not in words or "rolled back from" in words["v2.4.1"]


def broken(stage: Stage) -> None:
    """status, facts and smoke while production is down."""
    # On a machine with its hands full the first live readings come late and one by one: until then all is not known.
    until(lambda: {"errors", "health"} <= down(stage.quickly("status", "--env", "production", "--json")))
    status = opened(stage.run("status", "--env", "production", "--json"), "status", 1, "result")
    assert status["overall"] == "down"
    assert_utc(status["at"])
    line = stage.quickly("status", "--env", "production", "--line")
    assert line.code == 1 and line.out.count("\n") == 1 and "harbour-tow production ✖ DOWN" in line.out, status
    facts = opened(stage.run("facts", "--json"), "facts", 0, "result")
    assert set(FACT_NAMES) <= set(facts)
    assert facts["change.nearest"]["value"] == "release"
    assert facts["database.ok"]["value"] is True
    smoke = opened(stage.run("smoke", "--env", "production", "--json"), "smoke", 1, "result")
    failed = {check["name"] for check in smoke["checks"] if check["ok"] is False}
    assert {"health", "database read"} <= failed
    assert smoke["job"]


def down(status: Done) -> set[str]:
    """The probes that are down in a document of `vigie status --json`."""
    return {probe["probe"] for probe in status.document["result"]["probes"] if probe["status"] == "down"}


def test_status_is_0_where_all_is_well_and_3_where_nothing_can_be_known(stage: Stage, tmp_path: Path) -> None:
    stage.held()
    until(lambda: stage.quickly("status", "--env", "staging").code == 0)
    well = opened(stage.run("status", "--env", "staging", "--json"), "status", 0, "result", environment="staging")
    assert well["overall"] in ("ok", "degraded")
    blind = tmp_path / "vigie.toml"
    blind.write_text(
        f'state_dir = "{tmp_path}/state"\nlock_dir = "{tmp_path}/locks"\n[site]\nname = "harbour-tow"\n'
        '[environments.production]\nkind = "production"\nurl = "http://127.0.0.1:9"\n'
        '[watch]\ncontrol_targets = ["http://127.0.0.1:9/", "http://127.0.0.1:11/"]\n',
        "utf-8",
    )
    unknown = opened(stage.run("--config", str(blind), "status", "--json"), "status", 3, "result")
    assert unknown["overall"] == "unknown"


def test_a_drills_messages_reach_its_own_chat_and_page_and_nothing_else(stage: Stage) -> None:
    stage.deal("")
    id = stage.quickly("incident", "open", "the board is slow").out.strip()
    words = ("--set", "impact=slow pages", "--set", "impact.fr=pages lentes", "--to", "all", "--json")
    plan = opened(stage.quickly("message", "send", "initial", *words, "--plan"), "message send", 0, "plan")
    assert {guard["name"]: guard["verdict"] for guard in plan["guards"]}["only the practice site's own"] == "pass"
    assert opened(stage.quickly("message", "send", "initial", *words, "--yes"), "message send", 1, "error")
    sent = opened(
        stage.quickly("message", "send", "initial", *words, "--confirm", "drill PUBLIC"), "message send", 0, "result"
    )
    assert {one["target"]: one["result"] for one in sent["targets"]} == {
        "dispatchers": "delivered", "status page": "delivered",
    }  # fmt: skip
    told = [json.loads(line) for line in (stage.home / "logs" / "messages.jsonl").read_text("utf-8").splitlines()]
    there = [one["kind"] for one in told if "slow pages" in one.get("text", one.get("body", ""))]
    assert sorted(there) == ["chat", "statuspage"]
    assert opened(stage.quickly("message", "list", "--json"), "message list", 0, "result")["incident"] == id
    assert stage.quickly("incident", "resolve", id, "--why", "it was a drill").code == 0


def assert_utc(text: str) -> None:
    assert text.endswith("Z")
    offset = datetime.fromisoformat(text).utcoffset()
    assert offset is not None and not offset
