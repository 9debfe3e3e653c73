"""What a runbook's page keeps on its walk: ticks, marks, notes; and which walk is on the main page."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from operations.errors import VigieError
from operations.text import one_line
from tui.lines import line, wrap
from tui.reading_actions import ReadingActions

if TYPE_CHECKING:
    # Imported where they are used: none of it is needed before the first frame.
    from runbooks.events import Payload
    from runbooks.model import Book, Section
    from tui.reading.rows import Stop


class WalkingBooks(ReadingActions):
    """Part of the app."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._declined: set[tuple[str, str]] = set()
        """Incidents and books that somebody wanted no walk for."""

    def tick(self, book: Book, stop: Stop) -> None:
        """Tick a task or a step, or take the tick away."""
        from runbooks.anchors import plain
        from runbooks.events import Ticked

        walk = self.own_walk(book, stop.section, lambda: self.tick(book, stop))
        state = self.live.walking.state_of(walk) if walk is not None else None
        if walk is None or state is None:
            return
        mark = state.marks.get((stop.section, stop.line))
        done = isinstance(mark.payload, Ticked) and mark.payload.done if mark is not None else False
        self.keep_on(walk, Ticked(stop.section, stop.line, one_line(plain(stop.text), 300), not done))

    def action_mark(self) -> None:
        """Ask what became of the thing under the cursor."""
        from runbooks.anchors import plain
        from runbooks.events import Failed, Skipped, Ticked
        from tui.dialogs.small import AskDialog, ChooseDialog

        page = self.book_page()
        stop = page.stop if page is not None else None
        if page is None or stop is None or stop.kind in ("link", "fold"):
            self.say("There is nothing here to mark.")
            return
        walk = self.own_walk(page.book, stop.section, self.action_mark)
        if walk is None:
            return
        where, text = (stop.section, stop.line), one_line(plain(stop.text), 300)
        kinds = {1: ("Skipped", "Why is it skipped?", Skipped), 2: ("Failed", "How did it fail?", Failed)}

        def chosen(index: int | None) -> None:
            if index in (0, 3):
                self.keep_on(walk, Ticked(*where, text, index == 0))
            elif index is not None and index > 3:
                self.go_to_link(*stop.links[index - 4])
            elif index is not None:
                title, question, kind = kinds[index]

                def reasoned(why: str | None) -> None:
                    if why:
                        self.keep_on(walk, kind(*where, text, why))

                self.push_screen(AskDialog(title, question), reasoned)

        words = ["done", "skipped, with a reason", "failed, with a note", "open again"]
        words += [f"go to: {one_line(words_of or target, 80)}" for words_of, target in stop.links]
        self.push_screen(ChooseDialog("Mark", [line((one_line(plain(stop.text), 90), "strong"))], words), chosen)

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
        if page is None:
            return
        # In front of the first title there is nowhere to walk: it begins where the book says.
        section = page.section
        section = section if section is not None and section.level else page.book.section(page.book.start)
        if section is None:
            self.say("This file has no section to walk from.")
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

    def own_walk(self, book: Book, section: str, again: Callable[[], None]) -> str | None:
        """The walk that goes by this book. Where there is none it is asked for; `again` does the same once it is there.
        None then, and where nothing can be kept."""
        head = self.live.walking.walk_by(book.name, book.hash)
        if head is not None:
            return self.walk_for(book, section)
        if self.readonly or not self._has_open_incident():
            return self.walk_for(book, section)  # says why nothing can be kept

        def known(walk: str | None) -> None:
            if walk is not None:
                again()

        self._declined.discard(self._asked_of(book))
        self.ask_to_keep(book, section, known)
        return None

    def ask_to_keep(self, book: Book, section: str, go: Callable[[str | None], None]) -> None:
        """Go on with the walk of this book. Where an incident is open and has none by it, whether to begin one is asked
        first, once: a "no" goes on without, and nothing is kept."""
        from tui.dialogs.small import YesNoDialog

        incident = self.live.incident
        head = self.live.walking.walk_by(book.name, book.hash)
        if self.readonly or incident is None or not incident.open:
            go(None)
            return
        if head is not None or self._asked_of(book) in self._declined:
            go(head.id if head is not None else None)
            return

        def answered(yes: bool | None) -> None:
            if not yes:
                self._declined.add(self._asked_of(book))
            go(self.walk_for(book, section) if yes else None)

        width = min(96, self.size.width - 6)
        title = one_line(book.title or book.name, 60)
        asked = wrap(f"Keep ticks of “{title}” in incident {incident.id}? It becomes one of its walks.", width)
        self.push_screen(YesNoDialog("Nobody walks this one", [line(words) for words in asked], "keep them"), answered)

    def _asked_of(self, book: Book) -> tuple[str, str]:
        incident = self.live.incident
        return (incident.id if incident is not None else "", book.hash)

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
