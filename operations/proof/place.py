"""Where a connection string leads: its hosts resolved, its port, database and tenant. Two ways may lead to one place.

A pooler has a name and a port of its own, and many tenants behind one address; names are resolved, tenants compared.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass
from typing import Any

from operations.errors import VigieError
from operations.settings import Secret

POOLER_PORTS = frozenset({6432, 6543})
"""PgBouncer's and Supavisor's usual ports: another port on the same host, the same database."""
RESOLVE_LIMIT = 5.0
_LOCAL = "local"
_TENANT_HOST = re.compile(r"^(?:db\.)?(?P<tenant>[a-z0-9]{16,})\.supabase\.(?:co|net)$")
_TENANT = re.compile(r"[a-z0-9]{16,}")
"""A project's reference as poolers want it behind the user's name; a shorter word is part of an ordinary name."""
_ENDPOINT_HOST = re.compile(r"^(?P<tenant>ep-[a-z0-9-]+?)(?:-pooler)?\.")
_TENANT_OPTION = re.compile(r"(?:^|\s|-c\s*)(?:reference|endpoint|project)\s*=\s*(?P<tenant>[A-Za-z0-9-]+)")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an address leads. `hosts` as written, `addresses` resolved; `tenants` tell databases behind one pooler.

    `unresolved` names hosts that no resolver knows now.
    """

    database: str
    hosts: frozenset[str]
    addresses: frozenset[str]
    ports: frozenset[int]
    tenants: frozenset[str] = frozenset()
    unresolved: tuple[str, ...] = ()
    vague: str = ""
    """What the address leaves to the machine it is used on: two programs could end in two databases."""

    @property
    def words(self) -> str:
        """`host:port/name` for a person."""
        host = ",".join(sorted(self.hosts)) or _LOCAL
        return f"{host}:{','.join(str(port) for port in sorted(self.ports))}/{self.database}"

    def meets(self, other: Place) -> str:
        """Why both lead to the same database, empty where nothing says so. In doubt they do."""
        if self.database != other.database:
            return ""
        if self.tenants and other.tenants:
            same = self.tenants & other.tenants
            return f"the tenant {min(same)}" if same else ""
        if not _same_door(self.ports, other.ports):
            return ""
        if names := self.hosts & other.hosts:
            return f"the host {min(names)}"
        if numbers := self.addresses & other.addresses:
            return f"the address {min(numbers)}"
        return ""


def place_of_database(address: Secret) -> Place:
    """Take a connection string apart and resolve its hosts. Raises VigieError when it cannot be read."""
    parts = _parts_of(address)
    hosts = [host.strip().rstrip(".").lower() for host in _split(parts, "host")]
    numbers = _split(parts, "hostaddr")
    local = [host for host in hosts if host.startswith(("/", "@"))] or not (hosts or numbers)
    names = [host for host in hosts if host and not host.startswith(("/", "@"))]
    found, unresolved = _resolve([*names, *numbers, *(["localhost"] if local else [])])
    ports = frozenset(int(port) for port in _split(parts, "port") if port.isdigit()) or frozenset({5432})
    return Place(
        database=str(parts.get("dbname") or parts.get("user") or "postgres"),
        hosts=frozenset(names),
        addresses=frozenset(found),
        ports=ports,
        tenants=frozenset(_tenants(parts, names)),
        unresolved=tuple(unresolved),
        vague=_vague(parts, hosts, numbers),
    )


def _vague(parts: Mapping[str, Any], hosts: list[str], numbers: list[str]) -> str:
    if parts.get("service"):
        return "it names a service"
    if not parts.get("dbname"):
        return "it names no database"
    if not (hosts or numbers):
        return "it names no host"
    if len(hosts) > 1 or len(numbers) > 1:
        return "it names several hosts"
    return ""


def _parts_of(address: Secret) -> Mapping[str, Any]:
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    try:
        return conninfo_to_dict(address.reveal())
    except psycopg.ProgrammingError:
        raise VigieError("the database's address cannot be read", code=1) from None


def _split(parts: Mapping[str, Any], name: str) -> list[str]:
    return [part for part in str(parts.get(name) or "").split(",") if part]


def _tenants(parts: Mapping[str, Any], hosts: list[str]) -> set[str]:
    """Names that tell databases behind one address apart: in the user, the host or the options."""
    found = {match["tenant"] for host in hosts for match in [_TENANT_HOST.match(host)] if match}
    found |= {match["tenant"] for host in hosts for match in [_ENDPOINT_HOST.match(host)] if match}
    _, dot, tenant = str(parts.get("user") or "").partition(".")
    if dot and (_TENANT.fullmatch(tenant) or any("pooler" in host for host in hosts)):
        found.add(tenant.lower())
    found |= {match["tenant"].lower() for match in _TENANT_OPTION.finditer(str(parts.get("options") or ""))}
    return found


def _resolve(hosts: list[str]) -> tuple[set[str], list[str]]:
    """Every address of these hosts, and the hosts that could not be resolved in time."""
    if not hosts:
        return set(), []
    found: set[str] = set()
    unresolved: list[str] = []
    pool = ThreadPoolExecutor(max_workers=len(hosts), thread_name_prefix="resolve")
    try:
        for host, asked in [(host, pool.submit(_addresses, host)) for host in hosts]:
            try:
                found |= asked.result(RESOLVE_LIMIT)
            except (OSError, TooLate, UnicodeError):
                unresolved.append(host)
    finally:
        # A resolver that hangs is not waited for.
        pool.shutdown(wait=False, cancel_futures=True)
    return found, unresolved


def _addresses(host: str) -> set[str]:
    numbers = {
        str(entry[4][0]).partition("%")[0].removeprefix("::ffff:")
        for entry in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    }
    # This machine has many names.
    return {_LOCAL if number == "::1" or number.startswith("127.") else number for number in numbers}


def _same_door(mine: frozenset[int], theirs: frozenset[int]) -> bool:
    return bool(mine & theirs) or bool((mine | theirs) & POOLER_PORTS)
