"""Writes the site's `vigie.toml`: what a team would have written for it, and the drill's own table."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from operations.practice.builds import BUILD_COMMAND
from operations.practice.databases import BUSINESS_COUNT, OWNER, READER
from operations.practice.identity import Identity
from operations.practice.layout import (
    BUCKET,
    DATABASE_NAMES,
    ENVIRONMENTS,
    PAGE_MARKER,
    SITE_NAME,
    Layout,
    write_private,
)
from operations.practice.message_stub import STATUS_KEY, STATUS_PAGE
from operations.practice.postgres import address
from operations.practice.session import Session
from operations.practice.traffic import API
from operations.settings_incident import CADENCE

SHORTEST_CADENCE = 3.0
"""Minutes: however fast a drill is played, an update has to be typed and read."""
PROVIDERS = {
    "status-database": ("Quayside Databases", ("PostgreSQL eu-west",), True),
    "status-mail": ("Pelican Mail", ("Outgoing mail",), False),
    "status-maps": ("Chartroom Maps", ("Routing",), False),
}
"""Link name to the provider's name, the parts of it in use, and whether it runs the database."""

COMPONENTS = {
    "status-database": ("PostgreSQL eu-west", "PostgreSQL us-east", "Dashboard"),
    "status-mail": ("Outgoing mail", "Statistics"),
    "status-maps": ("Routing", "Tiles"),
}
"""Every component each page lists."""


def write_configuration(layout: Layout, ports: Mapping[str, int], identity: Identity, session: Session) -> None:
    """Write the whole file, readable by its owner only."""
    own = layout.session(session.id)
    for folder in (own / "state", own / "locks"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    tree: dict[str, Any] = {
        "state_dir": str(own / "state"),
        "lock_dir": str(own / "locks"),
        "site": {"name": SITE_NAME, "repository": str(layout.repository), "migrations": "migrations"},
        "environments": {name: _environment(layout, ports, identity, name) for name in ENVIRONMENTS},
        "deploy": {"migrations": "sql"},
        "switches": {
            "flag": control_command(layout, "flag", "{environment}", "{name}", "{value}"),
            "flag_check": "/api/flags#{name}",
            "maintenance": control_command(layout, "maintenance", "{environment}", "{value}"),
        },
        "providers": [_provider(layout, ports, link) for link in PROVIDERS],
        "contacts": _contacts(ports),
        "messages": _messages(ports),
        "incident": {"cadence": cadence_at(session.speed)},
        "links": [{"title": "The board", "url": f"https://127.0.0.1:{ports['front-production']}/"}],
        "watch": {
            "control_targets": [f"http://127.0.0.1:{ports[link]}/" for link in ("control-1", "control-2")],
            "readings": str(own / "readings.sqlite"),
        },
        "drill": {
            "home": str(layout.home),
            "lease": str(layout.lease),
            "scenario": session.scenario.code_name if session.scenario else "",
            "seed": session.seed,
            "speed": session.speed,
            "session": session.id,
        },
    }
    head = "# Written by the practice site. Nothing here is real; the file is written anew at every start.\n"
    write_private(layout.config, head + to_toml(tree))


def cadence_at(speed: float) -> dict[str, float]:
    """Minutes between two updates, by severity: compressed as quiet watches are, but time to write one stays."""
    return {name: max(min(minutes, SHORTEST_CADENCE), minutes / max(speed, 0.1)) for name, minutes in CADENCE.items()}


def restart_command(layout: Layout, environment: str) -> list[str]:
    """The platform's restart command."""
    return control_command(layout, "restart", environment)


def control_command(layout: Layout, *words: str) -> list[str]:
    """A command that asks the running practice site for something."""
    return [sys.executable, "-m", "operations.practice.control", *words, "--dir", str(layout.home)]


def to_toml(tree: Mapping[str, Any], prefix: str = "") -> str:
    """TOML for nested tables of text, numbers, booleans and lists."""
    lines = [f"{key} = {_value(value)}" for key, value in tree.items() if not _is_table(value)]
    parts = ["\n".join(lines) + "\n"] if lines else []
    for key, value in tree.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            parts.append(f"\n[{name}]\n{to_toml(value, name + '.')}".replace("\n\n\n", "\n\n"))
        elif _is_table(value):
            parts += [f"\n[[{name}]]\n{to_toml(item, name + '.')}" for item in value]
    return "".join(parts)


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping) or (isinstance(value, list) and bool(value) and isinstance(value[0], Mapping))


def _value(value: Any) -> str:
    """A JSON text, number, boolean or list is also a TOML one, except for the character JSON leaves bare."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _environment(layout: Layout, ports: Mapping[str, int], identity: Identity, name: str) -> dict[str, Any]:
    url = f"https://127.0.0.1:{ports[f'front-{name}']}"
    roles = identity.roles[name]
    port, database = ports[f"database-{name}"], DATABASE_NAMES[name]
    login = json.dumps({"user": "dispatch", "key": identity.login_keys[name]})
    return {
        "kind": name,
        "url": url,
        "health": "/api/health",
        "page": "/",
        "page_marker": PAGE_MARKER,
        "endpoints": list(API),
        "version": "/api/version#commit",
        "metrics": "/metrics",
        "request_log": str(layout.request_log(name)),
        "settings_log": str(layout.settings_log(name)),
        "alertmanager": f"http://127.0.0.1:{ports['alerts']}" if name == "production" else "",
        "business_count": BUSINESS_COUNT,
        "read_endpoint": "/api/trucks",
        "supabase_url": url,
        "supabase_anon_key": identity.anon_key,
        "database": address(port, OWNER, roles[OWNER], database),
        "database_readonly": address(port, READER, roles[READER], database),
        "authority": str(layout.authority),
        "platform": {
            "driver": "releases",
            "root": str(layout.site(name)),
            "restart": restart_command(layout, name),
            "build": list(BUILD_COMMAND),
            "keep": 10,
        },
        "backups": {
            "bucket": BUCKET,
            "prefix": SITE_NAME,
            "endpoint": f"http://127.0.0.1:{ports['s3']}",
            "region": "us-east-1",
            "access_key": identity.access_key,
            "secret_key": identity.secret_key,
        },
        "checks": _checks(login),
    }


def _checks(login: str) -> list[dict[str, Any]]:
    """The site's own checks: a login, and the one thing customers ask for."""
    return [
        {
            "name": "sign in",
            "path": "/login",
            "kind": "auth",
            "method": "POST",
            "body": login,
            "json_path": "status",
            "equals": "signed in",
        },
        {"name": "a quote", "path": "/api/quote?zone=3", "kind": "", "contains": "price"},
    ]


def _provider(layout: Layout, ports: Mapping[str, int], link: str) -> dict[str, Any]:
    name, components, database = PROVIDERS[link]
    return {
        "name": name,
        "status": f"https://127.0.0.1:{ports[link]}/status/{link}",
        "components": list(components),
        "database": database,
        "authority": str(layout.authority),
    }


def _messages(ports: Mapping[str, int]) -> dict[str, Any]:
    """Where a drill's messages go: a stub of a chat and of a status page, on the practice site's own port."""
    stub = f"http://127.0.0.1:{ports['people']}"
    return {
        "service": "Harbour Tow",
        "zone": "Europe/Paris",
        "targets": [
            {"name": "dispatchers", "kind": "slack", "address": f"{stub}/messages/dispatchers",
             "audience": "the dispatchers' channel"},
            {"name": "status page", "kind": "statuspage", "address": f"{stub}/statuspage/v1", "page": STATUS_PAGE,
             "key": STATUS_KEY, "audience": "everybody who looks at the status page", "public": True},
        ],
    }  # fmt: skip


def _contacts(ports: Mapping[str, int]) -> list[dict[str, Any]]:
    call = f"http://127.0.0.1:{ports['people']}/calls"
    people = (
        ("Quayside desk", "database administrator", "dba", 0.0),
        ("Ana", "wrote most of the board", "lead", 5.0),
        ("Chartroom desk", "maps vendor", "vendor", 10.0),
        ("Tom", "keeper of the keys", "security", 10.0),
    )
    return [
        {"name": name, "role": role, "kind": kind, "after_minutes": after, "call": call}
        for name, role, kind, after in people
    ]
