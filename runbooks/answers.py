"""List entries, and the lists that are decisions: bold answers with an arrow and a link to a section.

`- **No** → [Does the database answer?](#does-the-database-answer)`, also with `->` or `=>`. Whether the section exists
is the reader's question.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from runbooks.anchors import LONGEST, plain
from runbooks.annotations import anchor_in, notes_in, without_comments
from runbooks.conditions import Condition, ConditionError, parse
from runbooks.model import Branch, Decision, Element, Going, Item, ItemList, Next, Problem
from runbooks.parts import Lines
from runbooks.units import duration
from runbooks.windows import window_in

_ANSWER = re.compile(r"(?:\*\*(?P<answer>[^*\n]+)\*\*|__(?P<other>[^_\n]+)__)\s*(?:→|->|=>)\s*(?P<rest>.*)", re.DOTALL)
_LINK = re.compile(r"\[(?P<words>[^\[\]]*)\]\(\s*<?#(?P<anchor>[^\s()<>]+)>?\s*\)(?P<then>.*)", re.DOTALL)
_NEXT = re.compile(r"(?:\*\*)?Next:(?:\*\*)?\s*\[[^\[\]]*\]\(#(?P<anchor>[^\s()]+)\)\.?", re.IGNORECASE)
_BOX = re.compile(r"\[([ xX])\]\s+")
_ROLE = re.compile(r"\*\*([A-Za-z][A-Za-z /-]{0,20}):\*\*\s*")
_LEAD = re.compile(r"\*\*(?=\S)([^*\n]{1,200})\*\*|__(?=\S)([^_\n]{1,200})__")
_GOINGS: dict[str, Going] = {"caller": "caller", "before-act": "before-act"}


def item(content: str, notes: str, span: Lines, children: tuple[Element, ...]) -> Item:
    """One list entry from its first paragraph; `notes` holds every comment that stands with it."""
    box = _BOX.match(content)
    text = without_comments(content[box.end() :] if box else content)
    role = _ROLE.match(text) if box else None
    lead = _LEAD.match(text)
    found = notes_in(notes)
    return Item(
        lines=span,
        text=text[role.end() :] if role else text,
        ticked=None if box is None else box[1] in "xX",
        role=role[1] if role else "",
        due=duration(found.get("due", "")),
        notes=found,
        children=children,
        lead=plain(lead[1] or lead[2]).rstrip(":") if lead else "",
        window=window_in(lead[1] or lead[2]) if lead else None,
    )


def decision(listed: ItemList, problems: list[Problem]) -> Decision | None:
    """The list as a decision when at least one of its entries is an answer; near misses are reported."""
    branches: list[Branch] = []
    others: list[Item] = []
    for entry in listed.items:
        branch = _branch(entry, problems)
        if branch is None:
            others.append(entry)
        else:
            branches.append(branch)
    return Decision(listed.lines, tuple(branches), tuple(others)) if branches else None


def next_link(content: str, span: Lines) -> Next | None:
    """`Next: [Verify](#verify)` standing alone."""
    text = without_comments(content)
    found = _NEXT.fullmatch(text)
    return Next(span, plain(text), unquote(found["anchor"])) if found else None


def report_stray_answer(content: str, line: int, problems: list[Problem]) -> None:
    """An answer with its arrow and link that stands in a paragraph is meant as a branch and is none."""
    found = _ANSWER.match(content[:LONGEST])
    if found and _LINK.match(found["rest"]):
        problems.append(Problem(line, f"the answer “{plain(found['answer'] or found['other'])}” must stand in a list"))


def _branch(entry: Item, problems: list[Problem]) -> Branch | None:
    line = entry.lines[0]
    found = _ANSWER.match(entry.text[:LONGEST]) if not entry.is_task and not entry.role else None
    if found is None:
        return None
    answer = plain(found["answer"] or found["other"])
    link = _LINK.match(found["rest"])
    if link is None:
        problems.append(Problem(line, f"the answer “{answer}” has an arrow but no link to a section of this file"))
        return None
    notes = entry.notes
    if notes.get("go") and notes["go"] not in _GOINGS:
        problems.append(Problem(line, f"“go: {notes['go']}” is not known: caller, before-act"))
    return Branch(
        line=line,
        answer=answer,
        target=unquote(link["anchor"]),
        when=condition(notes.get("when"), line, problems),
        then=plain(link["then"]).lstrip(",;:.–— "),
        path=notes.get("path", ""),
        exits=_exits(notes.get("exit"), line, problems),
        never_suggested="never-suggested" in notes,
        going=_GOINGS.get(notes.get("go", ""), ""),
        wait=time_of(notes.get("wait"), "wait", line, problems),
        at_most=_count(notes.get("at-most"), line, problems),
        instead=anchor_in(notes.get("then", "")),
    )


def condition(text: str | None, line: int, problems: list[Problem]) -> Condition | None:
    """The condition, or None and a problem when it cannot be read."""
    if text is None:
        return None
    try:
        return parse(text)
    except ConditionError as error:
        problems.append(Problem(line, f"the condition cannot be read: {error}"))
        return None


def time_of(text: str | None, key: str, line: int, problems: list[Problem]) -> float | None:
    """Seconds of a `5m`, or None and a problem when it is no duration."""
    if text is None:
        return None
    seconds = duration(text)
    if seconds is None:
        problems.append(Problem(line, f"“{key}: {text}” is no duration such as 5m"))
    return seconds


def _exits(text: str | None, line: int, problems: list[Problem]) -> tuple[int, ...]:
    parts = [part.strip() for part in text.split(",")] if text else []
    if not all(re.fullmatch(r"[0-9]{1,3}", part) for part in parts):
        problems.append(Problem(line, f"“exit: {text}” is no list of exit codes"))
        return ()
    return tuple(int(part) for part in parts)


def _count(text: str | None, line: int, problems: list[Problem]) -> int | None:
    if text is None or re.fullmatch(r"[0-9]{1,3}", text):
        return int(text) if text else None
    problems.append(Problem(line, f"“at-most: {text}” is no number"))
    return None
