"""Programs that are missing or too old: named, with how to get them."""

from __future__ import annotations

from pathlib import Path

import pytest

from operations.doctor.programs import check_programs, fits_server
from operations.dump import tools
from operations.settings import Environment, PlatformSettings, Secret, Settings, Site
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
        "node is not there, which runs it"
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
