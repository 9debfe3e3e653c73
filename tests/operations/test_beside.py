"""Work beside the loop gives its result and its error; a loop ends under work that does not."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading

import pytest

from operations.beside import beside, side_by_side, within
from operations.errors import VigieError


async def test_it_gives_what_the_work_gives_or_raises() -> None:
    assert await beside(lambda a, b: a + b, 1, 2) == 3
    with pytest.raises(ZeroDivisionError):
        await beside(lambda: 1 / 0)


def test_a_loop_ends_under_work_that_never_does() -> None:
    never = threading.Event()

    async def look() -> str:
        try:
            async with asyncio.timeout(0.05):
                await beside(never.wait)
        except TimeoutError:
            return "given up"
        return "ended"

    # asyncio.run would wait for a thread of its own here.
    assert asyncio.run(look()) == "given up"
    never.set()


def test_work_that_comes_late_is_told_and_left_to_itself() -> None:
    assert within(60, lambda: 3, VigieError("late")) == 3
    with pytest.raises(ZeroDivisionError):
        within(60, lambda: 1 / 0, VigieError("late"))
    never = threading.Event()
    with pytest.raises(VigieError, match="it is late"):
        within(0.05, never.wait, VigieError("it is late"))
    never.set()


def test_an_error_of_the_work_is_not_taken_for_lateness() -> None:
    def timed_out() -> None:
        raise TimeoutError("of its own")

    with pytest.raises(TimeoutError, match="of its own"):
        within(60, timed_out, VigieError("late"))


def test_a_process_ends_under_work_that_never_does() -> None:
    words = "import threading; from operations.beside import side_by_side, within; never = threading.Event()\n"
    words += "work = lambda: side_by_side(lambda one: never.wait(), [1, 2], at_once=2)\n"
    words += "try: within(0.05, work, ValueError('late'))\nexcept Exception as error: print(error)\n"
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "late", done.stderr


def test_side_by_side_keeps_the_order_and_the_bound_and_raises_the_first_error() -> None:
    at_work: set[int] = set()
    most: list[int] = []

    def work(number: int) -> int:
        at_work.add(number)
        most.append(len(at_work))
        at_work.discard(number)
        return number * number

    assert side_by_side(work, range(20), at_once=3) == [number * number for number in range(20)]
    assert max(most) <= 3
    assert side_by_side(work, [], at_once=3) == []
    with pytest.raises(ZeroDivisionError):
        side_by_side(lambda number: 1 // number, [1, 0, 2], at_once=2)
