"""Commands about incidents, messages and the journal with arguments that nobody meant: words, a code, one document.

Each command stands here as it works; then each of its values is replaced by what a script or a paste may bring.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import click

from operations.commands import incident, journal, message
from operations.commands.codes import codes_of_commands
from tests.attack.poison import EVIL, foreign_escapes
from tests.attack.world import heard
from tests.operations.doctor.clinic import bare

SETTINGS = """
operator = "ana"
lock_dir = "locks"
[site]
name = "board"
[environments.production]
kind = "production"
[environments.staging]
kind = "staging"
[[contacts]]
name = "Eva"
phone = "+33 1"
[[messages.targets]]
name = "file"
kind = "file"
path = "out.txt"
"""
COMMANDS = """
incident answered {open} Eva coming
incident brief {gone} --need hands
incident call {gone} --need hands --contact Eva
incident call {open} --contact Eva --phoned
incident clock {open}
incident correct {open} 00000000 text
incident export {open} --format json --out o.json --picture p.svg
incident follow {gone} --no-wait
incident list
incident note {open} words --at 03:00
incident open title --env staging --severity P2 --restricted why
incident pin {open} 00000000
incident remind {open} look --at 30m
incident resolve {open} --why why
incident restrict {open} --why why
incident role {open} give scribe tom
incident settle {open} update --why why
incident severity {open} P1
incident show {open} --filter notes --search x
incident snooze {open} update --until 1h --why why
incident state {open} identified --why why
incident stats --since 2026-01-01 --env production
incident task {open} change 000000 --text words --owner tom --due 2h
incident tell {open} impact users
incident title {open} words
incident close {gone} --why why
message draft update --set impact=x --incident {gone}
message list --incident {open}
message send update --set impact=x --to file --text en=hello --allow mail --incident {gone}
message show m-1 --incident {open}
message retry m-1 --to file --incident {open} --yes
journal export folder --incident {open}
journal import file.jsonl
journal prune
journal repair
journal verify --heads file --mark m
"""
POISON = (
    "",
    " \n",
    "x" * 10_000,
    EVIL.replace("\0", ""),
    "{closed}",
    "-1",
    "../../../etc/passwd",
    "\udcff",
    "[/x] %s{0}",
)
IN_TURN = 2
"""So many of them replace one value; the next value gets the next ones."""


class Board:
    """A folder with one incident that is open, one that is closed, and nothing else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "vigie.toml").write_text(SETTINGS)
        opened = self.run("incident", "open", "the board is empty").stdout.strip()
        closed = self.run("incident", "open", "an old one", "--env", "staging").stdout.strip()
        self.run("incident", "close", closed, "--why", "a mistake")
        self.names = {"open": opened, "closed": closed, "gone": "1121-zzz"}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        with mock.patch.dict(os.environ, bare(self.folder), clear=True), contextlib.chdir(self.folder):
            return heard(*arguments)

    def filled(self, word: str) -> str:
        return word.format(**self.names) if word in ("{open}", "{closed}", "{gone}") else word


def leaves(group: click.Command, path: tuple[str, ...]) -> Iterator[str]:
    if not isinstance(group, click.Group):
        yield " ".join(path)
        return
    for name, command in group.commands.items():
        yield from leaves(command, (*path, name))


def attacks() -> Iterator[list[str]]:
    """Each command with one of its values replaced, the poisons taking turns."""
    turn = 0
    for line in COMMANDS.strip().splitlines():
        words = line.split()
        for slot, word in enumerate(words):
            if slot < 2 or word.startswith("--"):
                continue
            for _ in range(IN_TURN):
                poison = POISON[turn % len(POISON)]
                turn += 1
                if not (poison.startswith("-") and not words[slot - 1].startswith("--")):
                    yield [*words[:slot], poison, *words[slot + 1 :]]


def test_every_command_is_attacked() -> None:
    groups = {"incident": incident.incident, "message": message.message, "journal": journal.journal}
    there = {name for first, group in groups.items() for name in leaves(group, (first,))}
    assert there == {" ".join(line.split()[:2]) for line in COMMANDS.strip().splitlines()}


def test_whatever_is_typed_a_command_ends_with_words_a_code_of_its_own_and_one_document(tmp_path: Path) -> None:
    board = Board(tmp_path)
    codes = codes_of_commands()
    ended: set[int] = set()
    for attack in attacks():
        given = [board.filled(word) for word in attack]
        done = board.run(*given[:2], "--json", *given[2:])
        case = [word[:40] for word in given]
        ended.add(done.returncode)
        assert done.returncode in {0, 1, *codes.get(" ".join(given[:2]), ())}, (case, done.stderr[:500])
        said = (done.stdout + done.stderr).encode("utf-8", "surrogatepass")
        assert not foreign_escapes(said), case
        assert "\u202e" not in done.stdout + done.stderr, case
        assert max(map(len, done.stderr.splitlines()), default=0) <= 1000, case
        if done.returncode or done.stdout.startswith("{\n"):
            document = json.loads(done.stdout)
            assert document["exit_code"] == done.returncode, case
            assert document["ok"] or document["error"]["what"], case
    assert ended <= {0, 1, 2, 3, 4}
    assert board.run("journal", "verify").returncode == 0


def test_a_value_that_is_empty_is_never_taken_for_none(tmp_path: Path) -> None:
    board = Board(tmp_path)
    before = sorted(path.name for path in tmp_path.iterdir())
    for command in (
        ("incident", "open", "a breach", "--env", "staging", "--restricted", ""),
        ("incident", "call", "{open}", "--need", "hands", "--contact", " "),
        ("incident", "note", "{open}", "words", "--at", ""),
        ("incident", "stats", "--env", ""),
        ("incident", "stats", "--since", ""),
        ("message", "list", "--incident", ""),
        ("journal", "export", "folder", "--incident", ""),
        ("journal", "export", ""),
    ):
        done = board.run(*(board.filled(word) for word in command))
        assert done.returncode == 1, (command, done.stdout, done.stderr)
        assert done.stderr.startswith("[ERROR]"), command
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert len(json.loads(board.run("incident", "list", "--json").stdout)["result"]) == 2
