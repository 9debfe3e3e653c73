"""The tests a restore's target has to pass. Each says "this is not production" or it refuses; none can be switched off.

A test that cannot be read refuses, too. One exception: when production does not answer, what `vigie mark` wrote down of
it is enough, for a restore elsewhere is needed most while production is down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from operations.engine.model import Guard
from operations.errors import VigieError
from operations.proof.identity import Identity, asking, identity_over, nonce_shows
from operations.proof.known import Known, known_databases
from operations.proof.place import Place, place_of_database
from operations.settings import Environment, Secret, Settings
from operations.text import one_line

if TYPE_CHECKING:
    import psycopg

BLOCKED = 1
"""Exit code of every refusal here."""
TARGETS = frozenset({"staging", "recovery"})
_NAMES_OF_PRODUCTION = frozenset({"production", "prod", "live"})
ENVIRONMENT, ADDRESS, DENIED, MARK, SERVER, NONCE = (
    "not the production environment",
    "not production's address",
    "not on the deny list",
    "marked as a target",
    "not production's server",
    "not seen from production",
)


@dataclass(frozen=True, slots=True)
class Proof:
    """What the tests said. `identity` and `place` are the target's, None where it was not asked."""

    guards: tuple[Guard, ...]
    identity: Identity | None = None
    place: Place | None = None

    @property
    def refusal(self) -> Guard | None:
        """The first test that did not say "not production"."""
        return next((guard for guard in self.guards if guard.verdict == "refuse"), None)


@dataclass(slots=True)
class _Production:
    """One production environment of the settings, and what could be learnt of it."""

    name: str
    places: list[Place] = field(default_factory=list)
    connection: psycopg.Connection[Any] | None = None
    identity: Identity | None = None
    silent: str = ""


def prove_target(settings: Settings, environment: str, *, database: str = "", through: str = "") -> Proof:
    """Ask every test, in order; after a refusal none further. Read-only. Raises nothing that a test can say.

    `database` is another one on the target's server that is meant instead of the target's own (one to be removed).
    `through` names a database of the same server to ask over, for a target that lets nobody in.
    """
    guards: list[Guard] = []
    identity: Identity | None = None
    place: Place | None = None
    with ExitStack() as open_connections:
        try:
            for step in _tests(settings, environment, database, through, open_connections):
                if isinstance(step, Identity):
                    identity = step
                elif isinstance(step, Place):
                    place = step
                else:
                    guards.append(step)
                    if step.verdict == "refuse":
                        break
        except VigieError as error:
            guards.append(Guard("target answers", "refuse", error.what, error.code))
    return Proof(tuple(guards), identity, place)


def _tests(
    settings: Settings, environment: str, database: str, through: str, stack: ExitStack
) -> Iterator[Guard | Identity | Place]:
    env = settings.environments.get(environment) or Environment()
    yield _is_no_production_environment(environment, env)
    if not env.database:
        yield Guard("target answers", "refuse", f"environments.{environment}.database is not set", 2)
        return
    place = place_of_database(env.database)
    if database:
        place = replace(place, database=database)
    yield place
    if place.vague:
        yield Guard(ADDRESS, "refuse", f"{place.vague}, so where it leads is not certain: write it out", BLOCKED)
        return
    try:
        known = known_databases(settings)
    except VigieError as error:
        yield Guard(SERVER, "refuse", f"what was written down of production is unreadable: {error}", BLOCKED)
        return
    productions = _others(settings, environment, lambda other: other.kind == "production")
    yield _is_not_its_address(place, productions, known)
    yield _is_not_denied(place, settings.restore.never)
    target = stack.enter_context(asking(env.database, through))
    identity = identity_over(target, place.database if through or database else "")
    yield identity
    yield _is_marked(environment, identity, productions)
    for production in productions:
        _ask(production, settings.environments[production.name], stack)
    yield _is_not_its_server(identity, productions, known)
    yield _is_not_seen(target, identity.oid, productions)


def belongs_to_another(settings: Settings, environment: str) -> Guard:
    """Whether the database of this environment is another one's, too: by address, record, server's number or nonce."""
    name = "not another environment's"
    address = settings.environments[environment].database
    place = place_of_database(address)
    others = _others(settings, environment, lambda other: True)
    known = [one for one in known_databases(settings) if one.environment != environment]
    if others or known:
        met = _is_not_its_address(place, others, known)
        if met.verdict == "refuse":
            return Guard(name, "refuse", met.says, BLOCKED)
    silent = []
    with ExitStack() as stack:
        target = stack.enter_context(asking(address))
        identity = identity_over(target)
        for other in others:
            _ask(other, settings.environments[other.name], stack)
            if other.connection is None:
                silent.append(other.name)
        for one in known:
            if one.identifier and (one.identifier, one.database) == (identity.identifier, identity.database):
                return Guard(name, "refuse", f"its server says it is {one.environment} as it was marked", BLOCKED)
        seen = _is_not_seen(target, identity.oid, others)
    if seen.verdict == "refuse":
        return Guard(name, "refuse", seen.says, BLOCKED)
    if silent:
        return Guard(name, "warn", f"{', '.join(silent)} does not answer, so only addresses could be compared")
    return Guard(name, "pass")


def leads_to_production(settings: Settings, environment: str, address: Secret) -> str:
    """Why an address leads to a production database, told by names and resolved addresses alone; empty where nothing
    says so. Connects to nothing, so that it proves nothing: a target needs `prove_target`."""
    productions = _others(settings, environment, lambda other: other.kind == "production")
    known = known_databases(settings)
    if not (productions or known):
        return ""
    try:
        place = place_of_database(address)
    except VigieError:
        return ""
    met = _is_not_its_address(place, productions, known)
    return met.says if met.verdict == "refuse" else ""


def _others(settings: Settings, environment: str, counts: Callable[[Environment], bool]) -> list[_Production]:
    return [
        _Production(name, [place_of_database(one) for one in (other.database, other.database_readonly) if one])
        for name, other in settings.environments.items()
        if name != environment and counts(other) and (other.database or other.database_readonly)
    ]


def _is_no_production_environment(environment: str, env: Environment) -> Guard:
    if env.kind == "production" or environment.lower() in _NAMES_OF_PRODUCTION:
        return Guard(ENVIRONMENT, "refuse", f"{environment} is production: nothing is ever restored onto it", BLOCKED)
    if env.kind not in TARGETS:
        says = f"{environment} is of kind {env.kind}; only staging and recovery are restored onto"
        return Guard(ENVIRONMENT, "refuse", says, BLOCKED)
    return Guard(ENVIRONMENT, "pass", f"{environment} is of kind {env.kind}")


def _is_not_its_address(place: Place, productions: Sequence[_Production], known: Sequence[Known]) -> Guard:
    if not productions and not known:
        says = "where production is, nobody has said: name its database in the settings, or vigie mark it"
        return Guard(ADDRESS, "refuse", says, BLOCKED)
    for name, other in [(one.name, place) for one in productions for place in one.places] + [
        (f"{one.environment} as it was marked", one.place) for one in known
    ]:
        if why := place.meets(other):
            return Guard(ADDRESS, "refuse", f"{place.words} is {name}: {why}, the database {place.database}", BLOCKED)
    return Guard(ADDRESS, "pass", place.words)


def _is_not_denied(place: Place, never: Sequence[str]) -> Guard:
    for entry in never:
        host, _, database = entry.strip().lower().partition("/")
        hosts = place.hosts | place.addresses
        if (not host or host in hosts) and (not database or database == place.database.lower()):
            return Guard(DENIED, "refuse", f"restore.never names {one_line(entry, 80)}", BLOCKED)
    return Guard(DENIED, "pass")


def _is_marked(environment: str, identity: Identity, productions: Sequence[_Production]) -> Guard:
    mark = identity.mark
    if not mark:
        says = f"{identity.database} has no mark: vigie mark --env {environment} sets it once"
        return Guard(MARK, "refuse", says, BLOCKED)
    if mark.lower() in _NAMES_OF_PRODUCTION or mark in {one.name for one in productions}:
        return Guard(MARK, "refuse", f"{identity.database} is marked {mark}: it is production", BLOCKED)
    if mark != environment:
        return Guard(MARK, "refuse", f"{identity.database} is marked {mark}, not {environment}", BLOCKED)
    return Guard(MARK, "pass", f"marked {mark}")


def _ask(production: _Production, env: Environment, stack: ExitStack) -> None:
    """Connect to production, read-only; why it does not answer is kept. Its own address first: the other may be of a
    replica, on which a lock is nobody's."""
    for address in (env.database, env.database_readonly):
        if not address:
            continue
        try:
            production.connection = stack.enter_context(asking(address))
            production.identity = identity_over(production.connection)
            return
        except VigieError as error:
            production.connection, production.silent = None, error.what


def _is_not_its_server(identity: Identity, productions: Sequence[_Production], known: Sequence[Known]) -> Guard:
    recorded = {one.environment: one for one in known}
    silent = [one for one in productions if one.identity is None]
    for one in silent:
        record = recorded.get(one.name)
        if record is None:
            says = f"{one.name} does not answer ({one.silent}) and was never marked, so nothing can be compared"
            return Guard(SERVER, "refuse", says, BLOCKED)
        if not (record.identifier and identity.identifier):
            says = f"{one.name} does not answer, and without a server's number nothing can be compared"
            return Guard(SERVER, "refuse", says, BLOCKED)
    answering = {one.name for one in productions if one.identity}
    blank = [one for one in known if not one.identifier and one.environment not in answering]
    if blank:
        says = f"{blank[0].environment} does not answer, and without a server's number nothing can be compared"
        return Guard(SERVER, "refuse", says, BLOCKED)
    others = [(one.name, one.identity.identifier, one.identity.database) for one in productions if one.identity]
    others += [(f"{one.environment} as it was marked", one.identifier, one.database) for one in known]
    for name, identifier, database in others:
        if identifier and identifier == identity.identifier and database == identity.database:
            says = f"the server says it is number {identifier}, database {database}: that is {name}"
            return Guard(SERVER, "refuse", says, BLOCKED)
    if silent:
        words = f"{silent[0].name} does not answer: held against what was written down when it was marked"
        return Guard(SERVER, "warn", words)
    if not identity.identifier:
        return Guard(SERVER, "warn", "the server does not tell its number")
    return Guard(SERVER, "pass")


def _is_not_seen(target: psycopg.Connection[Any], oid: int, productions: Sequence[_Production]) -> Guard:
    """A lock taken on production must not show in the target."""
    for production in productions:
        if production.connection is None:
            continue
        try:
            if nonce_shows(production.connection, target, oid):
                return Guard(NONCE, "refuse", f"a lock taken on {production.name} shows in the target", BLOCKED)
        except Exception as error:  # noqa: BLE001 - whatever keeps the test from being read refuses
            return Guard(NONCE, "refuse", f"the lock could not be looked for: {type(error).__name__}", BLOCKED)
    if not any(one.connection for one in productions):
        return Guard(NONCE, "warn", "production does not answer, so no lock could be taken there")
    return Guard(NONCE, "pass")
