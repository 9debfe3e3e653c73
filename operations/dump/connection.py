"""How a client program reaches a database: address in its environment, password in a file only it may read."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address

from operations.errors import VigieError
from operations.settings import Secret

_NAMES = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "user": "PGUSER",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "channel_binding": "PGCHANNELBINDING",
    "options": "PGOPTIONS",
    "gssencmode": "PGGSSENCMODE",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
}
CONNECT_LIMIT = "10"


@dataclass(frozen=True, slots=True)
class Way:
    """The parts of a connection string, the password aside. `environment` is for a child; it holds no secret."""

    environment: dict[str, str]
    host: str
    database: str
    password: Secret

    @property
    def is_loopback(self) -> bool:
        """True when it never leaves this machine: a socket, or an address of loopback."""
        if not self.host or self.host.startswith(("/", "@")) or self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False


def way_to(address: Secret, database: str = "") -> Way:
    """Take the connection string apart; `database` instead of its own. Raises VigieError when it cannot be read."""
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    try:
        parts = {name: str(value) for name, value in conninfo_to_dict(address.reveal()).items() if value is not None}
    except psycopg.ProgrammingError:
        raise VigieError("the database's address cannot be read", code=1) from None
    if database:
        parts["dbname"] = database
    parts.setdefault("dbname", parts.get("user", "postgres"))
    environment = {name: parts[key] for key, name in _NAMES.items() if parts.get(key)}
    environment.setdefault("PGCONNECT_TIMEOUT", CONNECT_LIMIT)
    host = parts.get("host") or parts.get("hostaddr") or ""
    return Way(environment, host, parts["dbname"], Secret(parts.get("password", "")))


@contextmanager
def child_way(way: Way, called: str = "vigie") -> Iterator[dict[str, str]]:
    """The environment for a client program, with its password in a 0600 PGPASSFILE that goes with the block.

    `called` is what its sessions are named in the server.
    """
    password = way.password.reveal().replace("\\", "\\\\").replace(":", "\\:")
    with unnamed_file(f"*:*:*:*:{password}\n".encode()) as name:
        yield {**way.environment, "PGPASSFILE": name, "PGAPPNAME": called}


@contextmanager
def unnamed_file(content: bytes) -> Iterator[str]:
    """A path that leads to `content` for our children while the block lasts; in memory, so that no kill leaves it."""
    try:
        descriptor = os.memfd_create("vigie-way")
    except (AttributeError, OSError):
        with tempfile.NamedTemporaryFile(prefix="vigie-way-") as named:
            named.write(content)
            named.flush()
            yield named.name
        return
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, 0o600)
        file.write(content)
        file.flush()
        yield f"/proc/{os.getpid()}/fd/{descriptor}"
