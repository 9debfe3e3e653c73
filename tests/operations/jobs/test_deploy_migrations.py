"""Deploys whose commits change the schema of a real PostgreSQL: what is applied and recorded, what failures leave."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from operations.engine.model import ConfirmLevel
from operations.jobs.deploy import Deploy
from tests.operations.jobs.migrated import ROW, by_command, columns, database, plan, recorded, texts, work
from tests.operations.jobs.migrated import rig as rig
from tests.operations.jobs.rig import Bench, Rig, deployed
from tests.servers import PostgresServer, S3Server


def test_what_is_pending_is_applied_in_order_and_recorded_before_publishing(rig: Rig, postgres: PostgresServer) -> None:
    work(rig, **{"0002_zone": "alter table calls add zone int;", "0003_index": "create index on calls (zone);"})
    found = plan(rig)
    assert "2 pending" in texts(found)
    assert any(text.startswith("0002_zone, adds only") and "reads and writes wait" in text for text in texts(found))
    names = [step.name for step in found.steps]
    assert names.index("migrations") < names.index("migrate") < names.index("publish")
    assert [step.name for step in found.steps if step.no_return] == ["migrate"]
    outcome, bench = deployed(rig)
    assert outcome.code == 0, outcome.says
    assert recorded(rig, postgres) == {"0001_calls": True, "0002_zone": True, "0003_index": True}
    assert "zone" in columns(rig, postgres)
    assert outcome.details["migrations_verified"] is True
    assert bench.debris == {}
    assert "none pending" in texts(plan(rig, commit="v4"))


def test_code_4_on_a_failing_second_statement_shows_it_and_leaves_nothing_of_the_file(
    rig: Rig, postgres: PostgresServer
) -> None:
    work(rig, **{"0002_zone": "alter table calls add zone int;\nalter table nowhere add x int;"})
    outcome, bench = deployed(rig)
    assert (outcome.code, outcome.meaning) == (4, "migrations failed")
    assert 'relation "nowhere" does not exist' in outcome.says
    assert "alter table nowhere add x int" in outcome.says
    assert "nothing of it stayed" in outcome.says
    assert recorded(rig, postgres) == {"0001_calls": True}
    assert columns(rig, postgres) == {"id"}
    assert rig.served() == rig.live() == "v3"
    assert bench.debris == {}
    assert rig.git.git("worktree", "list").count("\n") == 0


def test_what_ran_before_the_file_that_fails_stays_and_is_told(rig: Rig, postgres: PostgresServer) -> None:
    work(rig, **{"0002_zone": "alter table calls add zone int;", "0003_bad": "select 1/0;"})
    outcome, bench = deployed(rig)
    assert outcome.code == 4
    assert recorded(rig, postgres) == {"0001_calls": True, "0002_zone": True}
    assert "0002_zone is in the database; the code it was made for may not be live" in bench.said
    assert "0003_bad is not in the database" in bench.said


@pytest.mark.parametrize(
    "text",
    [
        "-- vigie: no-transaction\nalter table calls add zone int;\nselect 1/0;",
        "begin;\nalter table calls add zone int;\ncommit;\nselect 1/0;",
    ],
    ids=["says so", "begins by itself"],
)
def test_outside_a_transaction_a_failure_stays_in_the_record_and_stops_the_next_deploy(
    rig: Rig, postgres: PostgresServer, text: str
) -> None:
    work(rig, **{"0002_half": text})
    assert any("runs outside a transaction" in words for words in texts(plan(rig)))
    outcome, _ = deployed(rig)
    assert outcome.code == 4
    assert "mend it by hand" in outcome.says
    assert recorded(rig, postgres) == {"0001_calls": True, "0002_half": False}
    assert "zone" in columns(rig, postgres)
    refusal = plan(rig).refusal
    assert refusal is not None
    assert "0002_half stopped half way" in refusal.says
    postgres.run("update vigie_migrations set finished_at = now()", database(rig))
    assert plan(rig).refusal is None


def test_a_fix_that_goes_live_after_the_migrations_is_told_with_them(rig: Rig, postgres: PostgresServer) -> None:
    work(rig, **{"0002_zone": "alter table calls add zone int;"})

    def somebody_publishes(step: str) -> None:
        if step == "publish":
            rig.release("fix", {"app.txt": "5"}, hours_ago=0)

    outcome, bench = deployed(rig, before=somebody_publishes)
    assert outcome.code == 1
    assert "now it is fix, by tom. Nothing was switched. The database is migrated: 0002_zone" in outcome.says
    assert bench.debris == {}
    assert rig.live() == "fix"


def test_what_is_no_sql_is_not_handed_to_psql(rig: Rig) -> None:
    rig.git.commit("work", {"migrations/0002_zone.py": "print(1)"}, tag="v4")
    refusal = plan(rig).refusal
    assert refusal is not None
    assert "0002_zone.py is no SQL" in refusal.says


def test_an_index_is_built_concurrently(rig: Rig, postgres: PostgresServer) -> None:
    work(rig, **{"0002_index": "create index concurrently calls_id on calls (id);"})
    outcome, _ = deployed(rig)
    assert outcome.code == 0, outcome.says
    assert recorded(rig, postgres)["0002_index"] is True


def test_a_lock_that_is_not_given_ends_the_migration_and_not_the_site(rig: Rig, postgres: PostgresServer) -> None:
    import psycopg

    work(rig, **{"0002_zone": "alter table calls add zone int;"})
    rig.tables += "\nlock_timeout = 0.2"
    with psycopg.connect(postgres.url(database(rig))) as connection:
        connection.execute("select * from calls")
        outcome, _ = deployed(rig)
    assert outcome.code == 4
    assert "lock timeout" in outcome.says
    assert columns(rig, postgres) == {"id"}


def test_without_a_record_the_live_commits_migrations_count_as_applied(rig: Rig, postgres: PostgresServer) -> None:
    postgres.run("drop table vigie_migrations", database(rig))
    work(rig, **{"0002_zone": "alter table calls add zone int;"})
    assert any("the 1 of the live commit count as applied" in text for text in texts(plan(rig)))
    outcome, _ = deployed(rig)
    assert outcome.code == 0, outcome.says
    assert recorded(rig, postgres) == {"0001_calls": True, "0002_zone": True}


def test_a_one_way_migration_turns_the_plan_red_and_wants_the_phrase_twice(rig: Rig) -> None:
    work(rig, **{"0002_drop": "alter table calls drop id;"})
    found = plan(rig)
    assert any(text.startswith("the live code breaks for about") for text in texts(found))
    rig.kind = "production"
    assert plan(rig).confirm.level is ConfirmLevel.PHRASE_TWICE


def test_nobody_applies_what_the_settings_do_not_say_who_applies(rig: Rig) -> None:
    work(rig, **{"0002_zone": "alter table calls add zone int;"})
    rig.tables = ""
    refusal = plan(rig).refusal
    assert refusal is not None
    assert (refusal.code, "deploy.migrations" in refusal.says) == (2, True)
    assert plan(rig, skip_migrations=True).refusal is None


def test_code_2_when_the_database_does_not_answer(rig: Rig) -> None:
    work(rig, **{"0002_zone": "alter table calls add zone int;"})
    rig.more = 'database = "postgresql://app:pw@127.0.0.1:9/x"'
    refusal = plan(rig).refusal
    assert refusal is not None
    assert refusal.code == 2
    assert "--skip-migrations" in refusal.says


def test_sql_that_cannot_be_read_is_refused_before_anything_is_built(rig: Rig) -> None:
    work(rig, **{"0002_typo": "alter tabel calls add zone int;"})
    refusal = plan(rig).refusal
    assert refusal is not None
    assert "0002_typo" in refusal.says


def test_two_files_of_one_day_are_both_applied_whatever_lies_between_their_deploys(
    rig: Rig, postgres: PostgresServer
) -> None:
    work(rig, **{"20261122_first": "alter table calls add first int;"})
    assert deployed(rig)[0].code == 0
    rig.git.commit("more", {"migrations/20261122_second.sql": "alter table calls add second int;"})
    assert "1 pending" in texts(plan(rig))
    outcome, _ = deployed(rig)
    assert outcome.code == 0, outcome.says
    assert columns(rig, postgres) == {"id", "first", "second"}


def test_code_2_for_two_files_that_are_one_to_the_record(rig: Rig) -> None:
    work(rig, **{"0002_zone": "alter table calls add zone int;", "0002_zone.up": "alter table calls add zone text;"})
    refusal = plan(rig).refusal
    assert refusal is not None
    assert refusal.code == 2
    assert "migrations/0002_zone.sql and migrations/0002_zone.up.sql are one migration to the record" in refusal.says


def test_a_name_is_compared_as_it_is_and_shown_clean(rig: Rig, postgres: PostgresServer) -> None:
    """Two blanks, a tab, an escape sequence: names that differ in nothing else are two migrations."""
    names = ["0006_two  spaces", "0006_two spaces", "0007_\x1b[31mred\t"]
    work(rig, **{name: f"alter table calls add c{number} int;" for number, name in enumerate(names)})
    assert not any("\x1b" in text or "\t" in text for text in texts(plan(rig)))
    outcome, bench = deployed(rig)
    assert outcome.code == 0, outcome.says
    assert set(recorded(rig, postgres)) == {"0001_calls", *names}
    assert "none pending" in texts(plan(rig, commit="v4"))
    assert not any("\x1b" in line for line in bench.said)


def test_a_migration_that_begins_with_a_byte_order_mark_is_sql_like_any_other(
    rig: Rig, postgres: PostgresServer
) -> None:
    work(rig, **{"0002_zone": "\ufeffalter table calls add zone text default 'Zürich';"})
    assert any(text.startswith("0002_zone, adds only") for text in texts(plan(rig)))
    outcome, _ = deployed(rig)
    assert outcome.code == 0, outcome.says
    assert "zone" in columns(rig, postgres)


def test_a_file_that_is_too_large_to_be_judged_is_left_to_a_program(rig: Rig, tmp_path: Path) -> None:
    work(rig, **{"0002_fill": "begin;\n" + "-- filled\n" * 120_000 + "commit;"})
    refusal = plan(rig).refusal
    assert refusal is not None
    assert refusal.code == 1
    assert "0002_fill: too large to read (over 1 MB), or not UTF-8 text. Split it, or have a program" in refusal.says
    by_command(rig, tmp_path / "told")
    assert plan(rig).refusal is None


def test_a_command_applies_them_with_the_database_in_its_environment(
    rig: Rig, postgres: PostgresServer, tmp_path: Path
) -> None:
    work(rig, **{"0002_zone": "alter table calls add zone int;"})
    by_command(rig, tmp_path / "told", "alter table calls add zone int", ROW)
    outcome, _ = deployed(rig)
    assert outcome.code == 0, outcome.says
    assert "zone" in columns(rig, postgres)
    told = json.loads((tmp_path / "told").read_text())
    assert told["DATABASE_URL"] == rig.more.split('"')[1]
    assert (told["PGHOST"], bool(told["PGPASSFILE"])) == ("127.0.0.1", True)
    assert postgres.password not in " ".join(told["argv"])


def test_code_4_when_the_command_says_done_and_the_record_does_not(rig: Rig, tmp_path: Path) -> None:
    work(rig, **{"0002_zone": "alter table calls add zone int;"})
    by_command(rig, tmp_path / "told")
    outcome, _ = deployed(rig)
    assert outcome.code == 4
    assert "reported as applied, but not recorded: 0002_zone" in outcome.says
    assert rig.served() == "v3"


def test_production_is_backed_up_before_its_schema_changes(rig: Rig, postgres: PostgresServer, s3: S3Server) -> None:
    bucket = s3.new_bucket()
    rig.kind = "production"
    rig.tables += f"""
[environments.production.backups]
bucket = "{bucket}"
endpoint = "{s3.endpoint}"
region = "us-east-1"
access_key = "{s3.access_key}"
secret_key = "{s3.secret_key}"
encryption = ""
"""
    work(rig, **{"0002_zone": "alter table calls add zone int;"})
    found = plan(rig)
    names = [step.name for step in found.steps]
    assert names.index("build") < names.index("backup") < names.index("migrate")
    seen: list[set[str]] = []

    def look(step: str) -> None:
        if step == "migrate":
            seen.append(columns(rig, postgres))
            keys = [one["Key"] for one in s3.client().list_objects_v2(Bucket=bucket).get("Contents", [])]
            assert sum(key.endswith(".manifest.json") for key in keys) == 1

    outcome, bench = deployed(rig, before=look)
    assert outcome.code == 0, outcome.says
    assert seen == [{"id"}], "the backup is of the schema as it was"
    assert outcome.details["backup"].startswith("backup_production_")
    assert bench.debris == {}
    # And without a bucket nothing is begun.
    rig.git.commit("more", {"migrations/0003_more.sql": "alter table calls add more int;"})
    rig.tables = rig.tables.replace(bucket, "no-such-bucket")
    refusal = plan(rig).refusal
    assert refusal is not None
    assert (refusal.name, refusal.code) == ("backup first", 2)


def test_a_backup_that_fails_stops_before_the_migrations(rig: Rig, postgres: PostgresServer, s3: S3Server) -> None:
    bucket = s3.new_bucket()
    rig.kind = "production"
    rig.tables += (
        f'\n[environments.production.backups]\nbucket = "{bucket}"\nendpoint = "{s3.endpoint}"\nregion = "us-east-1"\n'
        f'access_key = "{s3.access_key}"\nsecret_key = "{s3.secret_key}"\nencryption = ""\n'
    )
    work(rig, **{"0002_zone": "alter table calls add zone int;"})
    desk = rig.desk(rig.settings())
    bench = Bench(Deploy().plan(desk, {}))

    def take_the_bucket_away(step: str) -> None:
        if step == "backup":
            (s3.folder / bucket).rename(s3.folder / f"{bucket}-away")
            (s3.folder / bucket).write_text("no bucket any more")

    bench.before = take_the_bucket_away
    outcome = bench.go(Deploy(), desk)
    assert outcome.code == 4
    assert "backup before the migrations" in outcome.says
    assert columns(rig, postgres) == {"id"}
    assert rig.served() == "v3"
    assert not bench.past_no_return
