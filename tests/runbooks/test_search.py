"""Words are found in names, titles and texts, the most telling place first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from runbooks.reader import read
from runbooks.search import find_line, search

QUEUE = read("# Restart the queue\n\n## Count\n\nFirst count.\n\nThen all words.\n\n## Last\n\nAn account.\n", "queue")
OTHER = read("# Other\n\n## About\n\nâœ… Count the words here\n", "other")


def places(words: str) -> list[tuple[str, str, int, str]]:
    return [(hit.book, hit.title, hit.line, hit.where) for hit in search([QUEUE, OTHER], words)]


def test_a_name_or_title_comes_before_a_section_and_a_section_before_text() -> None:
    assert places("count") == [("queue", "Count", 3, "section"), ("other", "About", 5, "line")]
    # The heading that is its title is the same place.
    assert places("queue") == [("queue", "Restart the queue", 1, "book")]


def test_a_line_with_all_words_comes_before_a_section_with_them_on_several() -> None:
    assert places("words count") == [("other", "About", 5, "line"), ("queue", "Count", 3, "text")]


def test_a_word_is_found_at_its_beginning_and_not_inside_another() -> None:
    assert [hit.title for hit in search([QUEUE], "accou")] == ["Last"]
    assert search([QUEUE], "ccount") == ()


def test_no_words_find_nothing() -> None:
    assert search([QUEUE], "  ") == ()
    assert find_line(QUEUE, "") is None


def test_lines_are_found_one_after_the_other_and_from_the_beginning_again() -> None:
    assert [find_line(QUEUE, "count", after) for after in (0, 3, 5)] == [3, 5, 3]
    assert find_line(QUEUE, "nowhere") is None


def test_settings_and_rulers_are_not_searched_and_an_excerpt_keeps_its_blanks() -> None:
    text = (
        "---\nowner: zebra\n---\n# Book\n\n| Who |\n|-----|\n| [the zebra](#book) of <team> |\n\n"
        "```sh\nls *.zoo # <zone>\n```\n"
    )
    (hit,) = search([read(text, "b")], "zebra")
    assert (hit.line, hit.text) == (8, "| the zebra of <team> |")
    assert search([read(text, "b")], "---") == ()
    assert search([read(text, "b")], "zone")[0].text == "ls *.zoo # <zone>"


@given(st.text(max_size=30))
def test_any_words_may_be_looked_for(words: str) -> None:
    assert all(hit.line >= 1 for hit in search([QUEUE, OTHER], words))
