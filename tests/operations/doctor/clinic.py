"""Runs `vigie doctor` in this process, in a bare environment, and reads what it found."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from operations.doctor.finding import Finding
from tests.attack.world import heard


@dataclass(frozen=True)
class Diagnosis:
    """Exit code, everything said, and the findings of the one document."""

    code: int
    said: str
    document: dict[str, Any]

    @property
    def findings(self) -> list[dict[str, str]]:
        return list(self.document["result"]["findings"])

    def named(self, name: str, group: str = "") -> dict[str, str]:
        """The first finding of that name; it has to be there."""
        found = [one for one in self.findings if one["name"] == name and group in ("", one["group"])]
        assert found, [one["name"] for one in self.findings]
        return found[0]

    def of(self, verdict: str) -> set[str]:
        """Names of the findings with that verdict."""
        return {one["name"] for one in self.findings if one["verdict"] == verdict}


def bare(folder: Path, **changes: str) -> dict[str, str]:
    """An environment with nothing of this machine's user in it."""
    kept = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "VIGIE_STATE_DIR": str(folder / "state"),
    }
    return {**kept, **changes}


def diagnose(folder: Path, *arguments: str, **changes: str) -> Diagnosis:
    """`vigie … doctor --json …` in `folder`; options before the command come first, up to "doctor"."""
    at = arguments.index("doctor") if "doctor" in arguments else 0
    words = [*arguments[:at], "doctor", "--json", *arguments[at + 1 if "doctor" in arguments else 0 :]]
    with mock.patch.dict(os.environ, bare(folder, **changes), clear=True), contextlib.chdir(folder):
        done = heard(*words)
    assert done.stdout, done.stderr
    return Diagnosis(done.returncode, done.stdout + done.stderr, json.loads(done.stdout))


def told(folder: Path, *arguments: str, **changes: str) -> tuple[int, str]:
    """`vigie doctor …` as a person sees it."""
    with mock.patch.dict(os.environ, bare(folder, **changes), clear=True), contextlib.chdir(folder):
        done = heard(*arguments)
    return done.returncode, done.stdout + done.stderr


def by_name(findings: Iterable[Finding]) -> dict[str, Finding]:
    """The findings of one check."""
    return {finding.name: finding for finding in findings}


def program(folder: Path, name: str, says: str) -> Path:
    """A program of that name that prints something; the folder to put into PATH."""
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\necho '{says}'\n")
    file.chmod(0o755)
    return folder
