"""A shell's text is read as bash reads it: places, unfinished lines, the commands in it. bash itself is asked."""

from __future__ import annotations

import subprocess
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbooks.shell_scan import scan
from runbooks.shell_words import Command, commands_of
from runbooks.sql_scan import sql_scan


def words(text: str) -> list[tuple[str, ...]]:
    return [command.words for command in commands_of(text)]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("echo a", "pppppp"),
        ("""e "a" 'b'""", "ppdddpsss"),
        ("e # c", "ppccc"),
        ("e a#b", "ppppp"),
        (r'e "\"x" y', "ppdddddpp"),
        (r"e \"x", "ppppp"),
        ('e "$(f "x")"', "ppdddppdddpd"),
        ("e `f`", "ppooo"),
        ("e ${x:-y}", "ppooooooo"),
        ("e $((1+2))", "pp" + "o" * 8),
        (r"e $'a\'b'", "pp" + "o" * 7),
        ("cat <<A\nx $y\nA", "pppppppphhhhhp"),
        ("cat <<'A'\nx\nA", "ppppppppppqqp"),
        ("cat <<<x", "pppppppp"),
        ("e <name>", "pppppppp"),
    ],
)
def test_every_character_has_its_place(text: str, places: str) -> None:
    assert scan(text).places == places


@pytest.mark.parametrize(
    ("text", "unfinished"),
    [
        ("ls\npwd", [False, False]),
        ("a \\\n b\nc", [True, False, False]),
        ("a |\nb\nc", [True, False, False]),
        ("a &&\n\nb", [True, True, False]),
        ("a || # why\nb", [True, False]),
        ("if x; then\n y\nfi\nz", [True, True, False, False]),
        ("for i in 1 2; do\n  echo $i\ndone", [True, True, False]),
        ("while read x; do y; done < f\nz", [False, False]),
        ("case $x in\n a|b) y;;\n (c) z;;\nesac", [True, True, True, False]),
        ("f() {\n  x\n}\ny", [True, True, False, False]),
        ("f()\n{\n  x\n}", [True, True, True, False]),
        ("function f() {\n  x\n}", [True, True, False]),
        ("function f {\n  x\n}", [True, True, False]),
        ("cat <<A\nx\n\ny\nA\nz", [True, True, True, True, False, False]),
        ("cat <<-A\n\tx\n\tA\nz", [True, True, False, False]),
        ("cat <<A <<B\nx\nA\ny\nB\nz", [True, True, True, True, False, False]),
        ("x=(1\n2)\ny", [True, False, False]),
        ("e 'a\nb'\nc", [True, False, False]),
        ('e "a\n\nb"\nc', [True, True, False, False]),
        ("e $(a\nb)\nc", [True, False, False]),
        ("(a\nb)\nc", [True, False, False]),
        ("[[ a && b ]]\nc", [False, False]),
        ("e 'never", [True]),
        ("cat <<A\nnever", [True, True]),
        ("if never", [True]),
        ("# it's a comment\nls", [False, False]),
        ("echo if for while", [False]),
        ("e ${x\nls", [True, True]),
    ],
)
def test_lines_that_want_more_are_known(text: str, unfinished: list[bool]) -> None:
    assert list(scan(text).unfinished) == unfinished


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a b; c && d | e", [("a", "b"), ("c",), ("d",), ("e",)]),
        ("sudo -u x env A=b timeout 5 /usr/bin/rm y", [("rm", "y")]),
        ("A=1 B='2 3' npx -y prisma x", [("prisma", "x")]),
        ("nice -n 10 nohup x &", [("x",)]),
        ("x 2>&1 >out <in", [("x",)]),
        ("x $(y z)", [("x", "$()"), ("y", "z")]),
        ('x "a $(y "b") c"', [("x", "a $() c"), ("y", "b")]),
        ("if a; then b; else c; fi", [("a",), ("b",), ("c",)]),
        ("case $x in a) b;; rm|c) d;; esac", [("b",), ("d",)]),
        ("for f in *; do x $f; done", [("for", "f", "in", "*"), ("x", "$f")]),
        ("f() { x; }", [("x",)]),
        ("a=(rm -rf x)", []),
        ("ssh -i k host 'a b; c'", [("ssh", "-i", "k", "host", "a b; c"), ("a", "b"), ("c",)]),
        ("ssh host echo 'rm x'", [("ssh", "host", "echo", "rm x"), ("echo", "rm", "x")]),
        ("bash -c 'a; b'", [("bash", "-c", "a; b"), ("a",), ("b",)]),
        ("$SUDO x", [("x",)]),
        ("${KUBECTL} y", [("kubectl", "y"), ("y",)]),
        ("# a b", []),
        ("cat <<A\n$(x)\nA", [("cat",), ("x",)]),
        ("cat <<'A'\n$(x)\nA", [("cat",)]),
        ("find . -exec rm {} \\;", [("find", ".", "-exec", "rm", "{}", ";"), ("rm", "{}", ";")]),
        ("a <name> b", [("a", "<name>", "b")]),
        ("command -v dropdb", [("command", "-v", "dropdb")]),
    ],
)
def test_the_commands_of_a_text_are_found(text: str, found: list[tuple[str, ...]]) -> None:
    assert words(text) == found


def test_what_a_command_reads_is_known() -> None:
    by_program: dict[str, Command] = {c.program: c for c in commands_of("a <in | b; c <<< d\ne <<F\ng\nF\necho h | i")}
    assert by_program["a"].reads == "in"
    assert by_program["b"].piped_from == "a"
    assert by_program["c"].fed == ((0, "d"),)
    assert by_program["e"].fed == ((2, "g\n"),)
    assert by_program["i"].fed == ((4, "h"),)


ARGUMENT = st.lists(
    st.sampled_from(
        [
            "a",
            "b c",
            "'d e'",
            '"f g"',
            '"$(printf h)"',
            "\\ ",
            "\\'",
            "''",
            '"\\"i"',
            "'j\"k'",
            "$'l\\'m'",
            "#n",
            "=",
            "\\\\",
            "{o,}",
        ]
    ),
    min_size=1,
    max_size=5,
).map("".join)


@settings(max_examples=40, deadline=None)
@given(st.lists(ARGUMENT, min_size=1, max_size=6))
def test_words_end_where_bash_ends_them(arguments: list[str]) -> None:
    text = "p " + " ".join(arguments)
    script = "p() { echo $#; }\nset -f +B\n" + text
    made = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=10, check=True)
    (command,) = (one for one in scan(text).commands if one.words[0][0] == "p")
    assert len(command.words) - 1 == int(made.stdout)


PIECES = st.sampled_from(
    [
        *(
            "ls",
            "if x; then",
            "fi",
            "then",
            "done",
            "do",
            "for i in a",
            "case x in",
            "a)",
            ";;",
            "esac",
            "{",
            "}",
            "(",
            ")",
        ),
        *(
            "'",
            '"',
            "`",
            "$(",
            "${",
            "$((",
            "))",
            "\\",
            "#",
            "|",
            "&&",
            ";",
            "<<A",
            "A",
            "<x",
            ">y",
            "[[ a",
            "]]",
            "f()",
        ),
        *("x=(", "echo a", "$'", "!", "\n", " ", "while y; do", "function g {", "<<'B'", "B", "2>&1", "<<<"),
    ]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(PIECES, max_size=12).map(" ".join))
def test_what_is_called_finished_is_read_by_bash_to_its_end(text: str) -> None:
    read = scan(text)
    assert len(read.places) == len(text)
    assert len(read.unfinished) == text.count("\n") + 1
    made = subprocess.run(["bash", "-n"], input=text + "\n", capture_output=True, text=True, timeout=10)
    wants_more = "unexpected EOF" in made.stderr or "unexpected end of file" in made.stderr
    if wants_more and "here-document" not in made.stderr:
        assert read.unfinished[-1] or read.broken


UNITS = [
    '"',
    "'",
    "[",
    "(",
    "$(",
    "`",
    "\\",
    "<<A ",
    "<<A\n",
    "<",
    "<a ",
    "if ",
    "${",
    "$((",
    "f() ",
    "|",
    "$",
    "$'",
    '"$(',
    "[[ ",
    "a=(",
]


@pytest.mark.parametrize("unit", UNITS)
def test_hostile_text_takes_no_more_time_than_it_has_characters(unit: str) -> None:
    def seconds(size: int) -> float:
        text = unit * (size // len(unit))
        best = 9.0
        for _ in range(3):
            scan.cache_clear()
            started = time.process_time()
            scan(text)
            best = min(best, time.process_time() - started)
        return best

    assert seconds(40_000) < 8 * seconds(10_000) + 0.02


@pytest.mark.parametrize(
    ("text", "places", "unfinished"),
    [
        ("a 'b''c' d", "ppsssssspp", [False]),
        ('"a;b"', "ddddd", [False]),
        ("a -- b'c\nd", "ppcccccc" + "pp", [False, False]),
        ("a /* b /* c */ d */ e", "pp" + "c" * 17 + "pp", [False]),
        ("$$ a; $$ b", "o" * 8 + "pp", [False]),
        ("$t$ ' $t$", "o" * 9, [False]),
        (r"E'a\'b'", "o" * 7, [False]),
        ("select $1", "p" * 9, [False]),
        ("SELECT 1\n FROM x;\n\nSELECT 2", "p" * 27, [True, False, False, False]),
        ("DO $$\n\nx;\n$$;", "ppp" + "o" * 9 + "p", [True, True, True, False]),
        ("\\dt\nSELECT 1;", "p" * 13, [False, False]),
    ],
)
def test_sql_is_read_as_the_server_reads_it(text: str, places: str, unfinished: list[bool]) -> None:
    found = sql_scan(text)
    assert found.places == places
    assert list(found.unfinished) == unfinished


@given(st.text(alphabet="a'\"-/*$;E\\\n ", max_size=80))
def test_any_text_may_be_read_as_sql(text: str) -> None:
    found = sql_scan(text)
    assert len(found.places) == len(found.bare) == len(text)
    assert len(found.unfinished) == text.count("\n") + 1
