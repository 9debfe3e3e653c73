"""A shell text as the commands it would run: each with its line, its words without quotes, and what it reads from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from runbooks.shell_scan import COMMENT, DOUBLE, HERE, HERE_QUOTED, PLAIN, SINGLE, scan

_ASSIGNED = re.compile(r"[A-Za-z_]\w*\+?=")
_WRAPPERS: dict[str, int] = {
    **dict.fromkeys(
        ("sudo", "doas", "time", "nohup", "env", "command", "builtin", "exec", "nice", "ionice", "stdbuf"), 0
    ),
    **dict.fromkeys(("npx", "pnpx", "bunx", "yarn", "pnpm", "then", "do", "else", "if", "while", "until", "!", "{"), 0),
    **dict.fromkeys(("xargs", "watch", "strace"), 0),
    **dict.fromkeys(("timeout",), 1),
}
"""Words that stand before the command meant, and how many arguments of their own they take."""
_WITH_VALUE = frozenset({"-u", "-g", "-n", "-I", "-P", "-L", "-d", "--user", "-s", "-k"})
_MOST = 2000
"""Commands of one fence that are looked at."""


@dataclass(frozen=True, slots=True)
class Command:
    """One simple command. `line` counts from 0 within the text; `words` begin with the program's name, folders cut
    off; `piped_from` is the program whose output it reads, `reads` the file behind `<`."""

    line: int
    words: tuple[str, ...]
    piped_from: str = ""
    reads: str = ""

    @property
    def program(self) -> str:
        """Its name; empty for a bare assignment."""
        return self.words[0] if self.words else ""

    def has(self, *wanted: str) -> bool:
        """True when one of these words stands in it as it is."""
        return any(word in wanted for word in self.words[1:])

    def flag(self, letter: str, *long: str) -> bool:
        """True for `-x`, also among other letters, and for `--long`, also with a value."""
        return any(
            (word.startswith("-") and not word.startswith("--") and letter != "" and letter in word[1:])
            or word.split("=", 1)[0] in long
            for word in self.words[1:]
        )

    def follows(self, *wanted: str) -> bool:
        """True when its words that are no options begin with these."""
        return tuple(word for word in self.words[1:] if not word.startswith("-"))[: len(wanted)] == wanted


def commands_of(text: str) -> Iterator[Command]:
    """The commands in order of writing, those in `$(…)` and in the arguments of `bash -c`, `ssh` and the like too."""
    previous = ""
    for line, raw, operator in _pieces(text):
        words, reads = _without_redirections(raw)
        words = _without_wrappers(words)
        if words:
            command = Command(line, words, previous if operator == "|" else "", reads)
            yield command
            previous = command.program
            yield from _inside(command)
        elif operator != "|":
            previous = ""


def _inside(command: Command) -> Iterator[Command]:
    """What a shell or a far machine is given to run."""
    if command.program in (
        "bash",
        "sh",
        "zsh",
        "dash",
        "ksh",
        "su",
        "ssh",
        "eval",
        "runuser",
        "docker",
        "kubectl",
        "heroku",
        "fly",
    ):
        for word in command.words[1:]:
            if " " in word:
                for inner in commands_of(word):
                    yield Command(command.line + inner.line, inner.words, inner.piped_from, inner.reads)
    if command.program in ("docker", "docker-compose", "kubectl", "podman", "oc", "nerdctl") and command.has(
        "exec", "run"
    ):
        rest = command.words[1:]
        for start in range(1, len(rest)):
            if not rest[start].startswith("-") and rest[start - 1] != "-it":
                yield Command(command.line, _without_wrappers((rest[start],)) + rest[start + 1 :], "", command.reads)
    if command.program == "find" and (
        at := next((n for n, w in enumerate(command.words) if w in ("-exec", "-execdir")), 0)
    ):
        yield Command(command.line, command.words[at + 1 :])


def _pieces(text: str) -> Iterator[tuple[int, list[str], str]]:
    """Line, words with redirections, and the operator in front, of every simple command."""
    places = scan(text).places
    words: list[str] = []
    word: list[str] = []
    quoted = False
    line = start_line = at = count = 0
    operator = ""
    while at < len(text) and count < _MOST:
        character, place = text[at], places[at]
        step = 1
        if place in (COMMENT, HERE, HERE_QUOTED) and character != "\n":
            at += 1
            continue
        opens = place in (PLAIN, DOUBLE) and (text.startswith("$(", at) or character == "`")
        ends = opens or (place == PLAIN and character in "\n;&|()")
        if character == "\\" and place == PLAIN and at + 1 < len(text):
            word += [text[at + 1]] if text[at + 1] != "\n" else []
            line += text[at + 1] == "\n"
            step = 2
        elif character == "&" and place == PLAIN and ((at and text[at - 1] in "<>") or text[at + 1 : at + 2] == ">"):
            word.append(character)
        elif ends and character == "\n" and _inside_quotes(places, text, at):
            word.append(" ")
            line += 1
        elif ends:
            if word or quoted:
                words.append("".join(word))
            if words:
                yield start_line, words, operator
                count += 1
            line += character == "\n"
            operator = "|" if character == "|" and text[at + 1 : at + 2] != "|" and text[at - 1] != "|" else ""
            words, word, quoted, start_line = [], [], False, line
            step = 2 if text.startswith("$(", at) else 1
        elif place == PLAIN and character in " \t":
            if word or quoted:
                words.append("".join(word))
            word, quoted = [], False
        elif place == PLAIN and character in "<>" and not (word and "".join(word)[-1] in "<>0123456789&"):
            if word or quoted:
                words.append("".join(word))
            word, quoted = [character], False
        elif (place == DOUBLE and character == '"') or (place == SINGLE and character == "'"):
            quoted = True
        else:
            word.append(character)
            line += character == "\n"
        at += step
    if word or quoted:
        words.append("".join(word))
    if words:
        yield start_line, words, operator


def _inside_quotes(places: str, text: str, at: int) -> bool:
    """A line break within quotes has no place of its own: its neighbours tell."""
    before = next((places[n] for n in range(at - 1, -1, -1) if text[n] != "\n"), PLAIN)
    after = next((places[n] for n in range(at + 1, len(text)) if text[n] != "\n"), PLAIN)
    return before in (SINGLE, DOUBLE) and after == before


def _without_redirections(words: list[str]) -> tuple[tuple[str, ...], str]:
    kept: list[str] = []
    reads = ""
    at = 0
    while at < len(words):
        word = words[at]
        bare = word.lstrip("0123456789&")
        if bare[:1] in ("<", ">"):
            target = bare.lstrip("<>&")
            if not target and at + 1 < len(words) and not bare.endswith("&"):
                at += 1
                target = words[at]
            if bare.startswith("<") and not bare.startswith(("<<", "<&", "<(")):
                reads = target
        else:
            kept.append(word)
        at += 1
    return tuple(kept), reads


def _without_wrappers(words: tuple[str, ...]) -> tuple[str, ...]:
    """The command meant: assignments, `sudo`, `npx` and their options go, and the folders of its program."""
    at = 0
    while at < len(words):
        word = words[at]
        if _ASSIGNED.match(word):
            at += 1
        elif word.rsplit("/", 1)[-1] in _WRAPPERS:
            at += 1 + _WRAPPERS[word.rsplit("/", 1)[-1]]
            while at < len(words) and words[at].startswith("-"):
                at += (
                    2
                    if words[at] in _WITH_VALUE and word in ("sudo", "doas", "xargs", "nice", "watch", "timeout")
                    else 1
                )
        else:
            break
    rest = words[at:]
    return (rest[0].rsplit("/", 1)[-1] or rest[0], *rest[1:]) if rest else ()
