"""The pages that only look: probes with their history, what users run into, links and people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from operations.beside import beside
from tui.doing import DoingActions

if TYPE_CHECKING:
    # Imported where they are used: none of it is needed before the first frame.
    from operations.settings import Settings
    from operations.watch.model import Reading
    from tui.screens.health import HealthScreen

WRAPPED = "Long lines are broken now; z cuts them."
CUT = "Long lines are cut now; z shows them whole."


class LookingActions(DoingActions):
    """Part of the app."""

    def action_health(self) -> None:
        """Every probe; its history is read beside the loop."""
        from tui.screens.health import HealthScreen

        if isinstance(self.page, HealthScreen):
            return
        page = HealthScreen(self.model())
        self.push_screen(page)
        self.call_later(self.repaint)
        self.run_worker(self._recall(page), name="history", group="history", exit_on_error=False, exclusive=True)

    async def _recall(self, page: HealthScreen) -> None:
        page.readings = await beside(last_hour, self.settings, self.environment, self.live.now())
        page.show(self.live.model(self.shown_keys()))

    def action_open_probe(self) -> None:
        """One probe whole."""
        from tui.dialogs.small import ReadDialog
        from tui.panels.health import probe_lines
        from tui.screens.health import HealthScreen

        page = self.page
        state = page.chosen if isinstance(page, HealthScreen) else None
        if isinstance(page, HealthScreen) and state is not None:
            width = min(96, self.size.width - 6)
            readings = page.readings.get(state.probe, ())
            self.push_screen(ReadDialog(state.title, probe_lines(page.model, state, readings, width)))

    def action_logs(self) -> None:
        """What users run into, and the request log."""
        from tui.screens.logs import LogsScreen

        if isinstance(self.page, LogsScreen):
            return
        named = self.settings.environments[self.environment].request_log
        path = self.settings.resolve(named) if named else None
        self.push_screen(LogsScreen(self.model(), path, self.redactor.redact))
        self.call_later(self.repaint)

    def action_follow_logs(self) -> None:
        """Follow the end of the log again."""
        from tui.screens.logs import LogsScreen

        if isinstance(self.page, LogsScreen):
            self.page.follow()

    def action_wrap_logs(self) -> None:
        """Break long lines, or cut them."""
        from tui.screens.jobs import JobsScreen
        from tui.screens.logs import LogsScreen

        if isinstance(self.page, LogsScreen | JobsScreen):
            self.say(WRAPPED if self.page.wrap() else CUT)

    def action_wrap_log(self) -> None:
        """The same for a job's log."""
        self.action_wrap_logs()

    def action_filter_logs(self) -> None:
        """Ask for words; only what has them is listed."""
        from tui.dialogs.small import AskDialog
        from tui.screens.incident import IncidentScreen
        from tui.screens.list_page import ListPage
        from tui.screens.logs import LogsScreen

        page = self.page
        if not isinstance(page, LogsScreen | ListPage | IncidentScreen):
            return

        def filtered(words: str | None) -> None:
            if words is not None:
                page.filter(words)

        what = "lines" if isinstance(page, LogsScreen) else "rows"
        question = f"Only {what} with these words; nothing shows all again."
        self.push_screen(AskDialog("Filter", question, required=False, button="filter"), filtered)

    def action_filter_health(self) -> None:
        """The same for the probes."""
        self.action_filter_logs()

    def action_filter_timeline(self) -> None:
        """The same for the timeline."""
        self.action_filter_logs()

    def action_filter_links(self) -> None:
        """The same for links and people."""
        self.action_filter_logs()

    def action_links(self) -> None:
        """Dashboards, status pages and people."""
        from tui.screens.links import LinksScreen, entries_of

        if isinstance(self.page, LinksScreen):
            return
        state = self.live.walking.state
        contacts = state.book.contacts if state is not None else ()
        self.push_screen(LinksScreen(self.model(), entries_of(self.settings, self.environment, contacts)))
        self.call_later(self.repaint)

    def action_copy_link(self) -> None:
        """Copy what the cursor is on."""
        from tui.screens.links import LinksScreen

        entry = self.page.chosen if isinstance(self.page, LinksScreen) else None
        if entry is None or not entry.address:
            self.say("There is no address here to copy.")
        else:
            self.copy_text(entry.address)


def last_hour(settings: Settings, environment: str, now: datetime) -> Mapping[str, Sequence[Reading]]:
    """The readings a recorder kept of the last hour, by probe; none where no recorder is. Blocks."""
    from operations.watch.store import open_for_reading
    from tui.panels.health import HISTORY

    store = open_for_reading(settings)
    if store is None:
        return {}
    try:
        _, readings = store.readings(environment, since=now - HISTORY)
    finally:
        store.close()
    found: dict[str, list[Reading]] = {}
    for reading in readings:
        found.setdefault(reading.probe, []).append(reading)
    return found
