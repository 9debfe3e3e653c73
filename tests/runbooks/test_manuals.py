"""Four manuals of the kind people have, as the console opens them: what is found in each was counted by eye."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from runbooks.model import Book
from runbooks.mojibake import repaired
from runbooks.parts import Group
from runbooks.reader import read

MANUALS = Path(__file__).parent.parent / "data" / "manuals"


@dataclass(frozen=True)
class Counted:
    """What is in a manual, counted by eye."""

    sections: int
    tasks: int
    command: int
    sql: int
    manual: int
    message: int
    blanks: int
    contacts: int
    thresholds: int
    hazards: int
    garbled: int
    windows: int
    steps: int
    hints: int


EXPECTED = {
    "planner-operations": Counted(17, 8, 24, 4, 1, 3, 7, 5, 0, 8, 3, 0, 7, 1),
    "fleet-production": Counted(24, 5, 9, 0, 5, 0, 3, 2, 6, 1, 1, 7, 1, 0),
    "cellar-runbooks": Counted(27, 0, 19, 5, 8, 0, 7, 6, 0, 7, 0, 4, 7, 0),
    "towing-handover": Counted(19, 2, 12, 0, 3, 0, 0, 5, 3, 1, 13, 0, 0, 2),
}


def manual(name: str) -> Book:
    return read((MANUALS / f"{name}.md").read_bytes(), name)


def groups(book: Book) -> list[Group]:
    return [group for section in book.sections for block in section.blocks for group in block.groups]


def lines_of(book: Book, numbers: set[int]) -> set[str]:
    source = book.source if isinstance(book.source, str) else ""
    return {line.strip() for number, line in enumerate(source.split("\n"), 1) if number in numbers}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_manual_opens_with_all_that_is_in_it(name: str) -> None:
    book = manual(name)
    kinds = Counter(group.kind for group in groups(book))
    found = Counted(
        sections=len(book.sections),
        tasks=sum(len(section.tasks) for section in book.sections),
        command=kinds["command"],
        sql=kinds["sql"],
        manual=kinds["manual"],
        message=kinds["message"],
        blanks=len({blank.written for group in groups(book) if group.runs for blank in group.blanks}),
        contacts=len(book.contacts),
        thresholds=len(book.thresholds),
        hazards=len(book.hazards),
        garbled=len(book.garbled),
        windows=sum(section.window is not None for section in book.sections),
        steps=sum(
            getattr(element, "meaning", "") == "steps" for section in book.sections for element in section.elements
        ),
        hints=sum(len(section.hints) for section in book.sections),
    )
    assert found == EXPECTED[name]
    assert kinds["output"] == 0
    assert book.problems == ()
    assert not any(section.branches or section.next for section in book.sections)


@pytest.mark.parametrize("name", EXPECTED)
def test_every_line_of_a_manual_that_is_not_blank_is_shown_exactly_once(name: str) -> None:
    book = manual(name)
    source = (MANUALS / f"{name}.md").read_text("utf-8").split("\n")
    shown = Counter(
        number
        for section in book.sections
        for element in section.elements
        for number in range(element.lines[0], element.lines[1] + 1)
    )
    filled = {number for number, line in enumerate(source, 1) if line.strip()}
    assert filled <= set(shown)
    assert set(shown.values()) == {1}


def test_the_hazards_of_the_manuals_are_these_lines() -> None:
    found = {
        name: sorted(lines_of(book, {hazard.line for hazard in book.hazards}))
        for name, book in ((name, manual(name)) for name in EXPECTED)
    }
    assert found["planner-operations"] == sorted(
        [
            "vercel env rm MAINTENANCE_MODE production",
            "dropdb production_db",
            "psql production_db < backup-20250101-000000.sql",
            "VACUUM FULL VERBOSE;",
            'REINDEX TABLE "Task";',
            "REINDEX DATABASE production_db;",
            "psql $DATABASE_URL < backup.sql",
            "redis-cli -u $REDIS_URL FLUSHALL",
        ]
    )
    assert found["fleet-production"] == ["supabase db backups restore <backup-id>"]
    assert found["cellar-runbooks"] == sorted(
        [
            "git push origin --delete hotfix/critical-fix",
            "git reset --hard [commit-hash]",
            "git push origin rollback/to-[commit-hash] --force",
            "psql -h [db-host] -U postgres -d postgres -f backup-[timestamp].sql",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity",
            "npx supabase db reset --linked  # Only if needed",
            "DELETE FROM notifications",
        ]
    )
    assert found["towing-handover"] == ["curl -fsSL https://deb.example/setup_18.x | sudo -E bash -  # Ubuntu/Debian"]


def test_people_and_their_times_are_found() -> None:
    ladder = [
        (contact.role, contact.after) for contact in manual("planner-operations").contacts if contact.after is not None
    ]
    assert ladder == [("Whoever is on call", 0.0), ("The team's lead", 900.0), ("The head of engineering", 3600.0)]
    assert [(contact.role, contact.after) for contact in manual("towing-handover").contacts][-1] == ("CTO", 1800.0)
    assert manual("towing-handover").contacts[0].ways == ("[Name]", "[Email]")


def test_limits_stand_beside_the_live_values_they_are_about() -> None:
    assert [(one.metric, one.expected, one.alarm, one.fact) for one in manual("fleet-production").thresholds][3:] == [
        ("Error Rate", "< 0.5%", "> 1%", "errors.rate"),
        ("API Latency (p95)", "< 500ms", "> 1000ms", "latency.p95"),
        ("Uptime", "> 99.9%", "< 99.5%", ""),
    ]
    assert [one.alarm for one in manual("towing-handover").thresholds] == [
        "3 failures in a row",
        "> 5% of requests; longer than 5 minutes",
        "none",
    ]


def test_templates_are_messages_with_blanks() -> None:
    messages = [code for name in EXPECTED for section in manual(name).sections for code in section.codes("message")]
    assert [(code.name, len(code.blanks)) for code in messages] == [("update", 4), ("report", 4)]


def test_damaged_text_is_readable_on_screen() -> None:
    towing = manual("towing-handover")
    titles = [repaired(section.title) for section in towing.sections]
    assert "🚀 First day" in titles
    assert "✅ Before the first day" in titles
    (start,) = (group for group in groups(manual("planner-operations")) if "goes to production" in group.text)
    assert repaired(start.text) == "🚀 v2.0.1 goes to production at [time]"


def test_options_of_a_fence_are_told_apart() -> None:
    either = [group.text.split("\n")[0] for name in EXPECTED for group in groups(manual(name)) if group.alternative]
    assert either[:3] == ["# Or with Docker", "# Or build it anew", "# Option A: by a merge (better)"]
    assert "# Option 2: close the site (if there is a page for it)" in either
    assert all(
        len({"vercel --prod", "docker-compose up"} & set(group.text.split("\n"))) < 2
        for group in groups(manual("planner-operations"))
    )


def test_a_step_says_how_long_it_may_take() -> None:
    windows = [
        (item.lead, item.window.end)
        for section in manual("planner-operations").sections
        for element in section.elements
        for item in getattr(element, "items", ())
        if item.window is not None
    ]
    assert windows == [
        ("At once (0-5 minutes)", 300.0),
        ("Find out (5-15 minutes)", 900.0),
        ("Afterwards (24-48 hours)", 172800.0),
    ]
