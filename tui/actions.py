"""The one action registry: bindings, footer, palette, help, the README's table and a test all come from it.

An action that changes something is not bound at all in read-only mode, so it is in none of those places either.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Place = Literal["everywhere", "main", "walk", "jobs", "incident", "books", "book", "health", "logs", "links", "drill"]
"""Where an action applies: on every full page, on the main page, while walking, on the pages of the jobs, the incident,
the runbooks, one runbook, the probes, the logs, the links and the drill."""


@dataclass(frozen=True, slots=True)
class Action:
    """Something a person can do with one key.

    `name` is the method `action_<name>` of the app (with its argument in brackets), `word` what the footer says,
    `help` one sentence, `twin` the command that does the same.
    """

    name: str
    key: str
    word: str
    help: str
    place: Place = "everywhere"
    changes: bool = False
    twin: str = ""
    footer: bool = True

    @property
    def method(self) -> str:
        """The name without its argument."""
        return self.name.partition("(")[0]


ACTIONS: tuple[Action, ...] = (
    Action("take", "enter", "take it", "Take the suggested answer, or do what the section offers.", "walk", True),
    *(Action(f"answer({n})", str(n), "answer", f"Give answer {n}.", "walk", True, footer=n == 1) for n in range(1, 10)),
    Action(
        "answer_listed",
        "0",
        "all answers",
        "Choose among all answers: those behind the ninth have no digit.",
        "walk",
        True,
        footer=False,
    ),
    Action(
        "all_clear",
        "a",
        "all clear ones",
        "Show every decision that is clear, then take them with one Enter.",
        "walk",
        True,
    ),
    Action("why", "o", "why", "Show the evidence for and against every answer.", "walk"),
    Action("step_back", "x", "back", "Go back to the question before; the path is kept.", "walk", True),
    Action("jump", "g", "go to", "Go to any section of the runbook.", "walk", True, footer=False),
    Action("tasks", "t", "to do", "Open the runbook at this question: tick, run, copy, mark.", "walk"),
    Action(
        "checks", "e", "checks", "Run the checks of this section; they only read.", "walk", changes=True, footer=False
    ),
    Action("walks", "w", "walks", "The walks of this incident: go on with another.", "walk", footer=False),
    Action("look", "v", "tree, card", "The tree with the path so far, or the quick card.", "walk", footer=False),
    Action(
        "do_here", "enter", "do it", "Tick it, plan the command, follow the link, unfold it, copy the message.", "book"
    ),
    Action(
        "mark", "m", "mark", "Done, skipped with a reason, failed with a note, or open again.", "book", changes=True
    ),
    Action("copy", "y", "copy", "Copy what the cursor is on: to the clipboard, and to a file.", "book"),
    Action("outline", "g", "go to", "Go to any section of the runbook.", "book"),
    Action("turn(-1)", "left", "section before", "The section before this one.", "book", footer=False),
    Action("turn(1)", "right", "next section", "The section after this one.", "book", footer=False),
    Action("search_book", "slash", "find", "Find words in this runbook; again with nothing finds the next.", "book"),
    Action(
        "book_checks",
        "e",
        "checks",
        "Run the checks of this section; they only read.",
        "book",
        changes=True,
        footer=False,
    ),
    Action(
        "walk_here", "w", "walk it", "Walk this runbook in the open incident, from this section.", "book", changes=True
    ),
    Action("look_book", "v", "tree, card", "The tree with the path so far, the quick card, people, limits.", "book"),
    Action("open_book", "enter", "open", "Open the runbook, or the place that was found.", "books"),
    Action("search_books", "slash", "search", "Search names, titles and texts; nothing shows all again.", "books"),
    Action(
        "note", "n", "note", "Write a note on the timeline.", "main", changes=True, twin='vigie incident note ID "…"'
    ),
    Action(
        "call_help",
        "h",
        "call help",
        "Show the brief, and call somebody with it.",
        "main",
        True,
        'vigie incident call ID --need "…"',
    ),
    Action(
        "rollback",
        "R",
        "rollback",
        "Plan a rollback: what would change, for and against.",
        changes=True,
        twin="vigie rollback --env production",
    ),
    Action(
        "smoke", "T", "smoke", "Run the smoke tests; they only read.", changes=True, twin="vigie smoke --env production"
    ),
    Action(
        "backup",
        "B",
        "backup",
        "Plan a backup of the database: dump, checksum and manifest in the bucket.",
        changes=True,
        twin="vigie backup --env production",
    ),
    Action(
        "backups",
        "A",
        "backups",
        "The backups in the bucket, and which can be trusted; the chosen one is downloaded again and compared.",
        changes=True,
        twin="vigie backups verify NAME",
        footer=False,
    ),
    Action(
        "restore",
        "E",
        "restore",
        "Plan a restore onto staging, from a backup you choose; never onto production.",
        changes=True,
        twin="vigie restore --env staging --latest",
        footer=False,
    ),
    Action(
        "deploy",
        "D",
        "deploy",
        "Plan a deploy: the newest commit or another, with its migrations.",
        changes=True,
        twin="vigie deploy --env production",
        footer=False,
    ),
    Action(
        "redeploy",
        "Y",
        "redeploy",
        "Plan to publish the live commit again, with today's settings.",
        changes=True,
        twin="vigie redeploy --env production",
        footer=False,
    ),
    Action(
        "switches",
        "S",
        "switches",
        "Maintenance mode, the site's flags, a freeze.",
        changes=True,
        twin="vigie maintenance on --env production",
        footer=False,
    ),
    Action(
        "runbooks", "W", "runbooks", "The runbooks, ours and the team's own: open, search.", twin="vigie runbook list"
    ),
    Action(
        "update",
        "U",
        "update",
        "Tell users: draft the next message, fill its blanks, see every word, send it.",
        changes=True,
        twin="vigie message send update",
    ),
    Action(
        "messages",
        "M",
        "messages",
        "What users were told, and what each target answered.",
        twin="vigie message list",
        footer=False,
    ),
    Action("logs", "L", "logs", "What users run into, by kind, and the request log as it grows.", footer=False),
    Action("health", "V", "health", "Every probe with its history.", twin="vigie status", footer=False),
    Action("links", "K", "links", "Dashboards, status pages and people: addresses and numbers to copy.", footer=False),
    Action("open_probe", "enter", "whole", "Everything this probe said in the last hour.", "health"),
    Action("filter_health", "slash", "filter", "List only the probes with these words.", "health"),
    Action("copy_link", "enter", "copy", "Copy the address or the number, to the clipboard and to a file.", "links"),
    Action("filter_links", "slash", "filter", "List only the links and people with these words.", "links"),
    Action("follow_logs", "f", "follow", "Follow the end of the log again.", "logs"),
    Action("filter_logs", "slash", "filter", "Show only the lines of the log with these words.", "logs"),
    Action("wrap_logs", "z", "wrap", "Break long lines of the log, or cut them.", "logs", footer=False),
    Action(
        "drill",
        "G",
        "drill",
        "The drill: its story, clock and hints, and how it went; outside of one how it is begun.",
        twin="vigie drill",
        footer=False,
    ),
    Action("drill_menu", "enter", "hint, end", "A hint, or the end of the drill and how it went.", "drill", True),
    Action("jobs", "J", "jobs", "The jobs: follow, log, cancel, clean.", twin="vigie jobs list"),
    Action(
        "incident",
        "I",
        "incident",
        "Open an incident, or its page when one is open.",
        twin='vigie incident open "…" --env production',
    ),
    Action(
        "cancel_job",
        "c",
        "cancel",
        "Ask the chosen job to stop before its point of no return.",
        "jobs",
        True,
        "vigie jobs cancel ID",
    ),
    Action("clean_job", "d", "clean", "Clean what a dead worker left behind.", "jobs", True, "vigie jobs clean ID"),
    Action("choose_job(-1)", "left", "newer job", "Look at the job after this one.", "jobs", footer=False),
    Action("choose_job(1)", "right", "older job", "Look at the job before this one.", "jobs", footer=False),
    Action("follow_log", "f", "follow", "Follow the end of the log again.", "jobs"),
    Action("filter_log", "slash", "filter", "Show only the lines of the log with these words.", "jobs"),
    Action("wrap_log", "z", "wrap", "Break long lines of the log, or cut them.", "jobs", footer=False),
    Action(
        "incident_menu",
        "enter",
        "more",
        "Roles, what is known, reminders, tasks, pins and corrections, its end, the report.",
        "incident",
        True,
        "vigie incident role ID",
    ),
    Action(
        "filter_timeline",
        "slash",
        "filter",
        "Show only entries with these words; who:ana, kind:walk, kind:job and pinned: choose, too.",
        "incident",
        footer=False,
    ),
    Action("severity", "s", "severity", "Change how bad it is.", "incident", True),
    Action("resolve", "r", "resolve", "Say that it is over; asks for a passed smoke run.", "incident", True),
    Action(
        "mend_journal",
        "F",
        "repair",
        "Repair a damaged journal: what can be read is saved, the damaged file is kept.",
        changes=True,
        twin="vigie journal repair",
    ),
    Action("palette", "ctrl+p", "palette", "Everything that can be done now, by name.", footer=False),
    Action("help", "question_mark", "keys", "All keys of this page."),
    Action("go_back", "escape", "back", "Back to the page before; Backspace, too. Never stops a job.", footer=False),
    Action("go_back", "backspace", "back", "Back to the page before; Backspace, too. Never stops a job.", footer=False),
    Action(
        "leave", "q", "quit", "Leave the console; jobs go on without you.", twin="(closing the terminal does the same)"
    ),
)

KEY_WORDS = {
    "left": "Left",
    "right": "Right",
    "enter": "Enter",
    "question_mark": "?",
    "slash": "/",
    "escape": "Esc",
    "backspace": "Backspace",
    "ctrl+p": "Ctrl+P",
}


def shown_key(key: str) -> str:
    """A key as a person writes it."""
    return KEY_WORDS.get(key, key)


def actions(*, readonly: bool) -> Iterator[Action]:
    """Every action that exists in this mode."""
    return (action for action in ACTIONS if not (readonly and action.changes))


def key_of(method: str) -> str:
    """The key of an action, as a person writes it."""
    return next(shown_key(action.key) for action in ACTIONS if action.method == method)


def table() -> str:
    """The registry as a Markdown table, for the README."""
    rows = ["| Key | Does | Where | As a command |", "|---|---|---|---|"]
    seen = set()
    for action in ACTIONS:
        if action.name in seen or (action.method == "answer" and "answer(1)" in seen):
            continue
        seen.add(action.name)
        key = "`1`-`9`" if action.method == "answer" else f"`{shown_key(action.key)}`"
        help = "Give that answer." if action.method == "answer" else action.help
        twin = f"`{action.twin}`" if action.twin.startswith("vigie") else action.twin
        rows.append(f"| {key} | {help} | {action.place} | {twin} |")
    return "\n".join(rows) + "\n"
