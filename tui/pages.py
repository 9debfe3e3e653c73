"""Going from page to page: jobs, incident, help, palette, back, leaving."""

from __future__ import annotations

from collections.abc import Sequence

from tui.actions import Action, actions, shown_key
from tui.console import Console
from tui.lines import Line, line, wrap


class PageActions(Console):
    """Part of the app."""

    def action_jobs(self) -> None:
        """Open the jobs page."""
        self.open_jobs("")

    def open_jobs(self, job: str) -> None:
        """Open the jobs page on one job, or go there when it is already open."""
        from tui.screens.jobs import JobsScreen

        page = self.page
        if self.screen.is_modal:
            # Whoever types in a dialog goes on typing there; the page behind it shows what runs.
            return
        if isinstance(page, JobsScreen):
            page.job = job or page.job
            self.repaint()
            return
        self.push_screen(JobsScreen(self.model(), job), callback=lambda _: self.repaint())
        self.call_later(self.repaint)

    def open_incident_page(self) -> None:
        """Open the page of the incident."""
        from tui.screens.incident import IncidentScreen

        if not isinstance(self.page, IncidentScreen):
            self.push_screen(IncidentScreen(self.model()))
            self.call_later(self.repaint)

    def note_here(self, text: str) -> bool:
        """Keep a note where the cursor is, on a page that has such a place; False on any other."""
        return False

    def action_go_back(self) -> None:
        """Back to the page before; on the main page there is none."""
        if self.place != "main":
            self.pop_screen()
            self.call_later(self.repaint)

    def action_help(self) -> None:
        """Every key of this page, made from the registry."""
        from tui.dialogs.small import ReadDialog

        shown = [action for action in actions(readonly=self.readonly) if self.applies(action)]
        width = min(96, self.size.width - 6)
        self.push_screen(ReadDialog("Keys", help_lines(shown, width, readonly=self.readonly)))

    def action_palette(self) -> None:
        """Everything that can be done now, by name."""
        from tui.dialogs.palette import PaletteDialog

        left_out = ("palette", "answer")
        applying = [a for a in actions(readonly=self.readonly) if self.applies(a) and a.method not in left_out]

        def chosen(action: Action | None) -> None:
            if action is not None:
                self.call_later(self.run_action, action.name)

        # Some have several keys; here they are one thing.
        self.push_screen(PaletteDialog(list({a.method: a for a in reversed(applying)}.values())[::-1]), chosen)

    def action_leave(self) -> None:
        """Leave; asks when jobs run, because they go on, and in a drill that leaving would end too early."""
        from tui.dialogs.small import LeaveDialog

        if isinstance(self.screen, LeaveDialog):
            # Ctrl+C once more: it is heard under a dialog, too.
            if not self.is_held:
                self.exit(return_code=0)
            return
        running = [job for job in self.live.history() if job.live]
        names = ", ".join(f"job {job.number} {job.operation} {job.environment}" for job in running)
        question: list[Line] = []
        if running:
            question += [
                line((f"{names} is running.", "strong")),
                line("It goes on without you; the next console shows it."),
            ]
        if self._ends_a_drill():
            question.append(line(("The incident is not resolved; leaving ends the drill.", "warn")))
        if not question:
            self.exit(return_code=0)
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.exit(return_code=0)

        self.push_screen(LeaveDialog("Leave?", [*question, line("q again leaves; Esc stays.")], "leave"), answered)

    def _ends_a_drill(self) -> bool:
        """True where leaving would end a drill in the middle: its incident is open, and it was not scored yet."""
        from operations.errors import JournalUnavailable

        if not (self.plays_drill and self._has_open_incident()):
            return False
        try:
            return not self.live.journal.events(kinds=("drill.scored",))
        except JournalUnavailable:
            return False  # whatever became of the journal, one can leave


def help_lines(shown: list[Action], width: int, *, readonly: bool) -> list[Line]:
    """The keys of a page as lines of at most `width` cells, its own first; answers share one."""
    own = [action for action in shown if action.place != "everywhere"]
    rows = _key_rows(own, width)
    if own:
        rows += [line(), line(("  Everywhere", "title"))]
    rows += _key_rows([action for action in shown if action not in own], width)
    rows.append(line())
    rows.append(line(("  Signs", "title"), "  ✓ ok   ▲ warn   ✖ DOWN   ? unknown: no answer, or one too old"))
    rows.append(
        line(("  Walk ", "title"), "  ✓ speaks for the answer   ✖ against it   ▲ behind an answer: leads to an act")
    )
    if any(action.place == "book" for action in shown):
        rows.append(
            line(
                ("  Text ", "title"),
                "  Up and Down go to what can be done, PgUp, PgDn, Home, End, j and k move the text",
            )
        )
    rows.append(line(("  Times", "title"), "  ages in lists, UTC with Z where a clock is needed"))
    if readonly:
        rows.append(line(("  Read-only", "warn"), "  no key here changes anything"))
    return rows


def _key_rows(shown: Sequence[Action], width: int) -> list[Line]:
    rows: list[Line] = []
    for action in {action.method: action for action in reversed(shown)}.values():
        key = "1-9" if action.method == "answer" else shown_key(action.key)
        words = "Give that answer." if action.method == "answer" else action.help
        first, *more = wrap(words, max(40, width - 24))
        found = [line((f"{key:>7}  ", "key"), (f"{action.word:<15}", "strong"), first)]
        rows[:0] = [*found, *(line(f"{'':24}{piece}") for piece in more)]
    return rows
