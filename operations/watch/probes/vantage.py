"""Can this bastion see at all? Asks control targets that have nothing to do with the site."""

from __future__ import annotations

import asyncio

from operations.watch.model import Reading, Status
from operations.watch.probes.base import Place, Shared

_LIMIT = 3.0


class VantageProbe(Shared):
    """Every 10 s. Any HTTP answer of any control target proves that we are online."""

    def __init__(self, place: Place) -> None:
        super().__init__(place, "vantage", "bastion", 10.0, _LIMIT)

    async def read(self) -> Reading:
        """Down when none of them answers."""
        self.begin()
        targets = self.place.settings.watch.control_targets
        answers = await asyncio.gather(*(self.place.foreign.ask(target, limit=self.limit - 0.2) for target in targets))
        heard = [answer for answer in answers if answer.kind == "http"]
        data = {"targets": len(targets), "answered": len(heard)}
        if heard:
            words = f"{len(heard)} of {len(targets)} control targets answer"
            return self.reading(Status.OK, words, float(len(heard)), data)
        words = f"no control target answers: {answers[0].error}" if answers else "no control targets"
        return self.reading(Status.DOWN, words, 0.0, data)
