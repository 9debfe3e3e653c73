"""database-down: production's database server is gone; an innocent release went live after the first errors."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from operations.practice.history import TOM, Commit, Edit
from operations.practice.scenarios.model import Harm, Mend, Recovery, Reference, Scenario, Step
from operations.practice.traffic import API, Failure

NAME = "database-down"
WORDS = (
    'OperationalError: connection failed: connection to server at "127.0.0.1", port {database_port} failed: '
    "Connection refused"
)


def make(chance: Random) -> Scenario:
    """Deal it: refused for about nine minutes, the release about six minutes old."""
    onset_age = timedelta(minutes=9, seconds=chance.randint(-30, 30))
    live_age = timedelta(minutes=6, seconds=chance.randint(-20, 20))
    return Scenario(
        name=NAME,
        code_name="Cormorant",
        story="Nobody can sign in and calls do not load. Tom's release went out this very quarter of an hour.",
        fault="Production's PostgreSQL stopped; the database host's page has not noticed.",
        onset_age=onset_age,
        failure=Failure((*API, "/login"), 500, WORDS),
        commits=_commits(live_age),
        steps=(Step(timedelta(), "stop_database", {"environment": "production"}),),
        can_be_seen=("connections to production's database are refused", "the first errors are older than v2.4.1"),
        decoys=("v2.4.1 went live three minutes after the first errors", "the host's status page says operational"),
        reference=Reference(("N1", "N2", "N3", "N4", "B1", "E1"), 75, 120, 120),
        harmful=(
            Harm("rollback", "the release is innocent: the database is no better, and a good change is taken away"),
            Harm("restore", "no data is wrong"),
        ),
        mends=(
            Mend(
                kinds=("dba", "vendor"),
                steps=(Step(timedelta(), "start_database", {"environment": "production"}),),
                says="The server had stopped after a host fault. It is started again and takes connections.",
            ),
        ),
        recovery=Recovery(),
        questions=(
            "What showed that the release could not be the cause?",
            "Why was the status page no proof that the database was well?",
            "What did the person you called need to know, and was it in the first message?",
        ),
    )


def _commits(live_age: timedelta) -> tuple[Commit, ...]:
    return (
        Commit(
            live_age + timedelta(minutes=9),
            TOM,
            "Say how long callers wait",
            (Edit("templates/index.html", "Calls, newest first, mostly taken in a minute.", "Calls, newest first."),),
            tag="v2.4.1",
            live_after=timedelta(minutes=9),
        ),
    )
