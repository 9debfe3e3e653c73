"""What has to be confirmed, and how, is one table; the default answer is No."""

from __future__ import annotations

import pytest

from operations.engine.confirm import Act, check_confirmation, confirmation
from operations.engine.model import Confirm, ConfirmLevel

PHRASE = "shop production"


@pytest.mark.parametrize(
    ("act", "elsewhere", "production", "reason"),
    [
        ("smoke", "none", "none", False),
        ("plan", "none", "none", False),
        ("backup", "none", "yes", False),
        ("cancel", "none", "yes", False),
        ("deploy", "yes", "phrase", True),
        ("redeploy", "yes", "phrase", True),
        ("rollback", "yes", "phrase", True),
        ("undo", "yes", "phrase", True),
        ("flag", "yes", "phrase", True),
        ("maintenance", "yes", "phrase", True),
        ("mark", "yes", "phrase", True),
        ("end-sessions", "yes", "phrase", True),
        ("force-unlock", "yes", "phrase", True),
        ("freeze", "yes", "yes", True),
        ("unfreeze", "yes", "yes", False),
        ("prune", "yes", "yes", False),
        ("clean", "yes", "yes", False),
        ("vacuum", "yes", "yes", False),
        ("command", "yes", "yes", False),
    ],
)
def test_the_table(act: Act, elsewhere: str, production: str, reason: bool) -> None:
    there = confirmation(act, production=False, phrase="shop staging")
    here = confirmation(act, production=True, phrase=PHRASE)
    assert (there.level, here.level) == (elsewhere, production)
    assert (there.needs_reason, here.needs_reason) == (False, reason)
    assert here.phrase == (PHRASE if production == "phrase" else "")


def test_a_restore_has_the_target_databases_name_typed() -> None:
    confirm = confirmation("restore", production=False, phrase="shop staging", database="shop_staging")
    assert confirm == Confirm(ConfirmLevel.PHRASE, "shop_staging", needs_reason=False)


def test_a_hazard_has_the_phrase_typed_everywhere_and_a_reason_on_production() -> None:
    assert confirmation("hazard", production=False, phrase="shop staging") == Confirm(
        ConfirmLevel.PHRASE, "shop staging", needs_reason=False
    )
    assert confirmation("hazard", production=True, phrase=PHRASE) == Confirm(
        ConfirmLevel.PHRASE, PHRASE, needs_reason=True
    )


def test_a_one_way_rollback_has_the_phrase_typed_twice() -> None:
    confirm = confirmation("rollback", production=True, phrase=PHRASE, one_way=True)
    assert confirm.level is ConfirmLevel.PHRASE_TWICE
    assert check_confirmation(confirm, typed=PHRASE, reason="x") is not None
    assert check_confirmation(confirm, typed=PHRASE, typed_again=PHRASE, reason="x") is None


def test_yes_stands_for_yes_and_for_nothing_else() -> None:
    assert check_confirmation(Confirm()) is None
    assert check_confirmation(Confirm(ConfirmLevel.YES)) is not None
    assert check_confirmation(Confirm(ConfirmLevel.YES), yes=True) is None
    error = check_confirmation(Confirm(ConfirmLevel.PHRASE, PHRASE, needs_reason=True), yes=True)
    assert error is not None and error.code == 1
    assert PHRASE in error.next_step and "--reason" in error.next_step


@pytest.mark.parametrize(
    ("typed", "reason", "enough"),
    [
        (PHRASE, "bad release", True),
        (f"  {PHRASE}\n", "bad release", True),
        (PHRASE.upper(), "bad release", False),
        (PHRASE, "   ", False),
        (PHRASE, f" {PHRASE} ", False),
        ("", "bad release", False),
    ],
)
def test_the_phrase_must_match_exactly(typed: str, reason: str, enough: bool) -> None:
    confirm = Confirm(ConfirmLevel.PHRASE, PHRASE, needs_reason=True)
    assert (check_confirmation(confirm, typed=typed, reason=reason) is None) == enough


def test_an_empty_phrase_is_met_by_nothing() -> None:
    assert check_confirmation(Confirm(ConfirmLevel.PHRASE), typed="") is not None
