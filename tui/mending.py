"""A damaged journal is repaired by a key: what can be read is saved, and the damaged file is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from operations.errors import VigieError
from tui.lines import line, wrap
from tui.pages import PageActions

if TYPE_CHECKING:
    # Imported where they are used: none of it is needed before the first frame.
    from operations.engine.repair import Repaired


class MendingActions(PageActions):
    """Part of the app."""

    def action_mend_journal(self) -> None:
        """Ask, then save every event that can be read into a new journal."""
        from tui.dialogs.small import YesNoDialog
        from tui.journal import journal_words

        trouble = self.live.journal.trouble
        if trouble is None or not self.live.journal.damaged:
            self.say("The journal is whole.")
            return
        reason = journal_words(trouble).partition(": ")[2]
        width = min(96, self.size.width - 6)
        said = [
            f"{self.places.journal}",
            f"{reason[:1].upper()}{reason[1:]}",
            "Every event that can be read is saved into a new journal. The damaged file is kept beside it.",
            "What was recorded meanwhile comes in. Leave other consoles and let jobs end first.",
        ]
        question = [line(row) for words in said for row in wrap(words, width)]

        def sure(yes: bool | None) -> None:
            if yes:
                self.run_worker(self._mend(), name="repair", group="repair", exit_on_error=False)

        self.push_screen(YesNoDialog("Repair the journal?", question, "repair"), sure)

    async def _mend(self) -> None:
        from operations.incident.lost_opening import open_lost, words_of
        from tui.journal import take_in_what_was_kept

        self.say("Repairing the journal …")
        try:
            done = await self.live.repair(self.places, self.redactor)
        except VigieError as error:
            self.say(str(error), "error")
            return
        left = take_in_what_was_kept(self.live.journal, self.places)
        journal, lost = self.live.real_journal, ""
        if journal is not None and done.missing:
            lost = words_of(open_lost(journal, site=self.settings.site.name, environment=self.environment))
        self.read_back()
        missing = "; ".join(words for words in (*done.missing, left, lost) if words)
        self.say(repaired_words(done, missing), "warning" if missing else "information")


def repaired_words(done: Repaired, missing: str) -> str:
    """What came of it; the way to the damaged file comes last, where a short line keeps it."""
    lost = f" Missing: {missing}." if missing else ""
    return f"Repaired: {done.events} events saved.{lost} The damaged file is kept: {done.kept}"
