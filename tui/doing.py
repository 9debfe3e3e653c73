"""Doing what a runbook says: its checks, its commands and its acts. Each shows its plan first, but for checks."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from operations.beside import beside
from operations.text import one_line
from tui.book_walks import WalkingBooks
from tui.lines import line

if TYPE_CHECKING:
    # Imported where they are used: none of it is needed before the first frame.
    from operations.checking import CheckResult
    from runbooks.model import Book, Code
    from runbooks.parts import Group
    from tui.operating import Noted

BOUND: dict[str, tuple[str, dict[str, Any]]] = {
    "backup": ("backup", {}),
    "deploy": ("deploy", {}),
    "freeze": ("freeze", {"why": "Why the freeze?"}),
    "maintenance-off": ("maintenance", {"value": "off"}),
    "maintenance-on": ("maintenance", {"value": "on"}),
    "redeploy": ("redeploy", {}),
    "rollback": ("rollback", {}),
    "smoke": ("smoke", {}),
    "unfreeze": ("unfreeze", {}),
}
"""Actions of a runbook that are operations of ours with their requests; a value with a question mark is asked for."""


CHECKS_END_WITHIN = 2.0
"""Seconds that leaving the console waits for a check to end."""


class DoingActions(WalkingBooks):
    """Part of the app."""

    _stop_checks = False

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._no_check = threading.Event()
        self._no_check.set()
        self._filled: dict[str, str] = {}
        """What was typed into blanks, by how they are written: the next command has it already."""

    def action_do_here(self) -> None:
        """Do what the thing under the cursor is for."""
        page = self.book_page()
        stop = page.stop if page is not None else None
        if self.is_held:
            return  # a held Enter would tick and untick, begin a check and stop it, follow one link after the other
        if page is None or stop is None:
            self.say("There is nothing to do here.")
        elif stop.kind in ("task", "step"):
            self.tick(page.book, stop)
        elif stop.kind == "text":
            self.say("This is only to be read." if self.readonly else "This is only to be read; m marks it.")
        elif stop.kind == "link":
            self.follow_link(stop)
        elif stop.kind == "fold":
            page.unfold(stop.line)
        elif stop.kind == "message":
            self.copy_stop(stop)
        elif self.readonly:
            self.say("This console is read-only: y copies the command.")
        elif stop.kind == "check" and stop.code is not None:
            self._check(page.book, stop.section, [stop.code])
        elif stop.kind == "action" and stop.code is not None:
            self.act(page.book, stop.section, stop.code)
        elif stop.group is not None and stop.code is not None:
            book, section, code, group = page.book, stop.section, stop.code, stop.group
            self.ask_to_keep(book, section, lambda walk: self._command(walk, book, section, code, group))

    def action_checks(self) -> None:
        """Run the checks of the section where the walk is."""
        state = self.live.walking.state
        if state is not None:
            self._check(state.book, state.current, state.section.codes("check"))

    def action_book_checks(self) -> None:
        """Run the checks of the section that is read."""
        page = self.book_page()
        if page is None:
            return
        section = page.section
        if section is None or not section.level:
            section = page.book.section(page.book.start)
        if section is None or not section.codes("check"):
            self.say("This section has no checks.")
        else:
            self._check(page.book, section.anchor, section.codes("check"))

    def _check(self, book: Book, section: str, checks: Sequence[Code]) -> None:
        running = [one for one in self.workers if one.group == "checks" and not one.is_finished]
        if running and self.is_held:
            return
        if running:
            self._stop_checks = True
            self.say("The checks are being stopped.")
        elif not checks:
            self.say("This section has no checks.")
        else:
            self.ask_to_keep(book, section, lambda walk: self._begin_checks(walk, section, checks))

    def _begin_checks(self, walk: str | None, section: str, checks: Sequence[Code]) -> None:
        self._stop_checks = False
        work = self._run_checks(walk, section, checks)
        self.run_worker(work, name="checks", group="checks", exit_on_error=False)

    async def _run_checks(self, walk: str | None, section: str, checks: Sequence[Code]) -> None:
        """One after the other; each result is an event of the walk, or is only said where nobody walks."""
        from runbooks.checks import shortened
        from runbooks.events import Checked

        said: list[str] = []
        for number, code in enumerate(checks):
            if self._stop_checks:
                break
            self.say(f"Running check {code.name} ({number + 1} of {len(checks)}); e stops.")
            self._no_check.clear()
            result = await beside(self._checked, code)
            words = result.why or f"exit {result.exit_code}"
            said.append(f"{code.name}: {result.state}{'' if result.state == 'ok' else f' ({one_line(words, 80)})'}")
            if walk is not None:
                out, seconds = shortened(result.out), round(result.seconds, 3)
                kept = self.keep_on(walk, Checked(section, code.name, result.exit_code, out, seconds, result.why))
                said[-1] += "" if kept else ", not kept"
        self.say("Checks: " + "; ".join(said or ["stopped"]))

    def _checked(self, code: Code) -> CheckResult:
        """Beside the loop: run one check, until it is to stop."""
        from operations.checking import run_check_of

        try:
            return run_check_of(self.settings, self.environment, code, lambda: self._stop_checks)
        finally:
            self._no_check.set()

    async def on_unmount(self) -> None:
        """Nobody hears of a check any more when the console is left: it is ended, with all that it started."""
        self._stop_checks = True
        await beside(self._no_check.wait, CHECKS_END_WITHIN)

    def act(self, book: Book, section: str, code: Code) -> None:
        """Do an act of a runbook: an operation of ours, or its commands; each shows its plan first."""
        self.ask_to_keep(book, section, lambda walk: self._act(walk, book, section, code))

    def _act(self, walk: str | None, book: Book, section: str, code: Code) -> None:
        from runbooks.names import OPERATIONS
        from tui.dialogs.small import AskDialog

        noted = self._noted(walk, section, code.name)
        bound = BOUND.get(code.name)
        if bound is None and code.name in OPERATIONS:
            if code.name == "flag":
                self.call_later(self.run_action, "switches")
            elif code.name == "cancel-job":
                self.open_jobs("")
            elif code.name == "restore":
                self.call_later(self.run_action, "restore")
            else:
                self.say("The jobs page shows the rollback that can be undone: vigie rollback --undo JOB", "warning")
            return
        if bound is None:
            self._choose_group(walk, book, section, code)
            return
        operation, request = bound
        asked = next((key for key, value in request.items() if str(value).endswith("?")), "")
        if not asked:
            self._start(operation, request, noted=noted)
            return

        def answered(words: str | None) -> None:
            if words:
                self._start(operation, {**request, asked: words}, noted=noted)

        self.push_screen(AskDialog(code.name.capitalize(), str(request[asked])), answered)

    def _choose_group(self, walk: str | None, book: Book, section: str, code: Code) -> None:
        """A command of the runbook's own: its group, or the choice among several."""
        from tui.dialogs.small import ChooseDialog

        groups = [group for group in code.groups if group.runs]
        if not groups:
            self.say("There is no command here that could be run.", "warning")
        elif len(groups) == 1:
            self._command(walk, book, section, code, groups[0])
        else:

            def chosen(index: int | None) -> None:
                if index is not None:
                    self._command(walk, book, section, code, groups[index])

            words = [one_line(group.says or group.text, 90) for group in groups]
            self.push_screen(ChooseDialog("Which of them?", [], words), chosen)

    def _command(self, walk: str | None, book: Book, section: str, code: Code, group: Group) -> None:
        work = self._fill_and_plan(walk, book, section, code, group)
        self.run_worker(work, name="command", group="fill", exit_on_error=False)

    async def _fill_and_plan(self, walk: str | None, book: Book, section: str, code: Code, group: Group) -> None:
        """Ask for what is not known, then plan the command as any other operation."""
        from operations.runbook_values import known
        from tui.dialogs.fill import Asked, FillDialog
        from tui.dialogs.small import ChooseDialog

        asked: list[Asked] = []
        notes: list[str] = []
        for blank in group.blanks:
            value = known(blank, self.settings, self.environment)
            if blank.secret or (blank.style == "variable" and value is not None):
                place = "from the settings, never shown" if value else "not known: put it into .env.operations"
                notes.append(f"{blank.name}: {place if blank.secret else value}")
            else:
                asked.append(Asked(blank.written, blank.name, value or self._filled.get(blank.written, "")))
        values: dict[str, str] | None = {}
        if asked:
            values = await self.push_screen_wait(FillDialog(group.text, asked, notes))
            if values is None:
                self.say("Cancelled: nothing was done.")
                return
            self._filled.update(values)
        request = {
            "kind": "sql" if group.kind == "sql" else "shell",
            "text": group.text,
            "blanks": values,
            "book": book.name,
            "line": group.lines[0],
            "section": self.title_in(book, section),
            **({"limit": code.timeout} if code.timeout else {}),
            **({"confirm": "phrase"} if code.wants_phrase else {}),
        }
        if group.kind == "sql":
            question = [line("The server refuses every change unless you say otherwise.")]
            options = ["read only", "it may change something"]
            chosen = await self.push_screen_wait(ChooseDialog("Statements", question, options))
            if chosen is None:
                return
            request["writes"] = chosen == 1
        action = code.name if code.purpose == "action" else ""
        self._start("command", request, noted=self._noted(walk, section, action, group.lines[0]))

    def _noted(self, walk: str | None, section: str, action: str, at: int = 0) -> Noted:
        """What puts the job on that walk, where there is one."""
        from runbooks.events import COMMAND, Acted

        def noted(job: str, target: str) -> None:
            if walk is not None:
                self.keep_on(walk, Acted(section, action or COMMAND, job, None, target, at))

        return noted
