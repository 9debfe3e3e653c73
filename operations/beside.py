"""Blocking work beside an event loop or another thread, in threads that nobody waits for at the end.

asyncio's own threads, and those of an executor, are waited for without limit when a loop or a process ends: one server
that drips a byte a second would then keep a command, or a console that was left long ago, for ever.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

from operations.errors import VigieError

Item = TypeVar("Item")
Result = TypeVar("Result")


async def beside(work: Callable[..., Result], *given: Any, **named: Any) -> Result:
    """What `work` gives, or raises. A cancelled wait leaves the thread to itself; the process may end under it."""
    loop = asyncio.get_running_loop()
    wanted: asyncio.Future[Result] = loop.create_future()

    def run() -> None:
        result: Any = None
        problem: BaseException | None = None
        try:
            result = work(*given, **named)
        except BaseException as error:  # noqa: BLE001 - it is raised again where it is waited for
            problem = error

        def hand_over() -> None:
            if wanted.done():
                return
            if problem is not None:
                wanted.set_exception(problem)
            else:
                wanted.set_result(result)

        try:
            loop.call_soon_threadsafe(hand_over)
        except RuntimeError:
            return  # the loop has ended meanwhile; nobody waits any more

    threading.Thread(target=run, name="beside", daemon=True).start()
    return await wanted


def within(limit: float, work: Callable[[], Result], late: VigieError) -> Result:
    """What `work` gives, or raises; `late` is raised after `limit` seconds, and its thread is left to itself."""
    future = _started(work)
    try:
        return future.result(limit)
    except TimeoutError:
        if future.done():
            raise
        raise late from None


def side_by_side(work: Callable[[Item], Result], items: Sequence[Item], *, at_once: int) -> list[Result]:
    """`work` of every item, in their order, so many at once; raises the first error among them."""
    left = iter(enumerate(items))
    lock = threading.Lock()
    found: dict[int, Result] = {}

    def take() -> None:
        while True:
            with lock:
                number, item = next(left, (-1, None))
            if number < 0:
                return
            found[number] = work(item)  # type: ignore[arg-type]

    for future in [_started(take) for _ in range(min(at_once, len(items)))]:
        future.result()
    return [found[number] for number in range(len(items))]


def _started(work: Callable[[], Result]) -> Future[Result]:
    future: Future[Result] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - it is raised again where it is waited for
            future.set_exception(error)

    threading.Thread(target=run, name="within", daemon=True).start()
    return future
