"""The drill by keys: its page, a hint, its end. Outside of one it says how one is begun."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from operations.beside import beside
from operations.errors import VigieError
from tui.lines import Line, line, wrap
from tui.pages import PageActions

if TYPE_CHECKING:
    # Imported where they are used: none of it is needed before the first frame.
    from operations.practice.debrief import Debrief
    from operations.practice.drilling import Drilling

_ELSEWHERE = (
    ("vigie drill", "deals something blind, on a small site of its own that breaks for real"),
    ("vigie drill --list", "what each looks like, by code names"),
)


class DrillActions(PageActions):
    """Part of the app."""

    def action_drill(self) -> None:
        """The drill's page; outside of a drill how one is begun."""
        from tui.screens.drill import DrillScreen

        if isinstance(self.page, DrillScreen):
            return
        if self.settings.drill is None or not self.settings.drill.scenario:
            self._say_how_to_begin()
            return
        self.push_screen(DrillScreen(self.model(), *self._drill_told()))
        self.call_later(self.repaint)

    def _say_how_to_begin(self) -> None:
        from tui.dialogs.small import ReadDialog

        words = "A drill is a console of its own: leave this one to the real site, and begin it in another terminal."
        if self.settings.drill is not None:
            words = "This practice site stands, and no fault was dealt on it. Leave, and deal one:"
        width = min(76, self.size.width - 6)
        rows: list[Line] = [line(piece) for piece in wrap(words, width)]
        rows.append(line())
        for command, says in _ELSEWHERE:
            rows.append(line(("  " + command, "key")))
            rows += [line(("    " + piece, "dim")) for piece in wrap(says, width - 4)]
        self.push_screen(ReadDialog("Drill", rows))

    def action_drill_menu(self) -> None:
        """A hint, or the end of the drill."""
        self.run_worker(self._drill_menu(), name="drill", group="drill", exit_on_error=False)

    async def _drill_menu(self) -> None:
        from operations.practice.drilling import drilling_of, take_hint
        from tui.dialogs.small import ChooseDialog

        drilling = drilling_of(self.settings, self.live.journal)
        if drilling.score is not None:
            self.say("It is over; this is how it went.")
            return
        cost = f"costs {drilling.next_hint_costs:g} points" if drilling.next_hint_costs else "the first one is free"
        options = [f"a hint: {cost}", "it is over: end it, and read how it went"]
        chosen = await self.push_screen_wait(ChooseDialog("What about the drill?", [], options))
        if chosen == 0:
            take_hint(self.settings, self.live.journal)
        elif chosen == 1:
            await self._end_drill()
        self._tell_drill()

    async def _end_drill(self) -> None:
        from operations.practice.result import conclude, still_wrong
        from tui.dialogs.small import YesNoDialog

        assert self.settings.drill is not None
        question = [line("What was done until now counts, and nothing after it."), *self._not_done()]
        if await self.push_screen_wait(YesNoDialog("End the drill?", question, "end it")):
            self.say("Asking the practice site whether users are served …")
            wrong = await beside(still_wrong, Path(self.settings.drill.home))
            seen = self.live.snapshot
            conclude(
                self.settings, self.live.journal, wrong, lambda env: seen if seen and seen.environment == env else None
            )
            self.say("The drill is over.")

    def _not_done(self) -> list[Line]:
        """What would be missing."""
        incident = self.live.incident
        if incident is None:
            return [line(("No incident was opened.", "warn"))]
        return [line((f"Incident {incident.id} is {incident.state.value}.", "warn"))] if incident.open else []

    def _tell_drill(self) -> None:
        from tui.screens.drill import DrillScreen

        if isinstance(self.page, DrillScreen):
            self.page.tell(*self._drill_told())
            self.repaint()

    def _drill_told(self) -> tuple[Drilling, Debrief | None]:
        from operations.practice.drilling import drilling_of
        from operations.practice.result import debriefing

        drilling = drilling_of(self.settings, self.live.journal)
        if drilling.score is None:
            return drilling, None
        try:
            return drilling, debriefing(self.settings, self.live.journal, drilling.score)
        except VigieError as error:
            self.say(str(error), "error")
            return drilling, None
