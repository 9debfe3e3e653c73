"""Starting, joining, stopping and removing a practice site, for the command line and the tests.

Heavy parts live in the supervisor's process; this module only starts it, waits for it, and holds the lease.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from operations.errors import Busy, VigieError
from operations.practice import control
from operations.practice.containment import child_environment
from operations.practice.layout import Layout, built_size, databases_folder, make_folders
from operations.practice.scenarios import code_name_of
from operations.practice.whereabouts import is_running

START_LIMIT = 120.0
END_LIMIT = 15.0
_POLL = 0.05
_started: list[subprocess.Popen[bytes]] = []
"""Supervisors this process started: kept, since they outlive us and nobody waits for them."""


@dataclass(slots=True)
class PracticeSite:
    """A running practice site and our share in it: it goes on at least until `close` or the end of this process."""

    home: Path
    config_path: Path
    lease: int
    session: str
    scenario: str
    seed: int

    def close(self) -> None:
        """Give our share back; again is harmless."""
        if self.lease >= 0:
            os.close(self.lease)
            self.lease = -1


def start(
    home: Path,
    *,
    size: float | None = None,
    seed: int = 0,
    scenario: str | None = None,
    speed: float = 1.0,
    keep: bool = False,
    progress: Callable[[str], None] | None = None,
    limit: float = START_LIMIT,
) -> PracticeSite:
    """Have the site in `home` running and return our share in it.

    A running one is joined as it is; with a `scenario` it is put back and dealt anew ("" deals a healthy one). `size`
    None keeps what is built (or 1).
    Raises VigieError with what went wrong when it is not ready within `limit` seconds.
    """
    layout = Layout(home.expanduser().absolute())
    layout.home.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + limit
    with _start_lock(layout, until):
        make_folders(layout)
        if keep:
            layout.keep.touch(mode=0o600)
        wait_while_ending(layout, until)
        lease = hold_lease(layout.lease)
        try:
            if is_running(layout):
                _join(layout, size, seed, scenario, speed, progress, until)
            else:
                wanted = size if size is not None else built_size(layout) or 1.0
                supervisor = _spawn(layout, wanted, seed, scenario or "", speed)
                _wait_ready(layout, progress, until, supervisor)
            return _share(layout, lease)
        except BaseException:
            os.close(lease)
            raise


def stop(home: Path) -> bool:
    """End the site in `home`, whoever uses it; False when none ran. Raises VigieError when it does not end."""
    layout = Layout(home.expanduser().absolute())
    if not layout.marker.exists():
        return False
    with _start_lock(layout, time.monotonic() + END_LIMIT):
        return _stop(layout)


def reset(home: Path) -> None:
    """End the site and remove its folder with all that is in it. Raises VigieError when the folder is no site's."""
    layout = Layout(home.expanduser().absolute())
    if not layout.home.exists():
        return
    if not layout.marker.exists():
        raise VigieError(f"{layout.home} is not a practice site.", means="Nothing was removed.")
    with _start_lock(layout, time.monotonic() + END_LIMIT):
        _stop(layout)
        shutil.rmtree(databases_folder(layout), ignore_errors=True)
        shutil.rmtree(layout.home)


def status(home: Path) -> dict[str, Any]:
    """What the supervisor says about itself; `running` is False when none does."""
    layout = Layout(home.expanduser().absolute())
    found = _state(layout)
    found.pop("control", None)
    return {**found, "running": is_running(layout), "kept": layout.keep.exists()}


def hold_lease(path: Path | str) -> int:
    """Take a share in the site; the descriptor is closed with this process at the latest, children do not inherit it.

    Raises Busy while the site is just ending.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        # The supervisor looks each second and holds it for an instant; only an ending one holds it longer.
        time.sleep(0.2)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise Busy("The practice site is just ending.", next_step="Start it again in a moment.") from None
    return descriptor


def wait_while_ending(layout: Layout, until: float) -> None:
    """Return when no supervisor is on its way out. Raises VigieError when that takes too long."""
    while is_running(layout):
        with contextlib.suppress(Busy):
            os.close(hold_lease(layout.lease))
            return
        if time.monotonic() > until:
            raise VigieError("The practice site that runs there does not end.", next_step="vigie drill --down")
        time.sleep(_POLL)


def _spawn(layout: Layout, size: float, seed: int, scenario: str, speed: float) -> subprocess.Popen[bytes]:
    layout.state.unlink(missing_ok=True)
    words = ["--dir", str(layout.home), "--size", str(size), "--seed", str(seed), "--speed", str(speed)]
    with (layout.logs / "supervisor.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "operations.practice.supervisor", *words, "--scenario", code_name_of(scenario)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=layout.home,
            env=child_environment(layout),
            start_new_session=True,
        )
    _started.append(process)
    return process


def _join(
    layout: Layout,
    size: float | None,
    seed: int,
    scenario: str | None,
    speed: float,
    progress: Callable[[str], None] | None,
    until: float,
) -> None:
    _wait_ready(layout, progress, until)
    if size is not None and built_size(layout) != size:
        raise VigieError(
            f"The practice site that runs has size {built_size(layout):g}.",
            next_step="End it first: vigie drill --down",
        )
    if scenario is None:
        return
    if progress:
        progress("putting the site back")
    request = {"do": "session", "scenario": scenario, "seed": seed, "speed": speed}
    try:
        reply = control.ask(layout.home, request, max(1.0, until - time.monotonic()))
    except control.NoSupervisor as error:
        raise VigieError(str(error)) from None
    if not reply.get("ok"):
        raise VigieError(str(reply.get("says")))


def _wait_ready(
    layout: Layout,
    progress: Callable[[str], None] | None,
    until: float,
    supervisor: subprocess.Popen[bytes] | None = None,
) -> None:
    said = ""
    while True:
        state = _state(layout)
        says = str(state.get("says", ""))
        if progress and says and says != said:
            progress(says)
            said = says
        if state.get("ready"):
            return
        died = supervisor.poll() is not None if supervisor else not is_running(layout)
        if state.get("phase") in ("failed", "ended") or died:
            what = f"The practice site did not start: {says or 'its supervisor ended'}."
            raise VigieError(what, next_step=f"See {layout.logs / 'supervisor.log'}.")
        if time.monotonic() > until:
            raise VigieError(f"The practice site was not ready in time; it is at: {says or 'nothing yet'}.")
        time.sleep(_POLL)


def _share(layout: Layout, lease: int) -> PracticeSite:
    state = _state(layout)
    return PracticeSite(
        home=layout.home,
        config_path=layout.config,
        lease=lease,
        session=str(state.get("session", "")),
        scenario=str(state.get("scenario", "")),
        seed=int(state.get("seed", 0)),
    )


def _stop(layout: Layout) -> bool:
    layout.keep.unlink(missing_ok=True)
    if not is_running(layout):
        return False
    with contextlib.suppress(control.NoSupervisor):
        control.ask(layout.home, {"do": "stop"}, 3.0)
    until = time.monotonic() + END_LIMIT
    while is_running(layout):
        if time.monotonic() > until:
            pid = int(_state(layout).get("pid", 0))
            if not pid:
                raise VigieError(f"The practice site in {layout.home} does not end.")
            # It holds its lock, so the pid in its state is its own; its children die with it.
            os.kill(pid, signal.SIGKILL)
            until = time.monotonic() + END_LIMIT
        time.sleep(_POLL)
    return True


def _state(layout: Layout) -> dict[str, Any]:
    try:
        found = json.loads(layout.state.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


@contextlib.contextmanager
def _start_lock(layout: Layout, until: float) -> Iterator[None]:
    """Only one process at a time starts, ends or removes a site."""
    descriptor = os.open(layout.start_lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    raise Busy("Somebody else is starting or ending this practice site.") from None
                time.sleep(_POLL)
        yield
    finally:
        os.close(descriptor)
