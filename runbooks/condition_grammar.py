"""The closed grammar of conditions: names, strings, lists, numbers with units, comparisons, `and or not ( )`.

Never `eval`, no arithmetic, no calls: what cannot be said here cannot be said.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from typing import Final

from runbooks.condition_nodes import And, Constant, Leaf, Name, Node, Not, Operator, Or
from runbooks.units import SECONDS

LONGEST: Final = 2000  # characters
DEEPEST: Final = 40  # brackets within brackets

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+)
      | (?P<number>\d+(?:\.\d+)?)(?P<unit>ms|[smhd%])?(?![\w.%])
      | (?P<word>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)
      | (?P<string>"(?:[^"\\\n]|\\["\\])*"|'(?:[^'\\\n]|\\['\\])*')
      | (?P<sign>==|!=|<=|>=|<|>|~|[()\[\],])""",
    re.VERBOSE | re.ASCII,
)
_COMPARING: Final[dict[str, Operator]] = {s: s for s in ("==", "!=", "<", "<=", ">", ">=", "~")}
_KEYWORDS = frozenset({"and", "or", "not", "in"})


class ConditionError(ValueError):
    """The text is no condition; `position` counts characters from 0, `words` say what was expected there."""

    def __init__(self, words: str, position: int) -> None:
        super().__init__(f"{words} (at character {position + 1})")
        self.words = words
        self.position = position


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str  # number, word, string, sign, end
    text: str
    position: int
    unit: str = ""

    @property
    def said(self) -> str:
        return "the end" if self.kind == "end" else f"“{self.text}”"


def parse_node(text: str) -> Node:
    """The node tree of `text`. Raises ConditionError."""
    if len(text) > LONGEST:
        raise ConditionError(f"a condition may have {LONGEST} characters", LONGEST)
    parser = _Parser(_tokens(text))
    node = parser.either()
    if parser.token.kind != "end":
        raise ConditionError(f"expected “and”, “or” or the end, found {parser.token.said}", parser.token.position)
    return node


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise ConditionError(f"cannot read “{text[position : position + 10]}”", position)
        kind = next(name for name in ("space", "number", "word", "string", "sign") if found[name] is not None)
        if kind != "space":
            tokens.append(_Token(kind, found[0], position, found["unit"] or ""))
        position = found.end()
    return [*tokens, _Token("end", "", len(text))]


class _Parser:
    """Recursive descent, one method a rule: either > all > negation > single."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    @property
    def token(self) -> _Token:
        return self._tokens[self._at]

    def either(self) -> Node:
        parts = [self.all()]
        while self._take("or"):
            parts.append(self.all())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def all(self) -> Node:
        parts = [self.negation()]
        while self._take("and"):
            parts.append(self.negation())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def negation(self) -> Node:
        self._depth += 1
        if self._depth > DEEPEST:
            raise ConditionError("nested too deep", self.token.position)
        node = Not(self.negation()) if self._take("not") else self.single()
        self._depth -= 1
        return node

    def single(self) -> Node:
        if self._take("("):
            node = self.either()
            self._expect(")")
            return node
        name = self._name()
        if self._take("in"):
            return Leaf(name, "in", self._list())
        operator = _COMPARING.get(self.token.text) if self.token.kind == "sign" else None
        if operator is None:
            return Leaf(name, "is")
        self._at += 1
        right = self._pattern() if operator == "~" else self._operand()
        return Leaf(name, operator, (right,))

    def _list(self) -> tuple[Constant, ...]:
        self._expect("[")
        members = [self._constant()]
        while self._take(","):
            members.append(self._constant())
        self._expect("]")
        return tuple(members)

    def _operand(self) -> Constant | Name:
        if self.token.kind == "word" and self.token.text not in _KEYWORDS:
            return Name(self._name())
        return self._constant()

    def _constant(self) -> Constant:
        token = self.token
        if token.kind == "string":
            self._at += 1
            return Constant(re.sub(r"\\(.)", r"\1", token.text[1:-1]), token.text)
        if token.kind == "number":
            self._at += 1
            digits = token.text.removesuffix(token.unit) if token.unit else token.text
            return Constant(float(digits) * SECONDS.get(token.unit, 1.0), token.text)
        raise ConditionError(f"expected a string or a number, found {token.said}", token.position)

    def _pattern(self) -> Constant:
        token = self.token
        constant = self._constant()
        if not isinstance(constant.value, str):
            raise ConditionError("“~” needs a string to search for", token.position)
        _refuse_slow_patterns(constant.value, token.position)
        return constant

    def _name(self) -> str:
        token = self.token
        if token.kind != "word" or token.text in _KEYWORDS:
            raise ConditionError(f"expected the name of a fact, found {token.said}", token.position)
        self._at += 1
        return token.text

    def _take(self, text: str) -> bool:
        found = self.token.text == text and self.token.kind in ("word", "sign")
        self._at += found
        return found

    def _expect(self, text: str) -> None:
        if not self._take(text):
            raise ConditionError(f"expected “{text}”, found {self.token.said}", self.token.position)


def _refuse_slow_patterns(pattern: str, position: int) -> None:
    """A pattern may not keep the console waiting: no repeated groups, at most three repetitions, no back-references."""
    bare = re.sub(r"\[\^?\]?(?:\\.|[^\]\\])*\]", "x", re.sub(r"\\[^0-9]", "x", pattern[:101]))
    if len(pattern) > 100 or re.search(r"\)[*+{]|\\\d|\(\?[^:]", bare) or len(re.findall(r"[*+{?]", bare)) > 3:
        raise ConditionError("the pattern is too involved: no repeated groups, three repetitions at most", position)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(pattern)
    except (re.error, OverflowError, RecursionError, Warning) as error:
        raise ConditionError(f"the pattern cannot be read: {error}", position) from error
