"""Every way onto production that was thought of, tried on a real server: each is refused, by the test named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from operations.desk import utc_now
from operations.jobs import operation_named
from operations.proof.identity import read_identity
from operations.proof.known import known_databases, remember
from operations.proof.not_production import ADDRESS, DENIED, ENVIRONMENT, MARK, NONCE, SERVER, prove_target
from operations.proof.place import place_of_database
from operations.settings import Secret
from tests.attack.world import heard
from tests.operations.jobs.rig import Bench
from tests.operations.jobs.yard import Yard, new_yard
from tests.servers import PostgresServer, S3Server, free_port


@pytest.fixture
def yard(tmp_path: Path, postgres: PostgresServer, s3: S3Server) -> Yard:
    return new_yard(tmp_path, postgres, s3, rows=3)


def written_down(yard: Yard, address: str = "") -> None:
    """As `vigie mark --env production` does."""
    way = Secret(address or yard.production)
    remember(yard.settings(), "production", read_identity(way), place_of_database(way), at=utc_now(), who="ana")


def silent(yard: Yard) -> str:
    """An address of production where nobody answers."""
    return f"postgresql://owner:x@127.0.0.1:{free_port()}/{yard.production.rpartition('/')[2]}"


def refused_by(yard: Yard, environment: str = "staging") -> str:
    """The test that spoke, by the proof, the plan and the command alike."""
    settings = yard.settings()
    refusal = prove_target(settings, environment).refusal
    plan = operation_named("restore").plan(replace(yard.desk(), environment=environment), {})
    said = heard(
        "--config", str(yard.folder / "vigie.toml"), "restore", "--env", environment, "--latest",
        "--yes", "--confirm", "anything", "--confirm-again", "anything", "--reason", "because", "--services-off",
    )  # fmt: skip
    if refusal is None:
        assert plan.refusal is None or plan.refusal.name == "backup there"
        return ""
    assert plan.refusal is not None
    assert (plan.refusal.name, plan.refusal.code, plan.steps) == (refusal.name, refusal.code, ())
    assert said.returncode == refusal.code
    assert f"“{refusal.name}”" in said.stderr
    return refusal.name


def test_staging_is_let_through(yard: Yard) -> None:
    assert refused_by(yard) == ""
    assert {guard.verdict for guard in prove_target(yard.settings(), "staging").guards} == {"pass"}


def test_1_production_by_its_name(yard: Yard) -> None:
    assert refused_by(yard, "production") == ENVIRONMENT


def other_host_name(yard: Yard) -> str:
    yard.address = yard.production.replace("127.0.0.1", "localhost")
    return ADDRESS


def other_ip(yard: Yard) -> str:
    yard.address = yard.production.replace("127.0.0.1", "127.0.0.2")
    return ADDRESS


def other_role(yard: Yard) -> str:
    yard.address = yard.production.replace("owner:", "somebody:")
    return ADDRESS


def pooler_like_tenant(yard: Yard) -> str:
    """The direct host in the settings of production, a pooler's user and port in staging's."""
    name = yard.production.rpartition("/")[2]
    yard.production = f"postgresql://postgres:x@db.abcdefghijklmnopqrst.supabase.co/{name}"
    yard.address = f"postgresql://postgres.abcdefghijklmnopqrst:x@127.0.0.1:6543/{name}"
    return ADDRESS


def swapped_variables(yard: Yard) -> str:
    """Each variable holds the other's address: only the mark knows."""
    yard.address, yard.production = yard.production, yard.address
    return MARK


def unmarked(yard: Yard) -> str:
    yard.postgres.run(f'comment on database "{yard.target}" is null')
    return MARK


def edited_settings(yard: Yard) -> str:
    """Somebody wrote another address for production, and production's for staging."""
    yard.address, yard.production = yard.production, yard.postgres.new_database()
    return MARK


def copied_mark(yard: Yard) -> str:
    """Production wears staging's mark and the settings are edited: what was written down of it knows."""
    written_down(yard)
    yard.mark("staging", yard.production)
    yard.address, yard.production = yard.production, yard.postgres.new_database()
    return ADDRESS


def same_server_by_another_way(yard: Yard) -> str:
    """As before, over a way that no address gives away (a tunnel, say): the server tells its number."""
    written_down(yard)
    record = known_databases(yard.settings())[0]
    forged = Secret(yard.production)
    away = place_of_database(Secret("postgresql://a@production.invalid:5999/x"))
    remember(yard.settings(), "production", read_identity(forged), away, at=utc_now(), who="ana")
    assert record.identifier == known_databases(yard.settings())[0].identifier
    yard.mark("staging", yard.production)
    yard.address, yard.production = yard.production, yard.postgres.new_database()
    return SERVER


def of_another_kind(yard: Yard) -> str:
    yard.kind = "other"
    return ENVIRONMENT


def denied(yard: Yard) -> str:
    yard.tail = f'[restore]\nnever = ["/{yard.target}"]'
    return DENIED


def production_down_and_never_marked(yard: Yard) -> str:
    yard.production = silent(yard)
    return SERVER


def damaged_record(yard: Yard) -> str:
    written_down(yard)
    (yard.folder / "state/databases.json").write_text("[{")
    return SERVER


WAYS: list[Callable[[Yard], str]] = [
    other_host_name, other_ip, other_role, pooler_like_tenant, swapped_variables, unmarked, edited_settings,
    copied_mark, same_server_by_another_way, of_another_kind, denied, production_down_and_never_marked, damaged_record,
]  # fmt: skip


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_this_way_is_refused_by_the_test_named(yard: Yard, way: Callable[[Yard], str]) -> None:
    wanted = way(yard)
    assert refused_by(yard) == wanted


def test_a_renamed_environment_stays_production(yard: Yard) -> None:
    """`[environments.production]` was renamed and called staging: its database still says what it is."""
    yard.tail = f'[environments.spare]\nkind = "staging"\ndatabase = "{yard.production}"'
    assert refused_by(yard, "spare") == ADDRESS
    settings = yard.settings()
    others = {name: env for name, env in settings.environments.items() if name != "production"}
    alone = type(settings)(**{**{f: getattr(settings, f) for f in settings.__struct_fields__}, "environments": others})
    proof = prove_target(alone, "spare")
    assert proof.refusal is not None
    assert proof.refusal.name == ADDRESS, "where production is, nobody says"
    written_down(yard)
    assert (prove_target(alone, "spare").refusal or proof.refusal).name == ADDRESS


def test_the_lock_taken_on_production_shows_when_nothing_else_tells(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No address, no number, a false mark: two connections into one database still see each other's locks."""
    yard.mark("staging", yard.production)
    yard.address = yard.production
    monkeypatch.setattr("operations.proof.place.Place.meets", lambda self, other: "")
    monkeypatch.setattr("operations.proof.identity._identifier", lambda connection: "")
    assert prove_target(yard.settings(), "staging").refusal.name == NONCE  # type: ignore[union-attr]


def test_with_its_record_staging_is_proven_while_production_is_down(yard: Yard) -> None:
    written_down(yard)
    yard.production = silent(yard)
    proof = prove_target(yard.settings(), "staging")
    assert proof.refusal is None
    assert [guard.verdict for guard in proof.guards if guard.name in (SERVER, NONCE)] == ["warn", "warn"]


def test_what_was_proven_at_the_plan_is_proven_again_when_it_runs(yard: Yard) -> None:
    """The mark changes while the plan is read."""
    yard.back_up()
    operation, desk = operation_named("restore"), yard.desk()
    plan = operation.plan(desk, {})
    assert plan.refusal is None
    yard.mark("production")
    outcome = Bench(plan).go(operation, desk)
    assert outcome.code == 1
    assert MARK in outcome.says
    assert yard.databases() == {yard.target}


def test_marking_refuses_a_database_that_is_another_environments(yard: Yard) -> None:
    config = str(yard.folder / "vigie.toml")
    yard.settings()
    assert heard("--config", config, "mark", "--env", "staging", "--yes").returncode == 0
    production = ("mark", "--env", "production", "--confirm", "dispatch production", "--reason", "first time")
    assert heard("--config", config, "mark", "--env", "production", "--yes").returncode == 1
    assert heard("--config", config, *production).returncode == 0
    assert known_databases(yard.settings())[0].database == yard.production.rpartition("/")[2]
    assert (yard.folder / "state/databases.json").stat().st_mode & 0o777 == 0o600
    yard.address, yard.production = yard.production, yard.address
    yard.settings()
    said = heard("--config", config, "mark", "--env", "staging", "--yes")
    assert said.returncode == 1
    assert "is marked production already" in said.stderr


def test_a_mark_leaves_the_rest_of_the_comment_and_a_silent_database_is_code_2(yard: Yard) -> None:
    yard.postgres.run(f"comment on database \"{yard.target}\" is 'the board''s own\nvigie:environment=staging\nmore'")
    config = str(yard.folder / "vigie.toml")
    yard.settings()
    assert heard("--config", config, "mark", "--env", "staging", "--yes").returncode == 0
    (comment,) = yard.postgres.run(
        f"select shobj_description(oid, 'pg_database') from pg_database where datname = '{yard.target}'"
    )[0]
    assert "the board's own" in comment and "more" in comment and comment.count("vigie:environment=") == 1
    yard.address = silent(yard)
    yard.settings()
    assert heard("--config", config, "mark", "--env", "staging", "--yes").returncode == 2


def test_staging_is_not_marked_onto_productions_database_by_another_way(yard: Yard) -> None:
    yard.postgres.run(f'comment on database "{yard.production.rpartition("/")[2]}" is null')
    yard.settings()
    for way in ("localhost", "127.0.0.1"):
        yard.address = yard.production.replace("127.0.0.1", way)
        yard.settings()
        said = heard("--config", str(yard.folder / "vigie.toml"), "mark", "--env", "staging", "--yes")
        assert said.returncode == 1, said.stderr


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://owner:x@127.0.0.1:1",
        "postgresql://owner:x@127.0.0.1:1,127.0.0.2:1/app",
        "postgresql:///app?service=far",
        "postgresql:///app",
    ],
)
def test_an_address_that_leaves_something_to_the_machine_is_refused(yard: Yard, address: str) -> None:
    settings = yard.settings()
    staging = msgspec.structs.replace(settings.environments["staging"], database=Secret(address))
    environments = {**settings.environments, "staging": staging}
    refusal = prove_target(msgspec.structs.replace(settings, environments=environments), "staging").refusal
    assert refusal is not None
    assert (refusal.name, "not certain" in refusal.says) == (ADDRESS, True)
