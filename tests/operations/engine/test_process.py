"""A child runs in a group of its own, within its limits, and is heard line by line."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from operations.engine.alive import see
from operations.engine.process import TAIL_LINES, Child, Hooks, Streams, child_environment, run_child
from operations.engine.record import ProcessGroup
from operations.engine.redaction import Redactor
from operations.engine.steps import Completed
from operations.errors import PrerequisiteMissing, VigieError


class Heard:
    """What the runner would hear."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.groups: list[ProcessGroup] = []
        self.ended: list[ProcessGroup] = []

    def run(self, code: str, *, limit: float = 60.0, output_limit: int = 10**6, cwd: Path | None = None) -> Completed:
        child = Child([sys.executable, "-c", code], cwd=cwd, limit=limit, grace=0.5, output_limit=output_limit)
        hooks = Hooks(self.lines.append, self.groups.append, self.ended.append, lambda: None)
        return run_child(child, hooks, Redactor(["hunter22"]))


@pytest.fixture
def heard() -> Heard:
    return Heard()


def test_lines_of_both_streams_come_clean_and_redacted(heard: Heard) -> None:
    code = r"import sys; print('one hunter22'); sys.stderr.write('\x1b[31mtwo\x1b[0m\r50%\r100%\n'); "
    code += "print('no end', end='')"
    completed = heard.run(code)
    assert sorted(heard.lines) == ["100%", "50%", "no end", "one •••", "two"]
    assert (completed.code, completed.timed_out) == (0, False)
    assert completed.tail == tuple(heard.lines)


def test_it_leads_a_group_of_its_own_that_is_told_and_ended(heard: Heard) -> None:
    heard.run("import os; print(os.getpid(), os.getpgid(0), os.getsid(0))")
    pid, group, session = map(int, heard.lines[0].split())
    assert pid == group == heard.groups[0].pgid
    assert session == heard.groups[0].session == os.getsid(0)
    assert heard.ended == heard.groups


def test_its_time_limit_ends_the_whole_group(heard: Heard) -> None:
    code = (
        "import subprocess, sys, time; "
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)']); "
        "print(child.pid, flush=True); time.sleep(300)"
    )
    completed = heard.run(code, limit=1.5)
    assert completed.timed_out and completed.code < 0
    seen = see(int(heard.lines[0]))
    assert seen is None or not seen.runs


def test_a_daemon_left_behind_does_not_hold_it_up(heard: Heard) -> None:
    code = (
        "import subprocess, sys; "
        "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(40)']).pid, flush=True)"
    )
    began = time.monotonic()
    completed = heard.run(code)
    assert completed.code == 0 and not completed.timed_out
    assert time.monotonic() - began < 30
    os.kill(int(heard.lines[0]), 9)


def test_output_beyond_the_limit_is_counted_not_kept(heard: Heard) -> None:
    heard.run("print('x' * 1000 + '\\n' * 1, end=''); print('y' * 5000)", output_limit=2000)
    assert heard.lines[-1] == "… 4002 bytes more were not kept"
    assert sum(map(len, heard.lines[:-1])) == 1999


def test_only_the_last_lines_are_in_the_tail_and_long_ones_are_cut(heard: Heard) -> None:
    completed = heard.run("print('z' * 40000); [print(n) for n in range(500)]")
    assert len(heard.lines) == 503
    assert completed.tail == tuple(str(n) for n in range(500 - TAIL_LINES, 500))


def test_a_child_that_closes_its_output_is_waited_for(heard: Heard) -> None:
    completed = heard.run("import os, time; os.close(1); os.close(2); time.sleep(0.5); os._exit(4)")
    assert completed.code == 4


def test_a_missing_program_and_a_missing_folder_are_told_apart(heard: Heard, tmp_path: Path) -> None:
    hooks = Hooks(heard.lines.append, heard.groups.append, heard.ended.append, lambda: None)
    with pytest.raises(PrerequisiteMissing, match="no-such-program cannot be run"):
        run_child(Child(["no-such-program"]), hooks, Redactor())
    with pytest.raises(VigieError, match="no folder"):
        heard.run("pass", cwd=tmp_path / "gone")


def test_stopping_ends_it_whatever_is_raised(heard: Heard) -> None:
    def stop() -> None:
        if heard.lines:
            raise RuntimeError("enough")

    hooks = Hooks(heard.lines.append, heard.groups.append, heard.ended.append, stop)
    child = Child([sys.executable, "-c", "import time; print('up', flush=True); time.sleep(300)"])
    with pytest.raises(RuntimeError, match="enough"):
        run_child(child, hooks, Redactor())
    seen = see(heard.groups[0].pgid)
    assert seen is None or not seen.runs


def test_its_environment_is_minimal(monkeypatch: pytest.MonkeyPatch, heard: Heard) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "leak")
    heard.run("import os; print(sorted(os.environ))")
    assert "AWS" not in heard.lines[0]
    assert child_environment({"A": "1", "PATH": "/x"}, {"HOME": "/h", "B": "2"}) == {
        "PATH": "/x", "LANG": "C.UTF-8", "HOME": "/h", "A": "1",
    }  # fmt: skip


def test_no_descriptor_of_ours_reaches_it(heard: Heard, tmp_path: Path) -> None:
    with (tmp_path / "open").open("w"):
        heard.run(
            "import os; fds = [f'/proc/self/fd/{n}' for n in range(40)]; "
            "print([os.readlink(fd) for fd in fds if os.path.lexists(fd)])"
        )
    assert "open'" not in heard.lines[0]
    assert "/dev/null" in heard.lines[0]


def carry(code: str, streams: Streams, lines: list[str], limit: float = 60.0) -> Completed:
    """Run a child that carries data."""
    child = Child([sys.executable, "-c", code], limit=limit, grace=0.5)
    return run_child(child, Hooks(lines.append, _unheard, _unheard, lambda: None), Redactor(), streams)


def _unheard(_group: ProcessGroup) -> None:
    return None


def test_data_is_handed_on_untouched_and_only_stderr_becomes_lines() -> None:
    pieces: list[bytes] = []
    lines: list[str] = []
    code = r"import sys; sys.stdout.buffer.write(b'\x00\r\n' * 3_000_000); sys.stderr.write('said\n')"
    completed = carry(code, Streams(output=pieces.append), lines)
    assert completed.code == 0
    assert b"".join(pieces) == b"\x00\r\n" * 3_000_000
    assert lines == ["said"]


def test_data_that_is_taken_slowly_is_still_read_to_its_end() -> None:
    sizes: list[int] = []

    def slowly(piece: bytes) -> None:
        time.sleep(0.5)
        sizes.append(len(piece))

    completed = carry("import sys; sys.stdout.buffer.write(b'x' * 1_000_000)", Streams(output=slowly), [])
    assert (completed.code, sum(sizes)) == (0, 1_000_000)


def test_a_child_is_given_its_input_piece_by_piece_while_it_answers() -> None:
    given = iter([b"x" * 700_000] * 10)
    got: list[bytes] = []
    code = "import sys, shutil; shutil.copyfileobj(sys.stdin.buffer, sys.stdout.buffer)"
    completed = carry(code, Streams(output=got.append, input=lambda: next(given, b"")), [])
    assert (completed.code, len(b"".join(got))) == (0, 7_000_000)


def test_a_child_that_wants_no_more_input_ends_with_its_own_code() -> None:
    lines: list[str] = []
    code = "import sys; sys.stdin.buffer.read(10); print('enough'); sys.exit(3)"
    completed = carry(code, Streams(input=lambda: b"x" * 100_000), lines)
    assert (completed.code, lines) == (3, ["enough"])


def test_what_fails_while_data_is_taken_ends_the_child() -> None:
    def refuse(_piece: bytes) -> None:
        raise OSError("disk full")

    lines: list[str] = []
    code = "import os; os.write(2, f'{os.getpid()}\\n'.encode())\nwhile True: os.write(1, b'x' * 9999)"
    with pytest.raises(OSError, match="disk full"):
        carry(code, Streams(output=refuse), lines)
    assert not lines or see(int(lines[0])) is None
