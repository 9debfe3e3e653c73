"""A shell's text read character by character: words, comments, separators, redirections, here-documents, compound
commands. Runs nothing, raises nothing, and never goes back.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from runbooks.shell_frames import ANGLE, COMMENT, GLUED, HERE_QUOTED, ODD, PLAIN, Frame, Simple
from runbooks.shell_quotes import DEEPEST, Quotes

_RUN = re.compile(r"[^ \t\n\"'`\\$<>()|&;#]+")
_SPACES = re.compile(r"[ \t]+")
_HEREDOC = re.compile(r"<<(-?)[ \t]*((?:[^\s\"'`\\$<>()|&;#]|\\.|'[^'\n]*'|\"[^\"\n]*\")+)")
_REDIRECTION = re.compile(r"<<<|<>|<&-?|>&-?|>>|>\||[<>]")
_SEPARATOR = re.compile(r";;&|;;|;&|;|\|\||\|&|\||&&|&>>?|&")
_EMPTY_CALL = re.compile(r"\([ \t]*\)")
_ASSIGNS = re.compile(r"[A-Za-z_]\w*(?:\[[^\]]*\])?\+?=")


@dataclass(slots=True)
class Lexer(Quotes):
    """The whole lexer; `run` reads everything."""

    def run(self, frame: Frame) -> None:
        self.stack.append(frame)
        while self.at < self.end:
            _READ[self.stack[-1].kind](self, self.stack[-1])
        left_open = [one for one in reversed(self.stack) if one.kind == "command"]
        for left in left_open:
            self._end_word(left)
        self.unfinished.append(self._is_unfinished())
        for left in left_open:
            self._end_command(left, "")

    def _is_unfinished(self) -> bool:
        top = self.stack[0]
        pending = top.operator in ("|", "||", "&&", "|&") and not top.words
        wants = top.missing or top.wants_body or top.in_test or pending
        return bool(len(self.stack) > 1 or wants or self.waiting or self.continued)

    def command(self, frame: Frame) -> None:
        """One step where commands stand."""
        text, at = self.text, self.at
        found = _RUN.match(text, at, self.end)
        if found:
            frame.add(found[0], at)
            self.at = found.end()
            return
        character = text[at]
        if character in " \t":
            self._end_word(frame)
            spaces = _SPACES.match(text, at, self.end)
            self.at = spaces.end() if spaces else at + 1
        elif character == "\n":
            self._newline(frame)
        elif character == "#":
            self._hash(frame)
        elif character in "|&;":
            self._separator(frame)
        elif character in "<>":
            self._redirection(frame)
        elif character in "()":
            self._bracket(frame)
        elif character == "\\":
            self._backslash(frame)
        else:
            self._quote(frame)

    def _hash(self, frame: Frame) -> None:
        if frame.word is not None:
            frame.add("#", self.at)
            self.at += 1
            return
        stop = self.text.find("\n", self.at, self.end)
        stop = stop if stop >= 0 else self.end
        self._mark(self.at, stop, COMMENT)
        self.at = stop

    def _backslash(self, frame: Frame) -> None:
        after = self.text[self.at + 1 : self.at + 2]
        if after == "\n":
            self.unfinished.append(True)
        elif after:
            frame.add(after, self.at, quoted=True)
        else:
            self.continued = True
        self.at = min(self.at + 2, self.end)

    def _separator(self, frame: Frame) -> None:
        found = _SEPARATOR.match(self.text, self.at, self.end)
        operator = found[0] if found else self.text[self.at]
        if operator in ("&>", "&>>"):
            self._end_word(frame)
            frame.redirects = ">"
        elif frame.in_test or frame.in_pattern:
            self._end_word(frame)
        else:
            self._end_word(frame)
            nothing = not (frame.words or frame.simple or frame.after_group or frame.silent)
            self.broken = self.broken or (nothing and not operator.startswith(";;"))
            self._end_command(frame, operator)
            frame.in_pattern = operator in (";;", ";&", ";;&")
        self.at += len(operator)

    def _newline(self, frame: Frame) -> None:
        self._end_word(frame)
        if not frame.in_test and not frame.silent:
            self._end_command(frame, "" if frame.words or frame.operator not in ("|", "||", "&&", "|&") else "keep")
        self.at += 1
        bodies, self.waiting = self.waiting, []
        self.unfinished.append(bool(bodies) or self._is_unfinished())
        for number, body in enumerate(bodies, 1):
            self.waiting = bodies[number:]
            self._body(*body)
        self.waiting = []

    def _redirection(self, frame: Frame) -> None:
        text, at = self.text, self.at
        if frame.in_test or frame.in_pattern:
            frame.add(text[at], at)
            self.at += 1
            return
        angle = ANGLE.match(text, at, self.end) if text[at] == "<" and text[at - 1 : at] != "<" else None
        if angle and not GLUED.match(text, angle.end()):
            frame.add(angle[0], at)
            self.at = angle.end()
            return
        here = _HEREDOC.match(text, at, self.end) if not text.startswith("<<<", at) else None
        if frame.word is not None and "".join(frame.word).isdigit() and not frame.quoted:
            frame.word = None  # the number of what is redirected
        self._end_word(frame)
        if here:
            bare = re.sub(r"\\(.)|['\"]", r"\1", here[2])
            self.waiting.append((bare, bool(here[1]), bare != here[2], frame.current()))
            self.at = here.end()
        elif text.startswith(("<(", ">("), at):
            frame.add("$()", at)
            self.at += 2
            self._push(Frame("command", start=at, closer=")", owner=frame))
        else:
            found = _REDIRECTION.match(text, at, self.end)
            frame.redirects = found[0] if found else text[at]
            self.at += len(frame.redirects)
            if frame.redirects.endswith("-"):
                frame.redirects = ""

    def _body(self, delimiter: str, strips: bool, quoted: bool, command: Simple) -> None:
        """A here-document: from here to its delimiter, which stands alone on a line."""
        begin = at = self.at
        while at < self.end:
            stop = self.text.find("\n", at, self.end)
            stop = stop if stop >= 0 else self.end
            line = self.text[at:stop]
            if (line.lstrip("\t") if strips else line) == delimiter:
                break
            at = stop + 1
        else:
            stop = self.end
            self._push(Frame("open", start=begin))
        body = min(at, self.end)
        self._mark(begin, body, HERE_QUOTED if quoted else ODD if self.depth >= DEEPEST // 4 else PLAIN)
        command.bodies.append((begin, body))
        self._pass_lines(begin, body)
        if not quoted and self.depth < DEEPEST // 4:
            inner = Lexer(self.text, begin, body, self.places, [], self.commands, depth=self.depth + 1)
            inner.run(Frame("here", owner=Frame("command", silent=True)))
        # What ends the line with the delimiter ends the line of the command, too.
        self.at = stop
        if body < self.end and stop < self.end:
            self.at = stop + 1
            self.unfinished.append(bool(self.waiting) or self._is_unfinished())

    def _bracket(self, frame: Frame) -> None:
        text, at = self.text, self.at
        word = "".join(frame.word) if frame.word is not None else None
        self.at += 1
        if text[at] == ")":
            return self._close(frame)
        if frame.in_test or frame.in_pattern:
            return frame.add("(", at) if frame.in_test else None
        call = _EMPTY_CALL.match(text, at, self.end)
        if call and (word or len(frame.words) == 1):
            frame.forget()
            frame.word, frame.wants_body, frame.names_function = None, True, False
            self.at = call.end()
        elif word and (_ASSIGNS.fullmatch(word) or word[-1] in "@!?*+"):
            frame.add("()", at)
            self._push(Frame("command", start=at, closer=")", silent=True, owner=frame))
        elif text.startswith("((", at) and not word and not frame.words:
            self.at += 1
            frame.after_group = True
            self._push(Frame("odd", start=at, closer="))", owner=frame))
        else:
            self._end_word(frame)
            self.broken = self.broken or bool(frame.words)
            self._end_command(frame, "")
            frame.wants_body = False
            self._push(Frame("command", start=at, closer=")", owner=frame, subshell=True, wants_command=True))
        return None

    def _close(self, frame: Frame) -> None:
        if frame.in_test:
            return frame.add(")", self.at - 1)
        self._end_word(frame)
        if frame.in_pattern:
            frame.forget()
            frame.in_pattern = False
            return None
        self._end_command(frame, "")
        if frame.closer == ")":
            self.broken = self.broken or (frame.subshell and frame.wants_command)
            self._pop()
            if frame.subshell and frame.owner is not None:
                frame.owner.after_group = True
        else:
            self.broken = True
        return None


_READ: dict[Literal["command", "double", "here", "odd", "open"], Callable[[Lexer, Frame], None]] = {
    "command": Lexer.command,
    "double": Lexer.double,
    "here": Lexer.double,
    "odd": Lexer.odd,
    "open": Lexer.open,
}
