"""Everything that runs of one practice site: databases, links, applications, users, and the recorder.

The supervisor owns one of these; faults and sessions act through it. All methods belong to the supervisor's loop.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from operations.practice import s3
from operations.practice.authority import door_context
from operations.practice.configuration import PROVIDERS
from operations.practice.databases import APPLICATION
from operations.practice.identity import Identity
from operations.practice.keeper import Kept, Place
from operations.practice.layout import DATABASE_NAMES, ENVIRONMENTS, Layout, write_private
from operations.practice.links import Fault, Link
from operations.practice.postgres import Server, address
from operations.practice.processes import Command
from operations.practice.traffic import rate_of

WEB = ("mail", "maps", "alerts", "people", "control-1", "control-2")
RECORDER_PATIENCE = 3


class World:
    """The parts and the wires between them."""

    def __init__(self, layout: Layout, identity: Identity, environ: Mapping[str, str]) -> None:
        self.layout = layout
        self.identity = identity
        self.environ = environ
        self.size = 1.0
        """How much data and how many users the site has; 1 is the whole."""
        self.servers: dict[str, Server] = {}
        self.wanted_databases: set[str] = set()
        self.links = self._make_links()
        self.seed = 0
        self.apps: dict[str, Kept] = {name: self._application(name) for name in ENVIRONMENTS}
        self.users = Kept("users", self._users_command, self.layout.run)
        self.storage = self._kept("s3", self._storage_command, "port", ("s3",))
        self.beside = self._kept("outside", self._outside_command, "file", (*PROVIDERS, *WEB))
        self.recorder = Kept("recorder", self._recorder_command, layout.run, patience=RECORDER_PATIENCE)

    @property
    def ports(self) -> dict[str, int]:
        """Link name to its port."""
        return {name: link.port for name, link in self.links.items()}

    @property
    def kept(self) -> tuple[Kept, ...]:
        """Every kept child, users before what they use."""
        return (self.recorder, self.users, *self.apps.values(), self.storage, self.beside)

    async def start_database(self, environment: str) -> None:
        """Start that environment's server and open its link; again is harmless."""
        server = self.servers[environment]
        self.wanted_databases.add(environment)
        await server.start()
        await self.links[f"database-{environment}"].set_upstream(server.port)

    async def stop_database(self, environment: str) -> None:
        """Stop it for real; connections are refused from then on."""
        self.wanted_databases.discard(environment)
        await self.servers[environment].stop()
        await self.links[f"database-{environment}"].set_upstream(None)

    async def restart_app(self, environment: str) -> bool:
        """Run what `current` points to now; False when it did not come up."""
        return await self.apps[environment].start()

    async def stop_traffic(self) -> None:
        """End users, recorder, applications and storage, so that files can be put back."""
        await asyncio.gather(*(child.stop() for child in self.kept if child is not self.beside))

    async def mend_links(self) -> None:
        """No link has a fault."""
        for link in self.links.values():
            await link.set_fault(Fault())

    async def look(self) -> None:
        """Start again what died; called a few times a second."""
        for child in self.kept:
            await child.look()
        for name, server in self.servers.items():
            if server.child is not None and not server.running:
                await self.links[f"database-{name}"].set_upstream(None)
                if name in self.wanted_databases:
                    await self.start_database(name)

    async def end(self) -> None:
        """End everything, users first, databases last."""
        self.wanted_databases.clear()
        await asyncio.gather(*(child.stop() for child in self.kept), return_exceptions=True)
        await asyncio.gather(*(server.stop() for server in self.servers.values()), return_exceptions=True)
        await asyncio.gather(*(link.close() for link in self.links.values()), return_exceptions=True)

    def tell_outside(self, told: Mapping[str, Any]) -> None:
        """What the world beside the site answers from now on."""
        write_private(self.layout.outside, json.dumps(told, indent=1))

    def told_outside(self) -> dict[str, Any]:
        """What it was told last."""
        try:
            found = json.loads(self.layout.outside.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def children(self) -> dict[str, int]:
        """Name to pid of all that runs."""
        found = {kept.name: kept.child.pid for kept in self.kept if kept.child and kept.child.ended is None}
        for name, server in self.servers.items():
            if server.child is not None and server.running:
                found[f"database-{name}"] = server.child.pid
        return found

    def problems(self) -> list[str]:
        """What is not as it should be, in words."""
        return [kept.problem for kept in self.kept if kept.problem and not (kept.child and kept.child.ended is None)]

    def _make_links(self) -> dict[str, Link]:
        door = door_context(self.layout)
        links = {f"front-{name}": Link(f"front-{name}", door=door, web=True) for name in ENVIRONMENTS}
        links |= {f"database-{name}": Link(f"database-{name}") for name in ENVIRONMENTS}
        links |= {name: Link(name, door=door, web=True) for name in PROVIDERS}
        links |= {name: Link(name, web=True) for name in WEB}
        links["s3"] = Link("s3")
        return links

    def _kept(self, name: str, make: Any, serves: str, links: tuple[str, ...]) -> Kept:
        async def on_port(port: int | None) -> None:
            for link in links:
                await self.links[link].set_upstream(port)

        return Kept(name, make, self.layout.run, serves=serves, on_port=on_port)

    def _application(self, name: str) -> Kept:
        def command(place: Place) -> Command:
            folder = (self.layout.site(name) / "current").resolve()
            login, role = self.identity.login_keys[name], self.identity.roles[name][APPLICATION]
            return self._python(
                f"site-{name}",
                ("operations.practice.serve", str(folder), "harbour.app", str(place.port_file)),
                folder,
                HARBOUR_DATABASE=address(self.ports[f"database-{name}"], APPLICATION, role, DATABASE_NAMES[name]),
                HARBOUR_LOGIN_KEY=login,
                HARBOUR_ANON_KEY=self.identity.anon_key,
                HARBOUR_MAIL=f"http://127.0.0.1:{self.ports['mail']}/mail",
                HARBOUR_MAPS=f"http://127.0.0.1:{self.ports['maps']}/maps",
                HARBOUR_REQUEST_LOG=str(self.layout.request_log(name)),
                HARBOUR_SWITCHES=str(self.layout.switches(name)),
            )

        return self._kept(f"site-{name}", command, "file", (f"front-{name}",))

    def _users_command(self, _: Place) -> Command:
        doors = (
            (f"https://127.0.0.1:{self.ports[f'front-{name}']}", str(rate_of(name, self.size))) for name in ENVIRONMENTS
        )
        words = ("operations.practice.load", str(self.layout.authority), str(self.seed), *chain.from_iterable(doors))
        keys = " ".join(self.identity.login_keys[name] for name in ENVIRONMENTS)
        return self._python("users", words, self.layout.home, HARBOUR_LOGIN_KEYS=keys)

    def _storage_command(self, place: Place) -> Command:
        keys = self.identity
        log = self.layout.logs / "s3.log"
        return s3.server_command(
            self.layout.bucket_root, place.port, keys.access_key, keys.secret_key, self.environ, log
        )

    def _outside_command(self, place: Place) -> Command:
        words = ("operations.practice.serve", "", "operations.practice.outside", str(place.port_file))
        return self._python("outside", words, self.layout.home, HARBOUR_HOME=str(self.layout.home))

    def _recorder_command(self, _: Place) -> Command:
        words = ("tui.main", "--config", str(self.layout.config), "watch", "--record")
        return self._python("recorder", words, self.layout.home)

    def _python(self, name: str, words: tuple[str, ...], folder: Path, **more: str) -> Command:
        return Command(
            name=name,
            argv=(sys.executable, "-m", *words),
            environ={**self.environ, **more},
            folder=folder,
            log=self.layout.logs / f"{name}.log",
        )
