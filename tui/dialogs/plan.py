"""The plan dialog: what an operation would do, whole, with guards, evidence and the confirmation it needs.

It never closes by itself, and the key that opened it never confirms it. Cancel has the focus at first; an Enter behind
letters that no field took presses nothing, it goes to the first field: a phrase typed too early cancels nothing either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Input

from operations.ages import expected_words
from operations.engine.confirm import check_confirmation, is_reason
from operations.engine.model import ConfirmLevel, Guard, Plan
from operations.text import one_line
from tui.dialogs.base import Dialog, Field, MeantButton
from tui.keys import KeysInTurn
from tui.lines import Line, Tone, flow, inert, line, wrap
from tui.panels.block import Block
from tui.plainly import shown
from tui.theme import UNICODE, Glyphs

Row = tuple[str, str, Tone]
"""Label, words, and their tone."""


BUTTONS = {"command": "run it", "message": "send it"}
"""What the confirming button says, where that is not the plan's title."""
ASKS = {
    "reason": "Here goes why, in your words; then Tab, and the phrase.",
    "typed": "Here goes the phrase.",
    "typed-again": "Here goes the phrase once more.",
}
"""What a field asks for, to somebody who typed somewhere else."""
SHORT = {"reason": "the reason", "typed": "the phrase", "typed-again": "it again"}
"""The fields, where there is little room."""
OTHERS = {"restore": "backup", "deploy": "commit", "redeploy": "commit"}
"""What another one of is called, where it is no release to go back to."""


@dataclass(frozen=True, slots=True)
class PlanAnswer:
    """What the person chose: to run it (with a reason), another form of it, or to look at something first."""

    choice: Literal["run", "other", "rebuild", "diff", "commands", "despite", "edit"]
    reason: str = ""


class PlanDialog(Dialog[PlanAnswer | None]):
    """Shows a plan and asks for its confirmation. `changed` are the lines that differ from the plan shown before."""

    def __init__(self, plan: Plan, *, changed: Sequence[str] = (), reason: str = "", glyphs: Glyphs = UNICODE) -> None:
        super().__init__()
        self.plan = plan
        self.changed = tuple(changed)
        self.reason = reason
        self.glyphs = glyphs
        self.title_text = f"{plan.title}   {plan.site} {_place(plan)}   {plan.config}"
        self.problem = ""
        self.hint = ""
        self._typed_astray = False

    def words(self, width: int) -> Sequence[Line]:
        rows = plan_lines(self.plan, width, self.glyphs, self.changed, self.problem)
        return [*rows, *(line((words, "warn")) for words in wrap(self.hint, width))] if self.hint else rows

    def fields(self) -> ComposeResult:
        if self.plan.refusal is not None:
            return
        confirm = self.plan.confirm
        if confirm.needs_reason:
            yield _labelled("Reason", Field("why, for the record; Tab moves here", id="reason"))
        if confirm.level in (ConfirmLevel.PHRASE, ConfirmLevel.PHRASE_TWICE):
            yield _labelled(f"Type  {confirm.phrase} :", Field("", id="typed"))
        if confirm.level is ConfirmLevel.PHRASE_TWICE:
            yield _labelled("Once more, the schema stays :", Field("", id="typed-again"))

    def buttons(self) -> ComposeResult:
        details = self.plan.details
        if len(details.get("candidates") or ()) > 1:
            yield MeantButton(f"other {OTHERS.get(self.plan.operation, 'target')}", id="other")
        if details.get("asks"):
            yield MeantButton("answer", id="despite")
        if details.get("can_rebuild") and details.get("how") == "promote":
            yield MeantButton("rebuild", id="rebuild")
        if self.plan.diff:
            yield MeantButton("diff", id="diff")
        if details.get("can_edit"):
            yield MeantButton("edit", id="edit")
        if self.plan.operation != "message":
            yield MeantButton("commands", id="commands")
        yield MeantButton("Cancel", id="cancel")
        if self.plan.refusal is None:
            yield MeantButton(BUTTONS.get(self.plan.operation, self.plan.title.lower()), id="run")

    def on_mount(self) -> None:
        for block in self.query("#fields Block").results(Block):
            block.show([line((block.name or "", "strong"), " ")])
        if self.reason and self.query("#reason"):
            self.query_one("#reason", Input).value = self.reason

    def set_focus(self, widget: Widget | None, scroll_visible: bool = True, from_app_focus: bool = False) -> None:
        """Move the focus; the last line says what Enter does there, or what it still needs."""
        super().set_focus(widget, scroll_visible, from_app_focus)
        self._typed_astray = False
        if widget is None or widget.id != "run":
            self._hint("")
            self._say_how(widget)
            return
        self.problem = ""
        missing = self._missing()
        self._hint(f"Not yet: it needs {_listed_needs(missing)}." if missing else "Enter now does it; Esc cancels.")

    def _say_how(self, widget: Widget | None) -> None:
        """On the last line, which never scrolls away: what confirming takes, while Cancel has the focus."""
        if widget is not None and widget.id == "cancel" and self.plan.refusal is None:
            fields = [field.id or "" for field in self.query(Field)]
            words = how_to_confirm(fields, str(self.query_one("#run", Button).label), self.inner_width)
            self.query_one("#box").border_subtitle = Content(shown(self, inert(words)))

    def on_key(self, event: events.Key) -> None:
        """Typing while no field has the focus: it goes nowhere, and that is said."""
        if event.is_printable:
            self._note_astray()

    def on_paste(self) -> None:
        """Pasting while no field has the focus: the same."""
        self._note_astray()

    def _note_astray(self) -> None:
        if not isinstance(self.focused, Input) and self.query(Field):
            self._typed_astray = True
            self._hint("Nothing takes what you type here: Tab goes to the field.")

    def action_enter(self) -> None:
        """Enter; behind letters that went nowhere it presses no button, for it was meant for a field."""
        if not self._typed_astray:
            if self.focused is not None and self.focused.id == "cancel" and self.query(Field):
                self._go_deaf()
            super().action_enter()
            return
        field = self._first_empty()
        self.set_focus(field)
        self._hint(f"Nothing was done, and what you typed went nowhere. {ASKS[field.id or '']} Esc cancels.")

    def _go_deaf(self) -> None:
        """Somebody who presses Enter first may go on with the phrase: no page takes its letters for keys."""
        if isinstance(self.app, KeysInTurn):
            self.app.stay_deaf_to_typing()

    def action_next(self) -> None:
        """Tab; behind letters that went nowhere it goes to the field, wherever the focus is."""
        if self._typed_astray:
            self.set_focus(self._first_empty())
        else:
            super().action_next()

    def _first_empty(self) -> Field:
        fields = list(self.query(Field))
        return next((field for field in fields if not field.value.strip()), fields[0])

    def _hint(self, words: str) -> None:
        if words != self.hint and self.is_attached:
            self.hint = words
            self.show_words()

    def show_words(self) -> None:
        """The plan, and at its end what Enter does or what is missing."""
        super().show_words()
        if self.hint or self.problem:
            self.query_one("#body").scroll_end(animate=False)

    def field_done(self, field: Field) -> None:
        """Enter goes to the next field, from the last one to the confirming button; it never confirms by itself."""
        if field.id == "reason" and field.value.strip() and not is_reason(field.value, self.plan.confirm.phrase):
            field.value = ""
            self._hint(f"That is the phrase, and no reason. {ASKS['reason']}")
        elif field is list(self.query(Field))[-1]:
            self.set_focus(self.query_one("#run", Button))
        else:
            self.focus_next()

    def pressed(self, button: str) -> None:
        reason = self._field("reason")
        if button in ("other", "rebuild", "diff", "commands", "despite", "edit"):
            self.dismiss(PlanAnswer(button, reason))  # type: ignore[arg-type]
            return
        if button != "run" or self.plan.refusal is not None:
            # Nothing runs by a button that nobody thought of.
            self.dismiss(None)
            return
        if missing := self._missing():
            self._refuse(missing)
            return
        self.dismiss(PlanAnswer("run", reason))

    def _refuse(self, missing: Mapping[str, str]) -> None:
        self.hint = ""
        self.problem = f"Nothing was done yet: it needs {_listed_needs(missing)}."
        self.show_words()
        asked = [field for field in self.query(Field) if field.id in missing]
        self.set_focus(asked[0] if asked else self.query_one("#cancel", Button))

    def _missing(self) -> Mapping[str, str]:
        """What is not given as the confirmation wants it, in words, by the field it belongs to; empty when all is."""
        confirm = self.plan.confirm
        given = {id: self._field(id) for id in ("reason", "typed", "typed-again")}
        refusal = check_confirmation(
            confirm, yes=True, typed=given["typed"], typed_again=given["typed-again"], reason=given["reason"]
        )
        if refusal is None:
            return {}
        exactly = f"exactly “{confirm.phrase}” typed"
        needs = {"reason": "a reason", "typed": exactly, "typed-again": f"{exactly} a second time"}
        met = {id: text == confirm.phrase for id, text in given.items()} | {
            "reason": is_reason(given["reason"], confirm.phrase)
        }
        asked = (field.id for field in self.query(Field) if field.id in needs)
        return {id: needs[id] for id in asked if id and not met[id]} or {"": refusal.next_step}

    def _field(self, id: str) -> str:
        found = self.query(f"#{id}").results(Input)
        return next((field.value.strip() for field in found), "")


def how_to_confirm(fields: Sequence[str], button: str, width: int) -> str:
    """What is to be pressed from Cancel on, in one line."""
    if not fields:
        return f"Tab, then Enter: {button}. Esc cancels."
    words = f"Tab, type {', Enter, '.join(SHORT[field] for field in fields)}, Enter twice."
    return f"{words} Esc cancels." if len(words) + 13 <= width else words


def _listed_needs(missing: Mapping[str, str]) -> str:
    return " and ".join(missing.values())


def _place(plan: Plan) -> str:
    production = plan.confirm.level in (ConfirmLevel.PHRASE, ConfirmLevel.PHRASE_TWICE)
    return plan.environment.upper() if production or plan.environment == "production" else plan.environment


def _labelled(label: str, field: Field) -> Horizontal:
    words = Block(name=label)
    words.styles.width = len(label) + 1
    words.styles.height = 1
    return Horizontal(words, field)


def plan_lines(plan: Plan, width: int, glyphs: Glyphs, changed: Sequence[str] = (), problem: str = "") -> list[Line]:
    """A plan as lines: what changed since last shown, from/to/how, against and for, guards, steps."""
    rows: list[Line] = []
    for difference in changed:
        rows.append(line((f"{glyphs.warn} changed since shown  ", "bad"), (one_line(difference, width - 24), "bad")))
    tones: dict[str, Tone] = {"plain": "plain", "good": "good", "warn": "warn", "bad": "bad"}
    entries: list[Row] = [
        (entry.label, f"{entry.text}   {entry.aside}" if entry.aside else entry.text, tones[entry.severity])
        for entry in plan.lines
    ]
    for label, found, none in plan.evidence():
        entries += _listed(label, found, none, "warn" if label == "Against" else "plain")
    column = max(len("Will run"), *(len(label) for label, _, _ in entries), 0) + 1
    for label, text, tone in entries:
        rows += _labelled_rows(label, text, width, column, tone)
    rows += _guards(plan.guards, width, column, glyphs)
    rows += _steps(plan, width, column)
    if plan.refusal is not None:
        stop = f"{plan.refusal.name}: {plan.refusal.says} (code {plan.refusal.code})"
        rows += _labelled_rows("Stop", stop, width, column, "bad")
    if problem:
        rows += [line((words, "bad")) for words in wrap(problem, width)]
    return rows


def _labelled_rows(label: str, text: str, width: int, column: int, tone: Tone) -> list[Line]:
    room = width - column
    # What a command's line is indented by says what it belongs to.
    indent = " " * min(len(text) - len(text.lstrip(" ")), room // 2)
    rows = [indent + piece for piece in wrap(text, room - len(indent))]
    return [line((f"{label if n == 0 else '':<{column}}", "strong"), (row, tone)) for n, row in enumerate(rows)]


def _listed(label: str, entries: Sequence[str], none: str, tone: Tone) -> list[Row]:
    if not entries:
        return [(label, none, "dim")]
    return [(label if n == 0 else "", entry, tone) for n, entry in enumerate(entries)]


def _beside_label(label: str, items: Sequence[Line], width: int, column: int) -> list[Line]:
    rows = flow(items, width - column)
    return [((f"{label if n == 0 else '':<{column}}", "strong"), *row) for n, row in enumerate(rows)]


def _guards(guards: Sequence[Guard], width: int, column: int, glyphs: Glyphs) -> list[Line]:
    """The guards that passed on as few rows as they take; every other one on rows of its own, with its words."""
    signs: dict[str, tuple[str, Tone]] = {
        "warn": (glyphs.warn, "warn"),
        "refuse": (glyphs.down, "bad"),
        "unknown": (glyphs.unknown, "unknown"),
    }
    passed = [line((f"{glyphs.ok} ", "good"), guard.name) for guard in guards if guard.verdict == "pass"]
    rows = _beside_label("Guards", passed, width, column)
    for guard in guards:
        if guard.verdict != "pass":
            sign, tone = signs[guard.verdict]
            rows += _labelled_rows("" if rows else "Guards", f"{sign} {guard.name}: {guard.says}", width, column, tone)
    return rows


def _steps(plan: Plan, width: int, column: int) -> list[Line]:
    items = [line((f"{n} ", "dim"), step.title) for n, step in enumerate(plan.steps, 1)]
    items.append(line((f"~{expected_words(plan.expected)}", "dim")))
    return _beside_label("Will run", items, width, column) if plan.steps else []
