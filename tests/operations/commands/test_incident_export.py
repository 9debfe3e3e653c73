"""`vigie incident show|pin|correct|export|stats` and `vigie jobs report`, on a journal as a real one is written."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from operations.engine.journal import Journal
from operations.engine.redaction import Redactor
from tests.attack.world import heard
from tests.operations.doctor.clinic import bare
from tests.operations.incident.tale import ID, NIGHT, bad_release

SECRET = "s3cr3t-and-long"


class Team:
    """A folder with settings and a journal that holds the scripted incident."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "vigie.toml").write_text(
            f'operator = "ana"\nstate_dir = "{folder / "state"}"\nlock_dir = "{folder / "locks"}"\n[site]\n'
            'name = "pro-remorque"\n[environments.production]\nkind = "production"\nurl = "http://127.0.0.1:9"\n'
            f'database = "postgresql://app:{SECRET}@127.0.0.1:9/app"\n',
            "utf-8",
        )
        self.time = NIGHT
        # What was written before a secret was in the settings was not masked then.
        journal = Journal.open(
            folder / "state" / "journal.sqlite", actor="ana", redactor=Redactor(), now=lambda: self.time
        )
        for event in bad_release().events:
            self.time = event.recorded_at
            journal.actor = event.actor
            journal.append(event.kind, event.data, at=event.at, incident=ID, job=event.job)
        journal.append("incident.note", {"text": f"the address ends with {SECRET}"}, incident=ID)
        journal.close()

    def run(self, *arguments: str) -> tuple[int, str, str]:
        with mock.patch.dict(os.environ, bare(self.folder), clear=True):
            done = heard("--config", str(self.folder / "vigie.toml"), *arguments)
        return done.returncode, done.stdout, done.stderr


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    yield Team(tmp_path)


def test_the_report_is_printed_as_markdown_and_says_what_is_still_to_be_written(team: Team) -> None:
    code, out, err = team.run("incident", "export", ID)
    assert code == 0 and out.startswith("# Incident 1121-kfp: api/health, 5xx down\n")
    assert "2 parts are still to be written" in err


@pytest.mark.parametrize("how", ["md", "html", "json"])
def test_no_form_of_the_report_holds_a_secret_of_today(team: Team, how: str) -> None:
    _, out, _ = team.run("incident", "export", ID, "--format", how)
    assert "the address ends with" in out and SECRET not in out


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_report_and_picture_are_new_files_for_their_owner_alone(team: Team, kind: str) -> None:
    out, picture = team.folder / "report.md", team.folder / f"the curve.{kind}"
    code, printed, _ = team.run("incident", "export", ID, "--out", str(out), "--picture", str(picture))
    assert (code, printed) == (0, "")
    assert f"(<the%20curve.{kind}>)" in out.read_text("utf-8")
    assert {stat.S_IMODE(path.stat().st_mode) for path in (out, picture)} == {0o600}
    assert picture.read_bytes()[:4] in (b"<svg", b"\x89PNG")
    assert sorted(path.name for path in team.folder.iterdir() if path.name.startswith(".")) == []


def test_a_report_that_somebody_filled_in_is_never_written_over(team: Team) -> None:
    out = team.folder / "report.md"
    out.write_text("filled in by hand")
    code, _, err = team.run("incident", "export", ID, "--out", str(out))
    assert code == 1 and "is there already" in err and out.read_text() == "filled in by hand"


def test_a_picture_of_another_kind_and_an_unknown_incident_are_refused(team: Team) -> None:
    assert team.run("incident", "export", ID, "--picture", str(team.folder / "x.jpg"))[0] == 1
    code, _, err = team.run("incident", "export", "0101-xxx")
    assert code == 1 and "There is no incident 0101-xxx" in err


def test_show_filters_searches_pins_and_corrects(team: Team) -> None:
    _, out, err = team.run("incident", "show", ID, "--filter", "kind:help", "--search", "marc", "--handles")
    rows = out.split("\n")[2:]
    assert [row.split("  ", 2)[2].split()[0] for row in rows if row] == ["03:16:10Z", "03:16:50Z"]
    assert "2 of " in err and "Kinds are" not in err
    assert "Kinds are: act, alarm, change," in team.run("incident", "show", ID, "--filter", "kind:nonsense")[2]
    handle = rows[0].split()[0]
    assert team.run("incident", "pin", ID, handle)[0] == 0
    assert team.run("incident", "correct", ID, handle, "help: Marc was called by phone")[0] == 0
    _, out, _ = team.run("incident", "show", ID, "--pinned")
    assert "* 03:16:10Z  ana        help: Marc was called by phone" in out and "said before: help: Marc called" in out
    _, report, _ = team.run("incident", "export", ID)
    assert "### Pinned" in report and "it said before: help: Marc called" in report


def test_show_as_json_holds_the_lines_that_were_asked_for(team: Team) -> None:
    _, out, _ = team.run("incident", "show", ID, "--filter", "kind:alarm", "--json")
    body: dict[str, Any] = json.loads(out)
    assert [line["kind"] for line in body["result"]["timeline"]] == ["alarm.opened", "alarm.closed"]


def test_stats_are_printed_and_as_json(team: Team) -> None:
    code, out, _ = team.run("incident", "stats")
    assert code == 0 and "mitigate (MTTM)         10m25s    10m25s   1 of 1" in out
    _, out, _ = team.run("incident", "stats", "--since", "2026-01-01", "--json")
    body = json.loads(out)
    assert body["result"]["times"]["resolve"] == {"known": 1, "median": 1380, "mean": 1380}
    assert body["result"]["causes"] == [["zones were renamed", 1]]
    after = f"{datetime.now(UTC).year + 10}-01-01"
    assert team.run("incident", "stats", "--since", after)[1] == "no incident in that time\n"


def test_the_report_of_a_rollback_comes_from_its_job(team: Team) -> None:
    code, out, _ = team.run("jobs", "report", "1")
    assert code == 0 and out.startswith("# Rollback report: v2.4.0, pro-remorque production")
    assert json.loads(team.run("jobs", "report", "1", "--format", "json")[1])["incident"] == ID
    code, _, err = team.run("jobs", "report", "2")
    assert code == 1 and "there is no deployment to report" in err
