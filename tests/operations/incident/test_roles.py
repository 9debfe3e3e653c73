"""Roles: taken, offered, taken over, taken back; one person may hold all."""

from __future__ import annotations

import pytest

from operations.errors import VigieError
from operations.incident.model import Incident
from operations.incident.roles import Role, give, offered_to, roles_of, take, withdraw
from tests.operations.incident.stage import Stage


def who(stage: Stage) -> dict[str, str]:
    return {role.value: holder.words for role, holder in roles_of(stage.incident()).items()}


def incident(stage: Stage, actor: str) -> Incident:
    """What that person's console has read."""
    stage.actor = actor
    return stage.incident()


def test_nobody_holds_anything_at_first() -> None:
    assert set(who(Stage()).values()) == {"nobody"}


def test_one_person_may_take_every_role_without_an_offer() -> None:
    stage = Stage()
    for role in Role:
        take(stage, stage.incident(), role)
    assert set(who(stage).values()) == {"ana"}


def test_handing_over_counts_when_the_taker_confirms_it() -> None:
    stage = Stage()
    take(stage, stage.incident(), Role.COMMANDER)
    give(stage, stage.incident(), Role.COMMANDER, "tom")
    assert who(stage)["commander"] == "ana, offered to tom"
    assert offered_to(stage.incident(), "tom") == (Role.COMMANDER,)
    stage.wait(minutes=1)
    take(stage, incident(stage, "tom"), Role.COMMANDER)
    holder = roles_of(stage.incident())[Role.COMMANDER]
    assert (holder.who, holder.since, holder.offered_to) == ("tom", stage.now, "")
    assert stage.incident().entries[-1].text == "is commander now, after ana"


def test_an_offer_is_taken_back_and_overtaken_by_whoever_takes_the_role() -> None:
    stage = Stage()
    give(stage, stage.incident(), Role.SCRIBE, "tom")
    withdraw(stage, stage.incident(), Role.SCRIBE)
    assert who(stage)["scribe"] == "nobody"
    give(stage, stage.incident(), Role.SCRIBE, "tom")
    take(stage, incident(stage, "eva"), Role.SCRIBE)
    assert who(stage)["scribe"] == "eva"
    assert offered_to(stage.incident(), "tom") == ()


def test_a_sentence_is_nobodys_name() -> None:
    stage = Stage()
    with pytest.raises(VigieError, match="no name"):
        give(stage, stage.incident(), Role.OPERATIONS, "minutes; the database people started it again.")
    give(stage, stage.incident(), Role.OPERATIONS, "Ana Maria da Silva")


def test_what_changes_nothing_is_no_event() -> None:
    stage = Stage()
    take(stage, stage.incident(), Role.SCRIBE)
    give(stage, stage.incident(), Role.OPERATIONS, "tom")
    before = len(stage.rows)
    take(stage, stage.incident(), Role.SCRIBE)
    give(stage, stage.incident(), Role.OPERATIONS, "tom")
    withdraw(stage, stage.incident(), Role.COMMANDER)
    assert len(stage.rows) == before


def test_a_role_is_offered_to_somebody_and_not_to_who_has_it() -> None:
    stage = Stage()
    take(stage, stage.incident(), Role.SCRIBE)
    with pytest.raises(VigieError, match="Nobody is named"):
        give(stage, stage.incident(), Role.SCRIBE, " \x1b[2J ")
    with pytest.raises(VigieError, match="ana is scribe already"):
        give(stage, stage.incident(), Role.SCRIBE, "ana")
