"""Deploys of a site on Vercel, from the plan to what users get, in this process."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from operations.jobs.deploy import Deploy
from operations.practice.vercel.faults import Call, Fault, Harm
from tests.operations.jobs.vercel_rig import Unhurried, VercelRig, a_vercel_rig
from tests.operations.platforms.test_vercel_publish import DEPLOY


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[VercelRig]:
    with a_vercel_rig(tmp_path) as made:
        yield made


def published_by(how: str) -> str:
    """The platform's setting, for the stand-in of its command."""
    return f"publish_command = {json.dumps([sys.executable, '-c', DEPLOY, how, '{api}', '{name}', '{commit}'])}"


def deployed(rig: VercelRig, how: str, *faults: Fault) -> tuple[int, str, Unhurried]:
    """Deploy the newest commit in this process; its code, what it says, and what it left."""
    commit = rig.git.commit("work for v4", {"app.txt": "v4"}, tag="v4")
    operation, desk = Deploy(20.0), rig.desk(published_by(how))
    plan = operation.plan(desk, {"commit": commit})
    assert plan.refusal is None, plan.refusal
    bench = Unhurried(plan)
    rig.world.faults = list(faults)
    outcome = bench.go(operation, desk)
    return outcome.code, outcome.says, bench


@pytest.mark.parametrize("call", ["deployments", "project"])
@pytest.mark.parametrize("harm", ["429", "500", "reset", "html"])
def test_an_api_that_refuses_at_first_only_delays_a_deploy(rig: VercelRig, harm: Harm, call: Call) -> None:
    code, says, bench = deployed(rig, "well", Fault(harm, call, times=2, retry_after="0"))
    assert code == 0, says
    assert rig.served() == rig.git.git("rev-parse", "v4^{commit}").strip()
    assert bench.debris == {}
    assert rig.world.faults == [] or rig.world.faults[0].times == 0, "the fault was never met"


def test_a_command_that_dies_after_its_deployment_began_is_looked_up_and_the_deploy_goes_on(rig: VercelRig) -> None:
    code, says, bench = deployed(rig, "dies")
    assert code == 0, says
    assert rig.served() == rig.git.git("rev-parse", "v4^{commit}").strip()
    assert bench.debris == {}


def test_code_5_when_vercel_says_ready_and_users_still_get_the_old_version(rig: VercelRig) -> None:
    rig.cached = rig.commits["v3"]
    commit = rig.git.commit("work for v4", {"app.txt": "v4"}, tag="v4")
    operation, desk = Deploy(0.2), rig.desk(published_by("well"))
    bench = Unhurried(operation.plan(desk, {"commit": commit}))
    outcome = bench.go(operation, desk)
    assert outcome.code == 5
    assert [piece.kind for piece in bench.debris.values()] == ["switch"]
