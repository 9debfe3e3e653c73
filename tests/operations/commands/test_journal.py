"""`vigie journal`: what it says of a journal that is whole, worked on, carried elsewhere, or damaged; and its codes."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

import pytest

from operations.commands.codes import codes_of_commands
from operations.engine.journal import Journal
from tests.attack.world import heard
from tests.operations.commands.test_runbook import Called
from tests.operations.doctor.clinic import bare
from tests.operations.engine.stories import Clock, changed, fallback_in, journal_in, opened, ruined, told

SETTINGS = (
    'state_dir = "{state}"\n[site]\nname = "board"\n[environments.production]\nkind = "production"\n'
    'url = "http://127.0.0.1:9"\n'
)

LONG_AGO = datetime(2020, 7, 30, 3, 7, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with settings, and a journal in which an incident was told."""
    (tmp_path / "vigie.toml").write_text(SETTINGS.format(state=tmp_path / "state"), "utf-8")
    clock = Clock(LONG_AGO)
    with contextlib.closing(journal_in(tmp_path / "state", clock)) as journal:
        opened(journal)
        for number in range(3):
            told(journal, clock, f"seen {number}")
        journal.query("PRAGMA wal_checkpoint(TRUNCATE)")
    return tmp_path


def called(folder: Path, *arguments: str, group: str = "journal") -> Called:
    with mock.patch.dict(os.environ, bare(folder), clear=True), contextlib.chdir(folder):
        done = heard(group, *arguments)
    return Called(done.returncode, done.stdout, done.stderr)


def file_of(folder: Path) -> Path:
    return folder / "state" / "journal.sqlite"


def test_a_whole_journal_is_said_to_be_whole(folder: Path) -> None:
    done = called(folder, "verify")
    assert (done.code, done.out) == (0, "7 events of 1 writer are whole\n")
    body = called(folder, "verify", "--json").document
    assert (body["ok"], body["meaning"], body["result"]["problems"]) == (True, "every chain is whole", [])


@pytest.mark.parametrize(
    ("how", "kind", "seq"),
    [
        ('UPDATE events SET data = \'{"text":"nothing"}\' WHERE seq = 3', "changed", 3),
        ("DELETE FROM events WHERE seq = 4", "missing", 4),
        ("DELETE FROM events WHERE seq > 5", "cut-off", 7),
        ("UPDATE events SET place = 99 WHERE seq = 2", "reordered", 3),
    ],
)
def test_what_was_done_to_it_is_named_with_its_event(folder: Path, how: str, kind: str, seq: int) -> None:
    changed(file_of(folder), how)
    done = called(folder, "verify", "--json")
    assert (done.code, done.document["meaning"]) == (4, "changed, missing, reordered or cut off")
    assert (kind, seq) in {(one["kind"], one["seq"]) for one in done.document["result"]["problems"]}
    said = called(folder, "verify")
    assert said.code == 4 and f"[ERROR] {kind}: " in said.err and f"event {seq}" in said.err


def test_heads_kept_elsewhere_find_what_the_head_file_was_made_to_forget(folder: Path) -> None:
    called(folder, "export", "out")
    manifest = folder / "backup.sql.gz.manifest.json"
    with contextlib.closing(journal_in(folder / "state", Clock())) as journal:
        mark = journal.own_mark()
        manifest.write_text(json.dumps({"schema": 1, "journal": [list(_triple(journal))]}), "utf-8")
    changed(file_of(folder), "DELETE FROM events WHERE seq > 5")
    (folder / "state" / "journal.head").unlink()
    assert called(folder, "verify").code == 3
    exported = next((folder / "out").glob("*.jsonl"))
    for given in (("--heads", str(manifest)), ("--heads", str(exported)), ("--mark", mark)):
        done = called(folder, "verify", *given)
        assert done.code == 4, given
        assert "cut-off" in done.err
    assert called(folder, "verify", "--heads", str(folder / "vigie.toml")).code == 1


def _triple(journal: Journal) -> tuple[str, int, str]:
    head = journal.heads()[0]
    return head.writer, head.seq, head.hash


def test_a_mark_that_fits_is_counted(folder: Path) -> None:
    with contextlib.closing(journal_in(folder / "state", Clock())) as journal:
        mark = journal.own_mark()
    assert mark.startswith("7-") and len(mark) == 14
    done = called(folder, "verify", "--mark", mark)
    assert (done.code, done.out) == (0, "7 events of 1 writer are whole, and 1 heads kept elsewhere\n")
    for wrong in ("7-000000000000", "nonsense", "7-*", ""):
        assert called(folder, "verify", "--mark", wrong).code == 4


def test_an_export_is_taken_in_elsewhere_and_the_incident_reads_the_same(folder: Path, tmp_path: Path) -> None:
    done = called(folder, "export", "out", "--incident", "0730-kfp")
    assert done.code == 0 and "4 events in 1 file" in done.err
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "vigie.toml").write_text(SETTINGS.format(state=elsewhere / "state"), "utf-8")
    taken = called(elsewhere, "import", str(folder / "out"))
    assert (taken.code, taken.out) == (0, "4 events taken in, 0 were here already\n")
    assert called(elsewhere, "import", str(folder / "out")).out == "0 events taken in, 4 were here already\n"
    shown = [called(where, "show", "0730-kfp", group="incident").out for where in (folder, elsewhere)]
    assert shown[0] == shown[1] != ""
    verified = called(elsewhere, "verify")
    assert verified.code == 0 and "imported in part" in verified.err


def test_a_file_that_was_worked_on_is_refused_with_4(folder: Path) -> None:
    called(folder, "export", "out")
    path = next((folder / "out").glob("*.jsonl"))
    path.write_text(path.read_text("utf-8").replace("seen 1", "seen 9"), "utf-8")
    done = called(folder, "import", str(path))
    assert done.code == 4 and "was changed" in done.err
    assert called(folder, "import", str(folder / "nothing.jsonl")).code == 1
    (folder / "empty").mkdir()
    assert called(folder, "import", str(folder / "empty")).code == 1


def test_without_a_file_what_was_kept_beside_is_taken_in(folder: Path) -> None:
    beside = fallback_in(folder / "state", Clock())
    beside.append("incident.note", {"text": "kept"}, incident="0730-kfp")
    assert called(folder, "import").out == "1 events taken in, 0 were here already\n"
    with beside.path.open("a", encoding="utf-8") as file:
        file.write("{\n")
    done = called(folder, "import")
    assert done.code == 3 and "line 2" in done.err


def test_a_damaged_file_is_repaired_and_the_old_one_is_named(folder: Path) -> None:
    assert called(folder, "repair").out.endswith("is whole: nothing to repair\n")
    ruined(file_of(folder), 0)
    assert called(folder, "verify").code == 1
    done = called(folder, "repair")
    assert done.code == 0
    assert "8 events saved; the damaged file is kept: " in done.out
    assert called(folder, "verify").code == 0
    assert called(folder, "repair").out.endswith("is whole: nothing to repair\n")
    assert called(folder, "repair", "--anyway").code == 0


def test_a_repair_that_could_not_save_all_ends_with_3(folder: Path) -> None:
    path = file_of(folder)
    path.write_bytes(b"")
    done = called(folder, "repair")
    assert done.code == 3 and "events 1 to 7" in done.err


def test_where_there_is_no_journal_nothing_is_made(tmp_path: Path) -> None:
    (tmp_path / "vigie.toml").write_text(SETTINGS.format(state=tmp_path / "state"), "utf-8")
    for arguments in (("verify",), ("export", "out"), ("repair",)):
        done = called(tmp_path, *arguments)
        assert done.code == 1 and "no journal" in done.err
    assert not file_of(tmp_path).exists()


def test_a_read_only_session_takes_nothing_in_and_repairs_nothing(folder: Path) -> None:
    with mock.patch.dict(os.environ, {**bare(folder), "VIGIE_READONLY": "1"}, clear=True), contextlib.chdir(folder):
        for arguments in (("import",), ("repair",)):
            done = heard("journal", *arguments)
            assert done.returncode == 1 and "read-only" in done.stderr
        assert heard("journal", "verify").returncode == 0


def test_every_code_is_in_the_table() -> None:
    tables = codes_of_commands()
    assert {name for name in tables if name.startswith("journal")} == {
        "journal verify", "journal export", "journal import", "journal repair", "journal prune",
    }  # fmt: skip


def test_an_export_leaves_out_a_damaged_event_and_says_so(folder: Path) -> None:
    with contextlib.closing(sqlite3.connect(file_of(folder), isolation_level=None)) as other:
        other.execute("UPDATE events SET data = '{' WHERE seq = 3")
    done = called(folder, "export", "out")
    assert done.code == 3 and "1 damaged events" in done.err


def test_old_events_are_shown_first_and_removed_when_asked(folder: Path) -> None:
    (folder / "vigie.toml").write_text("retention_months = 1\n" + (folder / "vigie.toml").read_text("utf-8"), "utf-8")
    assert "0 events" in called(folder, "prune").out
    with contextlib.closing(journal_in(folder / "state", Clock(LONG_AGO))) as journal:
        journal.append("incident.state", {"state": "closed", "why": ""}, incident="0730-kfp")
    shown = called(folder, "prune")
    assert "8 events, with 0 jobs" in shown.out and "would be removed" in shown.out
    assert called(folder, "prune", "--apply").code == 0
    done = called(folder, "verify")
    assert done.code == 0 and done.out == "1 events of 1 writer are whole\n"
    (folder / "vigie.toml").write_text("retention_months = 0\n" + SETTINGS.format(state=folder / "state"), "utf-8")
    assert "retention_months" in called(folder, "prune").err
