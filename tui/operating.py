"""Operations by keys: plan, show, confirm, plan again, start the worker, follow. The command line goes the same way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from operations.beside import beside
from operations.errors import VigieError
from operations.text import clean as cleaned
from tui.lines import Line, Tone, line
from tui.pages import PageActions

if TYPE_CHECKING:
    # Imported where they are used: none of it is needed before the first frame.
    from operations.desk import Desk
    from operations.engine.model import Operation, Plan
    from operations.engine.record import JobRecord
    from runbooks.walk import WalkState
    from tui.dialogs.plan import PlanAnswer
    from tui.screens.jobs import JobsScreen


Done = TypeVar("Done")
Noted = Callable[[str, str], None]
"""What notes a job on a walk: its id, and the release it goes to."""
CHOICES = {
    "restore": ("Other backup", "Backups, newest first; the target's own before production's."),
    "rollback": ("Other target", "Releases that could be gone back to: the planned one, then the newest first."),
    "deploy": ("Other commit", "The newest commits of the branch that deploys."),
    "redeploy": ("Other commit", "The newest commits of the branch that deploys."),
}
"""Title and words over the choice of another one."""


class OperatingActions(PageActions):
    """Part of the app."""

    def action_rollback(self) -> None:
        """Plan a rollback and show it."""
        self._start("rollback", {})

    def action_smoke(self) -> None:
        """Run the smoke tests."""
        self._start("smoke", {})

    def action_backup(self) -> None:
        """Plan a backup and show it."""
        self._start("backup", {})

    def action_deploy(self) -> None:
        """Plan a deploy of the newest commit and show it."""
        self._start("deploy", {})

    def action_redeploy(self) -> None:
        """Plan to publish the live commit again and show it."""
        self._start("redeploy", {})

    def action_restore(self) -> None:
        """Plan a restore onto the environment that may be one's target and show it; several are asked for."""
        from tui.dialogs.small import ChooseDialog

        targets = [name for name, env in self.settings.environments.items() if env.kind in ("staging", "recovery")]
        if not targets:
            self.say("There is no environment of kind staging or recovery: nothing else is ever restored onto.")
        elif self.environment in targets or len(targets) == 1:
            self._start("restore", {}, self.environment if self.environment in targets else targets[0])
        else:

            def chosen(number: int | None) -> None:
                if number is not None:
                    self._start("restore", {}, targets[number])

            self.push_screen(
                ChooseDialog("Restore onto", [line(("Production is none of them.", "dim"))], targets), chosen
            )

    def _start(self, name: str, request: Mapping[str, Any], environment: str = "", noted: Noted | None = None) -> None:
        if any(worker.group == "operate" and not worker.is_finished for worker in self.workers):
            self.say("Something is being planned already.")
            return
        history = self.live.jobs.jobs(environment or self.environment)
        running = [job for job in history if job.live and job.operation == name]
        if name == "command":
            running = [job for job in running if job.plan.request.get("text") == request.get("text")]
        if name != "rollback" and running:
            # A held key would start one after the other.
            self.open_jobs(running[0].id)
            return
        self.run_worker(
            self._operate(name, dict(request), environment, noted), name=name, group="operate", exit_on_error=False
        )

    async def _operate(self, name: str, request: dict[str, Any], environment: str, noted: Noted | None = None) -> None:
        """From the key to the running job. Nothing is changed before the plan was confirmed and computed again. `noted`
        puts the job on the walk that asked for it."""
        from operations.engine.model import ConfirmLevel
        from operations.jobs import operation_named
        from tui.dialogs.plan import PlanDialog

        operation = operation_named(name)
        desk = self.live.desk(environment)
        plan = await self._plan(operation, desk, request)
        shown: Plan | None = None
        reason = str(request.get("why") or "")
        while True:
            answer = None
            if plan.confirm.level is not ConfirmLevel.NONE or plan.refusal is not None:
                changed = shown.differences(plan) if shown is not None else ()
                dialog = PlanDialog(plan, changed=changed, reason=reason, glyphs=self.live.glyphs)
                answer = await self.push_screen_wait(dialog)
                if answer is None:
                    self.say("Cancelled: nothing was done.")
                    return
                reason = answer.reason
                if answer.choice != "run":
                    request = await self._another_form(plan, request, answer)
                    if answer.choice in ("other", "rebuild", "despite"):
                        plan, shown = await self._plan(operation, desk, request), None
                    continue
            again = await self._plan(operation, desk, request, "Looking once more that nothing changed")
            if again.fingerprint == plan.fingerprint:
                await self._run(operation, again, reason, noted)
                return
            shown, plan = plan, again

    async def _plan(self, operation: Operation, desk: Desk, request: dict[str, Any], words: str = "") -> Plan:
        """Compute the plan beside the loop, as it may be shown. Raises CancelledError when nobody waits for it."""
        from operations.engine.orders import masked_plan

        words = words or f"Planning: {operation.title.lower()} {desk.environment}"
        plan = await self._waited(words, beside(operation.plan, desk, request))
        return masked_plan(plan, self.redactor)

    async def _waited(self, words: str, work: Coroutine[Any, Any, Done], *, can_leave: bool = True) -> Done:
        """Wait for `work` under a dialog that takes the keys. Raises CancelledError when the person left it."""
        from tui.dialogs.small import WaitDialog

        dialog = WaitDialog(words, can_leave=can_leave)
        left = asyncio.Event()
        self.push_screen(dialog, lambda _: left.set())
        doing, leaving = asyncio.ensure_future(work), asyncio.ensure_future(left.wait())
        try:
            await asyncio.wait({doing, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not doing.done():
                self.say("Not waited for; nothing was started.")
                raise asyncio.CancelledError
            return doing.result()
        finally:
            doing.cancel()
            leaving.cancel()
            if self.screen is dialog:
                dialog.dismiss()

    async def _another_form(self, plan: Plan, request: dict[str, Any], answer: PlanAnswer) -> dict[str, Any]:
        """Show the diff or the commands, or change what is asked for: another target, a rebuild."""
        from tui.dialogs.small import ReadDialog

        if answer.choice == "diff":
            await self.push_screen_wait(
                ReadDialog(
                    "What it brings" if "deploy" in plan.operation else "What it takes back", diff_lines(plan.diff)
                )
            )
        elif answer.choice == "commands":
            await self.push_screen_wait(ReadDialog("What will run", command_lines(plan)))
        elif answer.choice == "rebuild":
            return {**request, "rebuild": True}
        elif answer.choice == "despite":
            return await self._answered(plan, request)
        else:
            return await self._other_candidate(plan, request)
        return request

    async def _other_candidate(self, plan: Plan, request: dict[str, Any]) -> dict[str, Any]:
        """Another release to go back to, another backup to restore; what that one needs to be said is asked."""
        from tui.dialogs.small import ChooseDialog, YesNoDialog

        candidates = list(plan.details.get("candidates") or ())
        words = [str(candidate.get("words") or candidate.get("name")) for candidate in candidates]
        title, says = CHOICES.get(plan.operation, CHOICES["rollback"])
        chosen = await self.push_screen_wait(ChooseDialog(title, [line((says, "dim"))], words))
        if chosen is None:
            return request
        candidate = candidates[chosen]
        if plan.operation != "restore":
            key = "commit" if "deploy" in plan.operation else "to_commit"
            return {**request, key: str(candidate["commit"])}
        asked: dict[str, Any] = {"file": str(candidate["name"]), "from": str(candidate["from"])}
        if candidate.get("personal"):
            question = [
                line(("It contains production's personal data.", "warn")),
                line("The target's mail, webhooks and jobs must be off. Are they?"),
            ]
            asked["services_off"] = await self.push_screen_wait(
                YesNoDialog("Production's data", question, "they are off")
            )
        return {**request, **asked}

    async def _answered(self, plan: Plan, request: dict[str, Any]) -> dict[str, Any]:
        """Ask what a guard wants to know before it lets this through; a No leaves the plan refused."""
        from tui.dialogs.small import AskDialog, YesNoDialog

        asked: dict[str, Any] = {}
        for question in plan.details.get("asks") or ():
            words = str(question["words"])
            if question.get("kind") == "text":
                asked[question["key"]] = await self.push_screen_wait(AskDialog("All the same?", words)) or ""
            else:
                yes = await self.push_screen_wait(YesNoDialog("All the same?", [line(words)], "yes, all the same"))
                asked[question["key"]] = bool(yes)
        return {**request, **{key: value for key, value in asked.items() if value}}

    async def _run(self, operation: Operation, plan: Plan, reason: str, noted: Noted | None) -> None:
        from operations.jobs.launch import launch

        incident = self.live.incident
        id = incident.id if incident is not None and incident.open else ""
        launching = beside(launch, self.settings, self.live.real_journal, plan, reason=reason, incident=id)
        started = await self._waited(f"Starting: {operation.title.lower()}", launching, can_leave=False)
        job = started.id
        try:
            target = str(plan.details.get("to_name", ""))
            noted(job, target) if noted is not None else self._note_act(operation.name, job, target)
        except VigieError as error:
            # The job runs, and is followed, also where the walk cannot be written.
            self.say(str(error), "error")
        self.read_back()
        self.open_jobs(job)

    def _note_act(self, action: str, job: str, target: str) -> None:
        from runbooks.events import Acted
        from runbooks.walk import jump

        walking = self.live.walking
        state = walking.state
        if state is not None and (section := self._section_of(state, action)):
            if section != state.current:
                walking.keep(self.live.journal, jump(state, section))
            walking.keep(self.live.journal, Acted(section, action, job, None, target))

    @staticmethod
    def _section_of(state: WalkState, action: str) -> str:
        """Where the walk asks how that act ended: here, or where the runbook has it; "" when nowhere.

        An act done by its own key moves the walk there: it would go on to advise what has just been done.
        """
        from runbooks.names import changes_something

        if any(code.name == action for code in state.section.actions):
            return state.current
        if not changes_something(action):
            return ""
        onward = [state.book.section(branch.target) for branch in state.section.branches]
        sections = [section for section in (*onward, *state.book.sections) if section is not None]
        return next((s.anchor for s in sections if any(code.name == action for code in s.actions)), "")

    def action_cancel_job(self) -> None:
        """Ask the chosen job to stop; says first what that means."""
        from operations.engine.control import cancel
        from tui.dialogs.small import ReadDialog, YesNoDialog

        job = self._chosen_job()
        if job is None or not job.live:
            self.say("This job does not run any more.")
            return
        if job.past_no_return:
            words = "It is past its point of no return: it goes on to its end, and cancel would only stop the watching."
            self.push_screen(ReadDialog("Cannot be stopped", [line(words)]))
            return
        question = [line(f"job {job.number} {job.title}"), line("What was begun is cleaned up; nothing else changes.")]

        def sure(yes: bool | None) -> None:
            if yes:
                self._act_on(lambda: cancel(self.live.journal, job))

        self.push_screen(YesNoDialog("Stop this job?", question, "stop it"), sure)

    def action_clean_job(self) -> None:
        """Clean what a dead worker left behind; shows exactly what first."""
        from tui.dialogs.small import YesNoDialog

        job = self._chosen_job()
        if job is None or not job.needs_cleaning:
            self.say("Nothing is left behind by this job.")
            return
        question: list[Line] = [line("Left behind, and cleaned one after the other:")]
        question += [line((f"  {debris.words}", "warn")) for debris in job.debris]

        def sure(yes: bool | None) -> None:
            if yes:
                self.run_worker(self._clean(job), name="clean", group="clean", exit_on_error=False)

        self.push_screen(YesNoDialog("Clean up?", question, "clean"), sure)

    async def _clean(self, job: JobRecord) -> None:
        from operations.engine.control import clean
        from operations.jobs import operation_named
        from operations.jobs.launch import locks_of

        operation, locks = operation_named(job.operation), locks_of(self.live.settings)
        said: list[str] = []
        try:
            after = await beside(
                clean,
                self.live.journal,
                job,
                operation,
                self.live.desk(job.environment),
                locks=locks,
                say=said.append,
            )
        except VigieError as error:
            self.say(f"Cleaning stopped: {error}", "error")
            self.read_back()
            return
        if after.debris:
            left = "; ".join(debris.words for debris in after.debris)
            self.say(f"Could not be cleaned: {left}", "error")
        else:
            self.say(f"Cleaned after job {job.number}.")
        self.read_back()

    def action_choose_job(self, move: int) -> None:
        """Look at another job."""
        if page := self._jobs_page():
            page.choose(move)

    def action_follow_log(self) -> None:
        """Follow the end of the log again."""
        if page := self._jobs_page():
            page.follow()

    def action_filter_log(self) -> None:
        """Ask for words; only the lines of the log that have them are shown."""
        from tui.dialogs.small import AskDialog

        page = self._jobs_page()
        if page is None:
            return

        def filtered(words: str | None) -> None:
            if words is not None:
                page.filter(words)

        ask = AskDialog(
            "Filter", "Only lines with these words; nothing shows all again.", required=False, button="filter"
        )
        self.push_screen(ask, filtered)

    def _chosen_job(self) -> JobRecord | None:
        page = self._jobs_page()
        return page.chosen if page is not None else None

    def _jobs_page(self) -> JobsScreen | None:
        from tui.screens.jobs import JobsScreen

        return self.page if isinstance(self.page, JobsScreen) else None

    def _act_on(self, act: object) -> None:
        assert callable(act)
        try:
            act()
        except VigieError as error:
            self.say(str(error), "error")
        self.read_back()


def diff_lines(diff: str) -> list[Line]:
    """A diff with its signs toned; foreign text, shown literally."""
    tones: dict[str, Tone] = {"+": "good", "-": "bad", "@": "key"}
    return [
        line((text.expandtabs(4), tones.get(text[:1], "plain"))) for text in cleaned(diff, limit=400_000).splitlines()
    ]


def command_lines(plan: Plan) -> list[Line]:
    """Every step with its effect and its whole commands."""
    rows: list[Line] = []
    for number, step in enumerate(plan.steps, 1):
        stop = "   point of no return" if step.no_return else ""
        rows.append(line((f"{number} {step.title}", "strong"), (stop, "warn")))
        rows.append(line(f"    {step.effect or 'reads only'}"))
        rows += [line(("    $ ", "dim"), command) for command in step.commands]
    return rows
