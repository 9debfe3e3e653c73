"""The words of the rules that say what programs destroy: a rule is given the command and tells what is lost, or ""."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from runbooks.shell_words import Command

Rule = Callable[[Command], str]

RESTORES = "restores onto a database"
DROPS = "drops a database"
EMPTIES = "empties the database and builds it anew"
IN_CLOUD = "deletes in the cloud account"
IN_CLUSTER = "deletes or drains in the cluster"

_HARMLESS = re.compile(
    r"(?<![a-z])(?:tests?|staging|stage|stg|dev|local|localhost|tmp|temp|scratch|compare|recovery|sandbox|practice|drill)"
    r"(?![a-z])",
    re.IGNORECASE,
)
PRODUCTION = re.compile(r"(?<![a-z])(?:prod|prd|production|live)(?![a-z])", re.IGNORECASE)


def aims_elsewhere(words: tuple[str, ...]) -> bool:
    """True when one of the words names a test, staging or scratch place, and none names production."""
    named = [word for word in words if not word.endswith((".sql", ".gz", ".dump"))]
    return any(_HARMLESS.search(word) for word in named) and not any(PRODUCTION.search(word) for word in named)


def by_program(rules: Mapping[str, Rule]) -> Mapping[str, Rule]:
    """The rules by the name of each program; in `rules` several names stand in one key."""
    return {name: rule for names, rule in rules.items() for name in names.split()}


def always(words: str) -> Rule:
    """The same, whatever the arguments."""
    return lambda command: words


def verb(words: str, *wanted: str, values: frozenset[str] = frozenset(), among: int = 1) -> Rule:
    """The rule for programs whose first `among` verbs tell what they do; `wanted` are verbs, or two with a space."""

    def rule(command: Command) -> str:
        verbs = command.verbs(values)
        pairs = [" ".join(verbs[n : n + 2]) for n in range(among)]
        return words if any(verb in wanted for verb in verbs[:among]) or any(p in wanted for p in pairs) else ""

    return rule


def has(words: str, *wanted: str) -> Rule:
    """When one of these words stands in it."""
    return lambda command: words if command.has(*wanted) else ""


def first(*rules: Rule) -> Rule:
    """What the first of these rules says that says something."""
    return lambda command: next((said for rule in rules if (said := rule(command))), "")
