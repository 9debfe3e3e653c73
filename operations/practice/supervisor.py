"""The practice site's one owner: `python -m operations.practice.supervisor --dir D`. All its children die with it.

It ends within seconds after nobody holds the lease any more, unless the site is kept; it asks no question.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import fcntl
import json
import os
import secrets
import signal
import sys
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from operations.errors import VigieError
from operations.practice import building, dealing, faults
from operations.practice.authority import ensure_certificates
from operations.practice.containment import child_environment, strangers_in
from operations.practice.control_server import ControlServer
from operations.practice.identity import read_or_make
from operations.practice.layout import Layout, make_folders, write_private
from operations.practice.session import Session, make_session
from operations.practice.world import World
from operations.text import one_line

LEASE_EVERY = 0.5
LOOK_EVERY = 0.25
FREE_TIMES = 3
"""How often in a row the lease must be free before the site ends."""
END_LIMIT = 6.0
LOCK_TRIES = 20


class Supervisor:
    """Runs one practice site from its start to its end."""

    def __init__(self, layout: Layout, world: World) -> None:
        self.layout = layout
        self.world = world
        self.session: Session | None = None
        self.ending = asyncio.Event()
        self.token = secrets.token_hex(16)
        self.control_port = 0
        self._phase = "starting"
        self._says = "starting"
        self._shown = ""
        self._trouble = ""
        self._busy = asyncio.Lock()
        self._timed: set[asyncio.Task[None]] = set()

    async def run(self, size: float, session: Session) -> None:
        """Build what is missing, deal the session, and serve until it is time to end. Raises VigieError."""
        control = ControlServer(self)
        self.control_port = await control.open()
        watching = asyncio.create_task(self._watch_lease())
        self.world.size = size
        work = asyncio.create_task(self._bring_up(size, session))
        over = asyncio.create_task(self.ending.wait())
        try:
            await asyncio.wait({work, over}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                await work
                await self._serve()
        finally:
            work.cancel()
            self._forget_timed()
            self.say("ending", "ending")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.world.end(), END_LIMIT)
            watching.cancel()
            await control.close()

    def say(self, phase: str, says: str) -> None:
        """Write down where things stand; a console that waits reads it."""
        self._phase, self._says = phase, says
        self.write_state()

    def write_state(self) -> None:
        """Write the state file when it changed."""
        state = json.dumps(self.state(), indent=1)
        if state != self._shown:
            write_private(self.layout.state, state)
            self._shown = state

    def state(self) -> dict[str, Any]:
        """All that is known about the running site."""
        session = self.session
        return {
            "pid": os.getpid(),
            "phase": self._phase,
            "says": self._says,
            "ready": self._phase == "ready",
            "config": str(self.layout.config),
            "control": {"port": self.control_port, "token": self.token},
            "ports": self.world.ports,
            "children": self.world.children(),
            "problems": [*self.world.problems(), *([self._trouble] if self._trouble else [])],
            "session": session.id if session else "",
            "scenario": session.name if session else "",
            "seed": session.seed if session else 0,
            "speed": session.speed if session else 1.0,
        }

    async def deal(self, session: Session) -> None:
        """Put the site back and deal `session`. Raises VigieError."""
        async with self._busy:
            self._forget_timed()
            self.session = session
            try:
                await dealing.deal(self.world, session, lambda says: self.say("dealing", says))
            except Exception as error:
                # Half put back is no site to drill on: whoever waits must learn it.
                self.say("failed", one_line(str(error)) or type(error).__name__)
                raise
            self._time_steps(session)
            self.say("ready", "ready")

    async def mend(self, kind: str) -> str:
        """What the helper of that kind mends here; returns what is said about it."""
        async with self._busy:
            scenario = self.session.scenario if self.session else None
            for mend in scenario.mends if scenario else ():
                if kind in mend.kinds:
                    for step in mend.steps:
                        await faults.act(self.world, step.action, step.arguments)
                    self.note("mended", {"by": kind})
                    return mend.says
            return "There was nothing of mine to mend."

    def note(self, what: str, data: dict[str, Any]) -> None:
        """Record something that happened, for the score."""
        if self.session:
            dealing.note(self.world, self.session, what, data)

    async def _bring_up(self, size: float, session: Session) -> None:
        # Everything is checked against our own ports before the first child starts.
        dealing.configure(self.world, session)
        await building.open_servers(self.world, size, lambda says: self.say("building", says))
        # Ages count from now, not from before the building.
        fresh = make_session(datetime.now(UTC), session.seed, session.name, session.speed)
        await self.deal(fresh)

    async def _serve(self) -> None:
        while not self.ending.is_set():
            if not self._busy.locked():
                await self._look()
            self.write_state()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.ending.wait(), LOOK_EVERY)

    async def _look(self) -> None:
        """Start again what died; what cannot be started is a problem to show, not an end of the site."""
        try:
            await self.world.look()
            self._trouble = ""
        except VigieError as error:
            self._trouble = str(error)

    async def _watch_lease(self) -> None:
        """End when the lease is free several times in a row; it stays taken, so that nobody joins a site that ends."""
        free = 0
        lease = os.open(self.layout.lease, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        while not self.ending.is_set():
            await asyncio.sleep(LEASE_EVERY)
            if self.layout.keep.exists():
                free = 0
                continue
            try:
                fcntl.flock(lease, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                free = 0
                continue
            free += 1
            if free >= FREE_TIMES:
                self.ending.set()
            else:
                fcntl.flock(lease, fcntl.LOCK_UN)

    def _time_steps(self, session: Session) -> None:
        for step in session.scenario.steps if session.scenario else ():
            if step.after.total_seconds() > 0:
                task = asyncio.create_task(self._later(session.wait(step.after), step.action, dict(step.arguments)))
                self._timed.add(task)
                task.add_done_callback(self._timed.discard)

    async def _later(self, seconds: float, action: str, arguments: dict[str, str | float]) -> None:
        await asyncio.sleep(seconds)
        async with self._busy:
            await faults.act(self.world, action, arguments)
            self.note("injected", {"action": action, **arguments})

    def _forget_timed(self) -> None:
        for task in tuple(self._timed):
            task.cancel()


def main(arguments: list[str]) -> int:
    """Run until the end; 0 when it ended well, 1 when it could not start, 75 when one runs already."""
    parser = argparse.ArgumentParser(prog="practice-supervisor", description="Own one practice site.")
    parser.add_argument("--dir", required=True, type=Path)
    parser.add_argument("--size", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--speed", type=float, default=1.0)
    parser.add_argument("--scenario", default="")
    given = parser.parse_args(arguments)
    layout = Layout(given.dir)
    for name in strangers_in(os.environ):
        del os.environ[name]
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    make_folders(layout)
    if not _take_lock(layout):
        return 75
    session = make_session(datetime.now(UTC), given.seed, given.scenario, given.speed)
    return asyncio.run(_own(layout, given.size, session))


def _take_lock(layout: Layout) -> bool:
    """Hold the supervisor's lock for the rest of this process; False when another supervisor does.

    Whoever only asks whether one runs holds it for an instant, so a first refusal is not the answer yet.
    """
    lock = os.open(layout.supervisor_lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    for _ in range(LOCK_TRIES):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.05)
        else:
            return True
    return False


async def _own(layout: Layout, size: float, session: Session) -> int:
    ensure_certificates(layout)
    supervisor = Supervisor(layout, World(layout, read_or_make(layout), child_environment(layout)))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, supervisor.ending.set)
    code = 0
    try:
        await supervisor.run(size, session)
        supervisor.say("ended", "ended")
    except Exception as error:  # noqa: BLE001 - whoever waits for the start must learn why there is none
        sys.stderr.write(traceback.format_exc())
        says = str(error) if isinstance(error, VigieError) else f"{type(error).__name__}: {error}"
        supervisor.say("failed", says)
        code = 1
    sys.stderr.flush()
    # Not a plain return: a pool thread may still wait for a child that dies with us.
    os._exit(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
