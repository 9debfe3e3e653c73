"""A page is judged by what it holds, its files by what they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operations.http import Answer
from operations.page import MOST_ASSETS, assets_of, judge_asset, judge_page

PAGE = b"""<!doctype html><html><head><link rel="stylesheet" href="/assets/app-1f.css">
<link rel="icon" href="/favicon.ico"><script src="/assets/app-9c.js" defer></script>
<script src="https://elsewhere.example/t.js"></script><script>inline()</script>
<script src="app-9c.js#x"></script></head><body>Calls</body></html>"""


def _answer(body: bytes = PAGE, status: int = 200, kind: str = "text/html; charset=utf-8") -> Answer:
    return Answer("https://site.test/", "http", status=status, body=body, headers={"content-type": kind})


def test_the_files_of_the_own_site_are_found_in_order() -> None:
    assert assets_of(PAGE, "https://site.test/") == (
        "https://site.test/assets/app-1f.css",
        "https://site.test/assets/app-9c.js",
        "https://site.test/app-9c.js",
    )


def test_a_base_element_counts_and_a_foreign_one_leaves_nothing() -> None:
    assert assets_of('<base href="/v2/"><script src="a.js">', "https://site.test/x") == ("https://site.test/v2/a.js",)
    assert assets_of('<base href="https://cdn.test/"><script src="a.js">', "https://site.test/") == ()


def test_a_page_of_ten_thousand_scripts_gives_a_bounded_list() -> None:
    html = "".join(f'<script src="/{number}.js"></script>' for number in range(10_000))
    assert len(assets_of(html, "https://site.test/")) == MOST_ASSETS


@given(st.text(max_size=200))
def test_any_text_gives_a_list_and_no_error(text: str) -> None:
    assert isinstance(assets_of(f'<script src="{text}">{text}', "https://site.test/"), tuple)


def test_a_good_page_is_ok() -> None:
    assert judge_page(_answer(), "Calls").ok


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (_answer(status=500, body=b"oops"), '500 "oops"'),
        (_answer(kind="application/json"), "200 but application/json instead of HTML"),
        (_answer(body=b"  \n"), "200 but an empty page"),
        (_answer(body=b"<p>other"), '200 without "Calls"'),
        (Answer("x", "timeout", error="no answer within 10 s"), "no answer within 10 s"),
    ],
)
def test_a_bad_page_says_why(answer: Answer, words: str) -> None:
    verdict = judge_page(answer, "Calls")
    assert not verdict.ok
    assert verdict.says == words


@pytest.mark.parametrize(
    ("path", "kind", "body"),
    [("/a.js", "text/javascript", b"x()"), ("/a.mjs", "application/javascript", b"x"), ("/a.css", "text/css", b"a{}")],
)
def test_a_file_of_its_own_type_is_ok(path: str, kind: str, body: bytes) -> None:
    assert judge_asset(_answer(body, kind=kind), f"https://site.test{path}").ok


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (_answer(status=404), "a.js 404"),
        (_answer(), "a.js 200 but an HTML page"),
        (_answer(kind="text/javascript"), "a.js 200 but an HTML page"),
        (_answer(b"x()", kind="text/plain"), "a.js 200 but text/plain"),
        (_answer(b"", kind="text/javascript"), "a.js 200 but empty"),
        (Answer("x", "connect", error="connection refused"), "a.js connection refused"),
    ],
)
def test_a_bad_file_says_why(answer: Answer, words: str) -> None:
    verdict = judge_asset(answer, "https://site.test/assets/a.js")
    assert not verdict.ok
    assert verdict.says == words
