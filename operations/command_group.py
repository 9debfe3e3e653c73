"""One command group of a runbook made ready: filled in, looked at for what it destroys, and judged whether it may run.

Nothing runs here. The job that a person confirms and the checks that run by themselves both begin with `prepare`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from operations.coherence import Observed, check_story, story_guard
from operations.engine.model import Guard
from operations.engine.redaction import Redactor
from operations.errors import VigieError
from operations.policy import forbidden
from operations.proof.not_production import leads_to_production
from operations.runbook_values import DATABASE_PARTS, IN_PROCESS, READ_BY_ITSELF, Value, Values, variable_name
from operations.secret_parts import secrets_of_address
from operations.settings import MASK, Secret, Settings
from operations.settings_checks import ENV_FILE
from operations.sql_group import leaves_reading, statements_of, tokens_in
from operations.text import clean, one_line
from runbooks.blanks import blanks_in, filled
from runbooks.hazards import hazards_in
from runbooks.parts import Blank, Hazard
from runbooks.shell_programs import in_sql

Kind = Literal["shell", "sql"]
KINDS: Mapping[str, Kind] = {"shell": "shell", "sql": "sql"}
LONGEST = 100_000
"""Characters; the kernel takes 131,072 bytes as one argument (execve(2), MAX_ARG_STRLEN)."""
POLICY, SEEN, BLANKS, SECRETS, LITERAL, PLACE, SQL, DATABASE, TYPED = (
    "allowed by the settings",
    "what is shown is what runs",
    "every blank filled",
    "secrets known",
    "no secret in its text",
    "no address leads to production",
    "statements",
    "database known",
    "what is typed is only a value",
)
_FRAGILE = re.compile(r"`|\$'|<<<|<<(?=.*\$\()|\$\{\w+[^\w}]", re.DOTALL)
"""Places in a shell's text that are read twice, or have quotes of their own: only plain words are filled in there."""
_PLAIN_WORD = re.compile(r"[\w@%+:,./][\w@%+:,./-]*", re.ASCII)
_SQL_WORD = re.compile(r"\w+(?:[.-]\w+)*", re.ASCII)
_NAMED = re.compile(r"\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})")
_HEREDOC = re.compile(r"<<-?\s*[\\'\"]?([^\s'\";|&<>]+)")
_ADDRESS = re.compile(r"postgres(?:ql)?://[^\s\"'<>|;&)]+")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A group as it would run. `text` is filled in; `blanks` are the typed values that count, secrets never among them.

    A refusing guard means that it must not run.
    """

    kind: Kind
    text: str
    blanks: Mapping[str, str]
    values: tuple[Value, ...]
    hazards: tuple[Hazard, ...]
    guards: tuple[Guard, ...]

    @property
    def refusal(self) -> Guard | None:
        """The first guard that keeps it from running."""
        return next((guard for guard in self.guards if guard.verdict == "refuse"), None)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What its variables hold that must never be shown."""
        return tuple(part for value in self.values for part in value.secrets())


def prepare(
    settings: Settings,
    environment: str,
    text: str,
    kind: Kind,
    *,
    given: Mapping[str, str] | None = None,
    first_line: int = 1,
    writes: bool = False,
    environ: Mapping[str, str] | None = None,
) -> Prepared:
    """Fill `text` in and judge it. `given` holds what a person typed, by how the blank is written.

    Raises VigieError for a text that is none, or that no command may be.
    """
    text = _checked(text)
    values = Values(settings, environment, environ)
    asked = _Asked(values, given or {}, blanks_in(text, _sort(kind)), kind)
    ready, unfilled = _filled(text, asked.typed, kind)
    found = (*asked.found, *_read_by_itself(text, kind, values, asked.found))
    meant = _with_variables(ready, found)
    hazards = {
        hazard: None for form in (text, ready, meant) for hazard in hazards_in(form, _sort(kind), first_line)
    }  # filling in may make one, and must not hide one
    guards = (
        _guard(POLICY, forbidden(settings, environment, text, ready, meant)),
        _guard(SEEN, _shown_otherwise(ready)),
        _guard(BLANKS, "; ".join((*asked.problems, *unfilled))),
        _guard(SECRETS, asked.missing_secrets, 2),
        _guard(LITERAL, _holds_secret(settings, ready, found)),
        *(_sql_guards(settings, environment, ready, writes) if kind == "sql" else ()),
        *_typed_in_sql(text, asked.typed, kind),
        *_place(settings, environment, ready, kind, found),
        story_guard(check_story(settings, environment, Observed())),
    )
    return Prepared(kind, ready, asked.typed, found, tuple(sorted(hazards, key=lambda one: one.line)), guards)


class _Asked:
    """What the blanks of a text came to: values for the environment, typed words for the text, and what is missing."""

    def __init__(self, values: Values, given: Mapping[str, str], blanks: tuple[Blank, ...], kind: Kind) -> None:
        self.found: tuple[Value, ...] = ()
        self.typed: dict[str, str] = {}
        self.problems: list[str] = []
        self.missing: list[str] = []
        self._values = values
        for blank in blanks:
            word = given.get(blank.written, "")
            word = "" if word == MASK else word
            if blank.style == "variable":
                self._variable(blank, word, kind)
            else:
                self._blank(blank, word)

    @property
    def missing_secrets(self) -> str:
        """Which secrets nobody knows, and where they belong; empty when none is missing."""
        return "; ".join(
            f"nobody knows {name}: it belongs {self._values.belongs(name)}, and is never typed" for name in self.missing
        )

    def _blank(self, blank: Blank, word: str) -> None:
        if blank.secret:
            name = re.sub(r"\W+", "_", blank.name).strip("_").upper() or "NAME"
            self.problems.append(
                f"{blank.written} is a secret, and would stand in a command line: "
                f"write ${name} in the runbook, and its value into {ENV_FILE}"
            )
        elif not word:
            self.problems.append(f"{one_line(blank.written, 60)} is not filled in")
        elif why := _no_value(word):
            self.problems.append(f"{one_line(blank.written, 60)}: {why}")
        else:
            self.typed[blank.written] = word

    def _variable(self, blank: Blank, word: str, kind: Kind) -> None:
        name = variable_name(blank.written)
        if kind == "sql":
            self.problems.append(f"{blank.written}: a statement knows no variables")
            return
        value = self._values.find(name, secret=blank.secret)
        if word and (blank.secret or (value is not None and value.secret)):
            where = self._values.belongs(name)
            self.problems.append(f"{blank.written} is a secret and is never typed: it belongs {where}")
        elif word and value is not None and value.own and word != value.value.reveal():
            self.problems.append(f"{blank.written} is {value.source}: {value.shown}, and nothing else")
        elif word and (value is None or word != value.value.reveal()):
            self._typed_variable(blank, name, word)
        elif value is not None:
            self.found = (*self.found, value)
        elif blank.secret:
            self.missing.append(name)
        else:
            self.problems.append(f"{blank.written} is not filled in")

    def _typed_variable(self, blank: Blank, name: str, word: str) -> None:
        if why := _no_value(word):
            self.problems.append(f"{blank.written}: {why}")
            return
        self.typed[blank.written] = word
        self.found = (*self.found, Value(name, Secret(word), "typed", secret=False))


def _checked(text: str) -> str:
    text = text.replace("\r\n", "\n").rstrip("\n")
    if not text.strip():
        raise VigieError("There is no command to run.")
    if len(text) > LONGEST or "\0" in text:
        raise VigieError("This command is too long, or holds a character that no command has.")
    return text


def _sort(kind: Kind) -> Literal["command", "sql"]:
    return "sql" if kind == "sql" else "command"


def _filled(text: str, typed: Mapping[str, str], kind: Kind) -> tuple[str, tuple[str, ...]]:
    words = {written: word for written, word in typed.items() if not written.startswith("$")}
    try:
        ready = filled(text, words, _sort(kind))
    except ValueError as error:
        return text, (one_line(str(error), 160),)
    if len(ready) > LONGEST:
        return text, ("with what is filled in it is too long",)
    return ready, tuple(_out_of_place(text, ready, words, kind))


def _out_of_place(text: str, ready: str, words: Mapping[str, str], kind: Kind) -> Iterator[str]:
    """Words that would become more than a word where they stand."""
    if kind == "sql":
        if words and not _same_statements(text, ready, words):
            yield "what is filled in would make other statements of it"
        return
    fragile, ends = bool(_FRAGILE.search(text)), set(_HEREDOC.findall(text))
    for written, word in words.items():
        if fragile and not _PLAIN_WORD.fullmatch(word):
            yield f"{written}: where it stands only a plain word may be filled in, without spaces, quotes or signs"
        elif word.strip() in ends:
            yield f"{written}: {one_line(word, 40)} would end the text that it stands in"


def _same_statements(text: str, ready: str, words: Mapping[str, str]) -> bool:
    """Whether the statements have as many tokens as with names in their places: `name`, or `schema.name`."""
    names = [dict.fromkeys(words, "x"), {written: re.sub(r"[^.]+", "x", word) for written, word in words.items()}]
    return any(tokens_in(ready) == tokens_in(filled(text, harmless, "sql")) for harmless in names)


def _no_value(word: str) -> str:
    """Why nobody may type that; empty when it is one plain line without a secret in it."""
    if "\n" in word or clean(word, limit=len(word)) != word:
        return "it has to be one line of characters that can be seen"
    if len(word) > 2000:
        return "it is too long"
    if any(part for address in re.findall(r"\w+://\S+", word) for part in secrets_of_address(address)):
        return "it holds a password or a key, which everybody on this machine could see"
    return ""


def _with_variables(ready: str, found: tuple[Value, ...]) -> str:
    """The text as a shell reads it: what a variable holds may be the very word that the settings forbid."""
    values = {value.name: " ".join(value.value.reveal().split()) for value in found if not value.secret}
    return _NAMED.sub(lambda one: values.get(one[1] or one[2], one[0]), ready) if values else ready


def _read_by_itself(text: str, kind: Kind, values: Values, there: tuple[Value, ...]) -> Iterator[Value]:
    """What the programs in it read without naming it, as far as somebody knows it."""
    if kind == "sql":
        return
    names = {value.name for value in there}
    for program, reads in READ_BY_ITSELF.items():
        if not re.search(rf"(?<![\w./-]){program}(?![\w./-])", text):
            continue
        for name in reads:
            found = None if name in names else values.find(name)
            if found is not None:
                names.add(name)
                yield found


def _shown_otherwise(ready: str) -> str:
    if clean(ready, limit=len(ready)) == ready:
        return ""
    return "it holds characters that cannot be seen or change how the rest is shown: mend the runbook"


def _holds_secret(settings: Settings, ready: str, values: tuple[Value, ...]) -> str:
    """A secret in its text would stand in the journal and in the list of processes."""
    secrets = (*settings.secrets(), *(part for value in values for part in value.secrets()))
    if Redactor(secrets).redact(ready) == ready:
        return ""
    return f"a secret of the settings stands in it: write a $NAME instead, with its value in {ENV_FILE}"


def _sql_guards(settings: Settings, environment: str, ready: str, writes: bool) -> Iterator[Guard]:
    env = settings.environments.get(environment)
    address = env.database if env is not None else Secret("")
    yield _guard(DATABASE, "" if address else f"environments.{environment}.database is not set", 2)
    try:
        statements_of(ready)
        says = "" if writes else leaves_reading(ready)
    except VigieError as error:
        says = str(error)
    yield _guard(SQL, says)


def _typed_in_sql(text: str, typed: Mapping[str, str], kind: Kind) -> Iterator[Guard]:
    """A variable in a statement given to a client is part of that statement: psql reads what the shell made of it."""
    if kind == "sql":
        return
    for written, word in typed.items():
        if written.startswith("$") and not _SQL_WORD.fullmatch(word) and in_sql(text, variable_name(written)):
            says = f"{one_line(written, 60)} stands in a statement: all that is typed there is read as SQL"
            yield Guard(TYPED, "warn", says)


def _place(settings: Settings, environment: str, ready: str, kind: Kind, values: tuple[Value, ...]) -> Iterator[Guard]:
    """Where production itself is meant, nothing of the kind is tested, and nothing said."""
    env = settings.environments.get(environment)
    if env is None or env.kind != "production":
        yield _guard(PLACE, _reaches_production(settings, environment, ready, kind, values))


def _reaches_production(settings: Settings, environment: str, ready: str, kind: Kind, values: tuple[Value, ...]) -> str:
    """Which of its addresses is production's database while another environment is meant; empty where none is."""
    env = settings.environments.get(environment)
    if env is None:
        return ""
    named = [(f"${value.name}", value.value.reveal()) for value in values if _ADDRESS.match(value.value.reveal())]
    named += [("an address in it", address) for address in _ADDRESS.findall(ready)]
    if env.database and (kind == "sql" or any(value.name in DATABASE_PARTS for value in values)):
        named.append(("its database", env.database.reveal()))
    for name, address in named:
        if why := leads_to_production(settings, environment, Secret(address)):
            return f"{name} leads to production, and {environment} is meant: {why}"
    return ""


def _guard(name: str, says: str, code: int = 1) -> Guard:
    return Guard(name, "refuse", says, code) if says else Guard(name, "pass")


def values_words(values: tuple[Value, ...]) -> Iterator[str]:
    """Each variable with what it holds, masked where it is secret, and where that is from."""
    for value in values:
        source = "your shell" if value.source == IN_PROCESS else value.source
        yield f"{value.name} = {value.shown}   ({source})"
