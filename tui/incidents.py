"""The incident by keys: open it, note, severity, resolve, call for help with the brief."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from operations.errors import VigieError
from tui.lines import line, wrap
from tui.pages import PageActions

if TYPE_CHECKING:
    # Imported where they are used: none of it is needed before the first frame.
    from operations.incident.brief import Brief
    from operations.incident.model import Incident, Severity
    from operations.settings import Contact

REMIND_EVERY = 2.0
"""Seconds between two looks at what is due."""
ASK_AFTER_EVERY = 5.0
"""Seconds between asking whether a call for help was answered."""

RESOLVE_HINTS = {"smoke": " T runs it.", "maintenance": " S opens it.", "notice": " U tells them."}
"""The key that mends what is still open."""


class IncidentActions(PageActions):
    """Part of the app."""

    def action_incident(self) -> None:
        """The incident's page when one is open, or one is over and not closed while nothing is wrong; else the question
        how bad it is. From the page of one that is over the same key opens a new one."""
        incident = self.live.incident
        unclosed = incident is not None and incident.state.value == "resolved"
        if incident is not None and (incident.open or self.readonly):
            self.open_incident_page()
        elif unclosed and self.place != "incident" and not self._is_wrong():
            self.open_incident_page()
            self.say("It is resolved and not closed: Enter, then “close it”. I once more opens a new one.")
        elif self.readonly:
            self.say("No incident is open, and this console is read-only.")
        else:
            self._ask_severity_and_open()

    def _ask_severity_and_open(self) -> None:
        from operations.incident.model import Severity
        from tui.dialogs.small import ChooseDialog

        title = self._what_is_wrong()
        question = [
            line(("How bad is it? In doubt the higher one; it can be changed.", "plain")),
            line((title, "strong")),
        ]
        levels = list(Severity)

        def chosen(index: int | None) -> None:
            if index is not None:
                self._open(levels[index], title)

        words = [f"{level.value}  {level.means}" for level in levels]
        # Where no probe is down, an Enter too many must not call the whole company.
        at = 0 if self._is_wrong() else len(levels) - 1
        self.push_screen(ChooseDialog("Open an incident", question, words, at), chosen)

    def _open(self, severity: Severity, title: str) -> None:
        from operations.incident.acts import open_incident

        try:
            open_incident(
                self.live.journal,
                self.live.incidents,
                site=self.settings.site.name,
                environment=self.environment,
                severity=severity,
                title=title,
                now=self.live.now(),
                drill=self.settings.drill is not None,
            )
        except VigieError as error:
            self.say(str(error), "error")
            return
        self.live.read_journal()
        incident = self.live.incident
        if incident is not None:
            self.live.observe()
            self.live.walking.begin(self.live.journal, incident)
            self.run_worker(self._draft_first(incident), name="first notice", group="draft", exit_on_error=False)
        self.read_back()
        while self.place != "main":
            self.pop_screen()
        if severity.value in ("P0", "P1") and not any("frozen by" in words for words in self.live.standing):
            self.say("Opened. S freezes deploys of new commits while it lasts.")

    async def _draft_first(self, incident: Incident) -> None:
        """Draft the first notice: U shows it, and so does every other console."""
        from operations.incident.sending import draft_first_notice

        draft_first_notice(self.live.journal, incident, self.settings, self.live.snapshot, self.live.now())
        self.read_back()

    def _is_wrong(self) -> bool:
        """Whether the site is down or an alarm offers an incident, or nobody looks."""
        snapshot = self.live.snapshot
        if snapshot is None or snapshot.overall.value == "down":
            return True
        return any(alarm.offers_incident and alarm.closed_at is None for alarm in snapshot.alarms)

    def _what_is_wrong(self) -> str:
        snapshot = self.live.snapshot
        if snapshot is None:
            return "declared by a person; nothing is watched"
        down = [s for s in snapshot.states if s.status.value == "down"]
        return f"{', '.join(s.title for s in down[:4])} down" if down else "declared by a person; no probe is down"

    def action_note(self) -> None:
        """One line on the timeline."""
        from operations.incident.acts import add_note
        from tui.dialogs.small import AskDialog

        incident = self.live.incident
        if incident is None:
            return

        def noted(text: str | None) -> None:
            if text and not self.note_here(text):
                self._do(lambda: add_note(self.live.journal, incident, text))

        self.push_screen(AskDialog("Note", "One line for the timeline.", placeholder="what you see or did"), noted)

    def action_severity(self) -> None:
        """Change how bad it is."""
        from operations.incident.acts import set_severity
        from operations.incident.model import Severity
        from tui.dialogs.small import ChooseDialog

        incident = self.live.incident
        if incident is None or not incident.open:
            return
        levels = list(Severity)

        def chosen(index: int | None) -> None:
            if index is not None:
                self._do(lambda: set_severity(self.live.journal, incident, levels[index]))

        words = [f"{level.value}  {level.means}" for level in levels]
        self.push_screen(ChooseDialog("Severity", [], words, levels.index(incident.severity)), chosen)

    def action_resolve(self) -> None:
        """Say that it is over; what is still open is said first, and getting past it takes a reason."""
        from operations.jobs.still_open import still_open
        from tui.dialogs.small import AskDialog, YesNoDialog

        incident = self.live.incident
        if incident is None or not incident.open:
            return
        speed = self.settings.drill.speed if self.settings.drill else 1.0
        found = still_open(incident, self.live.history(), self.live.snapshot, self.live.now(), speed=speed)
        said = [f"{one.words[:1].upper()}{one.words[1:]}.{RESOLVE_HINTS.get(one.about, '')}" for one in found]
        if not any(one.stops for one in found):
            question = [line("Smoke tests have passed since it was opened, and it has been quiet.")]
            question += [line((row, "warn")) for words in said for row in wrap(words, min(96, self.size.width - 6))]
            question += [line(("Is it over?", "strong"))]

            def sure(yes: bool | None) -> None:
                if yes:
                    self._resolve(incident, "")

            self.push_screen(YesNoDialog("Resolved?", question, "resolved"), sure)
            return

        def reasoned(why: str | None) -> None:
            if why:
                self._resolve(incident, why)

        last = "See to that first, or say in one line why it is over all the same."
        self.push_screen(AskDialog("Resolved already?", "\n".join([*said, last]), button="resolved"), reasoned)

    def _resolve(self, incident: Incident, why: str) -> None:
        from operations.incident.acts import set_state
        from operations.incident.model import IncidentState

        self._do(lambda: set_state(self.live.journal, incident, IncidentState.RESOLVED, why=why))

    def action_call_help(self) -> None:
        """Show the brief, ask whom to call, and send it."""
        from tui.dialogs.small import AskDialog

        incident = self.live.incident
        if incident is None or not incident.open:
            return
        if not self.settings.contacts:
            self.say("No contact is in the settings; use the phone. A [[contacts]] table adds one.", "warning")
            return
        question = "What do you need from whoever is called? One line; the brief says the rest."

        def asked(need: str | None) -> None:
            if need:
                self._choose_contact(incident, need)

        dialog = AskDialog("Call for help", question, placeholder="e.g. bring the database back", button="go on")
        self.push_screen(dialog, asked)

    def _choose_contact(self, incident: Incident, need: str) -> None:
        from operations.incident.brief import make_brief
        from tui.dialogs.small import ChooseDialog

        brief = make_brief(incident, self.live.snapshot, need=need, who=self.settings.operator, now=self.live.now())
        width = min(96, self.size.width - 6)
        shown = [line(words) for text in brief.lines() for words in wrap(text, width, "        ")]
        contacts = self.settings.contacts
        words = [
            f"{c.name}  {c.role or c.kind}  {c.phone or ('can be paged' if c.can_be_called else 'no address')}"
            for c in contacts
        ]

        def chosen(index: int | None) -> None:
            if index is not None:
                self.run_worker(
                    self._call(incident, contacts[index], brief), name="call", group="call", exit_on_error=False
                )

        self.push_screen(ChooseDialog("Whom? The brief goes with it", [*shown, line()], words), chosen)

    async def _call(self, incident: Incident, contact: Contact, brief: Brief) -> None:
        from operations.incident.help import call_for_help
        from runbooks.walk import WalkError, call_help

        result = await call_for_help(self.live.journal, incident, contact, brief)
        self.say(
            f"{contact.name} was called." if result.delivered else f"{contact.name}: {result.problem}",
            "information" if result.delivered else "error",
        )
        state = self.live.walking.state
        if state is not None and state.current != state.book.help:
            try:
                self.live.walking.keep(self.live.journal, call_help(state))
            except WalkError:
                self.say("This runbook has no section for help; the call itself went out.")
        self.read_back()

    async def follow_calls(self) -> None:
        """Ask now and then whether calls for help were answered, and put the answers on the timeline."""
        from operations.incident.help import ask_after, contact_named

        while True:
            incident = self.live.incident
            for call in incident.calls if incident is not None and incident.open else ():
                if call.delivered and call.id and incident is not None:
                    try:
                        contact = contact_named(self.settings, call.contact)
                    except VigieError:
                        continue
                    if await ask_after(self.live.journal, incident, contact, call):
                        self.read_back()
            await asyncio.sleep(ASK_AFTER_EVERY)

    async def follow_clock(self) -> None:
        """Say what is due, each thing once among all consoles; what fell due while nothing ran comes first."""
        from operations.errors import JournalUnavailable

        while True:
            try:
                said = self.live.remind()
            except JournalUnavailable:
                said = ()  # said by nobody: it comes again as soon as it can be written down
            if said:
                self.say("; ".join(said[:3]), "warning")
                self.read_back()
            await asyncio.sleep(REMIND_EVERY)

    def _do(self, act: Callable[[], str | None]) -> None:
        """Do it, and say what it has to say."""
        try:
            if words := act():
                self.say(words, "warning")
        except VigieError as error:
            self.say(str(error), "error")
        self.read_back()
