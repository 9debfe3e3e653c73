"""The rollback's plan: its lines, guards, confirmation, and the words for each request that makes no sense."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from operations.engine.locks import Locks
from operations.engine.model import ConfirmLevel, Guard, Plan
from operations.engine.record import StepRecord
from operations.errors import VigieError
from operations.jobs.rollback import Rollback
from operations.places import places_for
from operations.watch.model import Alarm, Change, Overall, Signature
from runbooks.facts import Fact
from tests.operations.jobs.rig import Rig, a_rig
from tests.servers import PostgresServer

DROPS = {"app.txt": "3", "migrations/0002_drop.sql": "alter table calls drop column zone;"}
ADDS = {"app.txt": "3", "migrations/0002_zone.sql": "alter table calls add column zone text;"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """One site for the plans that change nothing; a test that does makes its own."""
    with a_rig(tmp_path_factory.mktemp("site"), bad=ADDS) as made:
        yield made


@pytest.fixture
def rig(shared: Rig) -> Rig:
    shared.more, shared.jobs, shared.kind = "", [], "production"
    shared.traffic = lambda start, end: 44.0
    shared.watched()
    return shared


def plan(rig: Rig, request: dict[str, Any] | None = None, **how: Any) -> Plan:
    return Rollback().plan(rig.desk(rig.settings(**how)), request or {})


def line(found: Plan, label: str) -> str:
    return next(one.text for one in found.lines if one.label == label)


def guard(found: Plan, name: str) -> Guard:
    return next(one for one in found.guards if one.name == name)


def refused(rig: Rig, request: dict[str, Any]) -> VigieError:
    with pytest.raises(VigieError) as caught:
        plan(rig, request)
    return caught.value


def test_the_plan_fills_the_dialog(rig: Rig) -> None:
    found = plan(rig)
    v2, v3 = rig.commits["v2"][:7], rig.commits["v3"][:7]
    assert line(found, "From") == f"v3 {v3}   live 12m, tom"
    assert line(found, "To") == f"v2 {v2}   ran 3d1h, 44 req/s, no alarm"
    assert "Skipped" not in [one.label for one in found.lines]
    assert line(found, "How") == "promote the kept build, about 10 s"
    assert line(found, "Takes back") == "1 commit, 2 files, +2 -1"
    assert line(found, "Migrations") == "0002_zone, adds only: old code usually runs"
    assert line(found, "Brings back") == "no settings"
    assert "(1 other)" in [one.aside for one in found.lines]
    assert "work for v3" in found.diff
    assert "+3" in found.diff
    assert [one.verdict for one in found.guards if one.verdict in ("refuse", "unknown")] == []
    assert [one.name for one in found.steps] == ["prerequisites", "recovery-tag", "promote", "wait", "smoke", "record"]
    assert [one.name for one in found.steps if one.no_return] == ["promote"]
    assert all(one.commands for one in found.steps if one.effect)
    assert found.refusal is None
    assert found.details["can_rebuild"] is True
    assert [one["name"] for one in found.details["candidates"]] == ["v2", "v1"]
    assert found.title == "Roll back"
    json.dumps(found.details)


def test_a_rebuild_names_its_steps_and_times(rig: Rig) -> None:
    found = plan(rig, {"rebuild": True})
    names = ["prerequisites", "recovery-tag", "checkout", "build", "publish", "wait", "smoke", "record"]
    assert [one.name for one in found.steps] == names
    assert found.expected == 454.0
    assert line(found, "How") == "rebuild from git, about 7 min: asked for"


def test_expected_times_are_the_median_of_earlier_runs_done_the_same_way(rig: Rig) -> None:
    first = plan(rig)
    for seconds in (9.0, 1.0, 4.0):
        job = rig.remember(first, 0, past_no_return=False)
        rig.jobs[0] = replace(job, steps=(StepRecord("wait", "wait", 5.0, "done", None, seconds),))
    assert next(one.expected for one in plan(rig).steps if one.name == "wait") == 4.0
    assert next(one.expected for one in plan(rig, {"rebuild": True}).steps if one.name == "wait") == 40.0


def test_production_wants_the_phrase_and_elsewhere_a_yes(rig: Rig) -> None:
    confirm = plan(rig).confirm
    assert (confirm.level, confirm.phrase, confirm.needs_reason) == (ConfirmLevel.PHRASE, "dispatch production", True)
    rig.kind = "staging"
    assert plan(rig).confirm.level is ConfirmLevel.YES


def test_one_way_migrations_turn_the_plan_red_and_want_the_phrase_twice(tmp_path: Path) -> None:
    with a_rig(tmp_path, bad=DROPS) as rig:
        rig.watched()
        found = plan(rig)
        (shown,) = [one for one in found.lines if one.label == "Migrations"]
        assert shown.severity == "bad"
        assert "the code rolls back, the schema does not" in shown.text
        assert "0002_drop: drops column calls.zone" in [one.text for one in found.lines]
        assert found.confirm.level is ConfirmLevel.PHRASE_TWICE
        assert found.refusal is None
        assert "0002_drop one-way" in found.decisive["Migrations"]


def test_the_database_has_a_say_in_the_migrations(rig: Rig, postgres: PostgresServer) -> None:
    address = postgres.new_database()
    name = address.rpartition("/")[2]
    postgres.run(f"comment on database \"{name}\" is 'vigie:environment=production'")
    postgres.run(
        "create table vigie_migrations (name text, applied_at timestamptz, finished_at timestamptz, error text)", name
    )
    rig.more = f'database = "{address}"'
    assert line(plan(rig), "Migrations").startswith("0002_zone, none")
    postgres.run("insert into vigie_migrations values ('0002_zone', now(), null, 'lock timeout')", name)
    found = plan(rig)
    assert "failed" in line(found, "Migrations")
    assert found.confirm.level is ConfirmLevel.PHRASE_TWICE
    postgres.run(f"comment on database \"{name}\" is 'vigie:environment=staging'")
    story = guard(plan(rig), "one story")
    assert (story.verdict, story.code) == ("refuse", 1)
    rig.more = 'database = "postgresql://app:pw@127.0.0.1:9/x"'
    unreadable = plan(rig)
    assert guard(unreadable, "one story").verdict == "warn"
    assert "0002_zone, adds only" in line(unreadable, "Migrations")
    assert any("Judged from git alone" in one.text for one in unreadable.lines)


def test_without_a_watch_the_target_is_unknown_and_the_plan_says_so(rig: Rig) -> None:
    rig.snapshot = None
    found = plan(rig)
    assert "not watched then" in line(found, "To")
    assert any("health of no earlier release is known" in one.text for one in found.lines)
    assert "nothing is watching" in found.against[0]


def test_evidence_for_and_against(rig: Rig) -> None:
    live_at = rig.now - timedelta(hours=0.2)
    words = "TypeError: zone is undefined"
    paths = {"/api/calls": 400, "/api/trucks": 10, "/api/quote": 2}
    signatures = tuple(Signature(words, path, count, live_at, "v3") for path, count in paths.items())
    rig.watched(onset=live_at + timedelta(seconds=60), onset_margin=20.0, signatures=signatures)
    found = plan(rig)
    assert found.against == ()
    assert found.in_favour == (
        "errors began 1m after this release (±21 s)",
        "new in v3: TypeError: zone is undefined ×412",
    )
    flag = Change("flag", live_at + timedelta(seconds=50), "maps off", "tom")
    facts = {
        "database.error": Fact("database.error", "refused", at=rig.now),
        "provider.used": Fact("provider.used", "major", at=rig.now),
        "provider.fits_onset": Fact("provider.fits_onset", True, at=rig.now),
    }
    rig.watched(onset=live_at + timedelta(seconds=60), facts=facts, changes=(flag,))
    contrary = plan(rig)
    assert any("database does not answer: refused" in one for one in contrary.against)
    assert any("provider" in one for one in contrary.against)
    assert any("nearer to the onset: flag maps off" in one for one in contrary.against)
    assert contrary.other_changes == ("11m ago: flag maps off, tom",)
    rig.watched(onset=live_at - timedelta(minutes=9))
    assert plan(rig).against == ("errors began 9m before this release (±1 s)",)
    rig.watched(onset=live_at, onset_margin=20.0)
    assert "which came first cannot be told" in plan(rig).against[0]


def test_a_site_without_errors_is_said_to_have_none(rig: Rig) -> None:
    none = {"errors.rate": Fact("errors.rate", 0.0, at=rig.now, stale_after=600.0)}
    rig.watched(overall=Overall.OK, facts=none)
    assert plan(rig).against[0] == "there are no errors now"
    rig.watched(facts=none)
    assert plan(rig).against[0] == "it is not known when the errors began"


def test_evidence_never_blocks(rig: Rig) -> None:
    rig.watched(onset=rig.now - timedelta(days=2))
    assert plan(rig).refusal is None


def test_an_alarm_of_the_target_moves_the_default_further_back(rig: Rig) -> None:
    rig.watched(alarms=(Alarm("5xx", "5xx over 5 %", rig.now - timedelta(hours=30)),))
    found = plan(rig)
    assert found.details["to_name"] == "v1"
    assert [one["standing"] for one in found.details["candidates"]] == ["healthy", "alarmed"]
    assert line(found, "Skipped") == "v2: ran 3d1h, alarm: 5xx over 5 %"
    assert "Skipped" not in [one.label for one in plan(rig, {"to_commit": "v2"}).lines]


def test_a_target_can_be_named_by_hash_short_hash_tag_and_release(rig: Rig) -> None:
    commit = rig.commits["v1"]
    for value in (commit, commit[:7], "v1"):
        found = plan(rig, {"to_commit": value})
        assert found.request["to_commit"] == commit
        assert found.request["target"] == "v1"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("-v1", "is not a commit"),
        ("--exec=x", "is not a commit"),
        ("v9", "unborn here"),
        ("deadbeef", "There is no commit deadbeef"),
    ],
)
def test_a_value_that_is_no_commit_is_code_1(rig: Rig, value: str, words: str) -> None:
    error = refused(rig, {"to_commit": value})
    assert error.code == 1
    assert words in str(error)


def test_already_live_and_not_an_ancestor_refuse_with_code_1(rig: Rig) -> None:
    live = plan(rig, {"to_commit": "v3"}).refusal
    assert live is not None
    assert (live.name, live.code) == ("not live already", 1)
    assert "is live already" in live.says
    side = rig.git.git("commit-tree", "-m", "aside", rig.git.git("rev-parse", "v1^{tree}"))
    aside = plan(rig, {"to_commit": side}).refusal
    assert aside is not None
    assert (aside.name, aside.code) == ("behind live", 1)
    assert "not an ancestor" in aside.says


def test_nothing_to_roll_back_to(rig: Rig) -> None:
    hours = [timedelta(hours=hours) for hours in (30, 100)]
    rig.watched(alarms=tuple(Alarm("x", "down", rig.now - before) for before in hours))
    error = refused(rig, {})
    assert error.code == 1
    assert "nothing to roll back to: no earlier release was healthy" in error.what
    assert refused(rig, {"forward": True}).what.startswith("There is nothing to go forward to")


def test_a_failed_target_is_struck_out(rig: Rig) -> None:
    rig.remember(plan(rig), 4, past_no_return=False)
    found = plan(rig)
    assert found.details["to_name"] == "v1"


def test_a_commit_that_never_was_a_release_is_rebuilt(rig: Rig) -> None:
    first = rig.git.git("rev-list", "--max-parents=0", "HEAD")
    rig.git.git("tag", "--delete", "v1")
    try:
        rig.platform.releases()
        found = plan(rig, {"to_commit": first})
        assert found.details["how"] == "promote"
    finally:
        rig.git.git("tag", "v1", first)


def test_a_pruned_build_that_git_does_not_have_is_code_2(tmp_path: Path) -> None:
    with a_rig(tmp_path) as rig:
        rig.watched()
        document = rig.root / "releases" / "v2" / "release.json"
        record = rig.root / "releases.jsonl"
        record.write_text(record.read_text().replace(rig.commits["v2"], "e" * 40))
        document.unlink()
        (rig.root / "releases" / "v2").rename(rig.root / "gone")
        found = plan(rig, {"to_commit": "e" * 40}).refusal
        assert found is not None
        assert found.code == 2
        assert "is not kept, and its commit eeeeeee is not in this checkout" in found.says


def test_a_missing_platform_repository_or_address_is_code_2(rig: Rig, tmp_path: Path) -> None:
    settings = rig.write_settings()
    text = settings.read_text()

    def planned(changed: str) -> Plan:
        from operations.settings_reader import load_settings

        path = tmp_path / "vigie.toml"
        path.write_text(changed)
        return Rollback().plan(rig.desk(load_settings(path, {})), {})

    with pytest.raises(VigieError, match="platform is not configured") as caught:
        planned(text.partition("[environments.production.platform]")[0])
    assert caught.value.code == 2
    no_repository = planned(text.replace(f'repository = "{rig.git.path}"', 'repository = "nowhere"')).refusal
    assert no_repository is not None
    assert (no_repository.name, no_repository.code) == ("repository there", 2)
    no_address = planned(text.replace(f'url = "{rig.url}"', "")).refusal
    assert no_address is not None
    assert (no_address.name, no_address.code) == ("seen from outside", 2)


def test_a_platform_without_a_live_release_has_nothing_to_roll_back_from(tmp_path: Path) -> None:
    with a_rig(tmp_path) as rig:
        (rig.root / "current").unlink()
        assert "no live release yet" in refused(rig, {}).what


def test_somebody_elses_job_is_code_75_and_is_named(rig: Rig) -> None:
    import subprocess
    import sys

    places = places_for(rig.settings())
    script = (
        "import sys; from pathlib import Path; from operations.engine.locks import Locks;"
        "from operations.desk import utc_now;"
        "lock = Locks(Path(sys.argv[1]), who='tom', now=utc_now)"
        ".acquire('dispatch', 'production', 'change', operation='restore');"
        "print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", script, str(places.locks)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        found = plan(rig).refusal
        assert found is not None
        assert found.code == 75
        assert "tom" in found.says
    finally:
        holder.communicate()
    assert plan(rig).refusal is None
    assert isinstance(Locks(places.locks, who="x", now=lambda: rig.now), Locks)


def test_planning_twice_gives_the_same_plan_and_a_new_release_another(tmp_path: Path) -> None:
    with a_rig(tmp_path) as rig:
        rig.watched()
        first = plan(rig)
        again = plan(rig)
        assert first.fingerprint == again.fingerprint
        # The worker has no watch: with the target nailed down in the request it comes to the same plan.
        rig.snapshot = None
        assert plan(rig, dict(first.request)).fingerprint == first.fingerprint
        rig.release("v4", {"app.txt": "4"}, hours_ago=0)
        changed = plan(rig, dict(first.request))
        assert changed.fingerprint != first.fingerprint
        assert any(words.startswith("From: v3") for words in first.differences(changed))


def test_a_site_that_answers_now_and_then_does_not_change_the_plan(tmp_path: Path) -> None:
    with a_rig(tmp_path) as rig:
        rig.watched()
        up = plan(rig)
        rig.site.stop()
        down = plan(rig)
        assert down.fingerprint == up.fingerprint
        assert guard(down, "one story").verdict == "warn"


def test_a_site_that_runs_something_else_than_the_platform_says_is_decisive(tmp_path: Path) -> None:
    with a_rig(tmp_path) as rig:
        rig.watched()
        first = plan(rig)
        rig.platform.promote("v1", who="tom")
        rig.platform.promote("v3", who="tom")
        rig.start_site()
        link = rig.root / "current"
        link.unlink()
        link.symlink_to("releases/v1")
        rig.start_site()
        link.unlink()
        link.symlink_to("releases/v3")
        second = plan(rig)
        assert any(words.startswith("Site reports") for words in first.differences(second))
        assert guard(second, "one story").verdict == "warn"


def test_nothing_is_changed_by_planning(rig: Rig) -> None:
    before = (rig.live(), rig.git.git("for-each-ref"), sorted(str(path) for path in rig.root.rglob("*")))
    plan(rig)
    plan(rig, {"rebuild": True})
    assert before == (rig.live(), rig.git.git("for-each-ref"), sorted(str(path) for path in rig.root.rglob("*")))
