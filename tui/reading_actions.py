"""One runbook by keys: its links, its words, its tree and its card, and copying. Nothing here changes anything."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from operations.text import clean, one_line
from tui.lines import Line, flow, line, width_of, wrap
from tui.shelf_actions import ShelfActions

if TYPE_CHECKING:
    # Imported where they are used: none of it is needed before the first frame.
    from operations.settings import Contact
    from runbooks.model import Book
    from tui.reading.rows import Stop


WIDE_PEOPLE = 68
"""Cells from which role, time and ways stand side by side."""
_NUMBER = re.compile(r"\+?\d[\d ().-]{4,30}\d")
_HELD = "\ue000"
"""Stands for a space that no line breaks at."""


class ReadingActions(ShelfActions):
    """Part of the app."""

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
        self.push_screen(AskDialog("Find", question, required=False, button="find"), asked)

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
        views = [
            ("the quick card", _card),
            ("people to call", self._people),
            ("measures and their limits", self._limits),
        ]
        tree = "the tree with the path so far"

        def chosen(index: int | None) -> None:
            if index == 0:
                rows, here = self._tree(book, width)
                self.push_screen(ReadDialog(tree.capitalize(), rows, here))
            elif index is not None:
                words, make = views[index - 1]
                self.push_screen(ReadDialog(words.capitalize(), make(book, width)))

        self.push_screen(ChooseDialog("Look at", [], [tree, *(words for words, _ in views)]), chosen)

    def _tree(self, book: Book, width: int) -> tuple[list[Line], int]:
        """The tree, and its row where the walk stands."""
        from runbooks.graph import Gone, tree_lines

        state = self.beside_book(book).state
        steps = state.trail if state is not None else ()
        gone = [Gone(step.section, step.target, step.answered.branch if step.answered else None) for step in steps]
        rows = tree_lines(book, gone, state.current if state is not None else "")
        # The mark is cut off first: the spaces behind it are what makes a tree of the lines.
        lines = [line((row.text[:2] + cut(row.text[2:], width - 2), "strong" if row.seen else "plain")) for row in rows]
        return lines, next((number for number, row in enumerate(rows) if row.here), 0)

    def _people(self, book: Book, width: int) -> list[Line]:
        return people_lines(book, self.settings.contacts, width)

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
            self.go_to_link(*links[0])
            return

        def chosen(index: int | None) -> None:
            if index is not None:
                self.go_to_link(*links[index])

        words = [
            one_line(f"{words or target}  {'' if target.startswith('#') else target}", 90) for words, target in links
        ]
        self.push_screen(ChooseDialog("Where to?", [], words), chosen)

    def go_to_link(self, words: str, target: str) -> None:
        """Go where one link leads."""
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
            self.open_link(path, anchor, page.book)
        else:
            self.say(f"“{one_line(target, 80)}” is no runbook.")

    def action_copy(self) -> None:
        """Copy what the cursor is on."""
        page = self.book_page()
        stop = page.stop if page is not None else None
        if stop is None:
            self.say("There is nothing here to copy.")
        else:
            self.copy_stop(stop)

    def copy_stop(self, stop: Stop) -> None:
        """Copy the words of something, a message with what is known filled in, of one link elsewhere its address."""
        if stop.kind == "message":
            text, still = self._filled_in(stop)
            count = len(still)
            names = one_line(", ".join(still), 90)
            self.copy_text(
                text, f"{count} blank{'s are' if count > 1 else ' is'} still open: {names}. " if still else ""
            )
            return
        words, target = stop.links[0] if stop.links else ("", "")
        leads_out = stop.kind == "link" and len(stop.links) == 1 and target and not target.startswith("#")
        self.copy_text(target if leads_out else stop.text or words)

    def _filled_in(self, stop: Stop) -> tuple[str, list[str]]:
        """A message's text with what is known of its blanks, and the names of those that stay open."""
        from operations.incident.message_facts import fact_name, facts_of
        from operations.incident.told import restriction_of
        from operations.runbook_values import known
        from runbooks.blanks import blanks_in, filled

        incident = self.live.incident if self._has_open_incident() else None
        restricted = incident is not None and restriction_of(incident) is not None
        facts, _ = facts_of(incident, self.settings, self.live.snapshot, self.live.now(), restricted=restricted)
        language = stop.code.attributes.get("lang", "") if stop.code is not None else ""
        values: dict[str, str] = {}
        blanks = blanks_in(stop.text, "message")
        for blank in blanks:
            fact = facts.get(fact_name(blank.name))
            said = fact.values.get(language or next(iter(fact.values), ""), "") if fact is not None else ""
            value = said or (known(blank, self.settings, self.environment) if blank.style != "variable" else "")
            if value:
                values[blank.written] = value
        still = [one_line(blank.name, 40) for blank in blanks if blank.written not in values]
        return filled(stop.text, values, "message"), still

    def copy_text(self, text: str, first: str = "") -> None:
        """To the terminal's clipboard and to a file; says where, behind what is to be said `first`."""
        from runbooks.mojibake import repaired
        from tui.copying import keep_copy, osc52

        # Pasted into a shell, what cannot be seen would be typed: what is copied is what is shown.
        text = self.redactor.redact(clean(repaired(text), limit=len(text) * 4))
        sequence = osc52(text)
        if sequence and self._driver is not None:
            self._driver.write(sequence)
        try:
            path = keep_copy(text, self.places.state)
        except OSError as error:
            self.say(f"Handed to the terminal; the file could not be written: {error.strerror}.", "warning")
            return
        too_long = "" if sequence else "Too long for a terminal's clipboard. "
        self.say(f"{first}Copied “{one_line(text, 40)}”. {too_long}Also in {path}")


def cut(text: str, width: int) -> str:
    """A line cut to the width, with the spaces in front of it."""
    indent = len(text) - len(text.lstrip())
    return " " * indent + one_line(text, max(4, width - indent))


def _card(book: Book, width: int) -> list[Line]:
    from runbooks.card import card

    return [line(cut(words, width)) for words in card(book)]


def _ways(ways: Sequence[str], width: int) -> list[Line]:
    """How somebody is reached, nothing cut off. A number is dialled from the screen: it never breaks."""
    rows: list[Line] = []
    short: list[Line] = []
    for way in ways:
        if width_of(line(way)) <= width:
            short.append(line(way))
            continue
        whole = _NUMBER.sub(lambda found: found[0].replace(" ", _HELD), way)
        rows += [*flow(short, width), *(line(words.replace(_HELD, " ")) for words in wrap(whole, width))]
        short = []
    return [*rows, *flow(short, width)]


def people_lines(book: Book, contacts: Sequence[Contact], width: int) -> list[Line]:
    """Whom the runbook names, each with the addresses of the settings' contact of that role or name, where one fits."""
    from runbooks.units import seconds_in_words

    rows: list[Line] = []
    for one in book.contacts:
        after = "" if one.after is None else f"after {seconds_in_words(one.after)}" if one.after else "at once"
        known = [
            f"{person.name} {person.phone}".strip()
            for person in contacts
            if one.role.casefold() in (person.role.casefold(), person.name.casefold())
        ]
        given = [*one.ways, *known] or ["no address in the file"]
        if width < WIDE_PEOPLE:
            rows += [line((words, "strong")) for words in wrap(one.role, width)]
            rows += [line((f"  {after}", "warn"))] if after else []
            rows += [line("  ", *way) for way in _ways(given, width - 2)]
            continue
        ways = _ways(given, width - 44)
        roles = wrap(one.role, 28)
        for n in range(max(len(roles), len(ways))):
            role = roles[n] if n < len(roles) else ""
            way = ways[n] if n < len(ways) else ()
            rows.append(line((f"{role:<29}", "strong"), (f"{'' if n else after:<14} ", "warn"), *way))
    return rows or [line(("This runbook names nobody. h on the main page knows the contacts of the settings.", "dim"))]
