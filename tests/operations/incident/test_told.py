"""What people say about an incident, and whether it is restricted: the last word counts."""

from __future__ import annotations

import pytest

from operations.errors import VigieError
from operations.incident.told import restrict, restriction_of, said_of, tell, told_of
from tests.operations.incident.stage import Stage


def said(stage: Stage) -> dict[str, str]:
    return {name: told.text for name, told in told_of(stage.incident()).items()}


def test_the_last_word_counts_and_an_empty_one_takes_it_back() -> None:
    stage = Stage()
    tell(stage, stage.incident(), "impact", "nobody can book")
    tell(stage, stage.incident(), "service", "the booking page")
    tell(stage, stage.incident(), "impact", "nobody can pay")
    assert said(stage) == {"service": "the booking page", "impact": "nobody can pay"}
    tell(stage, stage.incident(), "impact", "")
    assert said(stage) == {"service": "the booking page"}
    assert stage.incident().entries[-1].text == "impact: taken back"


def test_of_two_languages_the_english_word_is_shown_and_one_without_a_language_counts_for_both() -> None:
    stage = Stage()
    for value, lang in (("no quotes", "en"), ("pas de devis", "fr")):
        stage.append("incident.told", {"field": "impact", "value": value, "lang": lang})
    assert said(stage) == {"impact": "no quotes"}
    assert [one.text for one in stage.incident().entries[-2:]] == ["impact: no quotes", "impact (fr): pas de devis"]
    tell(stage, stage.incident(), "impact", "nobody can pay")
    assert said(stage) == {"impact": "nobody can pay"}


def test_what_is_said_in_one_language_leaves_the_other_and_what_is_said_without_one_replaces_both() -> None:
    stage = Stage()
    tell(stage, stage.incident(), "impact", "nobody can book")
    tell(stage, stage.incident(), "impact", "plus de devis", "fr")
    assert said(stage) == {"impact": "nobody can book"}, "the report and the page are English"
    assert stage.incident().entries[-1].text == "impact (fr): plus de devis"
    tell(stage, stage.incident(), "impact", "", "fr")
    assert set(said_of(stage.incident())["impact"]) == {""}
    tell(stage, stage.incident(), "impact", "plus de devis", "fr")
    tell(stage, stage.incident(), "impact", "nobody can book")
    assert set(said_of(stage.incident())["impact"]) == {""}, "the French one was of what was said before"
    refused = (("cause", "fr", "said once"), ("data_loss", "fr", "said once"), ("impact", "../", "no language"))
    for field, language, words in refused:
        with pytest.raises(VigieError, match=words):
            tell(stage, stage.incident(), field, "oui", language)


def test_lines_are_kept_and_escape_codes_are_not() -> None:
    stage = Stage()
    tell(stage, stage.incident(), "went_well", "the alarm\x1b[31m came\n\n  the backup held  ")
    assert said(stage) == {"went_well": "the alarm came\nthe backup held"}
    assert stage.incident().entries[-1].text == "went well: the alarm came / the backup held"


def test_data_loss_is_one_of_three_words() -> None:
    stage = Stage()
    tell(stage, stage.incident(), "data_loss", "Not yet known")
    assert said(stage) == {"data_loss": "not yet known"}
    with pytest.raises(VigieError, match="yes, no, not yet known"):
        tell(stage, stage.incident(), "data_loss", "hopefully none")


def test_a_field_that_is_none_is_refused_with_those_there_are() -> None:
    with pytest.raises(VigieError, match="workaround"):
        tell(Stage(), Stage().incident(), "mood", "bad")


def test_the_same_words_again_are_no_event() -> None:
    stage = Stage()
    tell(stage, stage.incident(), "cause", "a migration")
    tell(stage, stage.incident(), "cause", "a migration")
    assert len(stage.rows) == 2


def test_a_restriction_needs_a_reason_and_is_lifted_with_one() -> None:
    stage = Stage()
    with pytest.raises(VigieError, match="reason"):
        restrict(stage, stage.incident(), True, " ")
    restrict(stage, stage.incident(), True, "a breach")
    restrict(stage, stage.incident(), True, "again")
    holds = restriction_of(stage.incident())
    assert holds is not None
    assert (holds.why, holds.who) == ("a breach", "ana")
    restrict(stage, stage.incident(), True, "the team may know of rollbacks", notices=True)
    restrict(stage, stage.incident(), True, "again")
    holds = restriction_of(stage.incident())
    assert holds is not None
    assert holds.notices
    assert len(stage.rows) == 3
    restrict(stage, stage.incident(), False, "no data left")
    assert restriction_of(stage.incident()) is None
    assert stage.incident().entries[-1].text == "not restricted any more: no data left"


def test_an_incident_may_be_restricted_from_the_start() -> None:
    holds = restriction_of(Stage(restricted=True, why="a breach").incident())
    assert holds is not None
    assert holds.why == "a breach"
