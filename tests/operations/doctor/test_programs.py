"""Programs that are missing or too old: named, with how to get them."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from operations.doctor.programs import check_programs, fits_server
from operations.dump import tools
from operations.settings import Environment, PlatformSettings, Secret, Settings, Site
from operations.settings_release import CommandSettings, DeploySettings, SwitchSettings
from tests.operations.doctor.clinic import by_name, program


def settings(folder: Path, build: tuple[str, ...] = (), restart: tuple[str, ...] = ()) -> Settings:
    platform = PlatformSettings(root=str(folder), build=build, restart=restart)
    env = Environment(kind="production", platform=platform, database=Secret("postgresql://u@db.example/x"))
    return Settings(site=Site(name="x", repository=str(folder)), environments={"production": env})


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with nothing in it, and no other folder that PostgreSQL's programs are looked for in."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(tools, "_USUAL", ())
    return tmp_path


def without_the_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)


@pytest.mark.parametrize("name", ["pg_dump", "psql"])
def test_without_postgresqls_clients_it_says_what_needs_them_and_how_to_install_them(
    name: str, alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_the_wheel(monkeypatch)
    found = by_name(check_programs(settings(alone)))[name]
    assert found.verdict == "fail"
    assert f"{name} is not installed" in found.says
    assert "postgresql-client" in found.mend


def test_the_practice_sites_clients_alone_are_a_warning_for_they_speak_no_tls(alone: Path) -> None:
    found = by_name(check_programs(settings(alone)))["pg_dump"]
    assert found.verdict == "warn"
    assert "no TLS" in found.says


def test_a_pg_dump_older_than_the_server_fails_and_says_which_to_install(
    alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_the_wheel(monkeypatch)
    program(alone / "bin", "pg_dump", "pg_dump (PostgreSQL) 12.9")
    found = fits_server("pg_dump", 16, loopback=False)
    assert found.verdict == "fail"
    assert "12.9" in found.says
    assert "PostgreSQL 16" in found.mend


def test_clients_are_not_asked_for_where_no_environment_has_a_database(tmp_path: Path) -> None:
    found = by_name(check_programs(Settings(environments={"production": Environment()})))
    assert [finding.verdict for finding in found.values()] == ["skip"]


def test_without_npm_it_names_node_and_the_setting(alone: Path) -> None:
    found = by_name(check_programs(settings(alone, build=("npm", "run", "build"))))["build command of production"]
    assert (found.verdict, found.says.partition(":")[0]) == ("fail", "npm is not there")
    assert "Node.js" in found.mend
    assert "platform.build" in found.mend


def test_npm_without_node_is_no_npm(alone: Path) -> None:
    program(alone / "bin", "npm", "10")
    found = list(check_programs(settings(alone, build=("npm", "run", "build"))))
    assert [one.says for one in found if one.verdict == "fail" and "node" in one.says] == [
        "node is not there, which runs npm: a deploy, or a rollback that has to rebuild, would fail"
    ]


def test_a_build_script_of_the_repository_is_found_there(alone: Path) -> None:
    program(alone / "scripts", "build.sh", "")
    found = by_name(check_programs(settings(alone, build=("./scripts/build.sh",))))
    assert found["build command of production"].verdict == "ok"


def test_a_restart_command_that_is_not_there_is_named_before_it_is_needed(alone: Path) -> None:
    found = by_name(check_programs(settings(alone, restart=("systemctl", "restart", "x"))))
    assert (found["restart command of production"].verdict, found["restart command of production"].says) == (
        "fail",
        "systemctl is not there",
    )


def deploying(folder: Path, **keys: object) -> Settings:
    base = settings(folder)
    return msgspec.structs.replace(base, path=str(folder / "vigie.toml"), **keys)


@pytest.mark.parametrize(
    ("keys", "name", "program_", "hint"),
    [
        ({"deploy": DeploySettings(install=("pnpm", "install"))}, "install command", "pnpm", "Install pnpm"),
        ({"deploy": DeploySettings(migrations="prisma")}, "migrations command", "npx", "Install Node.js"),
        ({"deploy": DeploySettings(migrations="command", migrate=("bin/up",))}, "migrations command", "bin/up", "Ins"),
        ({"switches": SwitchSettings(flag=("bin/flag",))}, "flag command", "bin/flag", "correct switches.flag"),
        ({"switches": SwitchSettings(maintenance=("shut",))}, "maintenance command", "shut", "switches.maintenance"),
    ],
)
def test_each_command_of_a_deploy_and_of_the_switches_is_looked_for(
    keys: dict[str, object], name: str, program_: str, hint: str, alone: Path
) -> None:
    found = by_name(check_programs(deploying(alone, **keys)))[name]
    assert found.verdict == "fail"
    assert f"{program_} is not there" in found.says
    assert hint in found.mend


def test_what_is_installed_and_built_by_default_needs_npm_where_the_checkout_has_its_files(alone: Path) -> None:
    (alone / "package.json").write_text("{}")
    (alone / "package-lock.json").write_text("{}")
    base = settings(alone)
    platform = PlatformSettings(driver="releases", root=str(alone))
    env = msgspec.structs.replace(base.environments["production"], platform=platform)
    found = by_name(check_programs(msgspec.structs.replace(base, environments={"production": env})))
    assert found["install command"].verdict == found["build command of production"].verdict == "fail"
    assert "npm is not there" in found["install command"].says


@pytest.mark.parametrize(
    ("platform", "missing"),
    [
        (PlatformSettings(driver="vercel", project="x", token=Secret("t")), {"publish": "vercel"}),
        (
            PlatformSettings(driver="command", commands=CommandSettings(preset="kamal")),
            dict.fromkeys(("list", "live", "publish", "promote"), "kamal"),
        ),
    ],
    ids=["vercel", "kamal"],
)
def test_a_platforms_own_commands_are_looked_for(
    platform: PlatformSettings, missing: dict[str, str], alone: Path
) -> None:
    base = settings(alone)
    env = msgspec.structs.replace(base.environments["production"], platform=platform)
    found = by_name(check_programs(msgspec.structs.replace(base, environments={"production": env})))
    for what, name in missing.items():
        finding = found[f"{what} command of production"]
        assert finding.verdict == "fail"
        assert f"{name} is not there" in finding.says
        assert (
            f"environments.production.platform.{'publish_command' if name == 'vercel' else 'commands'}" in finding.mend
        )
