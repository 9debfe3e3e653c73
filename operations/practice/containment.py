"""Keeps the practice site to itself: what its children may see of the world, and which targets it may name.

Checked before anything starts (drills.md, last paragraph).
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Collection, Iterable, Mapping
from urllib.parse import urlsplit

from operations.errors import VigieError
from operations.practice.layout import Layout
from operations.settings import MessageTarget, Settings

KEPT_NAMES = ("PATH", "TZ", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "SYSTEMROOT", "TMPDIR", "COVERAGE_PROCESS_START")
FORBIDDEN_PREFIXES = ("AWS_", "VERCEL_", "CLOUDFLARE_", "CF_", "PG", "VIGIE_")
FORBIDDEN_SUFFIXES = ("_PROXY", "_proxy", "WEBHOOK", "WEBHOOK_URL")


def child_environment(layout: Layout, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """All that a child of the practice site sees of the caller's environment: little, and a HOME of its own."""
    environ = os.environ if environ is None else environ
    kept = {name: environ[name] for name in KEPT_NAMES if name in environ}
    home = str(layout.child_home)
    return {
        **kept,
        "PATH": kept.get("PATH", os.defpath),
        "HOME": home,
        "XDG_CONFIG_HOME": f"{home}/.config",
        "XDG_STATE_HOME": f"{home}/.local/state",
        "XDG_CACHE_HOME": f"{home}/.cache",
        "XDG_DATA_HOME": f"{home}/.local/share",
        "LANG": "C.UTF-8",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
    }


def strangers_in(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Names in an environment that a drill must not see, in order."""
    return tuple(
        sorted(name for name in environ if name.startswith(FORBIDDEN_PREFIXES) or name.endswith(FORBIDDEN_SUFFIXES))
    )


def targets_of(settings: Settings) -> dict[str, str]:
    """Every address that Vigie would reach for with these settings, by the key that names it."""
    found: dict[str, str] = {}
    for name, env in settings.environments.items():
        where = f"environments.{name}"
        found[f"{where}.url"] = env.url
        found[f"{where}.database"] = env.database.reveal()
        found[f"{where}.database_readonly"] = env.database_readonly.reveal()
        found[f"{where}.supabase_url"] = env.supabase_url
        found[f"{where}.prometheus"] = env.prometheus
        found[f"{where}.alertmanager"] = env.alertmanager
        found[f"{where}.backups.endpoint"] = env.backups.endpoint or ("https://s3" if env.backups.bucket else "")
        if "://" in env.metrics:
            found[f"{where}.metrics"] = env.metrics
    for provider in settings.providers:
        found[f"providers.{provider.name}"] = provider.status
    for contact in settings.contacts:
        found[f"contacts.{contact.name}"] = contact.address
    found["notify.webhook"] = settings.notify.webhook.reveal()
    for message_target in settings.messages.targets:
        found[f"messages.targets.{message_target.name}"] = message_target.url
    for index, target in enumerate(settings.watch.control_targets):
        found[f"watch.control_targets[{index}]"] = target
    return {key: address for key, address in found.items() if address}


def refusals(settings: Settings, own_ports: Collection[int]) -> tuple[str, ...]:
    """Why these settings may not be drilled on; empty when every target is a loopback port of the site's own.

    No value is shown, since an address may hold a password.
    """
    problems = [f"{key}: {why}" for key, address in targets_of(settings).items() if (why := _why(address, own_ports))]
    if settings.drill is None:
        problems.append("drill: is missing, so this is not a practice site's file")
        return tuple(problems)
    layout = Layout(settings.resolve(settings.drill.home))
    inside = {"state_dir": settings.state_dir, "lock_dir": settings.lock_dir, "readings": settings.watch.readings}
    for one in settings.messages.targets:
        if one.kind == "file":
            inside[f"messages.targets.{one.name}"] = one.path
    for env_name, env in settings.environments.items():
        inside[f"environments.{env_name}.platform.root"] = env.platform.root
    problems += [
        f"{key}: lies outside {layout.home}"
        for key, value in inside.items()
        if not value or not settings.resolve(value).is_relative_to(layout.home.resolve())
    ]
    return tuple(problems)


def message_refusals(settings: Settings, targets: Iterable[MessageTarget]) -> tuple[str, ...]:
    """Why a message of a drill may not go to these targets: each must be the running practice site's own stub."""
    if settings.drill is None:
        return ("this is no drill",)
    layout = Layout(settings.resolve(settings.drill.home))
    try:
        ports = set(json.loads(layout.state.read_text("utf-8"))["ports"].values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ("the practice site does not say which ports are its own",)
    problems = []
    for target in targets:
        if target.over_http and (why := _why(target.url, ports)):
            problems.append(f"{target.name} {why}")
        if target.kind == "file" and not settings.resolve(target.path).is_relative_to(layout.home.resolve()):
            problems.append(f"{target.name} lies outside the practice site")
    return tuple(problems)


def demand_containment(settings: Settings, own_ports: Collection[int]) -> None:
    """Raise VigieError naming every target that is not the practice site's own."""
    problems = refusals(settings, own_ports)
    if problems:
        raise VigieError(
            "The drill would reach outside its practice site: " + "; ".join(problems) + ".",
            means="Nothing was started.",
            next_step="Remove the folder with `vigie drill --reset` and start again.",
        )


def _why(address: str, own_ports: Collection[int]) -> str:
    try:
        parts = urlsplit(address)
        port = parts.port
        host = parts.hostname or ""
    except ValueError:
        return "cannot be read as an address"
    if port not in own_ports:
        return "is not a port of this practice site"
    try:
        resolved = {item[4][0] for item in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except OSError:
        return "does not resolve"
    if not resolved or not all(_is_loopback(str(place)) for place in resolved):
        return "does not resolve to loopback alone"
    return ""


def _is_loopback(place: str) -> bool:
    return place == "::1" or place.startswith("127.")
