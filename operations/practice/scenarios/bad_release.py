"""bad-release: v2.4.1 looks zones up by a name that calls do not carry, so everything under /api throws."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from operations.practice.history import ANA, TOM, Commit, Edit
from operations.practice.scenarios.model import Harm, Recovery, Reference, Scenario
from operations.practice.traffic import API, Failure

NAME = "bad-release"
WORDS = "TypeError: zone is undefined"


def make(chance: Random) -> Scenario:
    """Deal it: live about twelve minutes ago, first errors about a minute later."""
    live_age = timedelta(minutes=12, seconds=chance.randint(-40, 40))
    lag = timedelta(seconds=60 + chance.randint(-6, 6))
    return Scenario(
        name=NAME,
        code_name="Heron",
        story="Dispatchers write that the list of calls stays empty. The phones are getting busy.",
        fault="v2.4.1 keys the zones by their short name while calls carry numbers: every API answer throws.",
        onset_age=live_age - lag,
        failure=Failure(API, 500, WORDS, health_words=WORDS),
        commits=_commits(live_age),
        steps=(),
        can_be_seen=("5xx on every API path from a minute after v2.4.1", "an error text never seen before v2.4.1"),
        decoys=(),
        reference=Reference(("N1", "N2", "N3", "N4", "N5", "N6", "N7", "R1", "V1"), 90, 120, 90),
        harmful=(
            Harm("end-sessions", "the database is well; ending its sessions fails requests that worked"),
            Harm("restore", "no data is wrong"),
        ),
        mends=(),
        recovery=Recovery(release_is_not="v2.4.1"),
        questions=(
            "Which evidence tied the errors to the release, and which could have spoken against it?",
            "v2.4.1 is still on main: what stops the next push from publishing it again?",
            "Which check before the release would have seen this?",
        ),
    )


def _commits(live_age: timedelta) -> tuple[Commit, ...]:
    by_number = 'return {row["id"]: row for row'
    return (
        Commit(
            live_age + timedelta(hours=5),
            TOM,
            "Say when the list was read",
            (Edit("README.md", "\nThe list reads itself again every few seconds.\n"),),
        ),
        Commit(
            live_age + timedelta(minutes=50),
            ANA,
            "Look zones up by their short name",
            (Edit("harbour/dispatch.py", by_number.replace('row["id"]', 'row["slug"]'), by_number),),
        ),
        Commit(
            live_age + timedelta(minutes=6),
            ANA,
            "Round the corners of the list",
            (Edit("assets/style.css", "padding: 5px 0;\n  border-radius: 4px;", "padding: 5px 0;"),),
            tag="v2.4.1",
            live_after=timedelta(minutes=6),
        ),
    )
