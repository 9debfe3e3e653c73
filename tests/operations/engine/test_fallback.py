"""When the journal cannot be written, events still go somewhere, and stderr says where."""

from __future__ import annotations

import io
import os
import resource
from datetime import UTC, datetime
from pathlib import Path

import pytest

from operations.engine.events import hash_of
from operations.engine.fallback import FallbackJournal, fallback_path, memory_descriptor
from operations.engine.redaction import Redactor

NOW = datetime(2026, 7, 30, 3, 7, tzinfo=UTC)


def fallback(path: Path, said: io.StringIO | None = None) -> FallbackJournal:
    return FallbackJournal(path, actor="ana", redactor=Redactor(["hunter22"]), now=lambda: NOW, stderr=said)


def test_events_are_chained_said_and_read_by_another_process(tmp_path: Path) -> None:
    said = io.StringIO()
    book = fallback(fallback_path(tmp_path, "j1"), said)
    first = book.append("job.created", {"why": "hunter22"}, job="j1")
    second = book.append("job.started", {}, job="j1")
    assert second.prev == first.hash == hash_of(first)
    assert "job.started" in said.getvalue() and str(book.path) in said.getvalue()
    assert "hunter22" not in said.getvalue() + book.path.read_text()
    assert fallback(book.path).events(after=1) == [(2, second)]
    assert fallback(book.path).append("x", {}).prev == second.hash
    assert book.path.stat().st_mode & 0o777 == 0o600


def test_a_line_cut_off_by_a_crash_is_left_out(tmp_path: Path) -> None:
    book = fallback(fallback_path(tmp_path, "j1"), io.StringIO())
    event = book.append("a", {})
    with book.path.open("a") as file:
        file.write('{"id": "half')
    assert [found for _, found in fallback(book.path).events()] == [event]


def test_without_a_state_directory_the_temporary_one_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "state").write_text("a file, not a folder")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    path = fallback_path(tmp_path / "state", "j1")
    assert path.name == "j1.jsonl"
    assert path.parent.parent == tmp_path
    assert path.parent.name.startswith(f"vigie-{os.getuid()}-")
    assert path.parent.stat().st_mode & 0o777 == 0o700
    other = fallback_path(tmp_path / "elsewhere", "j1")
    assert other.parent != path.parent, "another site's jobs, or a drill's, are none of ours"


def test_when_no_file_can_be_written_memory_and_stderr_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("operations.engine.fallback.fallback_folders", lambda state: (Path("/dev/null/x"),))
    path = fallback_path(Path("/dev/null"), "j1")
    descriptor = memory_descriptor(path)
    assert descriptor is not None
    said = io.StringIO()
    event = fallback(path, said).append("job.started", {}, job="j1")
    assert [found for _, found in fallback(path).events(job="j1")] == [event]
    os.close(descriptor)


def test_a_disk_that_fills_up_midway_stops_nothing(tmp_path: Path) -> None:
    said = io.StringIO()
    book = fallback(tmp_path / "j.jsonl", said)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        event = book.append("step.started", {"step": "promote"})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "no file can be written" in said.getvalue()
    assert [found for _, found in book.events()] == [event]


def test_a_closed_stderr_stops_nothing(tmp_path: Path) -> None:
    said = io.StringIO()
    said.close()
    assert fallback(tmp_path / "j.jsonl", said).append("a", {}).seq == 1
