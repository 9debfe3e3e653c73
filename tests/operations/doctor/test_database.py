"""A real database that refuses, is not marked, is another one's, or does not allow something: each has its words."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from operations.doctor.database import check_database, judge_sight
from operations.doctor.finding import Finding
from operations.settings import Environment, Secret, Settings, Site
from tests.operations.doctor.clinic import by_name, told
from tests.servers import PostgresServer, free_port

PASSWORD = "a-word-of-its-own"


@pytest.fixture
def address(postgres: PostgresServer) -> str:
    """A marked database with two tables."""
    made = postgres.new_database()
    name = made.rpartition("/")[2]
    postgres.run("create table calls (id int primary key); create table trucks (id serial)", name)
    postgres.run(f"comment on database \"{name}\" is 'vigie:environment=staging'")
    return made


@pytest.fixture
def user(postgres: PostgresServer, address: str) -> Iterator[str]:
    """A role that may log in and nothing more."""
    role = f"role_{secrets.token_hex(4)}"
    postgres.run(f"create role \"{role}\" login password '{PASSWORD}'")
    yield role
    for database in (address.rpartition("/")[2], "postgres"):
        postgres.run(f'drop owned by "{role}"', database)
    postgres.run(f'drop role "{role}"')


def checked(address: str, readonly: str = "", kind: str = "staging") -> dict[str, Finding]:
    env = Environment(kind=kind, database=Secret(address), database_readonly=Secret(readonly))  # type: ignore[arg-type]
    return by_name(check_database(Settings(site=Site(name="x"), environments={"staging": env}), "staging"))


def as_user(postgres: PostgresServer, address: str, user: str) -> str:
    return postgres.url(address.rpartition("/")[2], user, PASSWORD)


def own(postgres: PostgresServer, address: str, user: str) -> None:
    name = address.rpartition("/")[2]
    postgres.run(f'alter database "{name}" owner to "{user}"')
    postgres.run(f'grant pg_read_all_data, pg_signal_backend, pg_monitor to "{user}"; alter role "{user}" createdb')


def give_back(postgres: PostgresServer, address: str) -> None:
    postgres.run(f'alter database "{address.rpartition("/")[2]}" owner to owner')


def test_a_user_with_the_grants_of_the_page_lacks_nothing(postgres: PostgresServer, address: str, user: str) -> None:
    own(postgres, address, user)
    found = checked(as_user(postgres, address, user))
    give_back(postgres, address)
    assert {finding.verdict for name, finding in found.items() if name != "read-only address"} == {"ok"}
    assert found["answers"].says.endswith("PostgreSQL 18.4")
    assert found["mark"].says == "staging"
    assert "restores by a swap" in found


def test_a_server_that_refuses_the_connection_is_named_with_the_setting() -> None:
    found = checked(f"postgresql://u:{PASSWORD}@127.0.0.1:{free_port()}/x")["answers"]
    assert found.verdict == "fail"
    assert "refused" in found.says
    assert "environments.staging.database" in found.mend
    assert PASSWORD not in found.says


def test_a_wrong_password_is_told_from_a_wrong_host(address: str, postgres: PostgresServer) -> None:
    found = checked(postgres.url(address.rpartition("/")[2], "owner", "wrong-password"))["answers"]
    assert (found.verdict, found.mend) == ("fail", "Correct user and password in environments.staging.database.")


def test_a_database_that_is_not_there_is_named(postgres: PostgresServer) -> None:
    found = checked(postgres.url("no_such_database"))["answers"]
    assert (found.verdict, found.mend.partition(" in ")[0]) == ("fail", "Correct the database or user")


def test_an_unmarked_database_is_a_warning_with_the_command_that_marks_it(postgres: PostgresServer) -> None:
    found = checked(postgres.new_database())["mark"]
    assert (found.verdict, found.mend) == ("warn", "vigie mark --env staging")


def test_another_environments_mark_fails(postgres: PostgresServer, address: str) -> None:
    postgres.run(f"comment on database \"{address.rpartition('/')[2]}\" is 'vigie:environment=production'")
    found = checked(address)["mark"]
    assert (found.verdict, found.says) == (
        "fail",
        "the database says that it is production, and the settings say staging",
    )


def test_tables_that_cannot_be_read_fail_and_the_grant_names_the_user(
    postgres: PostgresServer, address: str, user: str
) -> None:
    found = checked(as_user(postgres, address, user))["reads everything"]
    assert found.verdict == "fail"
    assert "cannot read 3 of the tables and sequences, as public.calls, public.trucks" in found.says
    assert f'grant pg_read_all_data to "{user}"' in found.mend


def test_rows_hidden_by_row_level_security_fail_for_pg_dump_refuses_them(
    postgres: PostgresServer, address: str, user: str
) -> None:
    postgres.run(f'grant pg_read_all_data to "{user}"')
    postgres.run("alter table calls enable row level security", address.rpartition("/")[2])
    found = checked(as_user(postgres, address, user))["sees every row"]
    assert (found.verdict, found.mend) == ("fail", f'As an administrator: alter role "{user}" bypassrls')


def test_what_a_restore_by_a_swap_lacks_is_named_on_staging_and_not_asked_of_production(
    postgres: PostgresServer, address: str, user: str
) -> None:
    way = as_user(postgres, address, user)
    found = checked(way)["restores by a swap"]
    assert found.verdict == "warn"
    assert "does not own the database and may not create databases and may not end" in found.says
    assert f'alter role "{user}" createdb; grant pg_signal_backend to "{user}"' in found.mend
    assert "restores by a swap" not in checked(way, kind="production")


def test_a_user_that_sees_no_other_sessions_is_a_warning(postgres: PostgresServer, address: str, user: str) -> None:
    assert checked(as_user(postgres, address, user))["sees sessions"] == judge_sight(user, False)
    postgres.run(f'grant pg_monitor to "{user}"')
    assert checked(as_user(postgres, address, user))["sees sessions"].verdict == "ok"


def test_a_read_only_address_whose_user_may_write_is_a_warning_whatever_its_session_says(
    postgres: PostgresServer, address: str, user: str
) -> None:
    postgres.run(f'grant pg_read_all_data to "{user}"; alter role "{user}" set default_transaction_read_only = on')
    way = as_user(postgres, address, user)
    assert checked(address, way)["really read-only"].verdict == "ok"
    postgres.run(f'grant insert on calls to "{user}"', address.rpartition("/")[2])
    found = checked(address, way)["really read-only"]
    assert (found.verdict, "may write to 1 tables, as public.calls" in found.says) == ("warn", True)


def test_the_read_only_user_of_the_page_is_read_only_and_sees_who_blocks_whom(
    postgres: PostgresServer, address: str
) -> None:
    page = (Path(__file__).parents[3] / "docs/operations.md").read_text("utf-8")
    statements = next(block for block in page.split("```sql")[1:] if "vigie_watch" in block).partition("```")[0]
    role = f"watch_{secrets.token_hex(4)}"
    postgres.run(statements.replace("vigie_watch", role).replace("set one", PASSWORD))
    found = checked(address, as_user(postgres, address, role))
    postgres.run(f"drop role {role}")
    assert {found[name].verdict for name in ("read-only address", "really read-only", "sees sessions")} == {"ok"}


def test_a_superusers_read_only_address_is_a_warning(address: str) -> None:
    assert "superuser" in checked(address, address)["really read-only"].says


def test_a_read_only_address_of_another_database_fails(postgres: PostgresServer, address: str) -> None:
    assert checked(address, postgres.new_database())["read-only address"].verdict == "fail"


def test_an_unset_address_is_skipped_and_says_what_is_lost() -> None:
    found = checked("")["database"]
    assert (found.verdict, "no backups" in found.says) == ("skip", True)


def test_codes_and_markup_in_what_the_server_says_stay_inert(
    postgres: PostgresServer, address: str, user: str, tmp_path: Path
) -> None:
    database, owner = address.rpartition("/")[2], f"[bold]\x1b[31mevil_{user}"
    postgres.run(f'create role "{owner}"; alter database "{database}" owner to "{owner}"')
    postgres.run(f"comment on database \"{database}\" is 'vigie:environment=\x1b[31mred'")
    file = tmp_path / "vigie.toml"
    way = as_user(postgres, address, user)
    file.write_text(f'[site]\nname = "x"\n[environments.staging]\nkind = "staging"\ndatabase = "{way}"\n')
    _, said = told(tmp_path, "doctor")
    give_back(postgres, address)
    postgres.run(f'drop role "{owner}"')
    assert "the database says that it is red, and the settings say staging" in said
    assert f"([bold]evil_{user} does)" in said
    assert "\x1b" not in said
