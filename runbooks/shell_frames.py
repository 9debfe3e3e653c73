"""Where the reading of a shell's text stands: the simple commands found, and what is open around the next character."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

PLAIN, DOUBLE, SINGLE, COMMENT, HERE, HERE_QUOTED, ODD = "p", "d", "s", "c", "h", "q", "o"
"""A character's place: bare, in "…", in '…', in a comment, in a here-document that expands, in one that does not, and
where quotes have rules of their own: `…`, ${…}, $((…)), $'…'."""

_ANGLE_NAME = r"(?:[A-Za-z][A-Za-z0-9_. /:@,-]{0,60}[A-Za-z0-9_]|[A-Z])"
ANGLE = re.compile(rf"<(?P<name>{_ANGLE_NAME})>(?!>)|<<(?P<twice>{_ANGLE_NAME})>>")
"""A blank such as `<backup-id>` or `<<backup-id>>`."""
GLUED = re.compile(r"[\w$\"'~]")
"""What follows `>` right away where `<in>out` are redirections."""


def listed(words: str) -> frozenset[str]:
    """The words of a line as a set."""
    return frozenset(words.split())


OPENS = {"if": "fi", "case": "esac", "for": "done", "while": "done", "until": "done", "select": "done", "{": "}"}
CLOSES = frozenset(OPENS.values())
LEADS = frozenset({"then", "do", "else", "elif", "!", "coproc"})
"""Words after which a command begins."""
_WITHIN = {"then": "fi", "else": "fi", "elif": "fi", "do": "done"}
"""Words that stand in a compound command, by what ends it."""


@dataclass(slots=True)
class Simple:
    """One simple command: its words (text without quotes, first and last place), the line of its first word counted
    from 0, the operator in front, the command before a pipe, the files it reads and writes, the places of its
    here-documents, and the commands in its substitutions."""

    operator: str = ""
    line: int = 0
    words: tuple[tuple[str, int, int], ...] = ()
    start: int = 0
    piped_from: Simple | None = None
    reads: str = ""
    here_string: str = ""
    writes: list[str] = field(default_factory=list)
    bodies: list[tuple[int, int]] = field(default_factory=list)
    inner: list[Simple] = field(default_factory=list)


@dataclass(slots=True)
class Frame:
    """Something that is open: commands, "…", a here-document, `${…}` or `$((…))`; `open` was never closed.

    `owner` are the commands that its text belongs to; what is in a `silent` one is an array or a pattern, no command.
    `stray` is a `fi` or `done` that nothing asked for or that comes too soon; where `after_group`
    is True only a separator or a redirection may follow.
    """

    kind: Literal["command", "double", "here", "odd", "open"]
    start: int = 0
    closer: str = ""
    owner: Frame | None = None
    silent: bool = False
    word: list[str] | None = None
    word_start: int = 0
    quoted: bool = False
    words: list[tuple[str, int, int]] = field(default_factory=list)
    operator: str = ""
    redirects: str = ""
    missing: list[str] = field(default_factory=list)
    wants_body: bool = False
    names_function: bool = False
    wants_command: bool = False
    in_test: bool = False
    in_pattern: bool = False
    depth: int = 0
    stray: bool = False
    subshell: bool = False
    after_group: bool = False
    last: Simple | None = None
    simple: Simple | None = None
    inner: list[Simple] = field(default_factory=list)

    def add(self, text: str, at: int, *, quoted: bool = False) -> None:
        """More of the word that is being read; begins one where there is none."""
        if self.word is None:
            self.word, self.word_start = [], at
        self.word.append(text)
        self.quoted = self.quoted or quoted

    def keyword(self, word: str) -> bool:
        """True when `word`, standing where a command begins, is the shell's own and belongs to no command."""
        if self.names_function:
            self.names_function, self.wants_body = False, True
            return True
        if word in CLOSES or word in LEADS or word in OPENS:
            nothing = self.wants_command and not self.after_group
            within = _WITHIN.get(word, "")
            lost = within and self.missing[-1:] != [within]
            self.stray = self.stray or bool(lost or (nothing and (word in CLOSES or within)))
            self.wants_command = word in LEADS or word in ("if", "while", "until", "{")
        if word in CLOSES:
            if self.missing and self.missing[-1] == word:
                self.missing.pop()
                self.after_group = True
            else:
                self.stray = True
            return True
        if word == "[[":
            self.in_test = True
            return True
        if word in OPENS:
            self.missing.append(OPENS[word])
            self.wants_body = False
            return word not in ("case", "for", "select")
        self.names_function = word == "function"
        return word in LEADS or self.names_function

    def current(self) -> Simple:
        """The simple command that is being read."""
        if self.simple is None:
            self.simple = Simple(self.operator, piped_from=self.last if self.operator in ("|", "|&") else None)
            self.simple.inner = self.inner
            self.inner = []
        return self.simple

    def redirect(self, target: str) -> None:
        """Note where the command reads from or writes to."""
        command = self.current()
        if self.redirects in ("<", "<>"):
            command.reads = target
        elif self.redirects == "<<<":
            command.here_string = target
        elif self.redirects[:1] == ">" and not (self.redirects == ">&" and target.isdigit()):
            command.writes.append(target)
        self.redirects = ""

    def forget(self) -> None:
        """Begin the next command."""
        self.words = []
        self.simple = None
        self.inner = []
