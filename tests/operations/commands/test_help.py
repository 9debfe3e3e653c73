"""What `--help` prints: no sentence is cut off."""

from __future__ import annotations

import pytest

from operations.cli import COMMANDS
from tests.attack.world import here


@pytest.mark.parametrize("group", ["backups", "incident", "journal", "jobs", "message", "runbook"])
def test_help_says_of_every_command_the_whole_first_sentence(group: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert group in COMMANDS
    assert here(group, "--help") == 0
    listed = capsys.readouterr().out.partition("Commands:\n")[2]
    assert listed and not [line for line in listed.splitlines() if line.endswith("...")]
