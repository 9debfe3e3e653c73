"""Which lines of a fence run together, and which are no commands at all."""

from __future__ import annotations

import subprocess
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbooks.blanks import filled
from runbooks.commands import groups
from runbooks.parts import Group


def found(text: str, language: str = "bash") -> tuple[Group, ...]:
    return groups(dedent(text).strip("\n"), language, 1)


def kinds(text: str, language: str = "bash") -> list[tuple[str, str]]:
    return [(group.kind, group.text) for group in found(text, language)]


def runnable(text: str, language: str = "bash") -> list[str]:
    return [group.text for group in found(text, language) if group.runs]


def test_groups_end_at_blank_lines() -> None:
    assert runnable("a\nb\n\nc\n") == ["a\nb", "c"]


@pytest.mark.parametrize(
    "comment",
    [
        *(
            "# Or this",
            "# or",
            "# OR:",
            "# Option B",
            "# Option 2: that",
            "# Alternatively",
            "# Alternative: b",
            "# Manual",
        ),
        *("# Manually:", "# 2. Or by hand", "# Method 2", "# Otherwise", "# macOS", "# Ubuntu/Debian", "# For Linux"),
    ],
)
def test_another_way_is_a_group_of_its_own(comment: str) -> None:
    first, second = found(f"one\n{comment}\ntwo")
    assert (first.text, second.text, second.alternative) == ("one", f"{comment}\ntwo", True)


@pytest.mark.parametrize("comment", ["# Order matters", "# Optional flags", "# more of it", "# Manuals are elsewhere"])
def test_other_comments_divide_nothing(comment: str) -> None:
    assert runnable(f"one\n{comment}\ntwo") == [f"one\n{comment}\ntwo"]


def test_a_fence_with_alternatives_never_runs_as_a_whole() -> None:
    text = "# Option A: by merge\ngit push\n# Option B: by hand\nvercel --prod\n# Or\ndocker compose up -d"
    parts = found(text)
    assert len(parts) == 3
    assert all(part.alternative for part in parts)
    assert not any("git push" in part.text and "vercel" in part.text for part in parts)


def test_a_script_with_alternatives_is_no_script() -> None:
    assert len(found("#!/bin/sh\na\n\n# Or\nb")) == 2
    assert runnable("\n#!/bin/sh\na\n\nb\n") == ["\n#!/bin/sh\na\n\nb".strip("\n")]


def test_installing_for_one_system_or_another_are_alternatives() -> None:
    parts = found("brew install x  # macOS\napt-get install x  # Debian\n")
    assert [part.alternative for part in parts] == [True, True]


@pytest.mark.parametrize(
    "comment", ["# Make the change", "# Wait a minute", "# Edit the file", "# Then:", "# If you use Docker"]
)
def test_what_a_person_does_in_between_divides(comment: str) -> None:
    assert runnable(f"one\n{comment}\ntwo") == ["one", f"{comment}\ntwo"]
    assert runnable(f"{comment}\ntwo") == [f"{comment}\ntwo"]


@pytest.mark.parametrize(
    "text",
    [
        "cat <<EOF\na\n\nb\n# Or\nEOF",
        "curl \\\n  -X \\\n\n  x",
        "if a; then\n\n  b\n\nfi",
        "f() {\n\n  a\n}",
        "x='a\n\nb'; y",
        'psql -c "\n  SELECT 1\n\n  FROM x\n"',
        "for i in a b; do\n\n  x $i\ndone",
        "a |\n\n  b",
        "x=(\n  a\n\n  b\n) y",
        "case $x in\n\n  a) b ;;\nesac",
        "(\n  a\n\n  b\n)",
        "cat <<'A' | sh\n\nx\nA",
    ],
)
def test_what_belongs_together_stays_whole(text: str) -> None:
    assert [group.text for group in found(text + "\n\nnext")] == [text, "next"]


def test_prompts_go_and_what_was_printed_is_left_out() -> None:
    text = "$ uptime\n 03:07 up 9 days\n$ df -h \\\n>   /\nFilesystem\n\n"
    text += "root@db:~# ls\nx\n[me@host ~]$ id\nsh-5.1# whoami\n"
    assert runnable(text, "console") == ["uptime\ndf -h \\\n  /", "ls\nid\nwhoami"]
    assert runnable("$ cat <<EOF\n> a\n> EOF\nout\n$ b\n", "") == ["cat <<EOF\na\nEOF\nb"]


def test_a_fence_without_language_needs_a_prompt() -> None:
    assert found("ls -l", "") == ()
    assert found("ls -l", "python") == ()
    assert runnable("$ ls -l", "") == ["ls -l"]
    assert found("$ ls -l", "yaml") == ()


def test_a_group_of_comments_is_for_a_person() -> None:
    (group,) = found("# Visit the dashboard\n# and look at it")
    assert (group.kind, group.says, group.runs) == ("manual", "Visit the dashboard\nand look at it", False)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('"Starting deployment of [version]"', "Starting deployment of [version]"),
        ("'All is well again'", "All is well again"),
        ("“We are looking into it”", "We are looking into it"),
        ("« Nous regardons »", " Nous regardons "),
        ('# Post it\n"Two\nlines here"', "Two\nlines here"),
    ],
)
def test_a_quoted_sentence_is_a_text_to_send(text: str, message: str) -> None:
    assert kinds(text) == [("message", message)]


def test_a_quoted_program_is_a_command() -> None:
    assert kinds('"/opt/my app/run" x') == [("command", '"/opt/my app/run" x')]
    assert kinds('"$HOME/my app/run"') == [("command", '"$HOME/my app/run"')]


@pytest.mark.parametrize(
    "text",
    [
        "HTTP/1.1 200 OK",
        '{\n  "status": "ok"\n}',
        '[\n  {"a": 1}\n]',
        "NAME     READY   STATUS\nweb-1    1/1     Running",
        "web-1    1/1     Running   0   4h",
        "pub  4096R/FAEF  created: 2017-08-25  expires: 2018-08-25  usage: C",
        "[INFO] Backup created",
        "2026-01-01T03:07:00Z something happened",
        "I1126 17:15:38.991115    3069 update.go:2618] Running",
        "update.go:2641] failed to run reboot",
        "Nov 12 03:07:11 host app[1]: started",
        "Error: it failed",
        "curl: (7) Failed to connect",
        "bash: foo: command not found",
        "+----+----+\n| a  | b  |",
        "-----+-----",
        "...",
        "✅ done",
        "(3 rows)",
        "total 80",
        "requested state:   started",
        "0 upgraded, 0 newly installed",
        "=== RESULTS ===",
        'involvedObject.name: "x"',
        "spec:\n  replicas: 1",
        "- item one",
        "* item two",
        "<html>",
        "https://example.com/page",
        "/var/log/app.log",
        "POST /tasks/recovery {}",
        "SELECT * FROM users;",
        "FROM node:18",
        '@test "it works" {',
        'sum by (x) (rate(y{job="z"}[5m]))',
        'up{job="x"} == 0',
        "rate(x[5m])",
        "restore_command = 'x'",
        "local x",
        "cf target [-o ORG]",
        "if never ended",
        "echo 'never ended",
        "a)",
        "done",
        "} x",
        "rs.status().ok",
        "# Expected output:\nall good",
        "# Response\n200",
    ],
)
def test_what_a_program_printed_or_another_language_does_not_run(text: str) -> None:
    assert runnable(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "Please wait for the pods to come back.",
        "Make sure that nobody else is deploying",
        "then restart the server and wait for it to be up.",
        "Enter the password of the user",
        "gpg> save",
        "mysql> SHOW TABLES;",
        "> gpg --card-edit",
        "NAME=[the project's name]\nGROUP=[user|group]%2f[name]",
        "db=# SELECT 1;",
        "127.0.0.1:6379> INFO",
        ">>> print(1)",
        "Is this correct? y",
        "A=1\nexport B=2",
        'NAMESPACE="$(kubectl get x)"',
        "TOKEN=$(vault read x)",
    ],
)
def test_prose_other_prompts_and_bare_values_are_for_a_person(text: str) -> None:
    assert [kind for kind, _ in kinds(text)] == ["manual"]


@pytest.mark.parametrize(
    "text",
    [
        "ls",
        "./run.sh --all",
        "/opt/x/bin/y -z",
        "~/bin/x",
        "A=1 B=2 make",
        "A=1\nmake $A",
        "! grep x y",
        "[ -f x ] && cat x",
        "[[ -f x ]] && cat x",
        "(cd x && make)",
        "{ a; b; }",
        "echo this is the end of it",
        "echo Done: all",
        "git commit -m fix: it",
        "curl -s https://x/y | jq '.[0]'",
        "docker run -e A=b image:tag cmd",
        "cf push <APP> -i 2",
        "supabase db backups restore <backup-id>",
        "x > y 2>&1",
        "> file",
        ". ./env",
        "source .env",
        "while true; do date; sleep 1; done",
        "kubectl get pods -o jsonpath='{.items[0].metadata.name}'",
        "time make",
        "test -f x || exit 1",
        "$EDITOR file",
        '"$BIN" --version',
        "Rscript x.R",
        "a --b   c",
        "cmd   -a   -b   'c'",
        "printf '%s\\n' a",
    ],
)
def test_ordinary_commands_run(text: str) -> None:
    assert kinds(text) == [("command", text)]


def test_output_below_a_command_is_a_group_of_its_own() -> None:
    text = "kubectl get pods\nNAME   READY   STATUS\nweb    1/1     Running\n"
    assert [(group.kind, group.lines) for group in found(text)] == [("command", (1, 1)), ("output", (2, 3))]
    assert runnable("curl x\n# Expected output:\nok fine\n") == ["curl x"]


def test_something_that_never_ends_takes_only_its_paragraph() -> None:
    assert runnable("a\n\necho 'never\n\nb\n\nif c\n\nd") == ["a", "b", "d"]


def test_sql_goes_statement_by_statement() -> None:
    text = "-- One\nSELECT 1\n\nFROM x;\n\n-- Or\nSELECT 2;\nSELECT 'a;\n\nb';\n\n"
    text += "DO $$\n\nBEGIN END $$;\n\n(3 rows)\n\nSELECT 'open"
    parts = [(group.kind, group.text) for group in found(text, "sql")]
    assert parts == [
        ("sql", "-- One\nSELECT 1\n\nFROM x;"),
        ("sql", "-- Or\nSELECT 2;\nSELECT 'a;\n\nb';"),
        ("sql", "DO $$\n\nBEGIN END $$;"),
        ("output", "(3 rows)"),
        ("output", "SELECT 'open"),
    ]


def test_lines_are_counted_in_the_file() -> None:
    assert [group.lines for group in groups("a\n\n# Or\nb\n\n", "sh", 41)] == [(41, 41), (43, 44)]


LINE = st.sampled_from(
    [
        *(
            "ls",
            "",
            "# Or",
            "# note",
            "echo 'a",
            "b'",
            "if x; then",
            "fi",
            "cat <<A",
            "A",
            "x \\",
            "NAME  READY",
            "{",
            "}",
        ),
        *(
            '"a b"',
            "Please do it",
            "A=1",
            "$ ls",
            "> x",
            "(",
            ")",
            "done",
            "x |",
            "curl [url]",
            "-- c",
            "SELECT 1",
            ";",
            "`",
        ),
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(LINE | st.text(max_size=8), max_size=14), st.sampled_from(["bash", "console", "", "sql"]))
def test_groups_keep_the_order_of_the_lines_and_never_share_one(lines: list[str], language: str) -> None:
    text = "\n".join(line.replace("\n", " ").replace("\r", " ") for line in lines)
    made = groups(text, language, 1)
    spans = [number for group in made for number in range(group.lines[0], group.lines[1] + 1)]
    assert spans == sorted(set(spans))
    if language == "bash" and "$ " not in text:
        filled_lines = {number for number, line in enumerate(text.split("\n"), 1) if line.strip()}
        assert filled_lines <= set(spans)


@settings(max_examples=60, deadline=None)
@given(st.lists(LINE, max_size=10))
def test_bash_can_read_every_group_that_runs(lines: list[str]) -> None:
    for group in groups("\n".join(lines), "bash", 1):
        if group.kind == "command":
            text = filled(group.text, {blank.written: "x" for blank in group.blanks})
            made = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True, timeout=10)
            assert (made.returncode, made.stderr) == (0, "")
            assert not all(line.strip().startswith("#") or not line.strip() for line in text.split("\n"))
