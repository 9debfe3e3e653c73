"""What a runbook's programs trust beside the system's certificates: the environment's private authority.

curl, Python and OpenSSL take one file instead of their own, so the system's are put into it, too. Nothing is written in
a drill: there the authority alone is trusted.
"""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from operations.errors import PrerequisiteMissing
from operations.settings import Settings

INSTEAD = ("CURL_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
"""Names that stand for all certificates (curl(1), openssl-env(7), Requests' “SSL Cert Verification”)."""
BESIDE = "NODE_EXTRA_CA_CERTS"
"""The one that only adds to them (Node.js, "Command-line API")."""


@contextmanager
def trusting(settings: Settings, environment: str) -> Iterator[Mapping[str, str]]:
    """The names for a child's environment, none without an authority; their file is there while the block lasts.

    Raises PrerequisiteMissing where a file cannot be read.
    """
    env = settings.environments.get(environment)
    if env is None or not env.authority:
        yield {}
        return
    authority = settings.resolve(env.authority)
    if settings.drill is not None:
        yield _names(authority, authority)
        return
    with tempfile.NamedTemporaryFile(prefix="vigie-trust-", suffix=".pem") as file:
        try:
            file.write(_system() + b"\n" + authority.read_bytes())
            file.flush()
        except OSError as error:
            raise PrerequisiteMissing(
                f"The certificates of {environment} cannot be read: {error.filename}: {error.strerror or error}.",
                next_step=f"Correct environments.{environment}.authority.",
            ) from None
        yield _names(Path(file.name), authority)


def _names(everything: Path, authority: Path) -> dict[str, str]:
    return {**dict.fromkeys(INSTEAD, str(everything)), BESIDE: str(authority)}


def _system() -> bytes:
    """The system's certificates as Python finds them, certifi's where it has none."""
    place = ssl.get_default_verify_paths().cafile
    if place is None:
        import certifi

        place = certifi.where()
    return Path(place).read_bytes()
