"""The time box of the question at hand is one of the things that fall due."""

from __future__ import annotations

import pytest

from operations.incident.clock import header_words, say_words, unsaid
from operations.incident.walks import record, walk_of
from runbooks.model import Book
from runbooks.reader import read
from runbooks.walk import begin, jump
from tests.operations.incident.stage import SETTINGS, Stage
from tests.operations.incident.test_clock import at, due, is_due, minutes, taken

BOXED = """\
# The queue

## Is it full?
<!-- label: Q1; timebox: 3m; on-expire: #ask -->

- **Yes** → [Is it alive?](#is-it-alive)
- **No** → [Ask](#ask)

## Is it alive?
<!-- timebox: 20m -->

- **Yes** → [Ask](#ask)
- **No** → [Ask](#ask)

## Ask
"""


def walking(stage: Stage) -> Book:
    """Begin to walk that book."""
    book = read(BOXED, "queue")
    record(stage, stage.incident(), begin(book), book, walk="w1")
    return book


def test_the_questions_time_box_stands_in_the_header_when_it_is_the_next_and_is_said_once_when_it_is_over() -> None:
    stage = taken(Stage("P1"))
    book = walking(stage)
    assert header_words(at(stage), stage.now) == "TIME BOX DUE 3m00s"
    stage.wait(minutes=3, seconds=40)
    assert header_words(at(stage), stage.now) == "TIME BOX OVERDUE 40s"
    (box,) = unsaid(stage.incident(), SETTINGS, stage.now)
    assert say_words(box, stage.now) == "time is up: time box of Q1 Is it full?; it offers: Ask"
    stage.append("timer.said", {"timer": box.timer})
    assert unsaid(stage.incident(), SETTINGS, stage.now) == ()
    assert header_words(at(stage), stage.now).startswith("FIRST NOTICE DUE"), "what was said makes room for what comes"
    state = walk_of(stage.incident())
    assert state is not None
    record(stage, stage.incident(), jump(state, "is-it-alive"), book, walk="w1")
    assert minutes(stage, "time box of Is it alive?") == pytest.approx(3 + 40 / 60 + 20)
    stage.state("resolved")
    assert not is_due(stage, "time box")


def test_a_time_box_keeps_its_span_when_the_clock_is_set_back() -> None:
    stage = taken(Stage("P1").wait(minutes=30))
    walking(stage)
    stage.wait(minutes=1).turn(hours=-1)
    stage.append("incident.note", {"text": "x"})
    assert (due(stage, "time box").due_at - stage.now).total_seconds() <= 180
