"""What makes one practice site itself: passwords and keys drawn at random once, kept in a file only its owner reads."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

import msgspec

from operations.practice.databases import APPLICATION, OWNER, READER
from operations.practice.layout import ENVIRONMENTS, Layout, write_private


@dataclass(frozen=True, slots=True)
class Identity:
    """The site's secrets; none of them appears in a repr."""

    administrator: dict[str, str] = field(repr=False)
    roles: dict[str, dict[str, str]] = field(repr=False)
    login_keys: dict[str, str] = field(repr=False)
    anon_key: str = field(repr=False)
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)


def read_or_make(layout: Layout) -> Identity:
    """The site's identity; made when it is not there or cannot be read."""
    try:
        return msgspec.json.decode(layout.secrets.read_bytes(), type=Identity)
    except (OSError, msgspec.MsgspecError):
        made = _make()
    write_private(layout.secrets, msgspec.json.encode(made).decode())
    return made


def _make() -> Identity:
    return Identity(
        administrator={name: secrets.token_hex(16) for name in ENVIRONMENTS},
        roles={name: {role: secrets.token_hex(16) for role in (OWNER, APPLICATION, READER)} for name in ENVIRONMENTS},
        login_keys={name: secrets.token_hex(16) for name in ENVIRONMENTS},
        anon_key=secrets.token_hex(24),
        access_key=secrets.token_hex(10).upper(),
        secret_key=secrets.token_hex(20),
    )
