"""The walk: the path so far, the question, the evidence for and against, and the answers on their keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from operations.ages import age_words, box_words
from operations.text import one_line
from tui.lines import Line, Span, Tone, fit, line, pad, rule, spread, width_of, wrap
from tui.model import Model

if TYPE_CHECKING:
    from runbooks.conditions import Evidence
    from runbooks.view import AnswerView, Crumb, WalkView

_RESULTS: dict[int | None, tuple[str, Tone]] = {0: ("ok", "good"), 2: ("warns", "warn"), None: ("unknown", "unknown")}
EVIDENCE_MOST = 3
THEN_LEAST = 12
"""Cells below which the section that an answer leads to is not named."""


def walk(model: Model, width: int, most: int) -> list[Line]:
    """A titled block of at most `most` rows, title included; answers are never the rows that are cut."""
    view = model.walk
    if view is None:
        return []
    steps = f"step {view.number} of about {view.about}"
    head = [rule(one_line(view.book, width - 26), width, model.glyphs.dash, steps), *_path(model, view, width)]
    head.append(_question(view, width))
    head += _act(model, view)
    onward = _onward(model, view, width, 1)
    answers = _answers(model, view, width, most - len(head) - len(onward) - 1)
    onward = _onward(model, view, width, most - len(head) - len(answers) - 1)
    room = most - len(head) - len(answers) - len(onward)
    middle = _evidence(model, view, width, max(1, min(EVIDENCE_MOST, room)))
    rows = [*head, *middle[: max(0, room)], *answers, *onward]
    if len(head) + len(answers) > most > 1:
        left = len(head) + len(answers) - most + 1
        return [*rows[: most - 1], line((f" {model.glyphs.dot} and {left} rows more; o shows all", "warn"))]
    return rows[:most]


def _path(model: Model, view: WalkView, width: int) -> list[Line]:
    """The answers so far in at most two rows; the oldest give way."""
    if not view.crumbs:
        return []
    crumbs = list(view.crumbs)
    hidden = 0
    while True:
        rows = _crumb_rows(model, crumbs, hidden, width)
        if len(rows) <= 2 or len(crumbs) == 1:
            return rows[:2]
        crumbs.pop(0)
        hidden += 1


def _crumb_rows(model: Model, crumbs: list[Crumb], hidden: int, width: int) -> list[Line]:
    marks: dict[str, Span] = {
        "holds": (f" {model.glyphs.ok}", "good"),
        "turned": (" no longer holds", "bad"),
        "person": (f" {model.glyphs.dot}", "dim"),
    }
    items: list[Line] = [line((f"({hidden} earlier)", "dim"))] if hidden else []
    items += [line(one_line(crumb.path, 34), marks[crumb.mark]) for crumb in crumbs]
    rows: list[Line] = []
    current: Line = line(" ")
    for n, item in enumerate(items):
        arrow: Line = line((f" {model.glyphs.path} ", "dim")) if n < len(items) - 1 else ()
        if width_of(current) > 1 and width_of((*current, *item, *arrow)) > width:
            rows.append(current)
            current = line(" ")
        current = (*current, *item, *arrow)
    return [*rows, current]


def _question(view: WalkView, width: int) -> Line:
    number = f" {view.label:<3} "
    right: Line = ()
    if view.time_box is not None:
        tone: Tone = "dim" if view.time_box.left > 60 else "warn"
        words = f"box {box_words(view.time_box.total)}, {box_words(view.time_box.left)} left"
        if view.time_box.left < 0:
            words, tone = f"box {box_words(view.time_box.left)}", "warn"
        used = width_of(line(number, one_line(view.title, 100))) + (20 if view.is_act else 2)
        roomy = used + len("time ") + len(words) + 2 <= width
        right = line((f"time {words}" if roomy else words, tone), " ")
    act: Span = ("changes something", "warn") if view.is_act else ("", "plain")
    left = line((number, "key"), (one_line(view.title, 100), "strong"), "  ", act)
    return spread(left, right, width)


def _act_waits(view: WalkView) -> bool:
    """True in a section whose act has not been run: what its exit code will say is no evidence yet."""
    return bool(view.actions) and view.last_exit is None


def _act(model: Model, view: WalkView) -> list[Line]:
    """The section's act, first of all: the key that shows its plan, or how it ended."""
    if not view.actions:
        return []
    name = view.actions[0].name
    if view.last_exit is None:
        if model.readonly:
            return [line((f" {model.glyphs.pointer} ", "dim"), (name, "strong"), "   not run")]
        does = "shows its plan" if view.is_act else "runs it"
        return [line((f" {model.glyphs.pointer} ", "key"), (name, "strong"), "   ", ("Enter", "key"), f" {does}")]
    return [line((f" {model.glyphs.pointer} ", "dim"), (name, "strong"), f"   ended, exit {view.last_exit}")]


def _evidence(model: Model, view: WalkView, width: int, most: int) -> list[Line]:
    if not view.answers or _act_waits(view):
        return []
    shown = list(view.evidence)
    rows = [_evidence_line(model, evidence, width) for evidence in shown[:most]]
    if len(shown) > most and rows:
        more = line((f" {model.glyphs.dot} and {len(shown) - most + 1} more; o shows all", "dim"))
        rows = [*rows[: most - 1], more] if most > 1 else rows[:1]
    return rows


def _evidence_line(model: Model, evidence: Evidence, width: int) -> Line:
    signs: dict[bool | None, Span] = {
        True: (f" {model.glyphs.ok} ", "good"),
        False: (f" {model.glyphs.down} ", "bad"),
        None: (f" {model.glyphs.unknown} ", "unknown"),
    }
    age = f"{age_words(evidence.age)} ago " if evidence.age is not None else ""
    return spread(line(signs[evidence.verdict], one_line(evidence.text, width - 14)), line((age, "dim")), width)


def _answers(model: Model, view: WalkView, width: int, most: int) -> list[Line]:
    """The suggested answer on a row of its own; the others too, or two of them side by side where rows are few."""
    rows: list[Line] = []
    suggested = next((answer for answer in view.answers if answer.suggested), None)
    if suggested is not None:
        head = line(
            (f" {model.glyphs.pointer} ", "key"),
            *_answer(suggested, "strong", model.glyphs.warn),
            ("   suggested", "good"),
        )
        # The answer and the word behind it stay whole; where it leads to takes what is left.
        room = min(40, width - width_of(head) - len(" then:  "))
        then = line((f"then: {one_line(view.then, room)} ", "dim")) if view.then and room >= THEN_LEAST else ()
        rows.append(spread(head, then, width))
    elif view.answers and not _act_waits(view):
        measured = any(answer.supports or answer.opposes or answer.missing for answer in view.answers)
        tone: Tone = "warn" if measured else "dim"
        rows += [line((" " + words, tone)) for words in wrap(f"no suggestion: {view.why_not}", width - 2)[:2]]
    others = [answer for answer in view.answers if not answer.suggested]
    half = width // 2
    shown: list[Line] = [line("   ", *_answer(answer, "plain", model.glyphs.warn)) for answer in others]
    all_short = len(shown) > 2 and all(width_of(row) < half for row in shown)
    side_by_side = all_short or len(rows) + len(shown) > most
    while shown:
        row = shown.pop(0)
        if side_by_side and shown and width_of(row) < half and width_of(shown[0]) <= width - half:
            rows.append((*pad(row, half), *shown.pop(0)))
        else:
            rows.append(fit(row, width))
    return rows


def _answer(answer: AnswerView, tone: Tone, sign: str) -> tuple[Span, ...]:
    if answer.struck:
        return (
            (f"{answer.key if answer.key < 10 else 0} ", "dim"),
            (one_line(answer.text, 60), "dim"),
            (" tried, did not help", "warn"),
        )
    act: Span = (f" {sign}", "warn") if answer.leads_to_act else ("", "plain")
    # 0 lists them all: the digits of 10 would be taken for answer 1.
    return ((f"{answer.key if answer.key < 10 else 0} ", "key"), (one_line(answer.text, 60), tone), act)


def _onward(model: Model, view: WalkView, width: int, most: int) -> list[Line]:
    """What the section offers beside answers: its tasks in the rows that are free, a wait, the way on."""
    rest = _way_on(model, view)
    rows: list[Line] = []
    for number, task in enumerate(view.tasks):
        sign = model.glyphs.ok if task.done else model.glyphs.dot
        role = f"{task.role}: " if task.role else ""
        first, *more = wrap(role + one_line(task.text, 300), width - 3)
        words: list[Line] = [line((f" {sign} ", "dim"), (role, "strong"), first.removeprefix(role))]
        words += [line("   ", piece) for piece in more]
        left = len(view.tasks) - number
        if len(rows) + len(words) + (left > 1) > most - len(rest) and rows:
            rows.append(line((f" {model.glyphs.dot} and {left} more to do; o shows all", "dim")))
            break
        rows += words
    return [*rows, *rest]


def _checks(model: Model, view: WalkView) -> list[Line]:
    """The checks of this section in one row: what each said, and the key that runs them."""
    if not view.checks:
        return []
    parts: list[Span] = []
    for check in view.checks:
        result = check.result
        word, tone = ("not run", "dim") if result is None else _RESULTS.get(result.exit_code, ("failed", "bad"))
        age = f" {age_words(check.age)} ago" if check.age is not None else ""
        parts += [(f"{one_line(check.code.name, 20)} ", "plain"), (word, tone), (f"{age}  ", "dim")]  # type: ignore[list-item]
    return [line((" e ", "key"), *parts)]


def _way_on(model: Model, view: WalkView) -> list[Line]:
    rows: list[Line] = [] if model.readonly else _checks(model, view)
    for release in view.failed_releases[-1:]:
        rows.append(line((f" {one_line(release, 40)} did not go through; it is not offered again", "warn")))
    if view.wait is not None:
        left = box_words(max(0.0, view.wait.left))
        rows.append(line((f" wait {left}, then {one_line(view.wait_offers or view.title, 60)}", "dim")))
    if view.time_box is not None and view.time_box.left < 0 and view.time_box_offers:
        goes = "it offers" if model.readonly else "g goes to"
        rows.append(line((f" time is up: {goes} {one_line(view.time_box_offers, 50)}", "warn")))
    if not view.answers and view.next_title:
        rows.append(line((f" {model.glyphs.pointer} ", "key"), f"Next: {one_line(view.next_title, 60)}"))
    if view.return_title and not model.readonly:
        rows.append(line((f" x goes back to {one_line(view.return_title, 60)}", "dim")))
    if view.read_on:
        words = "no questions here: t opens it" + ("" if model.readonly else ", the next section with Enter")
        rows.append(line((f" {words}", "dim")))
    rows += [line((f" {one_line(notice, 120)}", "warn")) for notice in view.notices[:1]]
    return rows
