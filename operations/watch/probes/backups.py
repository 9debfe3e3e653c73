"""The backups in the bucket: how old the newest trusted one is, and what is wrong with the ones after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from operations.ages import age_words
from operations.backups import Backup, BackupList, list_backups
from operations.beside import beside
from operations.bucket import s3_client
from operations.errors import VigieError
from operations.watch.model import Reading, Status
from operations.watch.probes.base import Place, Shared

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_LISTED = 7


class BackupsProbe(Shared):
    """Every 5 min. An age that is late and a newest backup that cannot be trusted are both said."""

    def __init__(self, place: Place) -> None:
        super().__init__(place, "backups", "backups", 300.0, 30.0)
        self._client: S3Client | None = None

    async def read(self) -> Reading:
        """Unknown when the bucket does not answer: that says nothing about the backups in it."""
        self.begin()
        settings, environment = self.place.settings, self.place.environment
        try:
            found = await beside(self._list)
        except VigieError as error:
            return self.reading(Status.UNKNOWN, error.what)
        now = self.place.now()
        newest = found.newest_trusted
        age = None if newest is None or newest.finished is None else (now - newest.finished).total_seconds()
        late = [backup for backup in found.backups if not backup.trusted and (newest is None or backup.at > newest.at)]
        place = settings.environments[environment].backups
        data = {
            "trusted": newest is not None and not late,
            "age": age,
            "finished": newest.finished.isoformat() if newest is not None and newest.finished else None,
            "size": newest.size if newest else None,
            "usual": found.usual_size,
            "untrusted": [[backup.name, backup.why_not] for backup in late[:_LISTED]],
            "strays": [[stray.key, stray.started.isoformat()] for stray in found.strays[:_LISTED]],
            "strays_unknown": found.strays_unknown,
            "newest": [_row(backup) for backup in found.backups[:_LISTED]],
        }
        if found.server_time is not None:
            difference = (found.server_time - now).total_seconds()
            data["skew"] = 0.0 if abs(difference) <= 3 else round(difference, 1)
        status, words = _verdict(found, age, late, place.warn_after_hours, place.down_after_hours)
        return self.reading(status, words, age, data)

    def _list(self) -> BackupList:
        settings, environment = self.place.settings, self.place.environment
        env = settings.environments[environment]
        if self._client is None:
            # Kept: making one costs a fifth of a second of processor time and some MB each time.
            self._client = s3_client(env.backups, drill=settings.drill is not None, limit=8.0)
        return list_backups(settings, environment, self._client)

    async def close(self) -> None:
        """Close the client, and what is shared."""
        client, self._client = self._client, None
        if client is not None:
            client.close()
        await super().close()


def _verdict(
    found: BackupList, age: float | None, late: list[Backup], warn_hours: float, down_hours: float
) -> tuple[Status, str]:
    if age is None:
        words = f"none can be trusted: {late[0].why_not}" if late else "there is none"
        return Status.DOWN, words
    hours = age / 3600
    words = f"last trusted backup {age_words(age)} ago"
    if late:
        words += f"; {len(late)} since cannot be trusted: {late[0].why_not}"
    if found.strays:
        words += f"; {len(found.strays)} unfinished uploads"
    if hours > down_hours:
        return Status.DOWN, words
    return (Status.WARN if late or hours > warn_hours else Status.OK), words


def _row(backup: Backup) -> list[object]:
    finished = backup.finished.isoformat() if backup.finished else backup.at.isoformat()
    return [backup.name, backup.size, backup.trusted, finished, backup.why_not]
