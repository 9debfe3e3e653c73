"""What a walk goes by: a look that is kept for a while, and facts from a file that keep their age."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

from operations.headless.seeing import Looking, recorded_facts
from operations.watch.model import Overall, Snapshot
from runbooks.facts import Fact
from tests.runbooks.support import NOW


def test_one_look_serves_until_it_is_old_or_something_happened() -> None:
    looks: list[Snapshot] = []
    said: list[str] = []
    clock = [NOW]

    def look() -> Snapshot:
        facts = {"page.ok": Fact("page.ok", True, "page", clock[0])}
        looks.append(Snapshot(clock[0], "production", Overall.OK, None, (), (), facts, (), clock[0], recorded=False))
        return looks[-1]

    seeing = Looking(look, said.append)
    for seconds, anew, count in ((0, False, 1), (19, False, 1), (21, False, 2), (22, True, 3), (23, False, 3)):
        clock[0] = NOW + timedelta(seconds=seconds)
        assert seeing.facts(clock[0], anew=anew)["page.ok"].age(clock[0]) <= 20  # type: ignore[operator]
        assert len(looks) == count
    assert len(said) == 2


def test_bare_values_are_as_if_read_now_and_null_is_unknown(tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    path.write_text(json.dumps({"page.ok": True, "errors.rate": 38, "change.nearest": "release", "host.cpu": None}))
    facts = recorded_facts(path).facts(NOW)
    assert {name: fact.known(NOW) for name, fact in facts.items()} == {
        "page.ok": True,
        "errors.rate": 38.0,
        "change.nearest": "release",
        "host.cpu": None,
    }
    assert facts["page.ok"].age(NOW) == 0.0
    assert facts["host.cpu"].why_unknown(NOW) == "the file has no value for it"


def test_a_document_of_facts_keeps_sources_reasons_and_ages_however_long_the_walk_takes(tmp_path: Path) -> None:
    bodies = {
        "backup.age": {"value": 9000.0, "says": "2 h", "source": "backups", "age": 12.5, "reason": ""},
        "host.cpu": {"value": None, "says": "", "source": "", "age": None, "reason": "not configured"},
    }
    path = tmp_path / "facts.json"
    path.write_text(json.dumps({"schema": 1, "command": "facts", "result": bodies}))
    recorded = recorded_facts(path)
    for minutes in (0, 60):
        now = NOW + timedelta(minutes=minutes)
        fact = recorded.facts(now)["backup.age"]
        assert (fact.known(now), fact.age(now), fact.source, fact.says) == (9000.0, 12.5, "backups", "2 h")
    assert recorded.facts(NOW)["host.cpu"].why_unknown(NOW) == "not configured"
    assert "2 facts from" in recorded.words
    assert "1 of them unknown" in recorded.words
