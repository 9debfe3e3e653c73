"""A channel is told of deploys and rollbacks by the job itself; one that fails costs a line in the log."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from operations.desk import utc_now
from operations.engine.fallback import FallbackJournal
from operations.engine.model import Outcome, Plan
from operations.engine.orders import JobOrder
from operations.engine.redaction import Redactor
from operations.jobs.launch import journal_for
from operations.jobs.notices import LIMIT, hushed
from tests.operations.jobs.rig import Rig, a_rig
from tests.operations.jobs.runs import Runs

PLAN = Plan("rollback", "dispatch", "production", "", "Roll back", {})


class Channel:
    """A webhook that keeps what it got, and answers as it is told."""

    def __init__(self) -> None:
        self.got: list[str] = []
        self.status = 200
        self.wait = threading.Event()
        self.wait.set()
        channel = self

        class Hook(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                channel.got.append(str(body["text"]))
                channel.wait.wait(2 * LIMIT)
                self.send_response(channel.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/services/T00000000/B00000000/abcdefghijklmnop"


@pytest.fixture
def channel() -> Iterator[Channel]:
    made = Channel()
    yield made
    made.wait.set()
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def rig(tmp_path: Path, channel: Channel) -> Iterator[Rig]:
    with a_rig(tmp_path) as made:
        made.tables = f'[notify]\nwebhook = "{channel.address}"'
        made.git.commit("work", {"app.txt": "4"}, tag="v4")
        yield made


def ran(rig: Rig, operation: str) -> tuple[Outcome, str]:
    """Through the real worker; how it ended, and the job's whole log once the worker is gone."""
    runs = Runs(rig.settings(), operation, "production")
    job = runs.ended(runs.start().id)
    assert job.worker is not None
    runs.until(job.id, lambda one: not Path(f"/proc/{job.worker.pid}").exists())  # type: ignore[union-attr]
    runs.journal.close()
    return Outcome(job.code or 0, job.meaning, job.says), Path(job.log).read_text()


def test_a_deploy_says_that_it_starts_and_that_it_is_done(rig: Rig, channel: Channel) -> None:
    outcome, log = ran(rig, "deploy")
    assert outcome.code == 0, outcome.says
    assert channel.got == [
        "dispatch PRODUCTION: deploy of v4 starting (was v3), by ana: a test",
        "dispatch PRODUCTION: deploy of v4 done: v4 is live and 4 of 4 tests passed",
    ]
    assert "channel" not in log
    assert "abcdefghijklmnop" not in log


def test_a_rollback_says_because_of_what(rig: Rig, channel: Channel) -> None:
    ran(rig, "rollback")
    assert channel.got[-1].startswith("dispatch PRODUCTION: rolled back to v2 because: a test. v2 is live")


def test_while_an_incident_is_restricted_a_channel_hears_of_no_job(rig: Rig, channel: Channel) -> None:
    journal = journal_for(rig.settings())
    data = {"site": "dispatch", "environment": "production", "severity": "P0", "restricted": True, "why": "a breach"}
    journal.append("incident.opened", data, incident="1121-kfp")
    journal.close()
    outcome, log = ran(rig, "rollback")
    assert outcome.code == 0
    assert channel.got == []
    assert "the channel was not told: incident 1121-kfp is restricted" in log
    journal = journal_for(rig.settings())
    named = {"restricted": True, "why": "a breach", "notices": True}
    journal.append("incident.restricted", named, incident="1121-kfp")
    order = JobOrder("j1", "rollback", "production", "dispatch", "", PLAN, "ana", incident="1121-kfp")
    assert hushed(journal, order) == "", "the restriction names the channel"
    journal.close()


def test_where_it_cannot_be_read_whether_the_incident_is_restricted_nobody_is_told(tmp_path: Path) -> None:
    book = FallbackJournal(tmp_path / "job.jsonl", actor="ana", redactor=Redactor(), now=utc_now)
    order = JobOrder("j1", "rollback", "production", "dispatch", "", PLAN, "ana", incident="1121-kfp")
    assert hushed(book, order) == "whether incident 1121-kfp is restricted cannot be read"
    assert hushed(book, replace(order, incident="")) == ""


def test_a_failure_is_told_with_its_meaning(rig: Rig, channel: Channel) -> None:
    rig.git.commit("broken", {"build-fault": "fails"}, tag="v5")
    outcome, _ = ran(rig, "deploy")
    assert outcome.code == 3
    assert channel.got[-1].startswith("dispatch PRODUCTION: deploy of v5 FAILED (build failed): the build failed")


def test_a_channel_that_refuses_changes_nothing_but_the_log(rig: Rig, channel: Channel) -> None:
    channel.status = 404
    outcome, log = ran(rig, "deploy")
    assert outcome.code == 0
    assert "the channel was not told: it answered 404" in log


def test_a_rollback_does_not_wait_for_a_channel_that_hangs(rig: Rig, channel: Channel) -> None:
    channel.wait.clear()
    runs = Runs(rig.settings(), "rollback", "production")
    job = runs.ended(runs.start().id)
    runs.journal.close()
    assert job.code == 0
    assert rig.served() == "v2"
    assert job.ended_at is not None
    assert job.started_at is not None
    assert (job.ended_at - job.started_at).total_seconds() < LIMIT
