"""A session told by its events, for tests of the score and the debrief: seconds count from when it could be seen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from operations.engine.events import Event
from operations.practice import scenarios
from operations.practice.score import Score, score_drill
from runbooks.shelf import open_book

T0 = datetime(2026, 3, 4, 3, 12, tzinfo=UTC)
BOOK = open_book("site-down", None)
BAD_RELEASE = ("N1", "N2", "N3", "N4", "N5", "N6", "N7", "R1")
DATABASE_DOWN = ("N1", "N2", "N3", "N4", "B1")
IMPACT = "calls do not load"


def anchor(label: str) -> str:
    section = BOOK.by_label(label)
    assert section is not None
    return section.anchor


class Story:
    """The events of one session, told with seconds since the player could see it."""

    def __init__(self, scenario: str) -> None:
        self.scenario = scenario
        self.events: list[Event] = []

    def say(self, seconds: float, kind: str, of_job: str = "", /, **data: Any) -> str:
        number = len(self.events) + 1
        at = T0 + timedelta(seconds=seconds)
        self.events.append(
            Event(f"e{number}", at, at, "1121-abc", of_job, "ana", "bastion", kind, data, "writer", number, "")
        )
        return f"e{number}"

    def walk(self, begins: float, *labels: str, suggested: bool = True, age: float = 2.0) -> None:
        """Answer from the first label to each of the next ones, a second apart."""
        self.say(begins, "walk.started", section=anchor(labels[0]))
        for number, (here, there) in enumerate(pairwise(labels)):
            self.say(
                begins + number, "walk.answered",
                section=anchor(here), target=anchor(there), suggested=suggested, evidence=[["words", "source", age]],
            )  # fmt: skip

    def operate(
        self,
        seconds: float,
        operation: str,
        code: int = 0,
        at: str = "",
        plan: dict[str, str] | None = None,
        **details: Any,
    ) -> str:
        """Run a job to its end; `at` is the label whose action it was, `plan` the details of its plan."""
        job = f"job{len(self.events)}"
        self.say(seconds, "job.created", job, operation=operation, **({"plan": {"details": plan}} if plan else {}))
        if at:
            self.say(seconds, "walk.acted", section=anchor(at), action=operation, job=job)
        return self.say(seconds, "job.finished", job, code=code, details=details)

    def open(self, seconds: float = 2, severity: str = "P0") -> str:
        return self.say(
            seconds, "incident.opened",
            site="harbour-tow", environment="production", severity=severity, title="the site is down",
        )  # fmt: skip

    def tell(self, seconds: float, name: str, value: str = "words") -> str:
        return self.say(seconds, "incident.told", field=name, value=value)

    def message(
        self, seconds: float, kind: str = "initial", *, promised: float | None = 900, result: str = "delivered",
        text: str = IMPACT,
    ) -> str:  # fmt: skip
        """A message that was sent; `promised` is when it says the next one comes, in seconds from it."""
        id = f"m{len(self.events)}"
        due = T0 + timedelta(seconds=seconds + promised) if promised is not None else None
        sent = self.say(
            seconds, "message.sent", message=id, kind=kind, texts={"en": text}, targets=["chat"],
            promised=due.isoformat() if due else None,
        )  # fmt: skip
        self.say(seconds, "message.delivered", message=id, target="chat", result=result, attempt=1)
        return sent

    def clerical(self, resolved: float) -> None:
        """All that has to be said and told beside the mending, in time."""
        self.open()
        self.say(4, "role.taken", role="commander")
        self.tell(10, "impact", IMPACT)
        self.message(11)
        self.tell(resolved - 2, "cause")
        self.tell(resolved - 1, "summary")
        self.message(resolved + 5, "resolved", promised=None)

    def resolve(self, seconds: float) -> str:
        return self.say(seconds, "incident.state", state="resolved")

    def end(self, seconds: float) -> str:
        """Called resolved, with the clerical half done."""
        self.clerical(seconds)
        return self.resolve(seconds)

    def score(self, *, recovered: bool = True, speed: float = 1.0, ended: float | None = None) -> Score:
        end = T0 + timedelta(seconds=ended) if ended is not None else None
        dealt = scenarios.deal(self.scenario, 1)
        return score_drill(dealt, 1, self.events, BOOK, began_at=T0, recovered=recovered, speed=speed, ended_at=end)


def good_rollback() -> Story:
    """The mending alone, on its way and in its time."""
    story = Story("bad-release")
    story.walk(20, *BAD_RELEASE)
    story.operate(60, "rollback", at="R1", smoke_ok=True)
    return story


def good_call() -> Story:
    """Likewise, by the one who runs the database."""
    story = Story("database-down")
    story.walk(20, *DATABASE_DOWN)
    story.say(60, "help.called", delivered=True)
    story.say(80, "help.answered")
    story.operate(100, "smoke")
    return story


def whole() -> Story:
    """All of it: the mending, and the clerical half."""
    story = good_rollback()
    story.end(681)
    return story


def reasons(score: Score) -> list[tuple[str, str]]:
    """Event and words of each deduction."""
    return [(deduction.event, deduction.why) for deduction in score.deductions]
