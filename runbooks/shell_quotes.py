"""How a shell's quotes and substitutions are read, and where words and simple commands end: the half of the lexer that
knows nothing of redirections and compound commands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from runbooks.shell_frames import DOUBLE, HERE, ODD, SINGLE, Frame, Simple

DEEPEST = 40
"""Quotes and substitutions within each other that are followed; what is deeper stands in an odd place."""
_DOUBLE_RUN = re.compile(r'[^"\\$`\n]+')
_HERE_RUN = re.compile(r"[^\\$`\n]+")
_ODD_RUN = re.compile(r"[^\"'`\\$(){}\n]+")
_NAMED = re.compile(r"\$\{([A-Za-z_]\w*)\}")
_ANSI = re.compile(r"\$'(?:[^'\\]|\\.)*(?P<close>')?", re.DOTALL)


@dataclass(slots=True)
class Quotes:
    """Reads `text` from `at` to `end`. `unfinished` has one entry for each line that is behind us."""

    text: str
    at: int
    end: int
    places: bytearray
    unfinished: list[bool]
    commands: list[Simple]
    stack: list[Frame] = field(default_factory=list)
    waiting: list[tuple[str, bool, bool, Simple]] = field(default_factory=list)
    continued: bool = False
    depth: int = 0
    broken: bool = False

    def double(self, frame: Frame) -> None:
        """One step inside "…" or inside a here-document that expands."""
        text, at = self.text, self.at
        owner = frame.owner or frame
        here = frame.kind == "here"
        found = (_HERE_RUN if here else _DOUBLE_RUN).match(text, at, self.end)
        if found:
            owner.add(found[0], at)
            self.at = found.end()
        elif text[at] == "\n":
            owner.add("\n", at)
            self.unfinished.append(True)
            self.at += 1
        elif text[at] == "\\":
            after = text[at + 1 : at + 2]
            owner.add(after if after in '$`"\\' else "" if after == "\n" else "\\" + after, at)
            self.unfinished += [True] * (after == "\n")
            self.at = min(at + 2, self.end)
        elif text[at] == '"':
            self.at += 1
            self._pop()
            return
        elif text[at] == "$" or text[at] == "`":
            self._dollar(frame)
        self._mark(at, self.at, HERE if here else DOUBLE)

    def odd(self, frame: Frame) -> None:
        """One step inside `${…}` or `$((…))`."""
        text, at = self.text, self.at
        found = _ODD_RUN.match(text, at, self.end)
        if found:
            self.at = found.end()
            return
        character = text[at]
        self.at += 1
        if character == "\n":
            self.unfinished.append(True)
        elif character == "\\":
            self.unfinished += [True] * text.startswith("\n", self.at)
            self.at = min(self.at + 1, self.end)
        elif character in "(){}":
            self._odd_bracket(frame, character)
        elif character == "'" and all(one.kind != "double" for one in self.stack):
            close = text.find("'", self.at, self.end)
            after = close + 1 if close >= 0 else self.end
            self._pass_lines(self.at, after)
            self.at = after
        elif character in '"$`':
            self.at = at
            if character == '"':
                self.at += 1
                self._push(Frame("double", start=at, owner=Frame("command", silent=True)))
            else:
                self._dollar(frame)

    def open(self, frame: Frame) -> None:
        """Nothing is left to read."""
        self.at = self.end

    def _quote(self, frame: Frame) -> None:
        text, at = self.text, self.at
        character = text[at]
        if character == "'":
            close = text.find("'", at + 1, self.end)
            after = close + 1 if close >= 0 else self.end
            frame.add(text[at + 1 : close if close >= 0 else self.end], at, quoted=True)
            self._mark(at, after, SINGLE)
            self._pass_lines(at, after)
            self.at = after
            if close < 0:
                self._push(Frame("open", start=at))
        elif character == '"' or text.startswith('$"', at):
            frame.add("", at, quoted=True)
            self.at = at + (2 if character == "$" else 1)
            self._mark(at, self.at, DOUBLE)
            self._push(Frame("double", start=at, owner=frame))
        else:
            self._dollar(frame)

    def _dollar(self, frame: Frame) -> None:
        """`$(…)`, `${…}`, `$((…))`, `$'…'`, a backtick, or a mere `$`."""
        text, at = self.text, self.at
        owner = frame.owner or frame
        if text[at] == "`":
            return self._backtick(frame)
        if text.startswith("$(", at):
            arithmetic = text.startswith("$((", at)
            owner.add("$()", at)
            self.at = at + (3 if arithmetic else 2)
            inner = Frame("odd", start=at, closer="))") if arithmetic else Frame("command", start=at, closer=")")
            inner.owner = owner
            return self._push(inner)
        named = _NAMED.match(text, at, self.end)
        if named:
            owner.add("$" + named[1], at)
            self._mark(at, named.end(), ODD)
            self.at = named.end()
            return None
        if text.startswith("${", at):
            owner.add("${}", at)
            self.at = at + 2
            return self._push(Frame("odd", start=at, closer="}", owner=owner))
        ansi = _ANSI.match(text, at, self.end) if frame.kind == "command" else None
        if ansi:
            owner.add(ansi[0][2:-1], at, quoted=True)
            self._mark(at, ansi.end(), ODD)
            self._pass_lines(at, ansi.end())
            self.at = ansi.end()
            if not ansi["close"]:
                self._mark(at, self.end, ODD)
                self._pass_lines(self.at, self.end)
                self.at = self.end
                self._push(Frame("open", start=at))
            return None
        owner.add(text[at], at)
        self.at = at + 1
        return None

    def _backtick(self, frame: Frame) -> None:
        """Opens a substitution, or closes the one that is open, whatever was left open in it."""
        owner = frame.owner or frame
        opened = next((n for n in range(len(self.stack) - 1, 0, -1) if self.stack[n].closer == "`"), 0)
        if opened:
            while len(self.stack) > opened + 1:
                self._pop()
            self._end_word(self.stack[-1])
            self._end_command(self.stack[-1], "")
            self.at += 1
            self._pop()
        else:
            owner.add("$()", self.at)
            self.at += 1
            self._push(Frame("command", start=self.at - 1, closer="`", owner=owner))

    def _odd_bracket(self, frame: Frame, character: str) -> None:
        if frame.closer == "}":
            if character == "}":
                self._pop()
        elif character == "(":
            frame.depth += 1
        elif character == ")" and frame.depth:
            frame.depth -= 1
        elif character == ")":
            # `$((a); b)` is a command in a command: too rare to be told from arithmetic that is wrong.
            self.broken = self.broken or not self.text.startswith(")", self.at)
            self.at += self.text.startswith(")", self.at)
            self._pop()

    def _end_word(self, frame: Frame) -> None:
        if frame.word is None:
            return
        word, quoted = "".join(frame.word), frame.quoted
        frame.word, frame.quoted = None, False
        if frame.redirects:
            frame.redirect(word)
        elif frame.in_test:
            frame.in_test = quoted or word != "]]"
            frame.after_group = not frame.in_test
        elif quoted or frame.words or frame.in_pattern or not frame.keyword(word):
            frame.words.append((word, frame.word_start, self.at))
            self.broken = self.broken or (frame.after_group and not frame.in_pattern)
            if word == "in" and not quoted and frame.words[0][0] == "case" and len(frame.words) > 2:
                frame.forget()
                frame.in_pattern = True
            elif frame.in_pattern and word == "esac" and not quoted:
                frame.forget()
                frame.in_pattern = False
                frame.keyword(word)

    def _end_command(self, frame: Frame, operator: str) -> None:
        if (frame.words or (frame.simple and frame.simple.writes)) and not frame.silent:
            command = frame.current()
            command.words = tuple(frame.words)
            command.start = frame.words[0][1] if frame.words else self.at
            self.commands.append(command)
            owner = frame.owner
            if owner is not None and not owner.silent:
                owner.inner.append(command)
            frame.last = command
        if frame.words or frame.simple or frame.after_group:
            frame.wants_command = False
        frame.after_group = False
        frame.forget()
        if operator != "keep":
            frame.operator = operator

    def _push(self, frame: Frame) -> None:
        self.stack.append(frame)
        if len(self.stack) > DEEPEST:
            self._mark(frame.start, self.end, ODD)
            self._pass_lines(self.at, self.end)
            self.at = self.end

    def _pop(self) -> None:
        frame = self.stack.pop()
        self.broken = self.broken or bool(frame.missing or frame.in_test or frame.wants_body or frame.stray)
        if frame.kind == "double":
            self._mark(self.at - 1, self.at, DOUBLE)
        elif frame.kind == "odd" or frame.closer == "`":
            self._mark(frame.start, self.at, ODD)

    def _mark(self, start: int, after: int, place: str) -> None:
        self.places[start:after] = place.encode() * (after - start)

    def _pass_lines(self, start: int, after: int) -> None:
        self.unfinished += [True] * self.text.count("\n", start, after)
