"""A console whose journal takes nothing: it opens, says why, keeps what a person does, and brings it in afterwards."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from operations.desk import utc_now
from operations.engine.fallback import FallbackJournal, fallback_path
from operations.engine.journal import Journal
from operations.engine.redaction import Redactor
from operations.engine.store import Gate
from tests.operations.engine.stories import ID, journal_in, opened, ruined
from tests.tui.conftest import Injected, MakeApp
from tests.tui.scenes import quiet_snapshot
from tests.tui.test_console import fresh, screen_text, shows, until
from tui.app import VigieApp
from tui.dialogs.base import Dialog
from tui.lines import text_of
from tui.panels.block import Block

RETRY_AT_ONCE = timedelta(seconds=0)


def journal_of(folder: Path) -> Path:
    """The journal of the console's state directory, with an open incident, closed."""
    with contextlib.closing(journal_in(folder / "state", utc_now)) as journal:
        opened(journal)
        journal.query("PRAGMA wal_checkpoint(TRUNCATE)")
    return folder / "state" / "journal.sqlite"


def notes(folder: Path) -> list[str]:
    path = folder / "state" / "journal.sqlite"
    with contextlib.closing(Journal.open(path, actor="", redactor=Redactor(), now=utc_now)) as journal:
        assert [problem for problem in journal.verify() if problem.grave] == []
        return [event.data["text"] for _, event in journal.events(kinds=("incident.note",))]


def note(app: VigieApp, text: str) -> None:
    """What the key for a note does, once its dialog is answered."""
    app.live.journal.append("incident.note", {"text": text}, incident=ID)
    app.read_back()


@pytest.fixture(autouse=True)
def _buttons_answer_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.dialogs.base.SETTLE", 0.0)


async def test_a_damaged_journal_is_said_recorded_beside_and_repaired_by_a_key(
    make_app: MakeApp, tmp_path: Path
) -> None:
    ruined(journal_of(tmp_path), 0)
    app = make_app(Injected(fresh(quiet_snapshot())))
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "journal: the file is no journal, or damaged. F repairs it.")
        assert "F repair" in text_of(app.screen.query(Block).last().lines[-1])
        note(app, "kept beside")
        with contextlib.closing(Gate(app.places.journal)):
            await pilot.press("F", "tab", "enter")
            await shows(pilot, "The journal is open in other processes")
            await shows(pilot, "F repairs it.")
        await pilot.press("F")
        await shows(pilot, "Every event that can be read is saved")
        await pilot.press("tab", "enter")
        await shows(pilot, "Repaired: ")
        assert [path.name for path in (tmp_path / "state").glob("journal.damaged-*")] != []
        assert app.live.incident is not None
        assert app.live.incident.id == ID
        assert app.live.real_journal is not None
        await until(pilot, lambda: "F repair" not in screen_text(app), "the key is gone with the damage")
        await pilot.press("F")
        assert not isinstance(app.screen, Dialog)
        note(app, "in the journal again")
    assert notes(tmp_path) == ["kept beside", "in the journal again"]


async def test_read_only_the_damage_is_said_with_the_command_that_mends_it(make_app: MakeApp, tmp_path: Path) -> None:
    ruined(journal_of(tmp_path), 0)
    app = make_app(Injected(fresh(quiet_snapshot())), readonly=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "damaged. vigie journal repair mends it.")
        await pilot.press("F")
        assert not isinstance(app.screen, Dialog)


async def test_what_earlier_consoles_kept_beside_is_taken_in_at_the_start(make_app: MakeApp, tmp_path: Path) -> None:
    journal_of(tmp_path)
    path = fallback_path(tmp_path / "state", "console-earlier")
    beside = FallbackJournal(path, actor="ana", redactor=Redactor(), now=utc_now)
    beside.append("incident.note", {"text": "earlier"}, incident=ID)
    app = make_app(Injected(fresh(quiet_snapshot())))
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: app.live.incident is not None, "the incident is read")
        assert app.live.incident is not None
        assert [entry.text for entry in app.live.incident.entries][1:] == ["note: earlier"]
    assert notes(tmp_path) == ["earlier"]


@pytest.fixture
def small_state(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "state"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(folder)], capture_output=True).returncode:
        pytest.skip("a small disk can be mounted by root only")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


async def test_a_disk_that_fills_up_costs_no_note_and_the_journal_has_them_when_there_is_room(
    make_app: MakeApp, small_state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tui.live.RETRY_EVERY", RETRY_AT_ONCE)
    journal_of(tmp_path)
    app = make_app(Injected(fresh(quiet_snapshot())))
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: app.live.incident is not None, "the incident is read")
        filler = small_state / "filler"
        with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"x" * 1024)
        said: list[str] = []
        while app.live.journal.trouble is None:
            said.append(f"{len(said)} " + "x" * 300)
            note(app, said[-1])
        await shows(pilot, "journal: the disk is full")
        beside = FallbackJournal(fallback_path(small_state, "earlier"), actor="ana", redactor=Redactor(), now=utc_now)
        beside.append("incident.note", {"text": "of the console before"}, incident=ID)
        said.append("and one more")
        note(app, said[-1])
        assert app.live.incident is not None
        assert len(app.live.incident.entries) == 1 + len(said)
        assert app.live.real_journal is None
        filler.unlink()
        await until(pilot, lambda: app.live.real_journal is not None, "the journal is used again")
        assert len(app.live.incident.entries) == 2 + len(said)
    assert notes(tmp_path) == [*said, "of the console before"]
