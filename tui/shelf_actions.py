"""The shelf of runbooks by keys: list it, search it, open one of it or any other file. Nothing here changes anything.

Whatever reads files goes on beside the loop: a folder may be missing, unreadable, on a dead disk or full of anything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from operations.beside import beside
from operations.errors import VigieError
from operations.text import one_line
from tui.operating import OperatingActions

if TYPE_CHECKING:
    # Imported where they are used: none of it is needed before the first frame.
    from runbooks.model import Book
    from runbooks.search import Hit
    from tui.reading.reading import Beside
    from tui.screens.book import BookScreen
    from tui.screens.books import BooksScreen, Shelved

MOST_READ = 400
"""Runbooks of the shelf that are read for their titles and for the search; of more only the names are listed."""
Found = tuple["Book", Path | None]
"""A runbook, and its path where it is none of the shelf."""
LISTED_WITHIN = 0.4
"""Seconds that the shelf waits for its folder."""
FILL_EVERY = 0.25
"""Seconds between two looks of the shelf while its runbooks are read."""


class ShelfActions(OperatingActions):
    """Part of the app."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._folders: dict[str, Path] = {}
        """Where files lie that are no runbooks of the shelf, by the hash of their text."""

    async def action_runbooks(self) -> None:
        """Show the shelf. Its names are there with it, so that keys typed behind this one find them, but for a folder
        that does not answer; its books are read beside the loop."""
        from tui.screens.books import BooksScreen

        if isinstance(self.page, BooksScreen):
            return
        listing = asyncio.ensure_future(beside(_listed, self._own_folder()))
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(listing), LISTED_WITHIN)
        page = BooksScreen(self.model(), listing.result() if listing.done() else None)
        self.push_screen(page)
        self.call_later(self.repaint)
        self.run_worker(self._fill(page, listing), name="shelf", group="shelf", exit_on_error=False, exclusive=True)

    async def _fill(self, page: BooksScreen, listing: asyncio.Future[list[Shelved]]) -> None:
        from runbooks.shelf import trouble_with

        own, shelf = self._own_folder(), list(await listing)
        if not page.listed:
            page.fill(shelf)
        if trouble := await beside(trouble_with, own):
            self.say(f"{one_line(str(own), 80)}: {trouble}. Only our own library is here.", "warning")
        shown = monotonic()
        for number, one in enumerate(shelf[:MOST_READ]):
            if page not in self.screen_stack:
                return
            shelf[number] = await beside(_read, one, own)
            if monotonic() - shown > FILL_EVERY:
                page.fill(shelf)
                await self._search_again(page)
                shown = monotonic()
        page.fill([*shelf[:MOST_READ], *(replace(one, left_out=True) for one in shelf[MOST_READ:])])
        await self._search_again(page)

    def action_open_book(self) -> None:
        """Open what the cursor is on: a runbook, a place that was found, or any other file."""
        from runbooks.search import Hit
        from tui.dialogs.small import AskDialog

        page = self._shelf_page()
        if page is None or self.is_held:
            return
        if not page.listed:
            self.say("The folder of the runbooks has not answered yet.")
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
            self.push_screen(AskDialog("Open a file", question, placeholder="docs/runbook.md", button="open"), asked)

    def open_book(self, name: str, at: str = "", line: int = 0) -> None:
        """Open a runbook by its name or its path, at a section or a line; where it is walked, with the walk's text."""
        self._find_and_open(lambda: self._book_named(name), at, line)

    def open_link(self, target: str, at: str, written_in: Book) -> None:
        """Open the runbook that a link leads to: beside the file where it is written, else on the shelf."""
        self._find_and_open(lambda: self._book_linked(target, self._folders.get(written_in.hash)), at, 0)

    def _find_and_open(self, find: Callable[[], Found], at: str, line: int) -> None:
        work = self._open_book(find, at, line, self.page)
        self.run_worker(work, name="runbook", group="runbook", exit_on_error=False, exclusive=True)

    async def _open_book(self, find: Callable[[], Found], at: str, line: int, asked_on: object) -> None:
        found, path = await beside(find)
        walking = self.live.walking
        if path is None:
            walking.was_read(found)
        else:
            self._folders[found.hash] = path.parent
        # Of a file elsewhere only its own text counts: the shelf may have another one of that name.
        head = walking.walk_by(found.name, found.hash) or (walking.walk_by(found.name) if path is None else None)
        state = walking.state_of(head.id) if head is not None else None
        if self.page is not asked_on or self.screen.is_modal:
            self.say(f"“{one_line(found.title or found.name, 60)}” is read; open it once more to see it.")
            return
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
        head = walking.walk_by(book.name, book.hash)
        state = walking.state_of(head.id) if head is not None else None
        changed = state is not None and book.hash not in self._folders and walking.has_changed(book)
        return Beside(self.live.now(), state, walking.facts(self.live.snapshot), changed=changed)

    def action_search_books(self) -> None:
        """Ask for words and show the places that have them."""
        from tui.dialogs.small import AskDialog

        page = self._shelf_page()
        if page is None:
            return

        def asked(words: str | None) -> None:
            if words is not None:
                self.run_worker(self._search(page, words), name="search", group="search", exclusive=True)

        question = "Words in names, titles and texts; nothing shows all."
        self.push_screen(AskDialog("Search", question, required=False, button="search"), asked)

    async def _search(self, page: BooksScreen, words: str) -> None:
        hits = await _hits(page, words)
        if page in self.screen_stack:
            page.found(words, hits)

    async def _search_again(self, page: BooksScreen) -> None:
        """More runbooks were read since somebody searched: what these have is found, too."""
        words = page.words
        hits = await _hits(page, words) if page.hits is not None else None
        if hits is not None and page.words == words and page in self.screen_stack:
            page.found_more(hits)

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

    def _book_named(self, name: str) -> Found:
        """The runbook of that name on the shelf, else the file at that path. Raises VigieError."""
        own = self._own_folder()
        if (on_shelf := _on_shelf(name, own)) is not None:
            return on_shelf
        try:
            return _in_file(Path(self.settings.folder, Path(name).expanduser()), name, own)
        except RuntimeError:
            raise VigieError(f"{one_line(name, 80)} cannot be opened: there is no such user.") from None

    def _book_linked(self, target: str, folder: Path | None) -> Found:
        """What a link leads to: what lies in the `folder` of the file that has it, else a runbook of the shelf, where
        that file is from, too. Raises VigieError."""
        own = self._own_folder()
        if folder is not None and (beside_it := Path(folder, target)).is_file():
            return _in_file(beside_it, target, own)
        on_shelf = _on_shelf(target.removeprefix("./").removesuffix(".md"), own)
        return on_shelf or _in_file(Path(folder or own or self.settings.folder, target), target, own)


async def _hits(page: BooksScreen, words: str) -> tuple[Hit, ...] | None:
    from runbooks.search import search

    books = [one.book for one in page.shelf if one.book is not None]
    return tuple(await beside(search, books, words)) if words.strip() else None


def _on_shelf(name: str, own: Path | None) -> Found | None:
    from runbooks.shelf import open_book, path_of

    try:
        return (open_book(name, own), None) if path_of(name, own) is not None else None
    except OSError as error:
        raise _cannot(name, error) from None


def _in_file(path: Path, name: str, own: Path | None) -> Found:
    from runbooks.shelf import open_file, path_of

    try:
        return open_file(path), None if path_of(path.stem, own) == path else path
    except OSError as error:
        raise _cannot(name, error) from None


def _cannot(name: str, error: OSError) -> VigieError:
    return VigieError(f"{one_line(name, 80)} cannot be opened: {error.strerror or error}.")


def _listed(own: Path | None) -> list[Shelved]:
    from runbooks.shelf import LIBRARY, names, path_of
    from tui.screens.books import Shelved

    return [Shelved(name, (path := path_of(name, own)) is not None and path.parent != LIBRARY) for name in names(own)]


def _read(one: Shelved, own: Path | None) -> Shelved:
    from runbooks.shelf import open_book

    try:
        return replace(one, book=open_book(one.name, own))
    except OSError as error:
        return replace(one, trouble=f"cannot be read: {error.strerror or error}")
