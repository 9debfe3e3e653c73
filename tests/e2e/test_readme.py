"""Every example in the README and its pages is run here, on the practice site; the tables are those of the code."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from operations.settings_reader import load_settings
from tests.e2e.conftest import Stage
from tests.readme import README, generated

TEXT = README.read_text("utf-8")
DOCS = README.parent / "docs"
PAGES = {page: page.read_text("utf-8") for page in (README, *sorted(DOCS.glob("*.md")))}


def blocks(page: Path) -> list[tuple[str, str]]:
    """Its fences: their language and their text."""
    return re.findall(r"^```(\w+)\n(.*?)^```", PAGES[page], re.DOTALL | re.MULTILINE)


COMMANDS = [
    shlex.split(line.partition("#")[0])[1:]
    for page in PAGES
    for language, body in blocks(page)
    if language == "sh"
    for line in body.splitlines()
    if line.startswith("vigie ")
]
PLAYED = (["drill"], ["drill", "bad-release"])
"""These open the console: they are played by keys in test_bad_release.py."""
NAMES = {
    "DB_URL": "postgresql://user:password@db.example/app",
    "PAGER_WEBHOOK": "https://pager.example/x",
    "CHAT_WEBHOOK": "https://chat.example/x",
    "VERCEL_TOKEN": "t0ken-value",
}
CODES = {"status": {0, 1, 3}, "smoke": {0, 1}, "doctor": {0, 2}, "runbook check": {0, 1, 3}, "runbook walk": {0, 3, 4}}
"""A site that is down, or not yet known, is no failure of the command that says so."""


def test_the_tables_are_those_of_the_code() -> None:
    assert generated(TEXT) == TEXT, "run: python -m tests.readme"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_picture_and_page_it_names_is_there(page: Path) -> None:
    for path in re.findall(r"\]\(([^)#:]+)[^):]*\)", re.sub(r"```.*?```|`[^`]*`", "", PAGES[page], flags=re.DOTALL)):
        assert (page.parent / path).exists(), path


@pytest.mark.parametrize("page", [README, DOCS / "settings.md"], ids=lambda page: page.stem)
def test_the_settings_example_is_read_without_a_complaint(page: Path, tmp_path: Path) -> None:
    example = next(body for language, body in blocks(page) if language == "toml")
    path = tmp_path / "vigie.toml"
    path.write_text(example, "utf-8")
    settings = load_settings(path, NAMES)
    assert settings.environments["production"].platform.driver == "releases"
    assert settings.phrase("production") == "pro-remorque production"


def test_the_example_for_vercel_is_read_without_a_complaint(tmp_path: Path) -> None:
    site, vercel = (body for language, body in blocks(DOCS / "settings.md") if language == "toml")
    path = tmp_path / "vigie.toml"
    releases = site.index("[environments.production.platform]")
    path.write_text(site[:releases] + vercel, "utf-8")
    settings = load_settings(path, NAMES)
    assert settings.environments["production"].platform.driver == "vercel"


def test_make_targets_it_names_exist() -> None:
    makefile = (README.parent / "Makefile").read_text("utf-8")
    for target in re.findall(r"^make (\w+)", TEXT, re.MULTILINE):
        assert f"\n{target}:" in makefile, target


@pytest.mark.practice
@pytest.mark.timeout(300)
def test_every_command_in_it_runs(stage: Stage) -> None:
    assert len(COMMANDS) >= 15
    settings = stage.deal("bad-release")
    acting = [words for words in COMMANDS if words[0] == "rollback" and "--plan" not in words]
    reading = [words for words in COMMANDS if words not in acting and words[0] not in ("drill", "watch")]
    for words in [*reading, *acting]:
        told = [settings.phrase("production") if word == "pro-remorque production" else word for word in words]
        done = stage.quickly(*told)
        codes = CODES.get(words[0]) or CODES.get(" ".join(words[:2]), {0})
        assert done.code in codes, (words, done.code, done.err)
        if "--json" in words:
            assert done.document["command"] in (words[0], " ".join(words[:2]))
    assert ["watch", "--plain"] in COMMANDS
    following = stage.open("--config", str(stage.config), "watch", "--plain")
    following.wait_for("api/health")
    following.close()
    for words in COMMANDS:
        if words[0] == "drill" and words not in PLAYED and "--autopilot" not in words and "--down" not in words:
            done = stage.run(*words, "--dir", str(stage.home))
            assert done.code == 0, (words, done.err)
