"""Talks to the practice site's supervisor: `python -m operations.practice.control restart production --dir D`.

Light on purpose: it is the platform's restart command. Nothing but the standard library is imported.
"""

from __future__ import annotations

import argparse
import json
import socket
import sys
from pathlib import Path
from typing import Any

LIMIT = 8.0
REPLY_LIMIT = 1_048_576


class NoSupervisor(Exception):
    """The practice site does not run, or does not answer."""


def ask(home: Path, request: dict[str, Any], limit: float = LIMIT) -> dict[str, Any]:
    """Send one request and return the reply. Raises NoSupervisor when nobody answers within `limit` seconds."""
    try:
        state = json.loads((home / "state.json").read_text("utf-8"))
        port, token = int(state["control"]["port"]), str(state["control"]["token"])
        with socket.create_connection(("127.0.0.1", port), timeout=limit) as wire:
            wire.sendall(json.dumps({"token": token, **request}).encode() + b"\n")
            raw = b""
            while not raw.endswith(b"\n") and len(raw) < REPLY_LIMIT:
                chunk = wire.recv(65_536)
                if not chunk:
                    break
                raw += chunk
        reply = json.loads(raw)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NoSupervisor(f"The practice site in {home} does not answer ({type(error).__name__}).") from None
    if not isinstance(reply, dict):
        raise NoSupervisor("The practice site's answer cannot be read.")
    return reply


def main(arguments: list[str]) -> int:
    """Run one request; 0 when it was taken, 1 when it was refused, 2 when no supervisor answers."""
    parser = argparse.ArgumentParser(prog="practice-control", description="Talk to a running practice site.")
    parser.add_argument("--dir", required=True, type=Path)
    parser.add_argument("what", choices=("restart", "status", "flag", "maintenance", "database", "link"))
    parser.add_argument("words", nargs="*")
    given = parser.parse_intermixed_args(arguments)
    request = _request(given.what, given.words)
    if request is None:
        parser.error(f"{given.what}: wrong number of words")
    try:
        reply = ask(given.dir, request)
    except NoSupervisor as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(json.dumps(reply) + "\n")
    return 0 if reply.get("ok") else 1


def _request(what: str, words: list[str]) -> dict[str, Any] | None:
    names = {
        "restart": ("environment",),
        "status": (),
        "flag": ("environment", "name", "value"),
        "maintenance": ("environment", "value"),
        "database": ("environment", "value"),
        "link": ("name", "kind", "amount"),
    }[what]
    if len(words) != len(names):
        return None
    return {"do": what, **dict(zip(names, words, strict=True))}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
