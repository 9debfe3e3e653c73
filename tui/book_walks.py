"""What a runbook's page keeps on its walk: ticks, marks, notes; and which walk is on the main page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from operations.errors import VigieError
from operations.text import one_line
from tui.lines import line
from tui.reading_actions import ReadingActions

if TYPE_CHECKING:
    # Imported where they are used: none of it is needed before the first frame.
    from runbooks.events import Payload
    from runbooks.model import Book, Section
    from tui.reading.rows import Stop


class WalkingBooks(ReadingActions):
    """Part of the app."""

    def tick(self, book: Book, stop: Stop) -> None:
        """Tick a task or a step, or take the tick away."""
        from runbooks.events import Ticked

        walk = self.walk_for(book, stop.section)
        state = self.live.walking.state_of(walk) if walk is not None else None
        if walk is None or state is None:
            return
        mark = state.marks.get((stop.section, stop.line))
        done = isinstance(mark.payload, Ticked) and mark.payload.done if mark is not None else False
        self.keep_on(walk, Ticked(stop.section, stop.line, one_line(stop.text, 300), not done))

    def action_mark(self) -> None:
        """Ask what became of the thing under the cursor."""
        from runbooks.events import Failed, Skipped, Ticked
        from tui.dialogs.small import AskDialog, ChooseDialog

        page = self.book_page()
        stop = page.stop if page is not None else None
        if page is None or stop is None or stop.kind in ("link", "fold"):
            self.say("There is nothing here to mark.")
            return
        walk = self.walk_for(page.book, stop.section)
        if walk is None:
            return
        where, text = (stop.section, stop.line), one_line(stop.text, 300)
        kinds = {1: ("Skipped", "Why is it skipped?", Skipped), 2: ("Failed", "How did it fail?", Failed)}

        def chosen(index: int | None) -> None:
            if index in (0, 3):
                self.keep_on(walk, Ticked(*where, text, index == 0))
            elif index is not None:
                title, question, kind = kinds[index]

                def reasoned(why: str | None) -> None:
                    if why:
                        self.keep_on(walk, kind(*where, text, why))

                self.push_screen(AskDialog(title, question), reasoned)

        words = ["done", "skipped, with a reason", "failed, with a note", "open again"]
        self.push_screen(ChooseDialog("Mark", [line((one_line(stop.text, 90), "strong"))], words), chosen)

    def note_here(self, text: str) -> bool:
        """Put a note where the cursor of a runbook's page is; False when no such page is in front."""
        from runbooks.events import Noted

        page = self.book_page()
        section = page.section if page is not None else None
        if page is None or section is None or self.live.walking.walk_by(page.book.name, page.book.hash) is None:
            return False
        walk = self.walk_for(page.book, section.anchor)
        if walk is not None:
            stop = page.stop
            at = stop.line if stop is not None and stop.section == section.anchor else 0
            self.keep_on(walk, Noted(section.anchor, one_line(text, 500), at))
        return walk is not None

    def action_walk_here(self) -> None:
        """Walk the runbook that is read: begin at this section, or go on where its walk stands."""
        from runbooks.walk import jump
        from tui.dialogs.small import ChooseDialog

        page = self.book_page()
        section = page.section if page is not None else None
        if page is None or section is None:
            return
        walking = self.live.walking
        head = walking.walk_by(page.book.name, page.book.hash)
        if head is None:
            walk = self.walk_for(page.book, page.book.start if section.level < 2 else section.anchor)
            self._to_walk(walk)
            return
        state = walking.state_of(head.id)
        here = state.book.section(state.current) if state is not None else None
        words = [
            f"go on where it stands: {one_line(here.title, 60) if here else ''}",
            f"go to: {one_line(section.title, 60)}",
        ]

        def chosen(index: int | None) -> None:
            if index == 1 and state is not None and section.anchor != state.current:
                self.keep_on(head.id, jump(state, section.anchor))
            if index is not None:
                self._to_walk(head.id)

        self.push_screen(ChooseDialog("This runbook is walked already", [], words), chosen)

    def action_walks(self) -> None:
        """Choose another walk of this incident for the main page."""
        from operations.ages import age_words, seconds_between
        from tui.dialogs.small import ChooseDialog

        walking, now = self.live.walking, self.live.now()
        heads = list(walking.heads)
        words = [
            one_line(f"{head.book}  begun {age_words(seconds_between(head.begun_at, now))} ago by {head.who}", 90)
            for head in heads
        ]
        at = next((n for n, head in enumerate(heads) if head is walking.chosen), 0)

        def chosen(index: int | None) -> None:
            if index == len(heads):
                self.call_later(self.run_action, "runbooks")
            elif index is not None:
                walking.choose(heads[index].id)
                self.repaint()

        self.push_screen(ChooseDialog("Walks", [], [*words, "another runbook …"], at), chosen)

    def _to_walk(self, walk: str | None) -> None:
        """Show a walk on the main page."""
        if walk is None:
            return
        self.live.walking.choose(walk)
        while self.place != "main":
            self.pop_screen()
        self.call_later(self.repaint)

    def walk_for(self, book: Book, section: str) -> str | None:
        """The walk of this book in the open incident, begun where there is none; None, and said, where it cannot be."""
        from runbooks.walk import WalkError

        walking, incident = self.live.walking, self.live.incident
        if self.readonly or incident is None or not incident.open:
            words = (
                "This console is read-only."
                if self.readonly
                else "No incident is open: I opens one, and keeps it there."
            )
            self.say(words, "warning")
            return None
        head = walking.walk_by(book.name, book.hash)
        if head is not None:
            return head.id
        try:
            walk = walking.begin(self.live.journal, incident, book, section, choose=False)
        except (WalkError, VigieError) as error:
            self.say(str(error), "error")
            return None
        self.read_back()
        return walk

    def keep_on(self, walk: str, payload: Payload) -> bool:
        """Keep that on its walk; False, and said, where it could not be kept."""
        kept = False
        try:
            kept = self.live.walking.keep(self.live.journal, payload, walk=walk)
            if not kept:
                self.say("Not kept: this incident is not open any more.", "error")
        except VigieError as error:
            self.say(str(error), "error")
        self.read_back()
        return kept

    @staticmethod
    def title_in(book: Book, anchor: str) -> str:
        section: Section | None = book.section(anchor)
        return section.title if section is not None else ""
