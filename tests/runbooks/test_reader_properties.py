"""Any text is a runbook: mutated manuals and generated Markdown are read without an exception, without losing a line,
and without finding in them what nobody wrote.
"""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import runbooks
from runbooks.blocks import _MARKS, _SHAPES, _markdown, _needed
from runbooks.model import Book
from runbooks.parts import Group
from runbooks.reader import read

FOLDERS = (Path(__file__).parent.parent / "data" / "manuals", Path(runbooks.__file__).parent / "library")
FILES = [path.read_bytes() for folder in FOLDERS for path in sorted(folder.glob("*.md"))]
ANSWER = re.compile(r"(?:\*\*|__).*(?:→|->|=>).*\]\(\s*<?#", re.DOTALL)


def check(source: bytes | str) -> Book:
    """What holds of every book."""
    book = read(source, "t")
    assert not any("reading it failed" in problem.words for problem in book.problems)
    text = source.decode("utf-8", "replace") if isinstance(source, bytes) else source
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    shown = [
        number
        for section in book.sections
        for element in section.elements
        for number in range(element.lines[0], element.lines[1] + 1)
    ]
    assert shown == sorted(set(shown))
    assert {number for number, line in enumerate(lines, 1) if line.strip()} <= set(shown)
    anchors = [section.anchor for section in book.sections if section.level]
    assert len(set(anchors)) == len(anchors)
    for section in book.sections:
        assert not section.level or book.section(section.anchor) is section
        for branch in section.branches:
            assert ANSWER.search("\n".join(lines[branch.line - 1 : branch.line + 40]))
        for block in section.blocks:
            for group in block.groups:
                check_group(group, block.lines)
    return book


def check_group(group: Group, within: tuple[int, int]) -> None:
    assert within[0] <= group.lines[0] <= group.lines[1] <= within[1]
    assert all(group.lines[0] <= hazard.line <= group.lines[1] for hazard in group.hazards)
    if group.runs:
        code = [line.strip() for line in group.text.split("\n") if line.strip()]
        comment = "--" if group.kind == "sql" else "#"
        assert not all(line.startswith(comment) for line in code)
        assert not (len(code) == 1 and re.fullmatch(r'"[^"$/.~]*\s[^"]*"', code[0]))


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A manual with lines cut, doubled, swapped, indented or quoted, fences broken, and bytes put in."""
    lines = draw(st.sampled_from(FILES)).split(b"\n")
    start = draw(st.integers(0, max(0, len(lines) - 40)))
    lines = lines[start : start + draw(st.integers(1, 60))]
    for _ in range(draw(st.integers(1, 6))):
        at, other = draw(st.integers(0, len(lines) - 1)), draw(st.integers(0, len(lines) - 1))
        how = draw(
            st.sampled_from(["cut", "double", "swap", "indent", "quote", "item", "fence", "bytes", "join", "half"])
        )
        if how == "cut" and len(lines) > 1:
            del lines[at]
        elif how == "double":
            lines.insert(other, lines[at])
        elif how == "swap":
            lines[at], lines[other] = lines[other], lines[at]
        elif how in ("indent", "quote", "item"):
            mark = {"indent": b"    ", "quote": b"> ", "item": b"- "}[how]
            lines[at : at + 6] = [mark + line for line in lines[at : at + 6]]
        elif how == "fence":
            lines.insert(
                at, draw(st.sampled_from([b"```", b"~~~", b"````", b"```bash", b"<!--", b"-->", b"<details>", b"---"]))
            )
        elif how == "bytes":
            place = draw(st.integers(0, len(lines[at])))
            lines[at] = lines[at][:place] + draw(st.binary(min_size=1, max_size=4)) + lines[at][place:]
        elif how == "join" and at + 1 < len(lines):
            lines[at : at + 2] = [lines[at] + lines[at + 1]]
        else:
            lines[at] = lines[at][: len(lines[at]) // 2]
    return draw(st.sampled_from([b"\n", b"\r\n", b"\r"])).join(lines)


@settings(max_examples=120, deadline=None)
@example(b">   <!-- path: -->\n> - **Cannot tell** x\n>   <!-- path: \n> ")
@given(mutated())
def test_a_mutated_manual_is_still_a_book(source: bytes) -> None:
    check(source)


BLOCK = st.recursive(
    st.sampled_from(
        [
            *(
                "text",
                "# A",
                "## A",
                "A\n=",
                "- a\n- b",
                "1. **a**\n2. b",
                "- [ ] a",
                "| a | b |\n|---|---|\n| 1 | 2 |",
            ),
            *(
                "```sh\nls\n\n# Or\nrm -rf x\n```",
                "```\n$ a\nb\n```",
                "```sql\nSELECT 1;\n```",
                "    code",
                "---",
                "<b>",
            ),
            *(
                "- **Yes** → [A](#a)\n- **No** → [A](#a-1)",
                "Next: [A](#a)",
                "[x]: y",
                "<!-- label: N1 -->",
                "<details>",
            ),
            *(
                "```sh\n# only\n```",
                '```sh\n"a sentence here"\n```',
                "```sh\nnever 'ends\n```",
                "> [!WARNING]\n> b",
                "```",
            ),
        ]
    ),
    lambda inner: st.tuples(st.sampled_from(["> ", "- ", "   ", "1. "]), st.lists(inner, min_size=1, max_size=3)).map(
        lambda made: "\n".join(
            (made[0] if number == 0 or made[0] == "> " else " " * len(made[0])) + line
            for number, line in enumerate("\n\n".join(made[1]).split("\n"))
        )
    ),
    max_leaves=6,
)


@settings(max_examples=120, deadline=None)
@given(st.lists(BLOCK, max_size=6).map("\n\n".join))
def test_nested_markdown_is_a_book(source: str) -> None:
    check(source)


MARK = st.sampled_from([*"-*_=>|#`~<[]: \t\n1.", "a", "\n\n", "- ", "---", "```", "    ", "]: x"])


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.lists(BLOCK, max_size=2).map("\n\n".join), st.lists(MARK, max_size=14).map("".join)))
def test_a_rule_that_is_left_out_would_have_found_nothing(source: str) -> None:
    every = _markdown((*_MARKS, *_SHAPES)).parse(source)
    assert [token.as_dict() for token in _markdown(_needed(source)).parse(source)] == [t.as_dict() for t in every]


@pytest.mark.parametrize("source", FILES)
def test_our_own_files_are_read_whole(source: bytes) -> None:
    check(source)
    check(source.replace(b"\n", b"\r\n"))
    check(source[: len(source) // 2])


def test_a_manual_has_no_decision_by_accident() -> None:
    text = "# A\n\n- **Vercel** -> the dashboard\n- **Logs**: [here](#a)\n- [x](#a) → **y**\n- **Scale** up → [docs](https://x)\n"
    book = read(text, "t")
    assert not any(section.branches for section in book.sections)


@pytest.mark.parametrize(
    "shape",
    [
        "{}",
        "# {}",
        "- **{}**",
        "> {}",
        "<div>{}",
        "<!-- when: {} -->",
        "```sh\n{}\n```",
        "```sql\n{}\n```",
        "```console\n$ {}\n```",
        "```\nStatus: [a]\nImpact: {}\n```",
        "| Metric | {} |\n|---|---|\n| a | {} |",
        "# E\n\nRollback if {}\n- {}",
        "---\ntitle: {}\n---",
    ],
)
def test_a_hostile_line_takes_time_in_proportion_to_its_length(shape: str) -> None:
    """Doubled twice, a line may take a few times longer; what grows with the square takes sixteen times as long."""

    def seconds(unit: str, size: int) -> float:
        text = shape.replace("{}", (unit * (size // len(unit) + 1))[:size])
        best = 9.0
        for _ in range(2):
            started = time.process_time()
            read(text, "t")
            best = min(best, time.process_time() - started)
        return best

    for unit in (
        "[",
        '"',
        "'",
        "`",
        "`rm -rf x` ",
        "*",
        "<a",
        "(",
        "{{ ",
        "$a",
        "**a** → ",
        "[a](",
        "&amp;",
        "your-a",
        "<!--",
        "‚úÖ",
    ):
        assert seconds(unit, 24_000) < 8 * seconds(unit, 6_000) + 0.05, unit


@pytest.mark.parametrize("line", ["[" * 1_000_000, '"' * 1_000_000, "a " * 500_000, "`" * 1_000_000, "*a" * 500_000])
def test_a_line_of_a_megabyte_is_read(line: str) -> None:
    book = read(f"# A\n\n{line}\n", "t")
    assert book.sections[0].lines == (1, 3)
