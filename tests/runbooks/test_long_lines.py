"""A line of many kilobytes costs what its letters cost, whatever marks it repeats and nothing closes."""

from __future__ import annotations

import time
from datetime import date

import pytest

from runbooks.lint import lint
from runbooks.plain_text import plain_text
from runbooks.reader import read
from runbooks.search import search

LONG = 40_000
WORDS = (
    "a", "(", "[", "<", "`", "*", "$", '"', "'", "\\", "{", "your ", "- [ ] ", "| ", "http://", "@", "1.", "#", " ",
    "\t", "[\\", "](", "-e ",
)  # fmt: skip
PLACES = {
    "prose": "{}\n",
    "an open quote": '"{}!\n',
    "a shell": "```sh\n{}\n```\n",
    "an open quote of a shell": "```sh\n'{}!\n```\n",
    "a cell": "| a | b |\n|---|---|\n| {} | c |\n",
    "SQL": "```sql\nselect {}\n```\n",
}


@pytest.mark.parametrize("place", PLACES)
def test_no_mark_that_is_repeated_costs_the_square_of_its_line(place: str) -> None:
    """Each takes some 0.03 s; what went over the line again for every mark took between 5 s and a minute."""
    for word in WORDS:
        text = PLACES[place].format((word * LONG)[:LONG])
        begun = time.process_time()
        book = read(text, "long")
        plain_text(book, 80)
        search([book], "zz q")
        lint(book, date(2026, 11, 22))
        assert time.process_time() - begun < 1.5, word
