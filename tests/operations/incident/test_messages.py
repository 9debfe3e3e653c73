"""Drafts: filled with what is known and whitelisted, the rest left blank and said."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from operations.commands.message_text import cells, laid_out
from operations.errors import VigieError
from operations.incident.acts import set_state
from operations.incident.message_facts import fact_name, moment_words, one_value, whole_minute
from operations.incident.message_plan import tidy
from operations.incident.messages import KINDS, Draft, drafted, is_restricted, template_for
from operations.incident.model import Incident, IncidentState
from operations.incident.walks import load_book, start_walk
from operations.settings import MessageSettings, Settings, Site
from runbooks.blanks import blanks_in
from tests.attack.poison import BROKEN, ESCAPES, EVIL, MARKUP, TURNED, WIDE
from tests.operations.incident.conftest import START, Desk
from tests.operations.incident.test_book import opened
from tests.tui.scenes import down_snapshot, quiet_snapshot

SITE = Settings(site=Site(name="Harbour Tow"), messages=MessageSettings(zone="Europe/Paris"))


def told(desk: Desk, incident: Incident, **fields: str) -> Incident:
    for field, value in fields.items():
        name, _, language = field.partition("__")
        data = {"field": name, "value": value, **({"lang": language} if language else {})}
        desk.journal.append("incident.told", data, incident=incident.id)
    return again(desk, incident)


def again(desk: Desk, incident: Incident) -> Incident:
    found = desk.read().get(incident.id)
    assert found is not None
    return found


def draft(desk: Desk, incident: Incident | None, kind: str, **more: Any) -> Draft:
    return drafted(incident, kind, desk.now(), more.pop("settings", SITE), more.pop("snapshot", None), **more)


def test_the_first_notice_stands_at_once_and_lacks_only_the_impact(desk: Desk) -> None:
    made = draft(desk, opened(desk), "initial")
    assert made.missing == ("impact",)
    assert made.texts["en"] == (
        "We are having trouble with Harbour Tow.\nWhat you may notice: [impact]\n"
        "Since: 03:00 UTC (04:00 Europe/Paris)\n"
        "We are looking into it. Next update: 03:15 UTC (04:15 Europe/Paris)"
    )
    assert made.texts["fr"].endswith("Prochaine nouvelle : 03:15 UTC (04:15 Europe/Paris)")
    assert made.promised == START + timedelta(minutes=15)


def test_what_people_said_fills_both_languages_and_the_last_word_counts(desk: Desk) -> None:
    incident = told(desk, opened(desk), impact="no quotes", workaround="none")
    incident = told(desk, incident, impact="no new quotes", impact__fr="plus de devis")
    made = draft(desk, incident, "update")
    assert made.missing == ()
    assert "noticed: no new quotes\nWhat you can do meanwhile: nothing for the moment" in made.texts["en"]
    assert "constater : plus de devis\nCe que vous pouvez faire en attendant : rien pour le moment" in made.texts["fr"]
    assert "Where we are: we are looking for the cause" in made.texts["en"]


def test_one_persons_words_in_two_languages_are_said_to_be_that(desk: Desk) -> None:
    incident = told(desk, opened(desk), impact="no quotes")
    assert any(
        words.startswith("impact stands in the same words") for words in draft(desk, incident, "initial").remarks
    )
    both = told(desk, incident, impact__fr="pas de devis")
    assert not any("same words" in words for words in draft(desk, both, "initial").remarks)


def test_several_lines_of_somebody_become_one(desk: Desk) -> None:
    incident = told(desk, opened(desk), impact="no quotes\nno calls\r\n  either")
    assert "notice: no quotes no calls either\nSince" in draft(desk, incident, "initial").texts["en"]


def test_a_stale_translation_does_not_outlive_a_newer_word(desk: Desk) -> None:
    incident = told(desk, opened(desk), impact__fr="vieux")
    incident = told(desk, incident, impact="new")
    assert "constater : new" in draft(desk, incident, "initial").texts["fr"]


@pytest.mark.parametrize(
    ("said", "english", "french"),
    [("yes", "yes", "oui"), ("Non.", "no", "non"), ("unknown", "not yet known", "pas encore connu")],
)
def test_the_last_one_says_whether_data_was_lost(desk: Desk, said: str, english: str, french: str) -> None:
    incident = told(desk, opened(desk), impact="no quotes", data_loss=said)
    desk.pass_time(minutes=20)
    set_state(desk.journal, incident, IncidentState.RESOLVED)
    made = draft(desk, again(desk, incident), "resolved")
    assert made.missing == ()
    assert f"Was data lost: {english}\n" in made.texts["en"]
    assert f"perdues : {french}\n" in made.texts["fr"]
    assert "since 03:20 UTC" in made.texts["en"]
    assert made.promised is None


def test_where_nobody_said_whether_data_was_lost_it_is_not_yet_known(desk: Desk) -> None:
    made = draft(desk, told(desk, opened(desk), impact="x"), "resolved", snapshot=None)
    assert "Was data lost: not yet known" in made.texts["en"]
    assert made.missing == ("ended",)


def test_a_vague_word_about_lost_data_is_left_blank(desk: Desk) -> None:
    made = draft(desk, told(desk, opened(desk), impact="x", data_loss="a bit"), "resolved")
    assert "data loss" in made.missing
    assert "yes, no or not yet known" in made.why["data loss"]


def test_the_end_is_when_all_was_measured_well_or_when_it_was_resolved(desk: Desk) -> None:
    incident = told(desk, opened(desk), impact="x")
    well = replace(quiet_snapshot(), since=START + timedelta(minutes=12), onset=None)
    assert "working again since 03:12 UTC" in draft(desk, incident, "resolved", snapshot=well).texts["en"]
    assert "noticed: x\nFrom" in draft(desk, incident, "resolved", snapshot=well).texts["en"]
    before = replace(well, since=START - timedelta(days=2))
    assert "ended" in draft(desk, incident, "resolved", snapshot=before).missing


def test_the_end_is_when_it_is_on_record_as_well_and_not_when_somebody_said_resolved(desk: Desk) -> None:
    incident = told(desk, opened(desk), impact="x")
    health = {"probe": "health", "title": "health"}
    desk.journal.append("probe.changed", {**health, "key": "p1", "status": "down"}, incident=incident.id)
    desk.pass_time(minutes=8)
    desk.journal.append("probe.changed", {**health, "key": "p2", "status": "ok"}, incident=incident.id)
    desk.pass_time(minutes=12)
    set_state(desk.journal, again(desk, incident), IncidentState.RESOLVED)
    assert "working again since 03:08 UTC" in draft(desk, again(desk, incident), "resolved").texts["en"]


def test_an_update_says_what_is_measured_or_told_where_nobody_moved_the_state(desk: Desk) -> None:
    incident = told(desk, opened(desk), impact="x", cause="a release")
    down, well = down_snapshot(), replace(quiet_snapshot(), since=START + timedelta(minutes=12), onset=None)
    assert "are: the cause is known" in draft(desk, incident, "update", snapshot=down).texts["en"]
    made = draft(desk, incident, "update", snapshot=well)
    assert "are: it works again, and we are watching that it holds" in made.texts["en"]
    assert "sommes : cela fonctionne de nouveau" in made.texts["fr"]
    set_state(desk.journal, incident, IncidentState.MONITORING)
    assert "are: it is repaired" in draft(desk, again(desk, incident), "update", snapshot=well).texts["en"]


def test_since_is_the_onset_where_one_was_recorded_or_measured(desk: Desk) -> None:
    incident = opened(desk)
    measured = replace(down_snapshot(), onset=START - timedelta(minutes=4))
    assert "Since: 02:56 UTC" in draft(desk, incident, "initial", snapshot=measured).texts["en"]
    onset = {"key": f"onset:{incident.id}", "probe": "errors", "status": "down"}
    desk.journal.append("probe.changed", onset, incident=incident.id, at=START - timedelta(minutes=6))
    assert "Since: 02:54 UTC" in draft(desk, again(desk, incident), "initial", snapshot=measured).texts["en"]


def test_nothing_of_the_snapshot_or_the_title_gets_into_a_text(desk: Desk) -> None:
    incident = opened(desk, title="db-prod-01 TypeError: zone is undefined")
    for kind in ("initial", "update", "resolved", "correction"):
        text = " ".join(draft(desk, incident, kind, snapshot=down_snapshot()).texts.values())
        for word in ("zone is undefined", "db-prod", "v2.4.1", "a1b2c3d", "ana", "Vercel", "503", incident.id):
            assert word not in text, (kind, word)


def test_no_time_for_the_end_is_ever_filled_in_by_itself(desk: Desk, tmp_path: Path) -> None:
    site = own_book(tmp_path, "# Down\n\n```text {message=initial lang=en}\nBack at [eta], about [cause]\n```\n")
    made = draft(desk, opened(desk), "initial", settings=site)
    assert made.missing == ("eta", "cause")
    typed = draft(desk, opened(desk, environment="staging"), "initial", settings=site, given={"eta": "04:00 UTC"})
    assert typed.texts["en"] == "Back at 04:00 UTC, about [cause]"


def own_book(folder: Path, text: str, name: str = "site-down") -> Settings:
    (folder / f"{name}.md").write_text(text, "utf-8")
    return msgspec.structs.replace(SITE, runbooks=str(folder), path=str(folder / "vigie.toml"))


def test_the_teams_own_words_go_over_ours_with_french_names_of_blanks(desk: Desk, tmp_path: Path) -> None:
    site = own_book(
        tmp_path, "# D\n\n```text {message=initial lang=fr}\n[Service] : [impact], [prochaine nouvelle]\n```\n"
    )
    made = draft(desk, told(desk, opened(desk), impact="lent"), "initial", settings=site)
    assert made.texts == {"fr": "Harbour Tow : lent, 03:15 UTC (04:15 Europe/Paris)"}
    assert "there is no text in en" in made.remarks


def test_the_runbook_that_is_walked_has_the_words(desk: Desk) -> None:
    incident = opened(desk)
    start_walk(desk.journal, incident, load_book(SITE, "data-loss"))
    assert template_for(SITE, again(desk, incident), "initial").book == "data-loss"
    assert template_for(SITE, again(desk, incident), "update").book == "site-down"


def test_a_restricted_incident_takes_the_words_that_tell_nothing(desk: Desk) -> None:
    incident = opened(desk)
    desk.journal.append("incident.restricted", {"restricted": True, "why": "a breach"}, incident=incident.id)
    incident = told(desk, again(desk, incident), impact="slow pages")
    assert is_restricted(incident)
    for kind in ("initial", "update"):
        made = draft(desk, incident, kind)
        assert made.book == "security-breach"
        assert made.missing == ()
        assert "urgent work" in made.texts["en"]
    concerned = draft(desk, incident, "concerned", runbook="security-breach")
    assert "state" in concerned.missing
    desk.journal.append("incident.restricted", {"restricted": False, "why": "public now"}, incident=incident.id)
    assert not is_restricted(again(desk, incident))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_its_texts_in_both_languages(desk: Desk, kind: str) -> None:
    made = draft(desk, opened(desk), kind)
    assert set(made.texts) == {"en", "fr"}


def test_a_kind_that_no_runbook_has_is_refused_with_those_there_are(desk: Desk) -> None:
    with pytest.raises(VigieError, match="initial, update"):
        draft(desk, opened(desk), "poem")


def test_what_is_typed_for_one_message_counts_in_one_language_or_in_all(desk: Desk) -> None:
    given = {"impact": "no quotes", "impact.fr": "pas de devis"}
    made = draft(desk, opened(desk), "initial", given=given)
    assert "no quotes" in made.texts["en"]
    assert "pas de devis" in made.texts["fr"]
    with pytest.raises(VigieError, match="promised, not typed"):
        draft(desk, opened(desk, environment="staging"), "initial", given={"next_update": "soon"})


def test_planned_work_needs_no_incident(desk: Desk) -> None:
    made = draft(desk, None, "maintenance", given={"window": "Sunday 02:00-04:00 UTC", "workaround": "none"})
    assert made.missing == ("impact",)


def test_a_moment_names_its_days_where_they_differ() -> None:
    late = START.replace(hour=23, minute=50)
    assert moment_words(late, START, "Europe/Paris") == "23:50 UTC (2026-11-22 00:50 Europe/Paris)"
    assert moment_words(late, START + timedelta(days=1), "Europe/Paris").startswith("2026-11-21 23:50 UTC (2026-11-22")
    assert moment_words(late, START, "") == "23:50 UTC"
    summer = START.replace(month=7)
    assert moment_words(summer, summer, "Europe/Paris") == "03:00 UTC (05:00 Europe/Paris)"


def test_the_promise_and_the_text_are_the_same_minute() -> None:
    assert whole_minute(START + timedelta(seconds=1)) == START + timedelta(minutes=1)
    assert whole_minute(START) == START


def test_blanks_have_one_name_however_they_are_written() -> None:
    assert {fact_name(name) for name in ("next update", "Next_Update", "NEXT-UPDATE", "prochaine nouvelle")} == {
        "next update"
    }


HOSTILE = st.sampled_from(
    [ESCAPES, MARKUP, TURNED, WIDE, BROKEN, EVIL, "x" * 1_000_000, "漢" * 5000, "[impact]", "\n\n\r"]
)


@examples(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(HOSTILE, st.text(max_size=200)), st.one_of(HOSTILE, st.text(max_size=200)))
def test_whatever_is_said_stays_one_value_on_its_own_line(desk: Desk, impact: str, service: str) -> None:
    site = msgspec.structs.replace(SITE, messages=MessageSettings(service=service))
    incident = replace(opened_once(desk), events=())
    made = drafted(incident, "initial", desk.now(), site, None, given={"impact": impact})
    for language, text in made.texts.items():
        assert len(text.split("\n")) == 4, language
        assert len(text) < 1_500
        assert not harm_in(text.replace("\n", ""))
        assert one_value(impact) in text
    assert set(made.missing) <= {"impact", "service"}


def harm_in(text: str) -> list[str]:
    """Characters that move a cursor, turn a line round or break it."""
    bad = {"Cc", "Cs", "Co", "Zl", "Zp"}
    return [one for one in text if unicodedata.category(one) in bad or unicodedata.bidirectional(one) in TURNING]


TURNING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def opened_once(desk: Desk) -> Incident:
    return desk.read().open_for("production") or opened(desk)


@examples(max_examples=200)
@given(
    st.lists(st.one_of(HOSTILE.filter(lambda text: len(text) < 9000), st.text(max_size=300)), min_size=2, max_size=2),
    st.sampled_from((40, 80, 100, 160)),
)
def test_no_text_changes_the_layout_beside_it(texts: list[str], width: int) -> None:
    both = {"en": tidy(texts[0]), "fr": tidy(texts[1])}
    lines = list(laid_out(both, width))
    assert all(cells(line) <= width for line in lines)
    assert not any(harm_in(line) for line in lines)
    if width >= 100:
        places = {cells(line.partition(" │ ")[0]) for line in lines if " │ " in line and "│" not in "".join(texts)}
        assert len(places) <= 1


@given(st.text(max_size=400))
def test_tidy_is_done_once_and_for_all(text: str) -> None:
    assert tidy(tidy(text)) == tidy(text)
    assert "\n\n\n" not in tidy(text)


def test_brackets_that_markdown_takes_for_its_own_are_blanks_all_the_same(desk: Desk, tmp_path: Path) -> None:
    body = "[started]: [impact]\n[state](x) {{workaround}}"
    site = own_book(tmp_path, f"# D\n\n```text {{message=initial lang=en}}\n{body}\n```\n")
    made = draft(desk, told(desk, opened(desk), impact="x"), "initial", settings=site)
    assert set(made.missing) == {"state", "workaround"}
    assert made.texts["en"].startswith("03:00 UTC")


def test_the_correction_names_the_notice_it_corrects(desk: Desk) -> None:
    incident = told(desk, opened(desk), impact="no quotes")
    assert "corrected" in draft(desk, incident, "correction").missing
    data = {"message": "m-1", "kind": "initial", "texts": {"en": "x"}, "targets": []}
    desk.journal.append("message.sent", data, incident=incident.id)
    made = draft(desk, again(desk, incident), "correction", given={"correction": "maps work"})
    assert made.missing == ()
    assert made.texts["en"].startswith(
        "Correction of our notice of 03:00 UTC (04:00 Europe/Paris). What is right: maps"
    )


def test_a_template_has_no_blank_that_is_none() -> None:
    for kind in KINDS:
        for code in template_for(SITE, None, kind).codes.values():
            assert {blank.written for blank in code.blanks} == {one.written for one in blanks_in(code.text, "message")}
