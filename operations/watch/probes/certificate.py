"""The certificate's days left and the name's addresses, over a TLS connection of its own."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime
from urllib.parse import urlsplit

from operations.http import trouble, trust
from operations.watch.model import Reading, Status
from operations.watch.probes.base import NETWORK_KINDS, Place, Shared

_LIMIT = 10.0


class CertificateProbe(Shared):
    """Every 10 min, and at once when a front-door probe fails."""

    def __init__(self, place: Place) -> None:
        secure = urlsplit(place.env.url).scheme == "https"
        super().__init__(place, "certificate", "cert" if secure else "name", 600.0, _LIMIT)
        self._addresses: list[str] = []

    async def read(self) -> Reading:
        """Resolve, connect, verify as a browser would, read the day it ends."""
        from operations.http_transport import look_up

        self.begin()
        parts = urlsplit(self.place.env.url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        addresses: list[str] = []
        try:
            async with asyncio.timeout(self.limit - 0.5):
                addresses = await look_up(host, port)
                ends = await self._ends(host, port, addresses[0]) if parts.scheme == "https" else None
        except TimeoutError:
            kind = "connect" if addresses else "dns"
            return self.reading(Status.DOWN, "no answer in time", None, {"kind": kind, "network": True})
        except OSError as error:
            kind, words = trouble(error) or ("connect", str(error))
            data = {"kind": kind, "network": kind in NETWORK_KINDS, "resolves": bool(addresses)}
            return self.reading(Status.DOWN, words, None, data)
        changed = bool(self._addresses) and set(addresses) != set(self._addresses)
        self._addresses = addresses
        return self._verdict(ends, addresses, changed)

    async def _ends(self, host: str, port: int, address: str) -> datetime | None:
        authority, settings = self.place.env.authority, self.place.settings
        context = trust(str(settings.resolve(authority)) if authority else "", drill=settings.drill is not None)
        _, writer = await asyncio.open_connection(address, port, ssl=context, server_hostname=host)
        try:
            certificate = writer.get_extra_info("peercert") or {}
        finally:
            writer.close()
        told = certificate.get("notAfter")
        return datetime.fromtimestamp(ssl.cert_time_to_seconds(told), UTC) if isinstance(told, str) else None

    def _verdict(self, ends: datetime | None, addresses: list[str], changed: bool) -> Reading:
        limits = self.place.thresholds
        moved = f", addresses changed to {', '.join(addresses[:4])}" if changed else ""
        data = {"resolves": True, "addresses": addresses[:8], "changed": changed}
        if ends is None:
            return self.reading(Status.WARN if changed else Status.OK, f"resolves; plain http{moved}", None, data)
        days = (ends - self.place.now()).total_seconds() / 86400
        status = Status.WARN if changed or days < limits.certificate_warn_days else Status.OK
        status = Status.DOWN if days < limits.certificate_down_days else status
        return self.reading(status, f"certificate {days:.0f} days left{moved}", days, data | {"days": round(days, 2)})
