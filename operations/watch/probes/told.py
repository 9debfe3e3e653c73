"""Two readings that other parts of Vigie make: the last smoke run, and whether there is a good way back."""

from __future__ import annotations

from operations.ages import age_words
from operations.beside import beside
from operations.watch.model import Reading, Status
from operations.watch.outside import SmokeResult
from operations.watch.probes.base import Place, Shared


class SmokeProbe(Shared):
    """Every 15 s: the last smoke run against this environment's own URL, with its own age."""

    def __init__(self, place: Place) -> None:
        super().__init__(place, "smoke", "smoke", 15.0, 10.0)

    async def read(self) -> Reading:
        """Unknown when none ran yet."""
        self.begin()
        ask = self.place.outside.last_smoke
        told = await beside(ask) if ask else None
        if told is None:
            return self.reading(Status.UNKNOWN, "no smoke run yet")
        result = SmokeResult(*told)
        age = max(0.0, (self.place.now() - result.at).total_seconds())
        kind = "none" if result.ok else (result.failed_kind or "other")
        data = {"ok": result.ok, "at": result.at.isoformat(), "failed_kind": kind}
        words = f"{'passed' if result.ok else 'failed'} {age_words(age)} ago"
        return self.reading(Status.OK if result.ok else Status.WARN, words, age, data)


class RollbackProbe(Shared):
    """Every 60 s, in a thread: the judgement reads git and may take its time."""

    def __init__(self, place: Place) -> None:
        super().__init__(place, "rollback", "way back", 60.0, 30.0)

    async def read(self) -> Reading:
        """What going back would find; unknown when that cannot be judged."""
        self.begin()
        ask = self.place.outside.judge_rollback
        judged = await beside(ask) if ask else None
        if judged is None:
            return self.reading(Status.UNKNOWN, "cannot be judged yet")
        if judged.target_ok is None and judged.verdict is None:
            return self.reading(Status.UNKNOWN, judged.words)
        words = f"none: {judged.words}" if judged.target_ok is False else judged.words
        return self.reading(Status.OK, words, None, judged._asdict())
