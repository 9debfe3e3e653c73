"""One number that the business knows by heart, such as calls per minute or rows of a table: an outage no code sees."""

from __future__ import annotations

from operations.watch.database_link import DatabaseLink
from operations.watch.model import Reading, Status
from operations.watch.probes.base import Place, Shared


class BusinessProbe(Shared):
    """Every 60 s. Whether the number is usual is judged where the history is, not here."""

    def __init__(self, place: Place, link: DatabaseLink) -> None:
        super().__init__(place, "business", "business count", 60.0, 5.0)
        self._link = link

    async def read(self) -> Reading:
        """The first column of the first row; unknown when there is none or the database does not answer."""
        import psycopg

        self.begin()
        try:
            [rows] = await self._link.rows((self.place.env.business_count,), self.limit - 0.5)
            value = float(rows[0][0])
        except (psycopg.Error, TimeoutError) as error:
            return self.reading(Status.UNKNOWN, self._link.refusal(error).words)
        except (IndexError, TypeError, ValueError):
            return self.reading(Status.UNKNOWN, "business_count answers no number")
        return self.reading(Status.OK, f"{value:g}", value, {"count": value})

    async def close(self) -> None:
        """Give back the connection and the clients."""
        await self._link.close()
        await super().close()
