"""Brings one message to one target, within its time limit: over HTTP, into a file, or to whoever copies it.

Never raises for what a target does: whatever happens is a verdict for the record.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from operations.beside import beside
from operations.engine.redaction import Redactor
from operations.http import Answer, ask, client_with
from operations.incident import message_shapes as shapes
from operations.incident.message_answers import Verdict, json_of, judged
from operations.incident.message_shapes import Parcel
from operations.incident.sent_messages import LOOK_FIRST
from operations.settings import MessageTarget, Settings
from operations.text import one_line

if TYPE_CHECKING:
    import httpx

BODY_CAP = 262_144
"""Bytes of an answer that are read."""
_SHAPES = {"slack": shapes.slack, "teams": shapes.teams, "webhook": shapes.webhook}


async def deliver(
    settings: Settings,
    target: MessageTarget,
    parcel: Parcel,
    *,
    at: datetime,
    remote: str = "",
    doubtful: frozenset[str] = frozenset(),
) -> Verdict:
    """Bring it there. `remote` is what a status page calls the incident.

    `doubtful` are texts of which nobody knows whether this target has them: a status page is asked first.
    """
    try:
        if target.kind == "clipboard":
            return Verdict("delivered", None, "handed over to be copied")
        if target.kind == "file":
            return await _into_file(settings, target, shapes.file_text(parcel, target, at))
        async with client_with("", {}, settings) as client:
            if target.kind == "statuspage":
                verdict = await _to_page(client, target, parcel, remote, doubtful)
            else:
                verdict = judged(await _post(client, target, _SHAPES[target.kind](parcel, target)), target)
    except (OSError, UnicodeError, ValueError) as error:
        # Before anything left: a proxy setting or a certificate store that cannot be used.
        verdict = Verdict("failed", None, f"it could not be sent: {type(error).__name__}")
    # A server may quote what it was sent: its own address and key.
    return replace(verdict, problem=one_line(Redactor(settings.secrets()).redact(verdict.problem), 300))


async def _post(client: httpx.AsyncClient, target: MessageTarget, body: Mapping[str, Any]) -> Answer:
    return await _ask(client, "POST", target.url, body, {}, target.limit)


async def _ask(
    client: httpx.AsyncClient,
    method: str,
    url: str,
    body: Mapping[str, Any] | None,
    headers: Mapping[str, str],
    limit: float,
) -> Answer:
    sent = {**headers, **({"content-type": "application/json"} if body is not None else {})}
    content = json.dumps(body).encode() if body is not None else None
    return await ask(client, url, method=method, content=content, headers=sent, limit=limit, body_cap=BODY_CAP)


async def _to_page(
    client: httpx.AsyncClient, target: MessageTarget, parcel: Parcel, remote: str, doubtful: frozenset[str]
) -> Verdict:
    """Create the page's incident, or update it. In doubt the page is asked what it has before anything is sent."""
    base = f"{target.url.rstrip('/')}/pages/{target.page}/incidents"
    headers = {"authorization": f"OAuth {target.key.reveal()}"}
    clock = asyncio.get_running_loop().time
    until = clock() + target.limit
    if doubtful:
        answer = await _ask(client, "GET", f"{base}?limit=100", None, headers, target.limit)
        listed = json_of(answer.body) if answer.status == 200 else None
        if not isinstance(listed, list):
            return Verdict(
                "unknown", answer.status, f"the page cannot be asked what it has ({answer.says}); {LOOK_FIRST}"
            )
        mine = shapes.page_body(parcel, target)
        for one in listed:
            texts = _bodies(one)
            if mine in texts:
                return Verdict("delivered", answer.status, "the page had it already", str(one.get("id", "")))
            if not remote and doubtful & texts:
                remote = one_line(str(one.get("id", "")), 80)
    body = shapes.statuspage(parcel, target)
    left = max(0.1, until - clock())
    if not remote:
        return judged(await _ask(client, "POST", base, body, headers, left), target)
    del body["incident"]["name"]
    verdict = judged(await _ask(client, "PATCH", f"{base}/{remote}", body, headers, left), target)
    if verdict.result == "delivered" and verdict.remote != remote:
        return Verdict("unknown", verdict.status, f"the page answered of another incident; {LOOK_FIRST}")
    return verdict


def _bodies(incident: Any) -> frozenset[str]:
    """The texts of an incident's updates as a page lists them."""
    updates = incident.get("incident_updates") if isinstance(incident, dict) else None
    found = (one.get("body") for one in updates if isinstance(one, dict)) if isinstance(updates, list) else ()
    return frozenset(text for text in found if isinstance(text, str))


async def _into_file(settings: Settings, target: MessageTarget, text: str) -> Verdict:
    path = settings.resolve(target.path)
    try:
        await asyncio.wait_for(beside(append, path, text), target.limit)
    except TimeoutError:
        return Verdict("unknown", None, f"the disk did not answer within {target.limit:g} s; {LOOK_FIRST}")
    except OSError as error:
        return Verdict("failed", None, f"the file cannot be written: {error.strerror or error}")
    return Verdict("delivered")


def append(path: Path, text: str) -> None:
    """Append the whole text or nothing (mode 0600 where the file is new); it is on disk when this returns.

    Raises OSError, also for what is no ordinary file.
    """
    # Without O_NONBLOCK a pipe would be waited for.
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
    descriptor = os.open(path, flags, 0o600)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(None, "it is no ordinary file")
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        before = os.fstat(descriptor).st_size
        data = text.encode("utf-8", "replace")
        try:
            written = 0
            while written < len(data):
                written += os.write(descriptor, data[written:])
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, before)
            raise
    finally:
        os.close(descriptor)
