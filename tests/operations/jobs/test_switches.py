"""Flags and maintenance mode: the site's own command turns them, and what users see decides."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from operations.desk import Desk
from operations.engine.model import ConfirmLevel, Outcome
from operations.errors import VigieError
from operations.jobs.switches import Flag, Maintenance, known_flags
from operations.settings_reader import load_settings
from tests.operations.jobs.rig import Bench

SWITCH = """
import json, pathlib, sys
path, *words = sys.argv[1:]
found = json.loads(pathlib.Path(path).read_text())
if words[0] == "flag": found["flags"][words[2]] = words[3] == "on"
else: found["maintenance"] = words[2] == "on"
if not pathlib.Path(path + ".lies").exists(): pathlib.Path(path).write_text(json.dumps(found))
if pathlib.Path(path + ".fails").exists(): sys.exit("no such environment")
"""

LOOK = "seen from outside"


class Board:
    """A site whose switches lie in a file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "switches.json"
        self.file.write_text(json.dumps({"maintenance": False, "flags": {"maps": True, "\x1b[31mred": True}}))
        (folder / "switch.py").write_text(SWITCH)
        board = self

        class Pages(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = json.loads(board.file.read_text())
                body = json.dumps({"flags": found["flags"]}).encode()
                self.send_response(503 if found["maintenance"] and self.path == "/" else 200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def desk(
        self,
        *,
        kind: str = "staging",
        check: str = "/flags#flags.{name}",
        commands: bool = True,
        limit: float = 20.0,
    ) -> Desk:
        call = [sys.executable, str(self.folder / "switch.py"), str(self.file)]
        flag = json.dumps([*call, "flag", "{environment}", "{name}", "{value}"] if commands else [])
        closed = json.dumps([*call, "maintenance", "{environment}", "{value}"] if commands else [])
        path = self.folder / "vigie.toml"
        path.write_text(f"""
[site]
name = "board"
[environments.{kind}]
kind = "{kind}"
url = "http://127.0.0.1:{self.server.server_port}"
[switches]
flag = {flag}
flag_check = "{check}"
maintenance = {closed}
limit = {limit}
""")
        return Desk(load_settings(path, {}), kind)

    @property
    def state(self) -> dict[str, Any]:
        found = json.loads(self.file.read_text())
        assert isinstance(found, dict)
        return found


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Board]:
    made = Board(tmp_path)
    yield made
    made.server.shutdown()
    made.server.server_close()


def flag(desk: Desk, name: str, value: str) -> Outcome:
    return Bench(Flag().plan(desk, {"name": name, "value": value})).go(Flag(), desk)


def maintenance(desk: Desk, value: str) -> Outcome:
    return Bench(Maintenance().plan(desk, {"value": value})).go(Maintenance(), desk)


def test_a_flag_is_turned_and_seen_from_outside(board: Board) -> None:
    outcome = flag(board.desk(), "maps", "off")
    assert outcome.code == 0
    assert outcome.says == "flag maps is off, seen from outside"
    assert board.state["flags"]["maps"] is False


def test_maintenance_mode_closes_the_page_and_opens_it_again(board: Board) -> None:
    assert maintenance(board.desk(), "on").says == "maintenance mode is on, seen from outside"
    assert board.state["maintenance"] is True
    assert maintenance(board.desk(), "off").code == 0
    assert board.state["maintenance"] is False


def test_what_the_site_showed_before_proves_nothing(board: Board) -> None:
    assert maintenance(board.desk(), "on").details["verified"] is True
    plan = Maintenance().plan(board.desk(), {"value": "on"})
    assert [one.verdict for one in plan.guards if one.name == "seen from outside"] == ["warn"]
    again = maintenance(board.desk(), "on")
    assert again.code == 0
    assert "the site showed on before it: not verified" in again.says


def test_code_5_when_the_command_fails_and_when_it_lies(board: Board) -> None:
    Path(f"{board.file}.fails").touch()
    failed = flag(board.desk(), "maps", "off")
    assert (failed.code, "no such environment" in failed.says) == (5, True)
    Path(f"{board.file}.fails").unlink()
    Path(f"{board.file}.lies").touch()
    lied = maintenance(board.desk(limit=1.5), "on")
    assert lied.code == 5
    assert "the site still shows off" in lied.says


def test_a_look_that_told_nothing_is_no_passed_guard(board: Board) -> None:
    """An unknown flag, and a site that is stopped: the plan says both that it cannot be told and that this warns."""
    seen = [one for one in Flag().plan(board.desk(), {"name": "maps", "value": "off"}).guards if one.name == LOOK]
    assert [one.verdict for one in seen] == ["pass"]
    desk = board.desk()
    unknown = Flag().plan(desk, {"name": "nosuch", "value": "off"})
    board.server.shutdown()
    board.server.server_close()
    stopped = Maintenance().plan(desk, {"value": "off"})
    for plan in (unknown, stopped):
        assert [row.text for row in plan.lines if row.label == "Site shows"] == ["it cannot be told"]
        [guard] = [one for one in plan.guards if one.name == LOOK]
        assert (guard.verdict, "told nothing" in guard.says) == ("warn", True)


def test_where_nothing_shows_a_flag_success_is_not_verified(board: Board) -> None:
    desk = board.desk(check="")
    found = Flag().plan(desk, {"name": "maps", "value": "off"})
    assert [one.verdict for one in found.guards if one.name == "seen from outside"] == ["warn"]
    assert "not verified" in flag(desk, "maps", "off").says


def test_what_cannot_be_switched_is_told_with_its_code(board: Board) -> None:
    with pytest.raises(VigieError) as missing:
        flag(board.desk(commands=False), "maps", "off")
    assert (missing.value.code, "switches.flag is not set" in missing.value.what) == (2, True)
    for name, value in (("", "on"), ("-x", "on"), ("maps", "maybe")):
        with pytest.raises(VigieError) as wrong:
            flag(board.desk(), name, value)
        assert wrong.value.code == 1


def test_production_wants_the_phrase_and_a_reason(board: Board) -> None:
    confirm = Maintenance().plan(board.desk(kind="production"), {"value": "on"}).confirm
    assert (confirm.level, confirm.phrase, confirm.needs_reason) == (ConfirmLevel.PHRASE, "board production", True)
    assert Maintenance().plan(board.desk(), {"value": "on"}).confirm.level is ConfirmLevel.YES


def test_what_is_filled_into_a_command_is_not_looked_at_again(board: Board) -> None:
    plan = Flag().plan(board.desk(), {"name": "{value}; rm -rf /", "value": "on"})
    assert "'{value}; rm -rf /'" in plan.decisive["Command"]


def test_the_flags_a_site_shows_are_listed_clean(board: Board) -> None:
    assert known_flags(board.desk()) == {"maps": True, "red": True}
    assert known_flags(board.desk(check="/flags/{name}")) == {}
