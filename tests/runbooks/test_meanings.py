"""What lists, tables and paragraphs of anybody's runbook are about."""

from __future__ import annotations

from textwrap import dedent

import pytest

from runbooks.model import Book, ItemList, Paragraph, Table
from runbooks.reader import read


def book_of(text: str) -> Book:
    return read(dedent(text).lstrip("\n"), "t")


def meanings(text: str) -> list[str]:
    elements = (element for section in book_of(text).sections for element in section.elements)
    return [element.meaning for element in elements if isinstance(element, ItemList | Table)]


@pytest.mark.parametrize(
    ("lead", "meaning"),
    [
        ("**Rollback if:**", "hint-for"),
        ("Roll back if:", "hint-for"),
        ("**When to Rollback:**", "hint-for"),
        ("When to use this:", "hint-for"),
        ("Escalate when:", "hint-for"),
        ("Stop if", "hint-for"),
        ("Page the lead if:", "hint-for"),
        ("**When NOT to Rollback:**", "hint-against"),
        ("When not to use it:", "hint-against"),
        ("Do not roll back if:", "hint-against"),
        ("Never restore when:", "hint-against"),
        ("Don't do this if:", "hint-against"),
        ("**Every hour:**", ""),
        ("**Options:**", ""),
        ("What to look at:", ""),
        ("The rollback will be done if somebody asks for it, and it takes a while, so be patient", ""),
    ],
)
def test_a_list_says_when_to_do_it_and_when_not(lead: str, meaning: str) -> None:
    assert meanings(f"# A\n\n{lead}\n\n- one\n- two\n") == [meaning]


def test_a_hint_keeps_the_line_above_it() -> None:
    (hint,) = book_of("# A\n\n**Rollback if:**\n- it hurts\n").sections[0].hints
    assert (hint.said, hint.meaning) == ("Rollback if:", "hint-for")


def test_numbered_entries_with_bold_leads_are_steps() -> None:
    assert meanings("# A\n\n1. **Look:** there\n2. **Act**\n") == ["steps"]


def test_a_measure_may_have_two_limits_and_an_action() -> None:
    rows = "| Queue | 200 | 1000 | page Julie |\n| Lag | 5 s | | |\n"
    table = f"| Metric | Warning | Critical | Action |\n|---|---|---|---|\n{rows}"
    found = read(f"# A\n\n{table}", "a").thresholds
    assert [(one.alarm, one.how) for one in found] == [
        ("200 warning, 1000 critical", "page Julie"),
        ("5 s warning", ""),
    ]


def test_numbered_measures_with_their_limits_are_no_steps() -> None:
    limits = "1. **Errors**\n   - Metric: 5xx\n   - Threshold: > 5%\n2. **Slow pages**\n   - Alert on: > 3 s\n"
    assert meanings(f"# A\n\n{limits}") == ["thresholds"]
    assert meanings("# A\n\n1. **Deploy**\n   - Target: staging\n2. **Smoke**\n   - Check: all\n") == ["steps"]
    assert meanings("# A\n\n1. look there\n2. act\n") == [""]
    assert meanings("# A\n\n- **Look**\n- **Act**\n") == [""]


@pytest.mark.parametrize(
    ("text", "contacts"),
    [
        (
            "# Contacts\n\n- **DevOps:** [Name] - [Email]\n- **CTO:** +1 555 0100 100\n",
            [("DevOps", None), ("CTO", None)],
        ),
        (
            "# C\n\n**Escalation:**\n1. On-call (immediate)\n2. Lead (15 minutes)\n",
            [("On-call", 0.0), ("Lead", 900.0)],
        ),
        (
            "# Who to call\n\n| Role | Phone |\n|---|---|\n| DBA | 1 |\n| CTO (1 hour) | 2 |\n",
            [("DBA", None), ("CTO", 3600.0)],
        ),
        (
            "# Escalation\n\n1. Contact the DBA\n2. Escalate to CTO if > 30 min outage\n",
            [("DBA", None), ("CTO", 1800.0)],
        ),
        (
            "# Escalation Matrix\n\n1. **Level 1**: on call\n2. **Level 2**: the lead\n",
            [("Level 1", None), ("Level 2", None)],
        ),
        ("# Emergency contacts\n\n**On-call:** see the rota\n", [("On-call", None)]),
        ("# External Support\n\n- Vercel: support@vercel.example\n", [("Vercel", None)]),
        ("# Contacts\n\n- Keep this list up to date\n- Review it every month\n", []),
        ("# Support\n\nWe support many things.\n\n- one\n- two\n", []),
        ("# Steps\n\n1. Contact the DBA\n", []),
        ("# A\n\n| Option | Meaning |\n|---|---|\n| x | y |\n", []),
    ],
)
def test_people_to_call_are_found(text: str, contacts: list[tuple[str, float | None]]) -> None:
    assert [(contact.role, contact.after) for contact in book_of(text).contacts] == contacts


@pytest.mark.parametrize(
    ("metric", "fact"),
    [
        ("Error Rate", "errors.rate"),
        ("5xx responses", "errors.rate"),
        ("API Latency (p95)", "latency.p95"),
        ("Response time", "latency.p95"),
        ("Database Latency", ""),
        ("Slow queries", ""),
        ("Database Connection", "database.ok"),
        ("Active connections", "database.connections_used"),
        ("Application Health", "health.ok"),
        ("CPU", "host.cpu"),
        ("Memory", "host.memory"),
        ("Last backup", "backup.age"),
        ("Uptime", ""),
    ],
)
def test_a_measure_stands_beside_its_live_value(metric: str, fact: str) -> None:
    (found,) = book_of(f"# A\n\n| Metric | Target | Alert |\n|---|---|---|\n| {metric} | a | b |\n").thresholds
    assert (found.metric, found.expected, found.alarm, found.fact) == (metric, "a", "b", fact)


@pytest.mark.parametrize(
    ("head", "is_one"),
    [
        ("| Metric | Target | Alert Threshold |", True),
        ("| Check | Command | Expected Result |", True),
        ("| Indicator | Where | Limit |", True),
        ("| Setting | Default | Meaning |", False),
        ("| Step | Expected | Done |", False),
        ("| Metric | Owner | Team |", False),
    ],
)
def test_only_tables_of_measures_are_thresholds(head: str, is_one: bool) -> None:
    assert (meanings(f"# A\n\n{head}\n|---|---|---|\n| a | b | c |\n") == ["thresholds"]) is is_one


def test_limits_may_stand_in_nested_lists() -> None:
    text = "# Alarms\n\n1. **High errors**\n   - Metric: 5xx\n   - Threshold: > 5%\n   - Alert on: 5 minutes\n"
    text += "2. **Other**\n   - note\n"
    (found,) = book_of(text).thresholds
    assert (found.metric, found.alarm, found.how, found.line) == ("High errors", "> 5%; 5 minutes", "5xx", 3)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("**WARNING: not on production**", "WARNING"),
        ("WARNING: careful", "WARNING"),
        ("⚠️ **WARNING** careful", "WARNING"),
        ("**‚ö†Ô∏è WARNING: STAGING ONLY**", "WARNING"),
        ("**Important:** read this", "IMPORTANT"),
        ("Note: it takes a while", "NOTE"),
        ("DO NOT run this twice", "DO NOT"),
        ("Caution! hot", "CAUTION"),
        ("Warnings are in the log", ""),
        ("Note that it takes a while", ""),
        ("Important things first", ""),
        ("It is a WARNING", ""),
    ],
)
def test_loud_paragraphs_are_known(text: str, word: str) -> None:
    (paragraph,) = (one for one in book_of(f"# A\n\n{text}\n").sections[0].elements if isinstance(one, Paragraph))
    assert paragraph.loud == word


@pytest.mark.parametrize(
    ("fence", "name", "blanks"),
    [
        ("```\nStatus: [x y]\nImpact: [Users]\n```", "update", 2),
        ("```markdown\n# Incident report\n**Date:** [Date]\n**Duration:** [Time]\n```", "report", 2),
        ("```text {message=initial}\nWe look into [it all].\n```", "initial", 1),
        ("```bash\nStatus: [x y]\nImpact: [z z]\n```", "", 0),
        ("```\nStatus: [x y]\n```", "", 0),
        ("```\nStatus: up\nImpact: none\n```", "", 0),
    ],
)
def test_templates_to_send_are_messages(fence: str, name: str, blanks: int) -> None:
    messages = book_of(f"# A\n\n{fence}\n").sections[0].codes("message")
    assert [(code.name, len(code.blanks)) for code in messages] == ([(name, blanks)] if name else [])
