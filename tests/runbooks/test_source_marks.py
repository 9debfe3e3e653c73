"""Links and comments by line: those in code, settings and comments are none."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from runbooks.reader import read
from runbooks.source_marks import Link, Note, comments, links, named_places

TEXT = """---
title: "[no](#no)"
---
A `[no](#no)` and [yes](#yes "with a title") ``a ` [no](#no)`` `[no](#no)` [more](b.md#x)

[name]: #defined

<!-- [no](#no)
two lines -->
```
[no](#no) <!-- no -->
```
<a id="here"></a> ![picture](<p.png>) [%C3%BC](#%C3%BC) <!-- one --> <!-- never closed [but](#a-link)
"""


def test_links_are_found_with_their_lines_and_decoded() -> None:
    assert links(read(TEXT, "x")) == (
        Link(4, "#yes"),
        Link(4, "b.md#x"),
        Link(6, "#defined"),
        Link(13, "p.png"),
        Link(13, "#ü"),
        Link(13, "#a-link"),
    )


def test_comments_are_found_with_their_lines() -> None:
    assert comments(read(TEXT, "x")) == (Note(8, " [no](#no)\ntwo lines "), Note(13, " one "))


def test_named_tags_are_places() -> None:
    assert named_places(read(TEXT, "x")) == {"here"}


@pytest.mark.parametrize(
    "piece", ["<!--", "](", "] (", "](" + " " * 50, "```` ` `` ", "<a id", "[", "](x ", "`", "<!-- -->"]
)
def test_hostile_text_costs_no_time(piece: str) -> None:
    book = replace(read("x", "x"), source=piece * (1_000_000 // len(piece)))
    before = time.process_time()
    links(book)
    comments(book)
    named_places(book)
    assert time.process_time() - before < 5
