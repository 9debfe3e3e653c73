"""Bodies, logs, messages and names that hold escape codes, markup or floods change nothing but their own row."""

from __future__ import annotations

import json
import resource
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from operations.engine.process import Child, Hooks, run_child
from operations.engine.redaction import Redactor
from tests.attack.poison import EVIL, FLOOD, foreign_escapes
from tests.attack.site import Reply
from tests.attack.world import World
from tests.e2e.terminal import PAINTED

AGES = r"\d+ ?(?:s|m|h|d)\b|\d+m\d+s"


def test_five_megabytes_of_poison_change_only_the_health_row(world: World) -> None:
    world.site.routes["/api/health"] = Reply(FLOOD)  # from the beginning: a well site is looked at every 10 s only
    with world.terminal(columns=120, rows=36) as terminal:
        terminal.wait_for(r"✖ DOWN")
        terminal.wait_for(r"✖ api/health 200 .evil|✖ api/health 200 .\[/x\]")
        terminal.settle()
        stormy = terminal.text.splitlines()
        assert not foreign_escapes(terminal.raw), foreign_escapes(terminal.raw)[:5]
        terminal.press("?")
        terminal.wait_for("Give that answer|Plan a rollback")
        memory = _peak_memory(terminal.pid)
        terminal.press("esc")
        terminal.wait_while("Give that answer|Plan a rollback")
        world.site.routes["/api/health"] = Reply('{"status": "healthy"}')
        terminal.wait_for(r"✓ ok")
        terminal.wait_for("api/health page")
        calm = terminal.text.splitlines()
        terminal.press("q")
        assert terminal.wait_ended() == 0
    assert len(stormy) == len(calm)
    told = {"DOWN", "api/health", "open an incident", "errors begin"}
    kept = [row for row in calm if row.strip() and not any(word in row for word in ("✓ ok", "api/health"))]
    lost = [row for row in kept if _without_ages(row) not in {_without_ages(other) for other in stormy}]
    assert len(lost) <= 2, lost  # the offer to open an incident takes a row, and a list gives way for it
    assert any(word in row for row in stormy for word in told)
    assert memory < 200_000_000


def _without_ages(row: str) -> str:
    import re

    return re.sub(AGES, "#", row).strip()


def _peak_memory(pid: int) -> int:
    line = next(row for row in Path(f"/proc/{pid}/status").read_text().splitlines() if row.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def hostile(world: World) -> None:
    """Put poison wherever foreign text comes from."""
    now = datetime.now(UTC)
    log, settings_log = world.folder / "requests.jsonl", world.folder / "settings.jsonl"
    rows = [
        {"at": (now - timedelta(seconds=n)).isoformat(), "path": f"/api/{EVIL}", "status": 500, "seconds": 0.1,
         "error": f"{EVIL} {n}"}
        for n in range(60)
    ]  # fmt: skip
    log.write_text("".join(json.dumps(row) + "\n" for row in reversed(rows)) + "\x1b[2J not json\n" + "x" * 200_000)
    settings_log.write_text(
        json.dumps({"at": now.isoformat(), "kind": "flag", "name": EVIL, "who": EVIL}) + "\n{broken\n"
    )
    world.release("v4", hours_ago=0.1, subject=EVIL, files={"app.txt": EVIL, f"odd \x1b[31m {'x' * 60}": "1"})
    record = world.platform.root / "releases.jsonl"
    line = {"at": (now - timedelta(hours=50)).isoformat(), "release": "v2", "who": EVIL, "how": EVIL, "commit": EVIL}
    evil_name = {**line, "release": "../\x1b[31m"}
    record.write_text(json.dumps(line) + "\n" + json.dumps(evil_name) + "\nnot json \x1b[2J\n" + record.read_text())
    for folder in (world.platform.root / "releases").iterdir():
        document = json.loads((folder / "release.json").read_text())
        (folder / "release.json").write_text(json.dumps({**document, "who": EVIL, "title": EVIL}))
    world.git.git("branch", "odd-\u202ebranch-🚨")
    world.git.git("tag", "odd(x)-\u202e🚨")
    site = world.site
    site.routes["/status.json"] = Reply(
        json.dumps({
            "status": {"indicator": EVIL}, "components": [{"name": "db", "status": EVIL}, {"name": EVIL}],
            "incidents": [{"name": EVIL, "status": EVIL, "started_at": EVIL}],
        })
    )  # fmt: skip
    site.routes["/am/api/v2/alerts"] = Reply(json.dumps([{"labels": {"alertname": EVIL}}, {"labels": EVIL}, EVIL]))
    site.routes["/"] = Reply(f"<html><script src='/{EVIL}.js'></script>{EVIL}", kind="text/html")
    site.routes["/hook"] = Reply(json.dumps({"id": EVIL, "says": EVIL}))
    site.rest = Reply(EVIL, 500, "text/plain", (("x-cache", "HIT [/x]"), ("age", "\x1b[31m"[1:])))
    world.file = "od[/x] vigie.toml"  # a folder and a file that together look like markup
    world.configure(
        more=f'request_log = "{log}"\nsettings_log = "{settings_log}"\nalertmanager = "{site.url}/am"\n'
        'endpoints = ["/api/evil"]',
        rest=f'[[providers]]\nname = "Host"\nstatus = "{site.url}/status.json"\ncomponents = ["db"]\n'
        f'[[contacts]]\nname = {_toml(EVIL)}\nrole = {_toml(EVIL)}\ncall = "{site.url}/hook"',
    )
    text = world.config.read_text().replace('operator = "ana"', f"operator = {_toml(EVIL)}")
    world.config.write_text(text)


def _toml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")


def test_hostile_names_and_messages_are_inert_in_the_console(world: World) -> None:
    hostile(world)
    with world.terminal(columns=120, rows=36) as terminal:
        terminal.wait_for("evil")
        terminal.wait_for("Errors users get")
        terminal.press("I")
        terminal.wait_for("How bad")
        terminal.press("1")
        terminal.wait_for("step 1 of")
        terminal.press("n")
        terminal.wait_for("One line for the timeline")
        terminal.press("a note [/x] [bold]", "enter")
        terminal.wait_for(r"note: a note \[/x\] \[bold\]")
        terminal.wait_while("One line for the timeline")
        terminal.press("h")
        terminal.wait_for("What do you need")
        terminal.press("hands [/x]", "enter")
        terminal.wait_for("Whom")
        terminal.settle()
        terminal.press("enter")
        terminal.wait_for("help: evil .* called")
        terminal.press("R")
        terminal.wait_for("Will run")
        terminal.settle()
        for steps, page in ((2, "What it takes back"), (1, "What will run")):
            terminal.press(*["left"] * steps)
            terminal.settle()
            terminal.press("enter")
            terminal.wait_for(page)
            terminal.settle()
            terminal.press("esc")
            terminal.wait_for("Type  dispatch production")
            terminal.settle()
        terminal.press("esc")
        terminal.wait_while("Type  dispatch production")
        terminal.settle()
        terminal.press("I")
        terminal.wait_for("Timeline")
        terminal.settle(quiet=PAINTED)
        terminal.press("q")
        assert terminal.wait_ended() == 0
        assert not foreign_escapes(terminal.raw), foreign_escapes(terminal.raw)[:5]
    assert not list(world.state.glob("crash-*"))


def test_hostile_names_and_messages_are_inert_in_every_command(world: World) -> None:
    hostile(world)
    id = world.quickly("incident", "open", EVIL).stdout.strip()
    for arguments in (
        ("status",), ("status", "--json"), ("facts",), ("rollback", "--plan"), ("rollback", "--plan", "--json"),
        ("smoke",), ("incident", "note", id, EVIL), ("incident", "brief", id, "--need", EVIL),
        ("incident", "call", id, "--need", EVIL), ("incident", "show", id), ("incident", "list"), ("jobs", "list"),
        ("jobs", "show", "1"), ("jobs", "export", "1"), ("jobs", "follow", "1"),
    ):  # fmt: skip
        done = world.quickly(*arguments)
        assert "Traceback" not in done.stderr, (arguments, done.stderr)
        said = (done.stdout + done.stderr).encode("utf-8", "surrogatepass")
        assert not foreign_escapes(said), (arguments, foreign_escapes(said)[:3])
        assert "\u202e" not in done.stdout + done.stderr, arguments
        assert done.returncode != 70, (arguments, done)


def quiet_hooks(lines: list[str]) -> Hooks:
    return Hooks(line=lines.append, started=lambda _: None, ended=lambda _: None, stop=lambda: None)


@pytest.mark.parametrize(
    "program",
    [
        "import sys; [sys.stdout.write('\\x1b[31m[/x]\\x1b]0;t\\x07' * 4000) for _ in range(60)]",
        "import sys; [sys.stdout.buffer.write(b'\\xff\\x00\\x1b[2J' * 16384) for _ in range(100)]",
    ],
    ids=["a line of a megabyte", "ten megabytes without a newline"],
)
def test_a_flooding_build_is_bounded_and_inert(program: str) -> None:
    lines: list[str] = []
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.monotonic()
    done = run_child(Child([sys.executable, "-c", program], limit=60), quiet_hooks(lines), Redactor(["hush-hush"]))
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert done.code == 0
    assert time.monotonic() - began < 60
    assert grown < 9_000_000, f"it holds {grown} bytes of the ten million that were printed"
    assert not any(foreign_escapes(line.encode()) for line in lines)
    assert max(map(len, lines)) <= 16_384


def test_a_rebuild_whose_build_prints_poison_ends_well_and_leaves_an_inert_log(world: World) -> None:
    build = world.folder / "build.py"
    build.write_text(
        "import sys\n"
        f"print({EVIL!r})\n"
        "sys.stdout.write('x' * 1_000_000 + '\\n')\n"
        "sys.stdout.buffer.write(b'\\xff\\x1b[2J' * 500_000)\n"
    )
    world.configure(platform=f'build = ["{sys.executable}", "{build}"]')
    done = world.roll_back("--rebuild", "--skip-tests")
    assert done.returncode == 0, done.stderr[-2000:]
    assert world.live().startswith("v2")
    assert not foreign_escapes(done.stderr.encode())
    log = next(path for path in (world.state / "jobs").glob("*.log"))
    assert not foreign_escapes(log.read_bytes().replace(b"\t", b""))
