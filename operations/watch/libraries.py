"""Loads what the probes need before the first of them runs: what loads under a running probe would count as slowness
of the site.
"""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module

from operations.http import trust
from operations.settings import Environment, Settings


def load_libraries(settings: Settings, environment: str) -> None:
    """Import the clients that this environment's probes use and read the certificates. Blocks: call it in a thread."""
    env = settings.environments.get(environment) or Environment()
    import_module("operations.http_transport")
    for authority in {"", env.authority, *(provider.authority for provider in settings.providers)}:
        # What is wrong with a file of certificates is the probe's to say.
        with suppress(OSError):
            trust(str(settings.resolve(authority)) if authority else "", drill=settings.drill is not None)
    if env.database or env.database_readonly:
        import_module("psycopg")
    if env.backups.bucket:
        import_module("botocore.session")
