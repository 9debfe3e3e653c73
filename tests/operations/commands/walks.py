"""Walks on the command line for tests: run in this process, in a bare environment, by recorded facts."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from subprocess import CompletedProcess
from textwrap import dedent
from typing import Any
from unittest import mock

from tests.attack.world import heard
from tests.operations.doctor.clinic import bare
from tests.runbooks.support import SCENARIOS

RECORDED: dict[str, Any] = {
    name: one["facts"] for name, one in json.loads(SCENARIOS.read_text("utf-8"))["scenarios"].items()
}


def vigie(folder: Path, *arguments: str) -> CompletedProcess[str]:
    """A command in that folder."""
    with mock.patch.dict(os.environ, bare(folder), clear=True), contextlib.chdir(folder):
        return heard(*arguments)


def walk(folder: Path, *arguments: str, facts: object = None) -> CompletedProcess[str]:
    """A walk by those facts."""
    if facts is not None:
        (folder / "facts.json").write_text(json.dumps(facts), "utf-8")
        arguments = (*arguments, "--facts", "facts.json")
    return vigie(folder, "runbook", "walk", *arguments)


def said_by(folder: Path, *arguments: str, facts: object = None) -> tuple[int, str]:
    """Exit code and everything that was said."""
    done = walk(folder, *arguments, facts=facts)
    return done.returncode, done.stdout + done.stderr


def walked(folder: Path, *arguments: str, facts: object = None) -> tuple[int, dict[str, Any]]:
    """Exit code and the one document."""
    done = walk(folder, *arguments, "--json", facts=facts)
    return done.returncode, json.loads(done.stdout)


def labels(document: dict[str, Any]) -> list[str]:
    """The short names of the sections walked, the one it stopped at included."""
    result = document["result"]
    return [step["label"] for step in result["path"]] + [result["ended"]["label"]]


def book(folder: Path, text: str) -> str:
    """A runbook of that text; its path as it is named on the command line."""
    (folder / "own.md").write_text(dedent(text), "utf-8")
    return "./own.md"
