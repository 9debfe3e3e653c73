"""`vigie incident`: every part of an incident by command, each answer as words and as one document."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple
from unittest import mock

import pytest

from operations.commands.incident_follow import lines
from operations.errors import VigieError
from operations.jobs import left_open, still_open
from tests.attack.world import heard
from tests.operations.doctor.clinic import bare
from tests.operations.incident.pagers import pagers
from tests.operations.incident.stage import ID, Stage

SETTINGS = """
operator = "{who}"
lock_dir = "locks"
[site]
name = "board"
[environments.production]
kind = "production"
[[contacts]]
name = "Eva"
kind = "lead"
phone = "+33 1"
"""


class Called(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def result(self) -> Any:
        document = json.loads(self.out)
        assert document["ok"], document
        return document["result"]


class Team:
    """A folder with settings and a state folder; `who` is at the keyboard."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.configure("ana")

    def configure(self, who: str, more: str = "") -> None:
        (self.folder / "vigie.toml").write_text(SETTINGS.format(who=who) + more, "utf-8")

    def __call__(self, *arguments: str, code: int = 0) -> Called:
        with mock.patch.dict(os.environ, bare(self.folder), clear=True), contextlib.chdir(self.folder):
            done = heard("incident", *arguments)
        assert done.returncode == code, (arguments, done.stdout, done.stderr)
        return Called(done.returncode, done.stdout, done.stderr)

    def document(self, *arguments: str) -> Any:
        return self(*arguments, "--json").result


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return Team(tmp_path)


@pytest.fixture
def id(team: Team) -> str:
    return team("open", "the board is empty").out.strip()


def test_an_incident_is_called_otherwise_from_then_on(team: Team, id: str) -> None:
    before = team("title", id).out.strip()
    assert team.document("title", id, "  no quotes\nsince the release ")["title"] == "no quotes since the release"
    assert "no quotes since the release" in team("list").out and before not in team("list").out
    assert "called from now on: no quotes since the release" in team("show", id).out
    assert "no quotes since the release" in team("brief", id).out
    assert "too long: of 300 characters 200 are kept" in team("title", id, "x" * 300).err
    for nothing in ("", " "):
        assert "A title needs a word." in team("title", id, nothing, code=1).err


def test_opened_without_a_severity_it_is_p0_until_somebody_says_so(team: Team, id: str) -> None:
    assert "P0" in team("severity", id).out
    assert team.document("severity", id) == {
        "severity": "P0", "means": "complete outage, data loss, or a breach", "confirmed": False,
    }  # fmt: skip
    assert team.document("severity", id, "P1")["confirmed"] is True
    assert team("severity", id).out == "P1 a major feature out, or badly slow\n"


def test_a_second_one_opens_beside_it_only_where_a_person_insists(team: Team, id: str) -> None:
    refused = team("open", "mail is late", code=1)
    assert id in refused.err
    assert "--another" in refused.err
    second = team.document("open", "mail is late", "--another", "--severity", "P2")
    assert second["severity"] == "P2"
    assert {one["id"] for one in team.document("list")} == {id, second["id"]}


def test_roles_are_taken_given_and_taken_over(team: Team, id: str) -> None:
    team("role", id, "take", "all")
    team("role", id, "give", "commander", "tom")
    held = team.document("role", id)
    assert (held["commander"]["who"], held["commander"]["offered_to"], held["scribe"]["who"]) == ("ana", "tom", "ana")
    team.configure("tom")
    assert "tom" in team("role", id, "take", "commander").out.splitlines()[0]
    assert "There is no role king" in team("role", id, "take", "king", code=1).err
    assert "Nobody is named" in team("role", id, "give", "scribe", code=1).err


def test_what_is_told_is_kept_by_field(team: Team, id: str) -> None:
    team("tell", id, "impact", "nobody can book")
    team("tell", id, "Data loss", "no")
    assert {name: one["text"] for name, one in team.document("tell", id).items()} == {
        "impact": "nobody can book", "data_loss": "no",
    }  # fmt: skip
    assert team("tell", id, "impact").out == "impact      nobody can book\n"
    assert "There is no field mood" in team("tell", id, "mood", "bad", code=1).err
    assert "nothing was said" in team("tell", id, "cause").err


def test_tasks_are_added_changed_and_done(team: Team, id: str) -> None:
    (task,) = team.document("task", id, "add", "an alarm on the queue", "--owner", "tom", "--due", "3d")
    assert (task["owner"], task["done"]) == ("tom", False)
    (changed,) = team.document("task", id, "change", task["id"], "--owner", "eva")
    assert (changed["text"], changed["owner"], changed["due"]) == ("an alarm on the queue", "eva", task["due"])
    assert team("task", id, "done", task["id"]).out.startswith("done")
    assert "no time" in team("task", id, "add", "x", "--due", "soon", code=1).err


def test_the_clock_is_printed_and_timers_are_put_off_settled_and_set(team: Team, id: str) -> None:
    clock = team.document("clock", id)
    assert clock["next"].startswith("commander:")
    assert clock["window"].startswith("0-5 min")
    own = team("remind", id, "look at the queue", "--in", "10m").out.strip()
    team("snooze", id, own, "--until", "20m", "--why", "on the phone")
    team("settle", id, "ladder:lead", "--why", "eva is here")
    due = {one["timer"]: one for one in team.document("clock", id)["due"]}
    assert due[own]["snoozed"] is True
    assert not [timer for timer in due if timer.startswith("ladder:lead")]
    words = team("clock", id).out
    assert "look at the queue (put off)" in words
    assert "DUE 4m" in words
    assert "is no timer" in team("settle", id, "nonsense", "--why", "x", code=1).err
    assert "--why" in team("settle", id, own, code=1).err


def test_it_moves_on_and_goes_on_after_its_end(team: Team, id: str) -> None:
    assert team("state", id, "identified").out == "identified\n"
    assert "no smoke run has passed" in team("state", id, "resolved", code=1).err
    assert team.document("state", id, "resolved", "--why", "a false alarm") == {"state": "resolved"}
    assert "why it goes on" in team("state", id, "monitoring", code=1).err
    assert team("state", id, "monitoring", "--why", "errors are back").out == "monitoring\n"
    team("resolve", id, "--why", "over")
    assert team("state", id).out == "resolved\n"


def test_resolved_asks_for_the_quiet_watch_too(team: Team, id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(still_open, "smoke_passed_since", lambda incident, jobs, now: True)
    refused = team("resolve", id, code=1)
    assert "how long the site has been well is not known" in refused.err
    assert team("state", id, "resolved", "--why", "seen by three people").code == 0


def test_what_is_still_open_is_said_all_at_once_and_when_it_is_overridden(
    team: Team, id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = SimpleNamespace(notices=[SimpleNamespace(kind="initial")])
    monkeypatch.setattr(still_open, "facts_of", lambda incident: told)
    refused = team("state", id, "resolved", code=1).err
    assert "no smoke run has passed" in refused
    assert "how long the site has been well is not known" in refused
    assert "users were told that it broke, and not yet that it is over" in refused
    assert "--why" in refused
    assert "still open: no smoke run has passed" in team("state", id, "resolved", "--why", "a false alarm").err


def test_closing_prints_what_stays_open_and_the_checklist(team: Team, id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "not resolved yet" in team("close", id, code=1).err
    team("resolve", id, "--why", "over")
    monkeypatch.setattr(left_open, "left_open", lambda desk: ("v2.4.1 is still on main",))
    result = team.document("close", id)
    assert (result["state"], result["left_open"]) == ("closed", ["v2.4.1 is still on main"])
    assert [task["id"] for task in result["tasks"]] == ["verify", "draft", "review"]
    assert "stays open: v2.4.1 is still on main" in team("show", id).out
    assert "closed already" in team("close", id, code=1).err
    assert "TASK" not in team("clock", id).out
    assert "draft the report" in team("clock", id).out


def test_a_restricted_one_calls_nobody_who_is_not_named(team: Team, id: str) -> None:
    assert "reason is missing" in team("restrict", id, code=1).err
    assert team("restrict", id, "--why", "a breach").out == "restricted by ana: a breach\n"
    assert "is restricted" in team("call", id, "--need", "hands", code=1).err
    assert team.document("restrict", id, "--lift", "--why", "no data left")["restricted"] is False


def test_a_call_by_phone_and_its_answer_are_written_down(team: Team, id: str) -> None:
    assert "What is needed is missing" in team("call", id, code=1).err
    team("call", id, "--contact", "Eva", "--phoned")
    team("answered", id, "Eva", "on my way")
    shown = team("show", id).out
    assert "help: Eva called by phone" in shown
    assert "Eva answers: on my way" in shown
    assert "was not called" in team("answered", id, "Tom", "yes", code=1).err


def test_a_page_that_failed_is_said_with_the_phone_and_tried_again_as_the_same_call(team: Team, id: str) -> None:
    with pagers() as server:
        pager = (
            f'[[contacts]]\nname = "Tom"\nkind = "on-call"\nphone = "+44 2"\npager = "pagerduty"\n'
            f'key = "R0ut1ngK3yTh4tM4yN3v3rSh0w"\ncall = "{server.address}"\n'
        )
        team.configure("ana", pager)
        server.behaves.status = 503
        refused = team("call", id, "--need", "hands", "--contact", "Tom", code=1)
        assert "refused with 503" in refused.err
        assert "nobody is woken twice" in refused.err
        assert "+44 2" in refused.err
        server.behaves.status = 202
        assert "Tom was called" in team("call", id, "--need", "hands", "--contact", "Tom").err
        assert len({one.body["dedup_key"] for one in server.heard}) == 1


def test_a_late_note_stands_where_it_happened(team: Team, id: str) -> None:
    team("note", id, "a customer saw it first", "--at", "2h")
    first = team("show", id).out.splitlines()[2]
    assert "a customer saw it first (noted " in first
    assert "no time that is over" in team("note", id, "x", "--at", "tomorrow", code=1).err


def test_following_needs_no_credentials_and_makes_no_journal(team: Team, id: str) -> None:
    team("note", id, "phones ring")
    secretly = '[environments.production]\nkind = "production"\ndatabase = "${DB_URL}"\n[site]\nname = "board"\n'
    (team.folder / "vigie.toml").write_text(secretly, "utf-8")
    followed = team("follow", id, "--no-wait").out
    assert "note: phones ring" in followed
    rows = [json.loads(row) for row in team("follow", id, "--no-wait", "--json").out.splitlines()]
    assert rows[0]["kind"] == "incident.opened"
    assert {"incident", "severity", "state", "at", "recorded_at", "who", "kind", "text"} == set(rows[0])
    assert "There is no incident" in team("follow", "0000-xyz", "--no-wait", code=1).err
    (team.folder / "state" / "journal.sqlite").rename(team.folder / "elsewhere")
    assert "There is no journal" in team("follow", id, "--no-wait", code=1).err
    assert not (team.folder / "state" / "journal.sqlite").exists()


def test_broken_settings_are_named_where_they_do_not_even_say_where_the_journal_is(team: Team, id: str) -> None:
    (team.folder / "vigie.toml").write_text("nonsense =", "utf-8")
    assert "not valid TOML" in team("follow", id, "--no-wait", code=1).err


def test_followed_each_line_comes_once_as_it_comes_until_the_incident_is_closed() -> None:
    stage = Stage()
    stage.append("incident.note", {"text": "one"})
    later: Iterator[str] = iter(("two", "three"))

    def wait(seconds: float) -> None:
        word = next(later, None)
        if word is None:
            stage.state("closed")
        else:
            stage.append("incident.note", {"text": word}, at=stage.now)

    said = [entry.text for _, entry in lines(stage, ID, wait=wait)]
    assert said == ["incident opened, P0: ", "note: one", "note: two", "note: three", "incident closed"]
    with pytest.raises(VigieError, match="no incident 0000-xyz"):
        list(lines(stage, "0000-xyz", once=True))


def test_resolving_a_closed_one_is_refused(team: Team, id: str) -> None:
    team("close", id, "--why", "opened by mistake")
    assert "closed already" in team("resolve", id, "--why", "x", code=1).err
