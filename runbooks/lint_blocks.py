"""Fences with attributes: checks only look, acts are confirmed, messages come in both languages. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from runbooks.changing import changing_words
from runbooks.lint_finding import Finding, error, warning
from runbooks.model import Book, Code
from runbooks.names import ACTIONS, FACT_NAMES, OPERATIONS
from runbooks.units import duration

CONFIRMATIONS = ("yes", "type-env")
"""What a file may ask before an act, the lighter one first: a yes, or the environment's phrase typed."""

ATTRIBUTES: Mapping[str, frozenset[str]] = {
    "check": frozenset({"timeout"}),
    "action": frozenset({"confirm", "timeout", "due"}),
    "message": frozenset({"lang", "due"}),
}
"""The attributes that go with each purpose of a fence."""

LONGEST_CHECK = 300.0
"""Seconds a check may take at most."""

_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_KNOWN = frozenset(ATTRIBUTES) | frozenset().union(*ATTRIBUTES.values())
_LIGHTLY_CONFIRMED = frozenset({"backup", "freeze", "unfreeze", "cancel-job"})


def blocks_fit(book: Book) -> Iterator[Finding]:
    """Every rule about fences with attributes."""
    blocks = [code for section in book.sections for code in section.blocks]
    for code in blocks:
        yield from _attributes(code)
        if code.purpose == "check":
            yield from _check(code)
        elif code.purpose == "action":
            yield from _action(code)
    yield from _same_names([code for code in blocks if code.purpose == "check"])
    yield from _messages([code for code in blocks if code.attributes.get("message")])


def _attributes(code: Code) -> Iterator[Finding]:
    """Attributes of other programs are left alone; beside one of ours a word that we do not know is a slip."""
    given = [name for name in code.attributes if name in _KNOWN]
    line = code.lines[0]
    purposes = [name for name in ATTRIBUTES if name in code.attributes]
    for name in code.attributes if given else ():
        if name not in _KNOWN:
            yield error(
                line, "fence", f"“{name}” is no attribute of ours: {_list(ATTRIBUTES)} with what goes with each"
            )
    for name in purposes:
        if not code.attributes[name]:
            yield error(line, "fence", f"“{name}” needs a name: write {{{name}=…}}")
    if len(purposes) > 1:
        yield error(line, "fence", f"a fence is one of {_list(purposes)}: make two of it")
    for name in given:
        if name not in ATTRIBUTES and purposes and not any(name in ATTRIBUTES[one] for one in purposes):
            yield error(line, "fence", f"“{name}” does nothing on {purposes[0]}: take it away")
    for name in ("due", "timeout"):
        value = code.attributes.get(name)
        if purposes and value is not None and duration(value) is None:
            yield error(line, "value", f"“{name}={value}” is no duration such as 5m")


def _check(code: Code) -> Iterator[Finding]:
    line = code.lines[0]
    if "timeout" not in code.attributes:
        yield error(line, "check", f"the check “{code.name}” has no time limit: add timeout=10s")
    elif code.timeout is not None and not 0 < code.timeout <= LONGEST_CHECK:
        yield error(line, "check", f"the check “{code.name}” may take five minutes at most: lower its timeout")
    if not _NAME.fullmatch(code.name):
        yield error(line, "check", f"no condition can ask for “{code.name}”: use letters, digits and “_”")
    elif any(fact.startswith(f"{code.name}.") for fact in FACT_NAMES):
        yield warning(line, "check", f"“{code.name}” is also the name of live facts: give the check another one")
    running = [group for group in code.groups if group.runs]
    if not running:
        yield error(line, "check", f"nothing in the check “{code.name}” runs: write a command in bash or sql")
    elif len(running) > 1:
        yield error(line, "check", "a check is one group of lines: take the blank line out, or make two checks of it")
    for group in running:
        if group.hazards:
            words = f"a check only looks, and this {group.hazards[0].words}: make it an act"
            yield error(group.hazards[0].line, "check", words)
        elif words := changing_words(group.text, group.kind):
            words = f"a check only looks, and “{words}” changes something, or may: make it an act, or leave it out"
            yield error(group.lines[0], "check", words)


def _action(code: Code) -> Iterator[Finding]:
    line = code.lines[0]
    given = code.attributes.get("confirm")
    known = code.name in ACTIONS
    if given is not None and given not in CONFIRMATIONS:
        yield error(line, "action", f"“confirm={given}” is not known: {_list(CONFIRMATIONS)}")
    elif given is None and not known:
        words = f"“{code.name}” is no operation of ours: correct the name, or say how your own command is confirmed"
        yield error(line, "action", f"{words}, with confirm=type-env")
    elif given == "yes" and known and ACTIONS[code.name].changes and code.name not in _LIGHTLY_CONFIRMED:
        yield error(line, "action", f"no file lowers what “{code.name}” asks for: take “confirm=yes” away")
    elif given is not None and code.name in OPERATIONS:
        words = f"“confirm={given}” does nothing on “{code.name}”: our operation asks for what it needs; take it away"
        yield error(line, "action", words)
    elif given == "yes" and any(group.hazards for group in code.groups):
        yield error(line, "action", "a line in it destroys something: write confirm=type-env")


def _same_names(checks: list[Code]) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for code in checks:
        line = first.setdefault(code.name, code.lines[0])
        if line != code.lines[0]:
            words = (
                f"the check “{code.name}” stands on line {line} already, and a condition could mean either: rename one"
            )
            yield error(code.lines[0], "check", words)


def _messages(messages: list[Code]) -> Iterator[Finding]:
    found: dict[tuple[str, str], Code] = {}
    for code in messages:
        key = code.name, code.attributes.get("lang", "")
        if key in found:
            words = (
                f"the message “{code.name}” stands on line {found[key].lines[0]} already: rename one, or give its lang"
            )
            yield error(code.lines[0], "message", words)
        found.setdefault(key, code)
    for (name, language), code in found.items():
        twin = found.get((name, "fr"))
        if language == "en" and twin is None:
            yield warning(code.lines[0], "message", f"the message “{name}” has no French twin: add one with lang=fr")
        elif language == "en" and twin is not None and (only := _blanks(code) ^ _blanks(twin)):
            words = f"{_list(sorted(only))} stands in one language only"
            yield warning(twin.lines[0], "message", f"{words}: both twins have the same blanks")


def _blanks(code: Code) -> frozenset[str]:
    return frozenset(blank.written for blank in code.blanks)


def _list(words: Iterable[str]) -> str:
    return ", ".join(words)
