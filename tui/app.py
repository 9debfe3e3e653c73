"""The app: the console's core with everything it can do. Nothing else is here."""

from __future__ import annotations

from tui.drilling import DrillActions
from tui.incident_menu import IncidentMenu
from tui.incidents import IncidentActions
from tui.mending import MendingActions
from tui.switching import SwitchingActions
from tui.walk_actions import WalkActions


class VigieApp(WalkActions, IncidentActions, IncidentMenu, DrillActions, SwitchingActions, MendingActions):
    """The console on one environment."""

    def begin_work(self) -> None:
        """Start what goes on for as long as the console lives, and ask after calls for help."""
        super().begin_work()
        if self.readonly:
            return  # an answer to a call is an event, and whoever called asks for it
        self.run_worker(self.follow_calls(), name="calls", group="calls", exit_on_error=False)
        self.run_worker(self.follow_clock(), name="clock", group="clock", exit_on_error=False)
