"""Which programs a shell text calls here, and where a variable becomes part of a statement."""

from __future__ import annotations

import pytest

from runbooks.shell_programs import changes_what_is_found, in_sql, programs_in


@pytest.mark.parametrize(
    ("text", "programs"),
    [
        ("vercel ls && jq . x", ("vercel", "jq")),
        ("cd /srv; export A=b; echo $A | grep b", ("grep",)),
        ('f() {\n  vercel x "$1"\n}\nfunction g { :; }\nf 1; g', ("vercel",)),
        ("sudo -u postgres psql -c 'select 1'", ("sudo", "psql")),
        ("timeout 5 curl x", ("timeout", "curl")),
        ("A=$(baz 1) B=c foo", ("foo", "baz")),
        ("for i in 1 2; do one $i; done; if [[ -n $A ]]; then two; fi", ("one", "two")),
        ("npx vercel ls", ("npx",)),
        ("ssh host 'systemctl restart app'", ("ssh",)),
        ("./deploy.sh; /opt/x/run; $CMD x; `hey`", ("hey",)),
        ("# vercel\ncat <<E\nvercel\nE", ("cat",)),
        ("arr=(1 2)\narr[1]=3", ()),
    ],
)
def test_programs_are_named_and_what_is_the_shells_own_is_not(text: str, programs: tuple[str, ...]) -> None:
    assert programs_in(text) == programs


@pytest.mark.parametrize("text", ["export PATH=$PATH:bin; x", "PATH=bin x", "source venv; x", ". ./env; x"])
def test_a_text_that_changes_what_its_names_mean_is_known(text: str) -> None:
    assert changes_what_is_found(text)
    assert not changes_what_is_found("echo PATH; x")


@pytest.mark.parametrize(
    ("text", "stands"),
    [
        ('psql "$DSN" -c "select * from jobs where id = $ID"', True),
        ('psql -tAc "$ID"', True),
        ('psql --command="delete from t where id=${ID}"', True),
        ("psql <<E\nselect $ID;\nE", True),
        ('echo "select $ID" | psql', True),
        ('psql -v id=$ID -c "select :id"', False),
        ('psql -d $ID -c "select 1"', False),
        ('psql -c "select $IDENT"', False),
        ('curl "https://x/ a $ID"', False),
    ],
)
def test_a_variable_in_a_statement_is_told_from_one_beside_it(text: str, stands: bool) -> None:
    assert in_sql(text, "ID") is stands
