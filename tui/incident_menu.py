"""What can be done to an incident beside notes and severity: roles, what is told of it, reminders, tasks, its end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from operations.beside import beside
from operations.errors import VigieError
from operations.text import one_line
from tui.lines import inert, line
from tui.pages import PageActions

if TYPE_CHECKING:
    # Imported where they are used: none of it is needed before the first frame.
    from operations.incident.model import Incident

Choice = tuple[str, Callable[["Incident"], Awaitable[None]]]


class IncidentMenu(PageActions):
    """Part of the app."""

    def action_incident_menu(self) -> None:
        """Everything that can be done to this incident, by name."""
        if self.live.incident is not None and not self.readonly:
            self.run_worker(self._menu(self.live.incident), name="incident", group="menu", exit_on_error=False)

    async def _menu(self, incident: Incident) -> None:
        choices: list[Choice] = [
            ("take or hand over a role", self._role),
            ("say what is known: impact, workaround, cause …", self._tell),
            ("put a reminder off, or set one", self._remind),
            ("a line of the timeline: pin it, correct it", self._entry),
            ("a task: add one, tick one", self._one_task),
            ("restrict it, or open it to all", self._restrict),
            ("how far it is: investigating, identified, monitoring", self._state),
            ("close it: the checklist begins", self._close),
            ("the report, as a file", self._report),
            ("what it is called", self._title),
        ]
        chosen = await self._which("What about it?", [words for words, _ in choices])
        if chosen is None:
            return
        try:
            await choices[chosen][1](incident)
        except VigieError as error:
            self.say(str(error), "error")
        self.read_back()

    def _as_it_is(self, incident: Incident) -> Incident:
        """The incident with what others wrote while a dialog stood open: what is the same as theirs is no event."""
        self.live.read_journal()
        return self.live.incidents.get(incident.id) or incident

    async def _which(self, title: str, options: list[str], question: str = "", chosen: int = 0) -> int | None:
        from tui.dialogs.small import ChooseDialog

        words = [line(question)] if question else []
        return await self.push_screen_wait(ChooseDialog(title, words, options, chosen))

    async def _ask(
        self, title: str, question: str, *, required: bool = True, placeholder: str = "", known: str = ""
    ) -> str | None:
        from tui.dialogs.small import AskDialog

        dialog = AskDialog(title, question, required=required, placeholder=placeholder, known=known)
        return await self.push_screen_wait(dialog)

    async def _title(self, incident: Incident) -> None:
        from operations.incident.acts import set_title

        shown = inert(incident.title).strip()
        words = await self._ask("Title", "What is it called in lists, brief and report?", known=shown)
        if not words or words == shown:
            return
        before, incident = incident.title, self._as_it_is(incident)
        if incident.title != before:
            self.say(f"It is called otherwise meanwhile: {incident.title}. Nothing was changed.", "warning")
        elif cut := set_title(self.live.journal, incident, words):
            self.say(cut, "warning")

    async def _role(self, incident: Incident) -> None:
        from operations.incident.roles import give, roles_of, take

        roles = roles_of(incident)
        words = [f"{role.value:<14} {holder.words:<18} {role.means}" for role, holder in roles.items()]
        chosen = await self._which("Which role?", words)
        if chosen is None:
            return
        role = list(roles)[chosen]
        how = await self._which(role.value.capitalize(), ["I take it", "hand it to somebody, who then takes it"])
        if how == 0:
            take(self.live.journal, self._as_it_is(incident), role)
        elif how == 1:
            to = await self._ask("Hand over", f"Who is to be {role.value}? It is offered, and theirs once taken.")
            if to:
                give(self.live.journal, self._as_it_is(incident), role, to)

    async def _tell(self, incident: Incident) -> None:
        from operations.incident.told import DATA_LOSS, FIELDS, IN_LANGUAGES, said_of, tell

        said = said_of(incident)
        known = [(name, "") for name in FIELDS]
        others = self.settings.messages.languages[1:]
        known += [(name, one) for one in others for name in FIELDS if name in IN_LANGUAGES]
        words = []
        for name, language in known:
            told = said.get(name, {}).get(language)
            called = name.replace("_", " ") + (f" ({language})" if language else "")
            words.append(f"{called:<15} {one_line(told.text, 60) if told else FIELDS[name]}")
        chosen = await self._which("What is known?", words)
        if chosen is None:
            return
        name, language = known[chosen]
        if name == "data_loss":
            loss = said[name][""].text if name in said else "not yet known"
            at = DATA_LOSS.index(loss) if loss in DATA_LOSS else 0
            answer = await self._which("Was data lost?", list(DATA_LOSS), chosen=at)
            text = None if answer is None else DATA_LOSS[answer]
        else:
            question = f"{FIELDS[name].capitalize()}; an empty line takes it back."
            text = await self._ask(name.replace("_", " ").capitalize(), question, required=False)
        if text is None:
            return
        if cut := tell(self.live.journal, self._as_it_is(incident), name, text, language):
            self.say(cut, "warning")

    async def _remind(self, incident: Incident) -> None:
        from operations.incident.clock import clock_of, due_words
        from operations.incident.reminding import arm, cancel, snooze
        from operations.moments import until_of

        now = self.live.now()
        due = clock_of(incident, self.settings, now).due
        words = [f"{due_words(one, now):<14} {one_line(one.words, 70)}" for one in due]
        chosen = await self._which("Which reminder?", [*words, "a new one of my own"])
        if chosen is None:
            return
        if chosen == len(due):
            text = await self._ask("Remind", "Of what?")
            when = await self._ask("Remind", "When? 15m, 2h, or 14:30 (UTC).") if text else None
            if text and when:
                arm(self.live.journal, incident, text, until_of(when, now, "When"))
            return
        how = await self._which(one_line(due[chosen].words, 60), ["put it off", "it is not needed"])
        why = await self._ask("Reminder", "Why? One line for the timeline.") if how is not None else None
        if not why:
            return
        if how == 1:
            cancel(self.live.journal, incident, self.settings, due[chosen].timer, why, now)
        elif when := await self._ask("Put off", "Until when? 15m, 2h, or 14:30 (UTC)."):
            until = until_of(when, now, "Until")
            snooze(self.live.journal, incident, self.settings, due[chosen].timer, until, why, now)

    async def _entry(self, incident: Incident) -> None:
        from operations.incident.timeline import correct, pin, timeline_of

        lines = list(reversed(timeline_of(incident)))[:60]
        words = [
            f"{'*' if one.pinned else ' '} {one.entry.at:%H:%M:%SZ} {one_line(one.entry.who, 12)} "
            + one_line(one.text, 70)
            for one in lines
        ]
        chosen = await self._which("Which line?", words)
        if chosen is None:
            return
        one = lines[chosen]
        pinning = "take the pin away" if one.pinned else "pin it"
        how = await self._which(one_line(one.text, 60), [pinning, "correct its words"])
        if how == 0:
            pin(self.live.journal, incident, one.handle, pinned=not one.pinned)
        elif how == 1 and (text := await self._ask("Correct", "What should it read? The old words stay readable.")):
            correct(self.live.journal, incident, one.handle, text)

    async def _one_task(self, incident: Incident) -> None:
        from operations.incident.tasks import add_task, finish_task, tasks_of
        from operations.moments import until_of

        tasks = tasks_of(incident)
        words = [f"[{'x' if task.done else ' '}] {one_line(task.text, 60)} {task.owner}" for task in tasks]
        chosen = await self._which("Tasks", [*words, "add one"])
        if chosen is None:
            return
        if chosen < len(tasks):
            finish_task(self.live.journal, incident, tasks[chosen].id, done=not tasks[chosen].done)
            return
        text = await self._ask("Task", "What is to be done?")
        owner = await self._ask("Task", "Who does it?", required=False) if text else None
        if text and owner is not None:
            when = await self._ask("Task", "By when? 24h, 3d, an ISO time; nothing: whenever.", required=False)
            due = until_of(when, self.live.now(), "By") if when else None
            add_task(self.live.journal, incident, text, owner=owner, due=due)

    async def _restrict(self, incident: Incident) -> None:
        from operations.incident.told import restrict, restriction_of

        held = restriction_of(incident) is not None
        question = "Why may everybody know now?" if held else "Why is it kept among few? Details stay out of messages."
        why = await self._ask("Open it to all" if held else "Restrict it", question)
        if not why:
            return
        notices: int | None = 0
        if not held and self.settings.notify.webhook:
            options = ["keep them off it", "tell them all the same"]
            notices = await self._which("Deploys and rollbacks on the team's channel?", options)
        if notices is not None:
            restrict(self.live.journal, self._as_it_is(incident), not held, why, notices=notices == 1)

    async def _state(self, incident: Incident) -> None:
        from operations.incident.acts import set_state
        from operations.incident.model import IncidentState

        states = [IncidentState.INVESTIGATING, IncidentState.IDENTIFIED, IncidentState.MONITORING]
        if not incident.open:
            self.say("It is over: vigie incident state ID investigating --why opens it again.", "warning")
            return
        chosen = await self._which("How far is it?", [state.value for state in states])
        if chosen is not None:
            set_state(self.live.journal, incident, states[chosen])

    async def _close(self, incident: Incident) -> None:
        from operations.incident.closing import close_incident
        from operations.jobs.standing import everything_standing

        why = ""
        if incident.open:
            asked = await self._ask("Close it", "It is not resolved: r does that. Why is it closed without?")
            if not asked:
                return
            why = asked
        left = tuple(await beside(everything_standing, self.live.desk()))
        close_incident(self.live.journal, incident, now=self.live.now(), left=left, why=why)
        self.say("Closed; its checklist has begun." + (f" Stays open: {'; '.join(left)}" if left else ""))

    async def _report(self, incident: Incident) -> None:
        from operations.commands.incident_export import export_file

        path = await beside(export_file, self.settings, incident.id, self.places.state)
        self.say(f"The report is in {path}")
