"""Runs what a walk's section has, where it was asked to: checks at once, acts and commands by plan and confirmation.

An act goes through its own command, a group of commands through the operation "command": the same plan is shown, the
same confirmation asked, the same job followed as when it is typed. Where nobody can type, only options confirm.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from operations.cli import Commands, Session, show_error
from operations.commands.operate import operate
from operations.errors import VigieError
from operations.headless.doable import Doable, doables_of, first_act, own_act
from operations.headless.keeping import Keeping
from operations.headless.walker import Again
from operations.settings import Settings
from operations.text import one_line
from runbooks.checks import shortened, telling_line
from runbooks.events import COMMAND, Acted, Checked
from runbooks.model import Code, Section
from runbooks.onward import Stop
from runbooks.parts import Blank
from runbooks.walk import WalkState

if TYPE_CHECKING:
    from operations.engine.record import JobRecord

_BY_HAND = frozenset({"cancel-job"})
"""Acts whose command has a confirmation of its own."""


@dataclass
class Running:
    """`how` holds the confirming options, `checks` and `allowed` say what was asked for (`--run-checks`, `--run`),
    `asking` whether a person is there. `passed` are the visits at which an act was offered and not taken."""

    session: Session
    settings: Settings | None
    environment: str
    keeping: Keeping
    how: Mapping[str, Any]
    checks: bool
    allowed: bool
    asking: bool
    say: Callable[[str], None]
    passed: set[datetime] = field(default_factory=set)
    acted: set[str] = field(default_factory=set)
    """Sections whose act was run without asking anybody: once each, however the walk goes round."""

    def at(self, state: WalkState) -> bool | Stop:
        """At a section that was entered: its checks, and, where nobody is asked, its first act or its commands."""
        ran = self.checks and self._run_checks(state)
        if not self.allowed or self.asking or state.last_exit is not None:
            return ran
        doable = doables_of(state.section, self.environment)
        if not state.section.actions:
            return self._groups(doable, state) or ran
        # What a section asks afterwards is how its first act ended; two acts in a row are a person's.
        first = first_act(state.section, self.environment)
        if first is not None and state.current in self.acted:
            return Stop("act", "its act was run once already; whether it runs again is a person's to say")
        if first is None and (own := own_act(state.section, self.environment)) is not None:
            what = one_line(own.text, 100)
            return Stop("act", f"--run left its act “{own.action}” to a person: {what} (line {own.line})")
        self._leave([one for one in doable if one != first])
        if first is None:
            return ran
        self.acted.add(state.current)
        self._act(first, state)
        return True

    def offer(self, one: Doable, state: WalkState) -> Again:
        """Show its plan to a person and run it when that is confirmed; a No or a refusal is said, and nothing else."""
        try:
            if one.act:
                self._act(one, state)
            else:
                self._group(one, state)
        except VigieError as error:
            self.passed.add(state.entered_at)
            show_error(error)
            return "show"
        return "look"

    def _run_checks(self, state: WalkState) -> bool:
        checks = state.section.codes("check")
        for code in checks:
            self._check(code, state.section)
        return bool(checks)

    def _check(self, code: Code, section: Section) -> None:
        from operations.checking import run_check_of

        assert self.settings is not None
        done = run_check_of(self.settings, self.environment, code)
        self._checked(Checked(section.anchor, code.name, done.exit_code, shortened(done.out), done.seconds, done.why))

    def _checked(self, result: Checked) -> None:
        self.keeping.keep(result)
        if result.exit_code is None:
            self.say(f"check {result.check}: unknown, {one_line(result.why, 160)}")
            return
        word = {0: "ok", 2: "a warning"}.get(result.exit_code, f"failed, exit {result.exit_code}")
        first = one_line(telling_line(result), 100)
        self.say(f"check {result.check}: {word}, {result.seconds:.1f} s{f': {first}' if first else ''}")

    def _groups(self, doable: tuple[Doable, ...], state: WalkState) -> bool | Stop:
        """Every group of the section in order, up to the first that fails. One way of several is a person's choice."""
        chosen = [one for one in doable if not one.alternative]
        self._leave([one for one in doable if one.alternative])
        for one in chosen:
            code = self._group(one, state)
            if code:
                return Stop("person", f"the command of line {one.line} ended with exit {code}; a person has to look")
        return bool(chosen)

    def _leave(self, left: list[Doable]) -> None:
        for one in left:
            self.say(f"not run here: {one_line(one.text, 100)} (line {one.line}); a person chooses that")

    def _act(self, one: Doable, state: WalkState) -> int:
        assert one.twin is not None
        if one.act in _BY_HAND:
            raise VigieError(f"“{one.text}” is not run from a walk.", next_step="Run it beside this walk.")
        twin = one.twin.filled({word: self._typed(word) for word in one.twin.blanks})
        name, *words = twin.words
        command = Commands().get_command(click.get_current_context(), name)
        assert command is not None
        given = [f"{option}={self.how[key]}" for key, option in _OPTIONS.items() if self.how[key]]
        if self.how["yes"]:
            given.append("--yes")
        return self._noted(one, state, lambda: _invoke(self.session, command, name, [*words, *given]))

    def _group(self, one: Doable, state: WalkState) -> int:
        request: dict[str, Any] = {
            "kind": one.kind,
            "text": one.text,
            "blanks": self._filled(one.blanks),
            "book": f"{state.book.name}.md",
            "line": one.line,
            "section": state.section.title,
        }
        if one.limit:
            request["limit"] = one.limit
        if one.wants_phrase:
            request["confirm"] = "phrase"
        how = {**self.how, "plan_only": False, "as_json": False, "detach": False}
        return self._noted(one, state, lambda: operate(self.session, "command", self.environment, request, how))

    def _noted(self, one: Doable, state: WalkState, run: Callable[[], int]) -> int:
        """Run it; what was started and how it ended is kept with the walk."""
        begun: list[Acted] = []

        def started(job: JobRecord) -> None:
            release = str(job.plan.details.get("to_name", ""))
            line = 0 if one.act else one.line
            begun.append(Acted(state.current, one.action or COMMAND, job.id, None, release, line))
            self.keeping.keep(begun[0])

        said, self.session.on_start = self.session.command, started
        try:
            code = run()
        finally:
            self.session.command, self.session.on_start = said, None
        if begun and code not in (130, 143):
            act = begun[0]
            code = self._told(act.job, code)
            ended = Acted(act.section, act.action, act.job, code, act.release, act.line)
            self.keeping.keep(ended, key=f"acted:{act.job}")
        return code

    def _told(self, id: str, code: int) -> int:
        """How that job ended as answers ask after it; `code` where nothing else is known."""
        from operations.jobs.ended import told_exit
        from operations.jobs.launch import jobs_of

        assert self.settings is not None
        told = next((told_exit(job) for job in jobs_of(self.settings) if job.id == id), None)
        return code if told is None else told

    def _filled(self, blanks: tuple[Blank, ...]) -> dict[str, str]:
        """What a person types for each blank; what is known or secret is not asked for."""
        from operations.runbook_values import known

        assert self.settings is not None
        found: dict[str, str] = {}
        for blank in blanks:
            there = known(blank, self.settings, self.environment)
            if blank.secret or (there is not None and blank.style == "variable"):
                continue
            if not self.asking:
                found.update({blank.written: there} if there else {})
                continue
            typed = click.prompt(blank.written, default=there or "", show_default=bool(there), err=True)
            found[blank.written] = str(typed)
        return found

    def _typed(self, word: str) -> str:
        if not self.asking:
            raise VigieError(f"{word} has to be filled in, and nobody is here to do it.", next_step="Run it by hand.")
        typed = str(click.prompt(f"{word} is", default="", show_default=False, err=True)).strip()
        if not typed or typed.startswith("-"):
            raise VigieError("Not filled in; nothing was run.")
        return typed


_OPTIONS = {"typed": "--confirm", "typed_again": "--confirm-again", "reason": "--reason"}


def _invoke(session: Session, command: click.Command, name: str, words: list[str]) -> int:
    """The command as the command line calls it; its exit code."""
    try:
        with command.make_context(name, words, parent=click.get_current_context(), obj=session) as context:
            result = command.invoke(context)
    except click.ClickException as error:
        words_said = one_line(error.format_message(), 200)
        raise VigieError(f"{name}: {words_said}", next_step="The runbook's own command is not right.") from None
    return result if isinstance(result, int) else 0
