"""Runbooks by keys: the shelf, search, one runbook to read, its links, its tree and its card. Nothing here changes
anything."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from operations.beside import beside
from operations.errors import VigieError
from operations.text import one_line
from tui.lines import Line, line, wrap
from tui.operating import OperatingActions

if TYPE_CHECKING:
    # Imported where they are used: none of it is needed before the first frame.
    from runbooks.model import Book
    from tui.reading.reading import Beside
    from tui.reading.rows import Stop
    from tui.screens.book import BookScreen
    from tui.screens.books import BooksScreen, Shelved


class ReadingActions(OperatingActions):
    """Part of the app."""

    def action_runbooks(self) -> None:
        """Show the shelf; its books are read beside the loop."""
        from runbooks.shelf import LIBRARY, names, path_of
        from tui.screens.books import BooksScreen, Shelved

        if isinstance(self.page, BooksScreen):
            return
        own = self._own_folder()
        shelf = [Shelved(n, (p := path_of(n, own)) is not None and p.parent != LIBRARY) for n in names(own)]
        page = BooksScreen(self.model(), shelf)
        self.push_screen(page)
        self.call_later(self.repaint)
        self.run_worker(self._fill(page), name="shelf", group="shelf", exit_on_error=False, exclusive=True)

    async def _fill(self, page: BooksScreen) -> None:
        shelf = list(page.shelf)
        for number, one in enumerate(shelf):
            shelf[number] = await beside(_read, one, self._own_folder())
            if number % 8 == 7 or number == len(shelf) - 1:
                page.fill(shelf)

    def action_open_book(self) -> None:
        """Open what the cursor is on: a runbook, a place that was found, or any other file."""
        from runbooks.search import Hit
        from tui.dialogs.small import AskDialog

        page = self._shelf_page()
        if page is None:
            return
        chosen = page.chosen
        if isinstance(chosen, Hit):
            self.open_book(chosen.book, line=chosen.line)
        elif chosen is not None:
            self.open_book(chosen.name)
        elif page.hits is None:

            def asked(path: str | None) -> None:
                if path:
                    self.open_book(path)

            question = "Any Markdown file: its path, from the folder of the settings file on."
            self.push_screen(AskDialog("Open a file", question, placeholder="docs/runbook.md"), asked)

    def open_book(self, name: str, at: str = "", line: int = 0) -> None:
        """Open a runbook by its name or its path, at a section or a line; where it is walked, with the walk's text."""
        self.run_worker(self._open_book(name, at, line), name="runbook", group="runbook", exit_on_error=False)

    async def _open_book(self, name: str, at: str, line: int) -> None:
        found = await beside(self._book_named, name)
        head = self.live.walking.walk_by(found.name)
        state = self.live.walking.state_of(head.id) if head is not None else None
        self.show_page(state.book if state is not None else found, at, line)

    def show_page(self, book: Book, at: str = "", line: int = 0) -> None:
        """Show a book on its page, on the one that is open where there is one."""
        from tui.screens.book import BookScreen

        page = self.book_page()
        if page is not None:
            page.show_book(book, at, line)
            return
        self.push_screen(BookScreen(self.model(), book, self.beside_book, at, line))
        self.call_later(self.repaint)

    def beside_book(self, book: Book) -> Beside:
        """What stands beside a book's text: its walk in this incident, and the facts of the moment."""
        from tui.reading.reading import Beside

        walking = self.live.walking
        head = walking.walk_by(book.name)
        state = walking.state_of(head.id) if head is not None else None
        if state is not None and state.book.hash != book.hash:
            state = None
        return Beside(self.live.now(), state, walking.facts(self.live.snapshot))

    def action_tasks(self) -> None:
        """The runbook at the section where the walk is."""
        state = self.live.walking.state
        if state is not None:
            self.show_page(state.book, state.current)

    def action_go_back(self) -> None:
        """Back to where a link was followed from, else to the page before."""
        page = self.book_page()
        if page is None or not page.back():
            super().action_go_back()

    def action_turn(self, by: int) -> None:
        """The next section, or the one before."""
        if page := self.book_page():
            page.turn(by)

    def action_outline(self) -> None:
        """Choose a section and go there."""
        from tui.dialogs.small import ChooseDialog

        page = self.book_page()
        if page is None:
            return
        sections = [section for section in page.book.sections if section.level]
        words = [one_line("  " * (section.level - 1) + section.title, 90) for section in sections]
        here = page.section
        at = next((n for n, section in enumerate(sections) if here and section.anchor == here.anchor), 0)

        def chosen(index: int | None) -> None:
            if index is not None:
                page.go(sections[index].anchor)

        self.push_screen(ChooseDialog("Go to", [], words, at), chosen)

    def action_search_book(self) -> None:
        """Ask for words and go to the next line that has them."""
        from runbooks.search import find_line
        from tui.dialogs.small import AskDialog

        page = self.book_page()
        if page is None:
            return

        def asked(words: str | None) -> None:
            if words is None:
                return
            page.looked_for = words.strip() or page.looked_for
            stop = page.stop
            found = find_line(page.book, page.looked_for, page.found_at or (stop.line if stop else 0))
            page.found_at = found or 0
            if found is None:
                self.say(f"Nothing here has “{one_line(page.looked_for, 40)}”.")
            else:
                page.go_to_line(found)

        question = f"Words in this runbook; nothing finds “{page.looked_for}” again." if page.looked_for else "Words."
        self.push_screen(AskDialog("Find", question, required=False), asked)

    def action_search_books(self) -> None:
        """Ask for words and show the places that have them."""
        from runbooks.search import search
        from tui.dialogs.small import AskDialog

        page = self._shelf_page()
        if page is None:
            return

        def asked(words: str | None) -> None:
            if words is not None:
                books = [one.book for one in page.shelf if one.book is not None]
                page.found(words, search(books, words) if words.strip() else None)

        self.push_screen(
            AskDialog("Search", "Words in names, titles and texts; nothing shows all.", required=False), asked
        )

    def action_look(self) -> None:
        """The tree or the card of the book that is walked."""
        state = self.live.walking.state
        if state is not None:
            self._look_at(state.book)

    def action_look_book(self) -> None:
        """The tree or the card of the book that is read."""
        if page := self.book_page():
            self._look_at(page.book)

    def _look_at(self, book: Book) -> None:
        from tui.dialogs.small import ChooseDialog, ReadDialog

        width = min(96, self.size.width - 6)
        views = [("the tree with the path so far", self._tree), ("the quick card", _card), ("people to call", _people)]
        views += [("measures and their limits", self._limits)]

        def chosen(index: int | None) -> None:
            if index is not None:
                words, make = views[index]
                self.push_screen(ReadDialog(words[0].upper() + words[1:], make(book, width)))

        self.push_screen(ChooseDialog("Look at", [], [words for words, _ in views]), chosen)

    def _tree(self, book: Book, width: int) -> list[Line]:
        from runbooks.graph import tree_lines

        state = self.beside_book(book).state
        path = (*(step.section for step in state.path), state.current) if state is not None else ()
        rows = tree_lines(book, path)
        return [line((cut(row.text, width), "strong" if row.seen or row.here else "plain")) for row in rows]

    def _limits(self, book: Book, width: int) -> list[Line]:
        from runbooks.model import Table
        from tui.reading.code import table_rows
        from tui.reading.reading import live_value
        from tui.reading.rows import Rows

        if not book.thresholds:
            return [line(("This runbook names no limits.", "dim"))]
        beside_it = self.beside_book(book)
        cells = (("Measure", "Expected", "Alarm"), *((t.metric, t.expected, t.alarm) for t in book.thresholds))
        live = {2 + n: live_value(t.fact, beside_it) for n, t in enumerate(book.thresholds) if t.fact}
        rows = Rows(width)
        table_rows(rows, Table((0, len(cells)), cells), live)
        return [row.line for row in rows.rows]

    def follow_link(self, stop: Stop) -> None:
        """Go where a link leads: a section, another runbook, or out of here; several are asked for."""
        from tui.dialogs.small import ChooseDialog

        links = list(stop.links)
        if len(links) == 1:
            self._go_to(*links[0])
            return

        def chosen(index: int | None) -> None:
            if index is not None:
                self._go_to(*links[index])

        words = [
            one_line(f"{words or target}  {'' if target.startswith('#') else target}", 90) for words, target in links
        ]
        self.push_screen(ChooseDialog("Where to?", [], words), chosen)

    def _go_to(self, words: str, target: str) -> None:
        from urllib.parse import unquote

        page = self.book_page()
        path, _, anchor = unquote(target).partition("#")
        if page is None:
            return
        if not path:
            if page.book.section(anchor) is None:
                self.say(f"There is no section “#{anchor}” in this runbook.", "warning")
            else:
                page.show_book(page.book, anchor)
        elif "://" in path or path.startswith("mailto:"):
            self.copy_text(target)
        elif path.endswith(".md"):
            self.open_book(Path(path).stem if "/" not in path else path, anchor)
        else:
            self.say(f"“{one_line(target, 80)}” is no runbook.")

    def action_copy(self) -> None:
        """Copy what the cursor is on."""
        page = self.book_page()
        stop = page.stop if page is not None else None
        if stop is None:
            self.say("There is nothing here to copy.")
        else:
            self.copy_text(stop.links[0][1] if stop.kind == "link" and stop.links else stop.text)

    def copy_text(self, text: str) -> None:
        """To the terminal's clipboard and to a file; says where."""
        from runbooks.mojibake import repaired
        from tui.copying import keep_copy, osc52

        text = self.redactor.redact(repaired(text))
        sequence = osc52(text)
        if sequence and self._driver is not None:
            self._driver.write(sequence)
        try:
            path = keep_copy(text, self.places.state)
        except OSError as error:
            self.say(f"Handed to the terminal; the file could not be written: {error.strerror}.", "warning")
            return
        too_long = "" if sequence else "Too long for a terminal's clipboard. "
        self.say(f"Copied “{one_line(text, 40)}”. {too_long}Also in {path}")

    def book_page(self) -> BookScreen | None:
        """The page of one runbook, where it is the one in front."""
        from tui.screens.book import BookScreen

        return self.page if isinstance(self.page, BookScreen) else None

    def _shelf_page(self) -> BooksScreen | None:
        from tui.screens.books import BooksScreen

        return self.page if isinstance(self.page, BooksScreen) else None

    def _own_folder(self) -> Path | None:
        from operations.incident.walks import own_folder

        return own_folder(self.settings)

    def _book_named(self, name: str) -> Book:
        """The runbook of that name on the shelf, else the file at that path. Raises VigieError."""
        from runbooks.shelf import open_book, open_file, path_of

        own = self._own_folder()
        try:
            if path_of(name, own) is not None:
                return open_book(name, own)
            return open_file(Path(self.settings.folder, Path(name).expanduser()))
        except OSError as error:
            raise VigieError(f"{one_line(name, 80)} cannot be opened: {error.strerror or error}.") from None


def cut(text: str, width: int) -> str:
    """A line cut to the width, with the spaces in front of it."""
    indent = len(text) - len(text.lstrip())
    return " " * indent + one_line(text, max(4, width - indent))


def _read(one: Shelved, own: Path | None) -> Shelved:
    from runbooks.shelf import open_book

    try:
        return replace(one, book=open_book(one.name, own))
    except OSError as error:
        return replace(one, trouble=f"cannot be read: {error.strerror or error}")


def _card(book: Book, width: int) -> list[Line]:
    from runbooks.card import card

    return [line(cut(words, width)) for words in card(book)]


def _people(book: Book, width: int) -> list[Line]:
    from runbooks.units import seconds_in_words

    rows: list[Line] = []
    for contact in book.contacts:
        after = (
            ""
            if contact.after is None
            else "at once"
            if not contact.after
            else f"after {seconds_in_words(contact.after)}"
        )
        first, *more = wrap("  ".join(contact.ways) or "no address in the file", max(20, width - 44))
        rows.append(line((f"{one_line(contact.role, 28):<29}", "strong"), (f"{after:<14}", "warn"), first))
        rows += [line(f"{'':43}{piece}") for piece in more]
    return rows or [line(("This runbook names nobody. h on the main page knows the contacts of the settings.", "dim"))]
