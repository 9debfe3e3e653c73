"""Walking by keys: take, answer, all clear ones, why, back, go to. Each is an event; the screen follows the journal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from operations.ages import age_words
from operations.text import one_line
from tui.lines import Line, Tone, line, wrap
from tui.messaging import MessageActions

if TYPE_CHECKING:
    # Imported where they are used: none of it is needed before the first frame.
    from runbooks.events import Payload
    from runbooks.model import Code, Item
    from runbooks.suggest import ClearStep, Suggestion
    from runbooks.walk import WalkState


LAST_DIGIT = 9
"""Answers that have a digit of their own."""


class WalkActions(MessageActions):
    """Part of the app."""

    def action_take(self) -> None:
        """Take the suggested answer; where the section has an act, open its plan; else go on along the single way."""
        from runbooks.walk import go_on, jump, read_on

        state = self.live.walking.state
        if state is None:
            return
        suggestion = self._suggestion(state)
        pending = self._pending_act(state)
        if pending is not None:
            self.act(state.book, state.current, pending)
        elif suggestion.index is not None:
            self._give(state, suggestion.index)
        elif state.section.branches:
            self.say("Nothing is suggested here: answer with a digit. o shows why.")
        elif state.section.next:
            self._keep(go_on, state)
        elif onward := read_on(state):
            self._keep(lambda s: jump(s, onward), state)
        else:
            self.say("This is an end of the runbook. I shows the incident.")

    def action_answer(self, number: int) -> None:
        """Give answer `number`, counted from 1."""
        state = self.live.walking.state
        if state is None:
            return
        count = len(state.section.branches)
        if number <= count:
            self._give(state, number - 1)
        else:
            self.say(
                f"The last answer here is {count}." if count else "There is no question here: g goes on to another."
            )

    def action_answer_listed(self) -> None:
        """Choose the answer from a list; it begins at the first one without a digit of its own."""
        from tui.dialogs.small import ChooseDialog

        state = self.live.walking.state
        branches = state.section.branches if state is not None else ()
        if state is None or not branches:
            self.say("There is no question here: g goes on to another.")
            return

        def chosen(index: int | None) -> None:
            if index is None:
                return
            if self.live.walking.state != state:
                self.say("The walk has moved on meanwhile; look again.")
            else:
                self._give(state, index)

        words = [one_line(branch.answer, 90) for branch in branches]
        title = [line((one_line(state.section.title, 90), "strong"))]
        self.push_screen(ChooseDialog("Answer", title, words, LAST_DIGIT if len(words) > LAST_DIGIT else 0), chosen)

    def _give(self, state: WalkState, index: int) -> None:
        from runbooks.suggest import answer
        from tui.dialogs.small import AskDialog

        facts, now = self.live.walking.facts(self.live.snapshot), self.live.now()
        suggestion = self._suggestion(state)
        chosen = suggestion.chosen
        given = suggestion.answers[index]
        against = chosen is not None and chosen.target != given.target
        if against and given.leads_to_act:
            assert chosen is not None
            question = (
                f"The evidence suggests “{chosen.branch.answer}”. “{given.branch.answer}” leads to an act: "
                "say in one line why it is right."
            )

            def reasoned(why: str | None) -> None:
                if why:
                    self._keep(lambda s: answer(s, index, facts, self.live.now(), why), state)

            self.push_screen(AskDialog("Against the suggestion", question), reasoned)
            return
        self._keep(lambda s: answer(s, index, facts, now), state)
        if given.verdict is False and given.opposes:
            self.say(f"Noted as your own judgement. Measured: {given.opposes[0].text}.", "warning")

    def action_all_clear(self) -> None:
        """Show every decision that is clear with its line of evidence; one Enter takes them."""
        from runbooks.suggest import clear_run
        from tui.dialogs.small import ClearDialog

        state = self.live.walking.state
        if state is None:
            return
        facts, now = self.live.walking.facts(self.live.snapshot), self.live.now()
        steps = clear_run(state, facts, now)
        if not steps:
            self.say(f"Nothing is clear here: {self._suggestion(state).why_not or 'a person has to answer'}.")
            return

        def taken(yes: bool | None) -> None:
            if yes:
                self._take_all(state, steps)

        width = min(96, self.size.width - 6)
        self.push_screen(ClearDialog(clear_lines(steps, width), len(steps)), taken)

    def _take_all(self, state: WalkState, steps: tuple[ClearStep, ...]) -> None:
        from runbooks.suggest import take_clear

        facts, now = self.live.walking.facts(self.live.snapshot), self.live.now()
        if self.live.walking.state != state:
            self.say("The walk has moved on meanwhile; look again.")
            return
        taken = take_clear(state, steps, facts, now)
        for payload in taken:
            self.live.walking.keep(self.live.journal, payload)
        if len(taken) < len(steps):
            self.say(f"Took {len(taken)} of {len(steps)}: the evidence changed.")
        self.read_back()

    def action_why(self) -> None:
        """The evidence for and against every answer."""
        from tui.dialogs.small import ReadDialog

        state = self.live.walking.state
        if state is not None:
            width = min(96, self.size.width - 6)
            rows = why_lines(self._suggestion(state), width)
            self.push_screen(ReadDialog("Why", [*rows, *task_lines(state.section.tasks, width)]))

    def action_step_back(self) -> None:
        """Back to the question before; from the call for help, back to where it came from."""
        from runbooks.walk import come_back, go_back

        state = self.live.walking.state
        if state is not None:
            self._keep(come_back if state.return_to else go_back, state)

    def action_jump(self) -> None:
        """Go to any section."""
        from runbooks.walk import jump, time_left
        from tui.dialogs.small import ChooseDialog

        state = self.live.walking.state
        if state is None:
            return
        headed = [section for section in state.book.sections if section.level]
        sections = [section for section in headed if section.label] or headed
        words = [one_line(f"{section.label:<4} {section.title}", 80) for section in sections]
        box = time_left(state, self.live.now())
        wanted = box.offers if box is not None and box.left < 0 and box.offers else state.current
        at = next((n for n, section in enumerate(sections) if section.anchor == wanted), 0)

        def chosen(index: int | None) -> None:
            if index is not None:
                self._keep(lambda s: jump(s, sections[index].anchor), state)

        self.push_screen(
            ChooseDialog("Go to", [line(("Going there is an event; the path is kept.", "dim"))], words, at), chosen
        )

    def _suggestion(self, state: WalkState) -> Suggestion:
        from runbooks.suggest import suggest

        return suggest(state, self.live.walking.facts(self.live.snapshot), self.live.now())

    def _pending_act(self, state: WalkState) -> Code | None:
        """The act of this section that comes next: of several each in its turn, unless the answers are about the first
        one's end."""
        if self.readonly:
            return None
        section = state.section
        done = {act.action for act in state.acts_here}
        actions = section.actions[:1] if any(branch.exits for branch in section.branches) else section.actions
        return next((code for code in actions if code.name not in done), None)

    def _keep(self, make: object, state: WalkState) -> None:
        """Make a payload from the state and keep it; what is not possible is said."""
        from runbooks.walk import WalkError

        assert callable(make)
        if self.live.walking.state != state:
            self.say("The walk has moved on meanwhile; look again.")
            return
        try:
            payload: Payload = make(state)
        except WalkError as error:
            self.say(str(error), "warning")
            return
        self.live.walking.keep(self.live.journal, payload)
        self.read_back()


def clear_lines(steps: tuple[ClearStep, ...], width: int) -> list[Line]:
    """Each clear decision with its answer and its one line of evidence."""
    rows: list[Line] = []
    for step in steps:
        rows.append(line((f"{step.label:<4}", "dim"), (step.title, "strong"), "  ", (step.answer, "good")))
        age = f"  {step.age:.0f} s ago" if step.age is not None else ""
        rows.append(line("     ", (one_line(step.evidence, width - 18), "plain"), (age, "dim")))
    rows.append(line())
    rows.append(line(("It stops before any act. Each answer is an event and can be changed.", "dim")))
    return rows


def why_lines(suggestion: Suggestion, width: int) -> list[Line]:
    """Every answer with what speaks for it, against it, and what is not known."""
    rows: list[Line] = []
    if suggestion.why_not:
        rows += [line((words, "warn")) for words in wrap(f"Nothing is suggested: {suggestion.why_not}.", width)]
    for weighed in suggestion.answers:
        mark = "  suggested" if weighed.index == suggestion.index else ""
        struck = "  tried, did not help" if weighed.struck else ""
        rows.append(
            line((f"{weighed.index + 1} ", "key"), (weighed.branch.answer, "strong"), (mark, "good"), (struck, "warn"))
        )
        if not weighed.measured:
            rows.append(line(("    a person has to answer this one", "dim")))
        evidence = [(e, "good", "for") for e in weighed.supports]
        evidence += [(e, "bad", "against") for e in weighed.opposes]
        evidence += [(e, "unknown", "unknown") for e in weighed.missing]
        told = {(item.text, item.source, word): (item, tone, word) for item, tone, word in evidence}
        for item, tone, word in told.values():
            rows += _evidence(f"    {word:<8}", item.text, item.source, item.age, tone, width)  # type: ignore[arg-type]
    return rows


def task_lines(tasks: Sequence[Item], width: int) -> list[Line]:
    """What there is to do here, whole."""
    from runbooks.anchors import plain

    rows: list[Line] = [line(("To do here", "strong"))] if tasks else []
    for task in tasks:
        role = f"{task.role}: " if task.role else ""
        rows += [line(piece) for piece in wrap(f"  {role}{plain(task.text)}", width, "  ")]
    return rows


def _evidence(head: str, text: str, source: str, age: float | None, tone: Tone, width: int) -> list[Line]:
    when = f"  ({source}, {age_words(age)} ago)" if age is not None else f"  ({source})"
    pieces = wrap(f"{text}{when}", max(20, width - len(head)))
    return [line((head if n == 0 else " " * len(head), tone), piece) for n, piece in enumerate(pieces)]
