"""docs/operations.md: what it tells people to install is run here, as it stands there."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from operations.jobs import operation_named
from tests.attack.world import heard
from tests.operations.jobs.rig import Bench
from tests.operations.jobs.yard import Yard, new_yard
from tests.s3faults import Harm, faulty_s3
from tests.servers import PostgresServer, S3Server

PAGE = (Path(__file__).parents[3] / "docs/operations.md").read_text("utf-8")
BLOCKS = dict(re.findall(r"```(cron|ini|json)\n(.*?)```", PAGE, re.DOTALL))
SQL = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def yard(tmp_path: Path, postgres: PostgresServer, s3: S3Server) -> Yard:
    return new_yard(tmp_path, postgres, s3)


def commands() -> list[list[str]]:
    """Every vigie command of the crontab and the timer, without the name of the program and the settings file."""
    lines = re.findall(
        r"^(?:[\d* ]+ops\s+vigie|ExecStart=\S+/vigie) --config \S+ (.+)$", "\n".join(BLOCKS.values()), re.M
    )
    return [shlex.split(line) for line in lines]


def test_every_command_line_of_the_page_works_without_a_terminal(yard: Yard) -> None:
    yard.settings()
    assert len(commands()) == 4
    for words in commands():
        done = heard("--config", str(yard.folder / "vigie.toml"), *words)
        assert done.returncode == 0, (words, done.stderr)


def test_the_crontab_runs_in_utc_and_each_line_names_its_user() -> None:
    rows = [row for row in BLOCKS["cron"].splitlines() if row and not row.startswith("#")]
    assert rows[0] == "CRON_TZ=UTC"
    assert all(re.match(r"(\S+ ){5} *ops +vigie ", row) for row in rows[3:])


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    for name, body in re.findall(r"# /etc/systemd/system/(\S+)\n(.*?)(?=\n# /etc|\Z)", BLOCKS["ini"], re.DOTALL):
        body = re.sub(r"ExecStart=\S+", "ExecStart=/bin/true", body).replace("User=ops\n", "")
        (tmp_path / name).write_text(body)
    units = [str(path) for path in sorted(tmp_path.iterdir())]
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def action_of(method: str, path: str) -> str:
    """The permission that this request needs, by S3's own table."""
    asked = parse_qs(urlsplit(path).query, keep_blank_values=True)
    whole_bucket = urlsplit(path).path.strip("/").count("/") == 0
    if method == "GET" and whole_bucket:
        return "s3:ListBucketMultipartUploads" if "uploads" in asked else "s3:ListBucket"
    if method == "DELETE":
        return "s3:AbortMultipartUpload" if "uploadId" in asked else "s3:DeleteObject"
    return {"GET": "s3:GetObject", "HEAD": "s3:GetObject", "PUT": "s3:PutObject", "POST": "s3:PutObject"}[method]


def test_the_buckets_policy_allows_exactly_what_is_really_called(yard: Yard, s3: S3Server) -> None:
    policy = json.loads(BLOCKS["json"])
    allowed = {action for statement in policy["Statement"] for action in statement["Action"]}
    with faulty_s3(s3.endpoint) as faulty:
        desk = yard.desk(endpoint=faulty.endpoint)
        for days in (60, 50, 0):
            assert yard.back_up(desk=desk, days_ago=days)[0].code == 0
        restored, _ = yard.restore(desk=desk)
        assert restored.code == 0, restored.says
        prune = operation_named("prune")
        assert Bench(prune.plan(desk, {"keep": 1})).go(prune, desk).code == 0
        faulty.pick = lambda method, path: Harm(status=403) if method == "PUT" and path.endswith(".sha256") else None
        assert yard.back_up(desk=desk)[0].code == 5
        faulty.pick = lambda method, path: Harm(status=403) if "partNumber=" in path else None
        assert yard.back_up(desk=desk)[0].code == 5
        called = {action_of(method, path) for method, path in faulty.seen}
    assert called == allowed


def test_a_user_with_the_grants_of_the_page_and_no_more_can_back_up(yard: Yard) -> None:
    role = f"{yard.target}_backup"
    for statement in SQL[0].replace("vigie_backup", role).split(";\n"):
        yard.postgres.run(statement)
    desk = yard.desk(address=yard.postgres.url(yard.target, role, "set%20one"))
    outcome, _ = yard.back_up(desk=desk)
    assert outcome.code == 0, outcome.says
    yard.postgres.run(f'drop role "{role}"')


def test_an_owner_with_the_grants_of_the_page_can_restore_by_a_swap(yard: Yard) -> None:
    role = f"{yard.target}_owner"
    yard.postgres.run(f"create role \"{role}\" login password 'x'")
    for statement in SQL[1].replace("app_owner", f'"{role}"').split(";\n"):
        yard.postgres.run(statement) if statement.strip() else None
    yard.postgres.run(f'alter database "{yard.target}" owner to "{role}"')
    yard.run(f'alter table calls owner to "{role}"; alter table trucks owner to "{role}"')
    assert yard.back_up()[0].code == 0
    yard.run("delete from calls")
    desk = replace(yard.desk(address=yard.postgres.url(yard.target, role, "x")), environment="staging")
    outcome, bench = yard.restore(desk=desk)
    assert (outcome.code, bench.plan.details["form"], yard.callers()) == (0, "swap", 300), outcome.says
