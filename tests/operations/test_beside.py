"""Work beside the loop gives its result and its error; a loop ends under work that does not."""

from __future__ import annotations

import asyncio
import threading

import pytest

from operations.beside import beside


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
