"""What the settings forbid is refused, whatever a runbook says."""

from __future__ import annotations

from pathlib import Path

import pytest

from operations.errors import SettingsError
from operations.policy import forbidden
from tests.operations.station import Station

REFUSES = r"""
[policy]
refuse = ["dropdb", 'git push .*--force(?!-)']
"""


def test_without_a_policy_nothing_is_forbidden(tmp_path: Path) -> None:
    assert forbidden(Station(tmp_path, {}).settings(), "production", "dropdb app") == ""


@pytest.mark.parametrize(
    "text",
    ["dropdb app", "DROPDB app", "git push origin main --force", "git  push \\\n  origin --force", "git push\t--force"],
)
def test_a_pattern_found_in_a_command_is_named(text: str, tmp_path: Path) -> None:
    settings = Station(tmp_path, {}, tail=REFUSES).settings()
    assert forbidden(settings, "staging", "true", text).startswith("policy.refuse names ")
    assert forbidden(settings, "staging", "git push origin main --force-with-lease; drop db") == ""


def test_an_environment_says_otherwise_for_itself(tmp_path: Path) -> None:
    station = Station(tmp_path, {}, more='commands = "never"')
    assert "environments.production.commands is “never”" in forbidden(station.settings(), "production", "true")
    assert forbidden(station.settings(), "staging", "true") == ""
    station.more, station.tail = 'commands = "ask"', '[policy]\ncommands = "never"'
    assert forbidden(station.settings(), "production", "true") == ""
    assert "policy.commands is “never”" in forbidden(station.settings(), "staging", "true")


@pytest.mark.parametrize(
    ("table", "key", "words"),
    [
        ('refuse = ["ok", "a("]', "policy.refuse[1]", "not a regular expression"),
        ('refuse = [" "]', "policy.refuse[0]", "is empty"),
        ('commands = "sometimes"', "policy.commands", "expected one of ask, never"),
        ("refused = []", "policy.refused", "unknown key"),
    ],
)
def test_a_mistake_in_the_policy_is_a_mistake_in_the_settings(table: str, key: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        Station(tmp_path, {}, tail=f"[policy]\n{table}").settings()
    [problem] = caught.value.problems
    assert f": {key}: " in problem
    assert words in problem
