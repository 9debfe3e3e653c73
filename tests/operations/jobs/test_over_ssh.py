"""Operations begun over ssh whose link is cut at a random moment: each ends as if nothing had happened."""

from __future__ import annotations

import os
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from getpass import getuser
from pathlib import Path

import pytest

from operations.desk import utc_now
from operations.engine.jobs import JobBook
from operations.engine.record import JobRecord
from operations.places import places_for
from tests.attack.world import heard
from tests.e2e.conftest import until
from tests.e2e.keys import say_yes
from tests.e2e.terminal import Terminal
from tests.operations.jobs.rig import Rig, a_rig
from tests.operations.jobs.runs import Runs
from tests.operations.jobs.yard import new_yard
from tests.servers import PostgresServer, S3Server, free_port

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
pytestmark = [
    pytest.mark.skipif(SSHD is None, reason="there is no sshd on this machine"),
    pytest.mark.terminal,
    pytest.mark.timeout(120),
]
CONFIG = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/own.pub
PidFile {folder}/sshd.pid
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
"""


@dataclass(frozen=True)
class Bastion:
    """An ssh server of our own on loopback."""

    folder: Path
    port: int

    def command(self, words: list[str]) -> list[str]:
        """The ssh client that runs `words` there, on a terminal."""
        options = ("StrictHostKeyChecking=no", f"UserKnownHostsFile={self.folder}/known", "LogLevel=ERROR")
        how = [part for option in options for part in ("-o", option)]
        where = ["-p", str(self.port), f"{getuser()}@127.0.0.1"]
        remote = ["env", f"PATH={os.environ['PATH']}", f"HOME={self.folder}", *words]
        return [
            shutil.which("ssh") or "ssh",
            "-tt",
            "-F",
            "none",
            "-i",
            str(self.folder / "own"),
            *how,
            *where,
            shlex.join(remote),
        ]


@contextmanager
def a_bastion(folder: Path) -> Iterator[Bastion]:
    """Run sshd until the block ends."""
    assert SSHD is not None
    for name in ("host", "own"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    made = Bastion(folder, free_port())
    (folder / "config").write_text(CONFIG.format(port=made.port, folder=folder))
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    process = subprocess.Popen([SSHD, "-D", "-e", "-f", str(folder / "config")], stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if "listening" in line:
                break
        else:
            pytest.skip("sshd does not run here")
        yield made
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def bastion(tmp_path: Path) -> Iterator[Bastion]:
    folder = tmp_path / "ssh"
    folder.mkdir()
    with a_bastion(folder) as made:
        yield made


@pytest.fixture
def rig(tmp_path: Path, postgres: PostgresServer, s3: S3Server) -> Iterator[Rig]:
    """A staging site with something to deploy, to go back to and to back up."""
    folder = tmp_path / "site"
    folder.mkdir()
    with a_rig(folder) as made:
        address = postgres.new_database()
        made.kind = "staging"
        made.more = f'database = "{address}"'
        made.tables = (
            f'[environments.production.backups]\nbucket = "{s3.new_bucket()}"\nendpoint = "{s3.endpoint}"\n'
            f'region = "us-east-1"\naccess_key = "{s3.access_key}"\nsecret_key = "{s3.secret_key}"\nencryption = ""\n'
            '[deploy]\nmigrations = "sql"\n'
        )
        made.git.commit("work", {"app.txt": "4", "migrations/0002_zone.sql": "create table zones (id int);"}, tag="v4")
        made.write_settings()
        yield made


def cut_at_a_random_step(bastion: Bastion, runs: Runs, config: Path, *words: str) -> str:
    """Begin it over ssh, cut the link in a step that a die names, and give the job's id."""
    vigie = [sys.executable, "-m", "tui.main", "--config", str(config), *words]
    # A name with the time in it would be another one there.
    titles = [step.title.partition("-20")[0] for step in runs.operation.plan(runs.desk(), {}).steps]
    title = random.Random().choice(titles)
    environment = {"PATH": os.environ["PATH"], "HOME": str(bastion.folder), "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    with Terminal(bastion.command(vigie), env=environment, cwd=bastion.folder, columns=160, rows=48) as terminal:
        terminal.wait_for(f"── {re.escape(title[:30])}")
        terminal.kill(signal.SIGKILL)
        terminal.wait_ended()
    (job,) = (job for job in runs_jobs(runs) if job.operation == runs.operation.name)
    return job.id


def runs_jobs(runs: Runs) -> list[JobRecord]:
    book = JobBook(runs.journal, now=utc_now, state=places_for(runs.settings).state)
    book.refresh()
    return list(book.jobs())


def ends_as_if_nothing_had_happened(runs: Runs, config: Path, job: str) -> None:
    ended = runs.ended(job)
    assert (ended.code, ended.debris) == (0, ()), ended.says
    followed = heard("--config", str(config), "jobs", "follow", job)
    assert followed.returncode == 0
    assert "exit code 0: " in followed.stdout + followed.stderr


@pytest.mark.parametrize("operation", ["rollback", "deploy", "redeploy", "backup", "smoke"])
def test_a_cut_link_leaves_it_to_finish_and_to_be_followed_again(bastion: Bastion, rig: Rig, operation: str) -> None:
    config = rig.folder / "vigie.toml"
    runs = Runs(rig.settings(), operation, "production")
    yes = () if operation in ("smoke", "backup") else ("--yes",)
    job = cut_at_a_random_step(bastion, runs, config, operation, "--env", "production", *yes)
    ends_as_if_nothing_had_happened(runs, config, job)
    runs.journal.close()
    served = {"rollback": "v2", "deploy": "v4"}.get(operation)
    assert served is None or rig.served() == served


def test_a_console_whose_link_is_cut_mid_rollback_is_gone_and_the_rollback_ends(bastion: Bastion, rig: Rig) -> None:
    config = rig.folder / "vigie.toml"
    runs = Runs(rig.settings(), "rollback", "production")
    command = bastion.command([sys.executable, "-m", "tui.main", "--config", str(config)])
    environment = {"PATH": os.environ["PATH"], "HOME": str(bastion.folder), "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    with Terminal(command, env=environment, cwd=bastion.folder) as console:
        console.wait_for("q quit")
        console.press_meant("R", "Will run")
        say_yes(console, "-- Jobs ")
        console.wait_for(r"rollback production (starting|running)")
        assert consoles_on(config)
        console.kill(signal.SIGKILL)
        console.wait_ended()
    (job,) = (job for job in runs_jobs(runs) if job.operation == "rollback")
    ends_as_if_nothing_had_happened(runs, config, job.id)
    runs.journal.close()
    until(lambda: not consoles_on(config))


def consoles_on(config: Path) -> list[str]:
    """The processes of consoles on these settings; a worker's command is another one."""
    found = (path.read_bytes().split(b"\0") for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists())
    wanted = [b"-m", b"tui.main", b"--config", str(config).encode()]
    return [b" ".join(words).decode() for words in found if words[1:-1] == wanted]


def test_a_restore_whose_link_is_cut_ends_too(
    bastion: Bastion, tmp_path: Path, postgres: PostgresServer, s3: S3Server
) -> None:
    yard = new_yard(tmp_path, postgres, s3)
    yard.back_up()
    yard.run("delete from calls")
    config = tmp_path / "vigie.toml"
    runs = Runs(yard.settings(), "restore", "staging")
    words = ("restore", "--env", "staging", "--latest", "--yes", "--confirm", yard.target)
    job = cut_at_a_random_step(bastion, runs, config, *words)
    ends_as_if_nothing_had_happened(runs, config, job)
    runs.journal.close()
    assert yard.callers() > 0
