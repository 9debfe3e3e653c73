"""Blocking work beside an event loop, in threads that nobody waits for at the end.

asyncio's own threads are waited for without limit when a loop ends: one server that drips a byte a second would then
keep a command, or a console that was left long ago, for ever.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any, TypeVar

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
