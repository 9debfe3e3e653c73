"""Opens the console: checks the terminal, reads the settings, and gives the screen to the app."""

from __future__ import annotations

import gc
import os
import sys

from operations.cli import Session
from operations.commands.session import environment_of, is_readonly, settings_of
from tui.terminal import check_terminal, let_go_of_gone_terminal, prefers_ascii, quiet_the_wire


def start(session: Session) -> int:
    """Run the console until it is left; returns its exit code (128+n after a signal)."""
    check_terminal()
    settings = settings_of(session)
    environment = environment_of(session, settings)
    lease = _hold_lease(settings.drill.lease if settings.drill else "")
    quiet_the_wire()
    from tui.app import VigieApp

    app = VigieApp(
        settings,
        environment,
        readonly=is_readonly(session, settings),
        ascii_only=session.ascii_only or prefers_ascii(),
        real_config=session.real_config,
        plays_drill=session.plays_drill,
        # What has been loaded stays: going through all of it for garbage held the screen for 70 ms at a time.
        settled=gc.freeze,
    )
    try:
        app.run(mouse=False)
    finally:
        if lease is not None:
            os.close(lease)
    let_go_of_gone_terminal()
    if app.last_words:
        print(app.last_words, file=sys.stderr)  # noqa: T201 - the screen has been given back
    return app.return_code or 0


def _hold_lease(path: str) -> int | None:
    """Hold the practice site's lease for as long as this console lives; it ends after its last user."""
    if not path:
        return None
    from operations.lease import hold_lease

    return hold_lease(path)
