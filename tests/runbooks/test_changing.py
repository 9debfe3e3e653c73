"""What changes something in a command: told apart from what only looks."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbooks.changing import changing_words

LOOKS = (
    "curl -sS --max-time 8 -o /dev/null -w '%{http_code} %{time_total}\\n' \"$APP_URL/\"",
    "curl -G -d q=1 https://x.example",
    "vigie status --env production",
    "vigie smoke",
    "vigie backups list",
    "vigie rollback --env production --plan",
    "vigie jobs list",
    'psql "$DATABASE_URL" -c "SELECT count(*) FROM x WHERE state = \'update\'"',
    "kubectl get pods | grep restart",
    "kubectl rollout status deploy/x",
    "systemctl status nginx",
    "git log --oneline",
    "dig +short x.example 2>/dev/null",
    "openssl s_client -connect x:443 </dev/null 2>&1 | openssl x509 -noout -dates",
    'test "$(curl -s https://x.example)" = ok  # rm -rf would be wrong here',
    "aws s3 ls s3://bucket",
    "vercel ls --prod",
    "echo 'rm -rf /'",
    "find . -name '*.log' -mtime +2",
)
CHANGES = {
    "curl -X POST https://x.example": "curl POST",
    "curl -XDELETE https://x.example": "curl DELETE",
    "curl --data a=b https://x.example": "curl --data",
    "vigie backup --env production": "vigie backup",
    "vigie freeze production x": "vigie freeze",
    "vigie backups prune --apply": "vigie --apply",
    'psql -c "DELETE FROM x"': "psql: DELETE",
    "kubectl -n shop scale deploy/x --replicas=0": "kubectl scale",
    "kubectl rollout restart deploy/x": "kubectl restart",
    "sudo -u root systemctl restart nginx": "systemctl restart",
    "FOO=bar timeout 5 rm x": "rm",
    "ls | xargs rm": "rm",
    'bash -c "rm x"': "rm",
    'echo "$(rm x)"': "rm",
    "true && git push": "git push",
    "echo x > /tmp/y": "> /tmp/y",
    "echo x >> file": "> file",
    "aws s3 rm s3://bucket/x": "aws rm",
    "redis-cli config set maxmemory 1": "redis-cli set",
    "sed -i s/a/b/ x": "sed -i",
    "find . -name x -delete": "find -delete",
    "/usr/bin/rm x": "rm",
}
SQL = {
    "select 1; show all": "",
    "with gone as (delete from x returning *) select * from gone": "delete",
    "select * from x for update": "for update",
    "update x set y = 1": "update",
    "select 'delete' -- drop\n": "",
    'select "update" from x': "",
    "select pg_terminate_backend(1)": "pg_terminate_backend",
}


@pytest.mark.parametrize("text", LOOKS)
def test_what_only_looks_is_left_alone(text: str) -> None:
    assert changing_words(text, "command") == ""


@pytest.mark.parametrize("text", CHANGES)
def test_what_changes_something_is_named(text: str) -> None:
    assert changing_words(text, "command") == CHANGES[text]


@pytest.mark.parametrize("text", SQL)
def test_statements_are_told_apart(text: str) -> None:
    assert changing_words(text, "sql") == SQL[text]


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("abrm \n;|&<>()$`'\"\\#=-*"), max_size=80), st.sampled_from(["command", "sql"]))
def test_any_text_has_an_answer(text: str, kind: str) -> None:
    assert isinstance(changing_words(text, kind), str)
