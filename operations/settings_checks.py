"""What the settings' types cannot say: addresses that are none, keys a driver needs. Each problem with an example."""

from __future__ import annotations

import re
from pathlib import Path

from operations.settings import CommandSettings, PlatformSettings, Settings, address_of
from operations.settings_incident import problems_of
from operations.settings_messages import message_problems

ENV_FILE = ".env.operations"
EXAMPLES = {
    "kind": 'kind = "production"',
    "url": 'url = "https://example.com"',
    "database": 'database = "${DB_URL}"',
    "name": 'name = "my-site"',
    "driver": 'driver = "releases"',
    "restart": 'restart = ["systemctl", "restart", "my-site"]',
    "refuse": 'refuse = ["dropdb", "push .*--force"]',
    "control_targets": 'control_targets = ["https://one.one.one.one", "https://dns.google"]',
}


def checks_of(settings: Settings, path: Path) -> list[str]:
    """What the types cannot say: addresses that are none, a production that is missing, a driver without its keys."""
    problems = []
    if settings.deploy.migrations == "command" and not settings.deploy.migrate:
        problems.append(f'{path}: deploy.migrate: is missing. Example: migrate = ["bin/migrate", "up"]')
    if settings.notify.webhook and not address_of(settings.notify.webhook.reveal()):
        problems.append(f'{path}: notify.webhook: not an http(s) address. Example: webhook = "${{WEBHOOK}}"')
    problems += problems_of(settings.incident, settings.contacts, path)
    problems += message_problems(settings.messages, path)
    for index, pattern in enumerate(settings.policy.refuse):
        if why := _no_pattern(pattern):
            problems.append(f"{path}: policy.refuse[{index}]: {why}. Example: {EXAMPLES['refuse']}")
    if not 1 <= settings.retention_months <= 1200:
        problems.append(f"{path}: retention_months: expected 1 to 1200. Example: retention_months = 13")
    if not settings.site.name:
        problems.append(f"{path}: site.name: is missing. Example: {EXAMPLES['name']}")
    if not settings.environments:
        problems.append(f"{path}: environments: there is none. Example: [environments.production]")
    for name, env in settings.environments.items():
        where = f"{path}: environments.{name}"
        for key in ("url", "prometheus", "alertmanager", "supabase_url"):
            value = getattr(env, key)
            if value and not (value.startswith(("http://", "https://")) and address_of(value)):
                problems.append(f"{where}.{key}: not an http(s) address. Example: {EXAMPLES['url']}")
        for key in ("database", "database_readonly"):
            secret = getattr(env, key)
            if secret and not (
                secret.reveal().startswith(("postgres://", "postgresql://")) and address_of(secret.reveal())
            ):
                problems.append(f"{where}.{key}: not a postgresql:// address. Example: {EXAMPLES['database']}")
        if env.platform.driver == "releases" and not env.platform.root:
            problems.append(f'{where}.platform.root: is missing. Example: root = "/srv/my-site"')
        if env.platform.driver == "command":
            problems += _command(env.platform.commands, f"{where}.platform.commands")
        if env.platform.driver == "vercel":
            problems += _vercel(env.platform, f"{where}.platform")
        if env.version and not env.version.startswith("/"):
            problems.append(f'{where}.version: must start with /. Example: version = "/api/version#commit"')
    return problems


def _no_pattern(pattern: str) -> str:
    """Why that is no regular expression; empty when it is one."""
    if not pattern.strip():
        return "is empty, and would refuse everything"
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        return f"not a regular expression: {error}"
    return ""


def _command(commands: CommandSettings, where: str) -> list[str]:
    problems = []
    if not commands.preset:
        for key in ("list", "live"):
            if not getattr(commands, key):
                problems.append(f'{where}.{key}: is missing. Example: {key} = ["bin/releases", "{key}"]')
    if commands.preset == "docker-compose":
        for key, example in (("image", "registry.example.com/my-site"), ("service", "web")):
            if not getattr(commands, key):
                problems.append(f'{where}.{key}: is missing. Example: {key} = "{example}"')
    return problems


def _vercel(platform: PlatformSettings, where: str) -> list[str]:
    problems = []
    if not platform.project:
        problems.append(f'{where}.project: is missing. Example: project = "my-site"')
    if not platform.token:
        problems.append(f'{where}.token: is missing. Example: token = "${{VERCEL_TOKEN}}" (set in {ENV_FILE})')
    elif not (platform.token.reveal().isascii() and platform.token.reveal().isprintable()):
        problems.append(f'{where}.token: holds characters that no token has. Example: token = "${{VERCEL_TOKEN}}"')
    if not platform.publish_command:
        problems.append(f'{where}.publish_command: is empty. Example: publish_command = ["vercel", "deploy", "--prod"]')
    host = address_of(platform.api).partition("/")[0].rpartition(":")
    loopback = (host[0] or host[2]) in ("127.0.0.1", "localhost")
    if not address_of(platform.api) or not platform.api.startswith(("https://", "http://")[: 2 if loopback else 1]):
        problems.append(f'{where}.api: not an https address. Example: api = "https://api.vercel.com"')
    return problems
