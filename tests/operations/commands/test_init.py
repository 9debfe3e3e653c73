"""`vigie init`: the file loads at once, explains every setting, fits its folder and goes over no other."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec
import pytest

from operations.first_settings.found import Found, look_around
from operations.first_settings.template import settings_text
from operations.settings import Section, Settings
from operations.settings_reader import load_settings, store_answer
from tests.operations.doctor.clinic import told
from tests.operations.gitsite import GitSite

SECRET = "pw-sup3r-s3cret"
ENV = f"""
APP_URL=https://board.example
DB_URL=postgresql://ana:{SECRET}@db.example/board
TARGET_DB_URL=postgresql://ana:{SECRET}@staging.example/board
S3_BUCKET=board-backups
AWS_ACCESS_KEY_ID=AKIA{SECRET}
AWS_SECRET_ACCESS_KEY={SECRET}
AWS_REGION=eu-west-3
DEPLOY_TOKEN={SECRET}
"""
NAMES = frozenset(line.partition("=")[0] for line in ENV.split() if line)
LEFT_OUT = {
    "drill": "only the practice site's own file has it",
    "named": "set by the reader, no key",
    "path": "set by the reader, no key",
    "unanswered": "set by the reader, no key",
}
"""Settings that the file knowingly does not mention."""
SHAPES = {
    "nothing": Found(site="board"),
    "names without an answer": Found(site="board", names=NAMES),
    "names of production": Found(site="board", names=NAMES, environment="production"),
    "names of staging": Found(site="board", names=NAMES, environment="staging"),
    "a checkout": Found('bo"ard', "..", "trunk", "prisma/migrations", ("npm", "run", "build")),
}


def init(folder: Path, *arguments: str, **changes: str) -> tuple[int, str]:
    return told(folder, "init", *arguments, **changes)


def uncommented(text: str) -> str:
    """The file with every setting and table that is commented out taken in."""
    return re.sub(r"(?m)^# (?=(\w+ = |\[))", "", text)


def values(text: str) -> dict[str, str]:
    """Something that fits for every ${NAME} in the text."""
    url, database = "https://x.example", "postgresql://u:p@db.example/x"
    names = re.findall(r"\$\{(\w+)\}", text)
    return {name: database if name in ("DB_URL", "TARGET_DB_URL", "READ_URL") else url for name in names}


def sections(kind: type[Section]) -> Iterator[tuple[str, type[Section] | None]]:
    """Each key of a table, and the type of the table it holds."""
    hints = get_type_hints(kind)
    for field in msgspec.structs.fields(kind):
        hint = hints[field.name]
        parts = [hint, *get_args(hint)]
        yield field.name, next((part for part in parts if isinstance(part, type) and issubclass(part, Section)), None)


def missing(kind: type[Section], trees: list[Any], where: str) -> Iterator[str]:
    """Keys of `kind` that none of these tables has."""
    for key, section in sections(kind):
        found = [tree[key] for tree in trees if key in tree]
        if not found:
            if key not in LEFT_OUT:
                yield f"{where}{key}"
            continue
        if section is not None:
            yield from missing(section, [table for value in found for table in tables(value, key)], f"{where}{key}.")


def tables(value: Any, key: str) -> list[Any]:
    if isinstance(value, list):
        return value
    return list(value.values()) if key == "environments" else [value]


@pytest.mark.parametrize("shape", SHAPES)
def test_whatever_was_found_the_file_loads_at_once(shape: str, tmp_path: Path) -> None:
    found, path = SHAPES[shape], tmp_path / "vigie.toml"
    path.write_text(settings_text(found))
    settings = load_settings(path, values(path.read_text()))
    assert settings.site.name == found.site
    assert settings.environments["production"].kind == "production"


@pytest.mark.parametrize("shape", SHAPES)
def test_every_setting_that_is_commented_out_is_one_that_loads(shape: str, tmp_path: Path) -> None:
    found, path = SHAPES[shape], tmp_path / "vigie.toml"
    path.write_text(uncommented(settings_text(found)))
    settings = load_settings(path, values(path.read_text()))
    assert (len(settings.environments), len(settings.contacts), len(settings.providers)) == (2, 1, 1)
    assert settings.readonly


def test_every_setting_there_is_stands_in_it_but_those_that_are_knowingly_left_out() -> None:
    tree = tomllib.loads(uncommented(settings_text(SHAPES["nothing"])))
    assert list(missing(Settings, [tree], "")) == []
    assert not set(LEFT_OUT) & set(tree)


def test_a_setting_that_is_commented_out_shows_its_default_where_it_has_one() -> None:
    text = settings_text(SHAPES["nothing"])
    active, whole = tomllib.loads(text), tomllib.loads(uncommented(text))
    assert list(differing(Settings, active, whole, "")) == []


def differing(kind: type[Section], active: Mapping[str, Any], whole: Mapping[str, Any], where: str) -> Iterator[str]:
    defaults = {field.name: field.default for field in msgspec.structs.fields(kind)}
    for key, section in sections(kind):
        if key not in whole:
            continue
        if section is not None and isinstance(active.get(key), dict):
            pairs = [(active[key], whole[key])]
            if key == "environments":
                pairs = [(active[key][name], whole[key][name]) for name in active[key]]
            for one, other in pairs:
                yield from differing(section, one, other, f"{where}{key}.")
        elif section is None and key not in active:
            default = defaults[key]
            shown = tuple(whole[key]) if isinstance(whole[key], list) else whole[key]
            if isinstance(default, bool | int | float | str | tuple) and default and shown != default:
                yield f"{where}{key}: shows {shown}, is {default}"


def test_it_takes_names_and_folders_from_what_lies_there(tmp_path: Path) -> None:
    site = GitSite(tmp_path / "work", branch="trunk")
    site.git("remote", "add", "origin", f"https://ana:{SECRET}@git.example/team/tow-board.git")
    site.commit("start", {"package.json": json.dumps({"scripts": {"build": "x"}}), "supabase/migrations/1.sql": ""})
    found = look_around(site.path, {})
    assert found == Found(
        "tow-board", ".", "trunk", "supabase/migrations", ("npm", "run", "build"), environment="", names=frozenset()
    )
    assert SECRET not in settings_text(found)


@pytest.mark.parametrize(("lock", "tool"), [("pnpm-lock.yaml", "pnpm"), ("yarn.lock", "yarn"), ("bun.lock", "bun")])
def test_the_build_is_run_by_the_tool_whose_lock_file_is_there(lock: str, tool: str, tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"scripts": {"build": "x"}}')
    (tmp_path / lock).write_text("")
    assert look_around(tmp_path, {}).build == (tool, "run", "build")


def test_in_a_folder_of_a_larger_checkout_the_paths_lead_to_it(tmp_path: Path) -> None:
    site = GitSite(tmp_path / "work")
    site.commit("start", {"apps/web/prisma/migrations/1.sql": ""})
    found = look_around(site.path / "apps/web", {})
    assert (found.repository, found.migrations, found.site) == ("../..", "apps/web/prisma/migrations", "work")


def test_what_an_env_file_stands_for_is_not_guessed(tmp_path: Path) -> None:
    (tmp_path / ".env.operations").write_text(ENV)
    code, said = init(tmp_path)
    production = load_settings(tmp_path / "vigie.toml", {}).environments["production"]
    assert code == 0
    assert not production.url and not production.database
    assert "APP_URL and DB_URL of .env.operations may be production's or staging's" in said


def test_with_the_answer_a_person_gave_the_names_go_where_they_belong(tmp_path: Path) -> None:
    (tmp_path / ".env.operations").write_text(ENV)
    store_answer(tmp_path / ".env.operations", "production")
    assert init(tmp_path)[0] == 0
    settings = load_settings(tmp_path / "vigie.toml", {})
    assert settings.environments["production"].url == "https://board.example"
    assert settings.environments["production"].database_address == "db.example/board"
    assert settings.environments["staging"].database_address == "staging.example/board"
    assert settings.environments["staging"].backups.bucket == "board-backups"


def test_the_site_keeps_the_name_under_which_its_backups_lie(tmp_path: Path) -> None:
    (tmp_path / ".env.operations").write_text(ENV)
    before = load_settings(tmp_path / ".env.operations", {})
    init(tmp_path)
    assert load_settings(tmp_path / "vigie.toml", {}).site.name == before.site.name == "board"


def test_a_value_that_would_not_load_is_left_commented_out(tmp_path: Path) -> None:
    (tmp_path / ".env.operations").write_text("APP_URL=not an address\nTARGET_DB_URL=mysql://x\n")
    store_answer(tmp_path / ".env.operations", "production")
    assert init(tmp_path)[0] == 0
    assert load_settings(tmp_path / "vigie.toml", {}).environments["production"].url == ""


def test_no_value_of_the_env_file_is_in_the_file_or_on_the_screen(tmp_path: Path) -> None:
    (tmp_path / ".env.operations").write_text(ENV)
    said = init(tmp_path)[1] + init(tmp_path, "--stdout")[1]
    assert SECRET not in said + (tmp_path / "vigie.toml").read_text()


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        init(tmp_path)
    finally:
        os.umask(before)
    assert (tmp_path / "vigie.toml").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("kind", ["file", "link to nowhere"])
def test_what_is_there_already_is_left_as_it_is(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "vigie.toml"
    if kind == "file":
        path.write_text("mine")
    else:
        path.symlink_to(tmp_path / "nowhere")
    code, said = init(tmp_path)
    assert code == 1
    assert f"{path} is there already" in said
    assert sorted(one.name for one in tmp_path.iterdir()) == ["vigie.toml"]
    assert path.is_symlink() or path.read_text() == "mine"


def test_force_keeps_every_old_one_beside_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "vigie.toml"
    path.write_text("first")
    assert init(tmp_path, "--force")[0] == 0
    path.write_text("second")
    code, said = init(tmp_path, "--force")
    assert (code, "vigie.toml.before-2" in said) == (0, True)
    kept = {one.name: one.read_text() for one in tmp_path.iterdir() if "before" in one.name}
    assert kept == {"vigie.toml.before-1": "first", "vigie.toml.before-2": "second"}
    assert path.read_text().startswith("# What Vigie knows")


def test_stdout_prints_the_very_text_and_writes_nothing(tmp_path: Path) -> None:
    code, said = init(tmp_path, "--stdout")
    assert (code, list(tmp_path.iterdir())) == (0, [])
    init(tmp_path)
    assert (tmp_path / "vigie.toml").read_text() == said


def test_a_read_only_session_writes_nothing(tmp_path: Path) -> None:
    code, _ = init(tmp_path, VIGIE_READONLY="1")
    assert (code, list(tmp_path.iterdir())) == (1, [])


def test_another_folder_may_be_named_and_one_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    assert init(tmp_path, "--dir", "site")[0] == 0
    assert (tmp_path / "site/vigie.toml").is_file()
    code, said = init(tmp_path, "--dir", "nowhere")
    assert (code, "is no folder" in said) == (1, True)


def test_the_doctor_finds_nothing_wrong_with_the_settings_it_wrote(tmp_path: Path) -> None:
    init(tmp_path)
    code, said = told(tmp_path, "doctor", "--offline")
    assert (code, "✓ settings" in said) == (0, True)
