"""Blanks are found where a person would see one, and a value filled in is never more than a value: bash is asked."""

from __future__ import annotations

import subprocess

import pglast
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from runbooks.blanks import blanks_in, filled


def written(text: str, kind: str = "command") -> list[str]:
    return [blank.written for blank in blanks_in(text, kind)]


@pytest.mark.parametrize(
    ("text", "blanks"),
    [
        ("vercel promote [deployment-url]", ["[deployment-url]"]),
        ("psql -h [db-host] -f backup-[timestamp].sql", ["[db-host]", "[timestamp]"]),
        ("git checkout [the last good commit]", ["[the last good commit]"]),
        ("supabase db backups restore <backup-id>", ["<backup-id>"]),
        ("DATABASE_URL=<prod-db> pnpm db:push", ["<prod-db>"]),
        ("oc -n <namespace> logs <pod name>", ["<namespace>", "<pod name>"]),
        ("cf push <<APP_NAME>> -i 2", ["<<APP_NAME>>"]),
        ("ssh <user@host>", ["<user@host>"]),
        ("curl https://your-domain.com/health", ["your-domain.com"]),
        ("docker pull your-registry/app", ["your-registry"]),
        ("curl https://api.example.com/v1", ["api.example.com"]),
        ("mail you@example.org", ["you@example.org"]),
        ("helm install {{ release }}", ["{{ release }}"]),
        ('DATABASE_URL="postgresql://..." npx prisma migrate deploy', ["postgresql://..."]),
        ("vercel ls --token=$VERCEL_TOKEN", ["$VERCEL_TOKEN"]),
        ("echo ${NAME} ${NAME%.sql} ${#NAME}", ["$NAME"]),
        ("TOKEN=$TOKEN cmd", ["$TOKEN"]),
        ("cmd $A; A=1; cmd $A", ["$A"]),
        ("cat <<EOF\n$A [bb] <cc>\nEOF", ["$A", "[bb]", "<cc>"]),
        ("cat <<EOF\n[the name]\nEOF", ["[the name]"]),
        ("cat <<'EOF'\n$A [bb]\nEOF", ["[bb]"]),
        ('bash -c "x $A [bb]"', ["$A", "[bb]"]),
        ("echo \"$(cat [file])\" '[bb]'", ["[file]", "[bb]"]),
        ("cmd [x] [x] <yy>", ["<yy>"]),
        ("oc get pod \"<pod>\" '<name>'", ["<pod>", "<name>"]),
        ("jq '.[] | select(.name==\"<name>\")'", ["<name>"]),
        ("cmd [X] [A]", ["[X]", "[A]"]),
        ('echo "hello <your name>"', ["<your name>"]),
        ('curl "https://h.test/f?zone=<zone>"', ["<zone>"]),
        ('echo "[word]: <word>"', ["[word]", "<word>"]),
        ('psql -c "select 1 from <table> where id = <id>"', ["<table>", "<id>"]),
        ('redis-cli -u "redis://<user>:<password>@<host>"', ["<user>", "<password>", "<host>"]),
        ('curl -d \'{"id": "<id>"}\' u', ["<id>"]),
        ('mail -s "<title>" <address>', ["<title>", "<address>"]),
        ("sed -i 's/replicas: .*/replicas: <count>/' f", ["<count>"]),
    ],
)
def test_blanks_are_found(text: str, blanks: list[str]) -> None:
    assert written(text) == blanks


@pytest.mark.parametrize(
    "text",
    [
        "[ -f x ] && ls",
        "if [[ -f x && y == z ]]; then ls; fi",
        "[ x = y ]",
        "ls [a-z]* [Aa]bc [0-9][0-9] [abc]*.log ?[xy]?",
        "ps aux | grep [N]ode",
        "grep '[error]' log; sed 's/[abc]/x/' f; awk '{a[i]}' f; tr '[aa]' '[bb]'",
        "jq '.[] | .items[0].name, [inputs], .[foo]' x.json",
        "a=(1 2); echo ${a[i]} ${a[@]} a[i]",
        "declare -A m; m=([foo]=bar)",
        "sort <in >out; cat < in > out; a <<< b",
        "cat <in>out",
        "diff <(a) <(b)",
        "curl -d '<aa><name>x</name></aa>' u",
        'echo "<html><body><title>x</title>"; echo "<body><table>"',
        "sed 's/<name>/x/; s|<zone>|y|g' f",
        'awk "$1 < $2 && $3 > 4"',
        "cat <<EOF\n<html><body><br></body></html>\nEOF",
        "cat <<EOF > x.ini\n[Unit]\nA=1\n[Service]\nB = 2\nEOF",
        "docker inspect -f '{{.State.Running}} {{range .Mounts}}{{end}}' x",
        "kubectl get x -o go-template='{{ range .items }}{{ .name }}{{ end }}'",
        "echo ${{ secrets.TOKEN }}",
        "echo ${X:-default} ${X-default} ${X:?no} ${X:=1} $X",
        "X=1\necho $X",
        "for i in a b; do echo $i; done",
        "while read -r a b; do echo $a $b; done < f",
        "read -p 'Go on? [y/N] ' answer; echo $answer",
        "f() { local x=$1; echo $x $2 $@ $# $? $$; }",
        "echo $HOME $PATH $PWD ${USER} $RANDOM",
        "echo '$TOKEN' \\$TOKEN",
        "awk '{print $NF}' f; awk -v n=1 '{print $n}'",
        "# curl [url] <xx> $Y {{z}} your-domain.com",
        "ls # [name]",
        "cat <<'EOF'\n$TOKEN ${TOKEN}\nEOF",
        'echo "[INFO] started" "[ok]" "[WARN]"',
        "python3 - <<EOF\nx = [item for item in y]\nEOF",
        "python3 -c 'print([x])'",
        'echo \\[x\\] "\\[x]"',
        "mapfile -t lines < f; echo ${lines[0]}",
        "git log --format='%h [%an]'",
        "echo $$pid",
        "x=$(date); echo $x",
        "export A=1 B=2; echo $A",
    ],
)
def test_what_only_looks_like_a_blank_is_none(text: str) -> None:
    assert written(text) == []


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("x $VERCEL_TOKEN", True),
        ("x $DATABASE_URL", True),
        ("x $REDIS_URL", True),
        ("x $MONGO_URL", True),
        ("x $AMQP_URL", True),
        ("x $RABBITMQ_URL", True),
        ("x $SENTRY_DSN", True),
        ("x $SLACK_WEBHOOK_URL", True),
        ("x $DIRECT_URL", True),
        ("x $AWS_SECRET_ACCESS_KEY", True),
        ("x [password]", True),
        ("x <api-key>", True),
        ('X="postgresql://..."; DATABASE_URL="postgresql://..." y', True),
        ("x $APP_URL", False),
        ("x [deployment-url]", False),
        ("x $KEYBOARD", False),
        ("x your-domain.com", False),
        ("x your-api-key", True),
    ],
)
def test_secret_blanks_are_known_by_their_names(text: str, secret: bool) -> None:
    assert blanks_in(text)[-1].secret is secret


@pytest.mark.parametrize(
    ("text", "blanks"),
    [
        ("SELECT * FROM t WHERE id = '[id]'", ["[id]"]),
        ("SELECT * FROM <table>", ["<table>"]),
        ("SELECT a[1], ARRAY[x], $1 -- [note]", []),
        ("SELECT 1 WHERE a <b AND c> d", []),
        ("SELECT '[ok]'", []),
        ("SELECT 1 FROM t WHERE status = '<status>' AND x LIKE '%<part>%'", ["<status>", "<part>"]),
        ("SELECT xmlparse(content '<aa>x</aa>')", []),
    ],
)
def test_statements_have_blanks_too(text: str, blanks: list[str]) -> None:
    assert written(text, "sql") == blanks


@pytest.mark.parametrize(
    ("text", "blanks"),
    [
        ("**Status:** [Looking/Found/Over]", ["[Looking/Found/Over]"]),
        ("Up since [Time], [X]% of requests, {{ name }}, <name>", ["[Time]", "[X]", "{{ name }}", "<name>"]),
        ("- [ ] to do\n- [x] done\n[link](x) ![i](y) [^1]\n[ref]: https://h.test/z\n[two]: <z>\n[three]: ./z.md", []),
        ("[service]: down since [time]: [service name]: why", ["[service]", "[time]", "[service name]"]),
        ("<br> <b>bold</b> `a[i]`", []),
    ],
)
def test_messages_have_blanks_in_sentences(text: str, blanks: list[str]) -> None:
    assert written(text, "message") == blanks


VALUE = st.text(
    alphabet=st.characters(min_codepoint=32, exclude_characters="\x7f", exclude_categories=["Cs", "Cc"]), max_size=12
)
NASTY = st.lists(
    st.sampled_from(
        [
            "'",
            '"',
            "\\",
            "$",
            "`",
            "(",
            ")",
            ";",
            "&",
            "|",
            "<",
            ">",
            "#",
            "!",
            "*",
            "[x]",
            "$(id)",
            "`id`",
            " ",
            "EOF",
            "~",
            "=",
            "{a,b}",
            "-",
            "a",
        ]
    ),
    max_size=8,
).map("".join)

PLACES = """p() { printf '%s\\0' "$@"; }
p [val]
p "[val]"
p '[val]'
p "$(printf '%s' [val])"
p "$(printf '%s' "a-[val]-b")"
p a-[val]-b
p "$(cat <<EOF
-[val]-
EOF
)"
p "$(cat <<'EOF'
-[val]-
EOF
)"
p "$(cat <<-EOF
	a [val]
	EOF
)"
x=[val]; p "$x"
p "a'[val]'b" 'a"[val]"b'
p "$(cat <<< [val])"
"""


def run(script: str) -> list[str]:
    made = subprocess.run(["bash", "--noprofile", "--norc", "-c", script], capture_output=True, timeout=10, check=True)
    return made.stdout.decode().split("\0")[:-1]


@settings(max_examples=60, deadline=None)
@given(NASTY | VALUE)
@example("")
@example("EOF")
@example("2")
@example("a\\")
@example("'; touch x; '")
def test_bash_prints_exactly_the_value_wherever_it_was_filled_in(value: str) -> None:
    trimmed = value.rstrip("\n")
    made = run(filled(PLACES, {"[val]": value}))
    assert made == [
        *(
            value,
            value,
            value,
            trimmed,
            f"a-{value}-b",
            f"a-{value}-b",
            f"-{value}-",
            f"-{value}-",
            f"a {value}",
            value,
        ),
        *(f"a'{value}'b", f'a"{value}"b', trimmed),
    ]


@given(NASTY | VALUE)
def test_the_text_around_a_blank_stays_as_it_is(value: str) -> None:
    made = filled("a 'b' [val] \"c [val]\" # [val]\nd", {"[val]": value})
    assert made.startswith("a 'b' ")
    assert made.endswith('" # [val]\nd')


@pytest.mark.parametrize(
    "text",
    [
        "ssh host 'restart [val]'",
        "ssh host restart [val]",
        "ssh host <<EOF\nrestart [val]\nEOF",
        'bash -c "restart [val]"',
        "sudo bash -c 'restart [val]'",
        "kubectl exec pod -- sh -c 'restart [val]'",
        "echo 'restart [val]' | bash",
        'psql -c "SELECT [val]"',
        "docker exec db psql -c 'SELECT * FROM [val]'",
        "psql <<EOF\nSELECT [val];\nEOF",
        "echo `restart [val]`",
        "echo ${x:-[val]}",
        "eval restart [val]",
        "sed 's/a/<val>/' file",
        "awk '{ print \"<val>\" }' file",
        "cat <<A\n`[val]`\nA",
    ],
)
@pytest.mark.parametrize("value", ["a; id", "$(id)", "`id`", "a b", "'", '"', "a--b", "\\"])
def test_where_it_is_read_twice_only_a_plain_word_is_taken(text: str, value: str) -> None:
    with pytest.raises(ValueError, match="plain word"):
        filled(text, {"[val]": value, "<val>": value})
    assert "web-1" in filled(text, {"[val]": "web-1", "<val>": "web-1"})


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "a\0b", "a\x1bb"])
def test_a_value_with_a_line_break_or_a_control_character_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="line break"):
        filled("p [val]", {"[val]": value})


def test_a_value_cannot_end_a_here_document() -> None:
    with pytest.raises(ValueError, match="other commands"):
        filled("cat <<EOF\n<val>\nEOF\nls", {"<val>": "EOF"})


def test_a_value_is_never_a_keyword_an_assignment_or_a_descriptor() -> None:
    assert run("p() { printf '%s\\0' \"$@\"; }\n" + filled("p [val]>&1", {"[val]": "2"})) == ["2"]
    assert filled("[val] x", {"[val]": "if"}) == "'if' x"
    assert filled("[val] x", {"[val]": "A=b"}) == "'A=b' x"


def test_variables_and_unknown_blanks_are_left() -> None:
    assert filled("a $TOKEN [x] <yy>", {"$TOKEN": "secret", "<yy>": "1"}) == "a $TOKEN [x] 1"


def test_a_message_takes_its_values_as_they_are() -> None:
    assert filled("up since [time]", {"[time]": "03:07\n(UTC) 'x'"}, "message") == "up since 03:07\n(UTC) 'x'"


@given(NASTY | VALUE)
def test_the_server_reads_exactly_the_value_in_quotes(value: str) -> None:
    assume("\\" not in value)
    (statement,) = pglast.parse_sql(filled("SELECT '[val]' AS \"a-[val]\" -- don't\n", {"[val]": value}, "sql"))
    assert isinstance(statement.stmt, pglast.ast.SelectStmt)
    assert statement.stmt.targetList is not None
    target = statement.stmt.targetList[0]
    assert target.val.val.sval == value
    assert target.name == ("a-" + value).encode()[:63].decode(errors="ignore")


@pytest.mark.parametrize("value", ["1; DROP TABLE x", "1 OR true", "a--b", "'x'", "-- x", "$$", "", "1/*"])
def test_bare_in_a_statement_only_a_name_or_a_number_is_taken(value: str) -> None:
    with pytest.raises(ValueError, match="cannot stand there"):
        filled("DELETE FROM t WHERE id = [val] AND x", {"[val]": value}, "sql")


@pytest.mark.parametrize("value", ["42", "-5", "3.14", "public.users", "a-b", "été"])
def test_names_and_numbers_may_stand_bare_in_a_statement(value: str) -> None:
    assert value in filled("SELECT [val] FROM t", {"[val]": value}, "sql")


def test_a_quote_in_a_comment_does_not_change_where_a_value_stands() -> None:
    with pytest.raises(ValueError, match="cannot stand there"):
        filled("-- don't\nSELECT [val]", {"[val]": "'; DROP TABLE x; --"}, "sql")


@given(st.text(alphabet="[]<>{}$'\"\\`ab \n#", max_size=60))
def test_blanks_of_any_text_may_be_asked_for(text: str) -> None:
    for kind in ("command", "sql", "message"):
        for blank in blanks_in(text, kind):
            assert blank.written in text or blank.style == "variable"
