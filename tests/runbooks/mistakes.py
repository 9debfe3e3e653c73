"""Mistakes in a runbook, each made in one good book: what is changed, and what lint says to it."""

from __future__ import annotations

from tests.runbooks.good_book import Mistake
from tests.runbooks.mistakes_in_fences import IN_FENCES

# fmt: off
MISTAKES: dict[str, Mistake] = {
    "an answer's link leads nowhere": Mistake(
        (("**Yes** → [Done](#done)", "**Yes** → [Done](#dome)"),),
        "[Done](#dome)", "error target", "no section “#dome”: did you mean “#done”?",
    ),
    "a time box leads nowhere": Mistake(
        (("on-expire: #call-for-help", "on-expire: #nobody"),),
        "on-expire: #nobody", "error target", "“#nobody”",
    ),
    "the way out after the last wait leads nowhere": Mistake(
        (("at-most: 3; then: #call-for-help", "at-most: 3; then: #nobody"),),
        "**Not yet**", "error target", "“#nobody”",
    ),
    "the start is no section": Mistake(
        (('start: "#is-it-on"', 'start: "#is-it-of"'),),
        "start:", "error target", "“#is-it-of” to start from: did you mean “#is-it-on”?",
    ),
    "a link in the text leads nowhere": Mistake(
        (("(#reference)", "(#referense)"),),
        "(#referense)", "error target", "did you mean “#reference”?",
    ),
    "an answer has no link": Mistake(
        (("**They say it is over** → [Done](#done)", "**They say it is over** → done"),),
        "They say it is over", "error near-miss", "no link to a section",
    ),
    "an answer leads to another file": Mistake(
        (("**They say it is over** → [Done](#done)", "**They say it is over** → [Done](tea.md#done)"),),
        "They say it is over", "error near-miss", "no link to a section of this file",
    ),
    "an answer stands in a paragraph": Mistake(
        (("Kettles are round.", "**Round** → [Done](#done)"),),
        "**Round**", "error near-miss", "must stand in a list",
    ),
    "answers stand inside another list": Mistake(
        (("Kettles are round.", "- Kettles\n  - **Round** → [Done](#done)"),),
        "**Round**", "error near-miss", "inside another list",
    ),
    "a Next has something behind it": Mistake(
        (("Kettles are round.", "Next: [Done](#done), or not"),),
        "Next:", "error near-miss", "stands alone",
    ),
    "a section has two Next": Mistake(
        (
            ("Kettles are round.", "Next: [Done](#done)\n\nNext: [Is it on?](#is-it-on)"),
            ("# Reference", "# Ref"),
            ("(#reference)", "(#ref)"),
        ),
        "Next: [Is it on?]", "error near-miss", "one “Next:”",
    ),
    "a condition cannot be read": Mistake(
        (("when: kettle.failed;", "when: kettle.failed and;"),),
        "**No**", "error condition", "cannot be read",
    ),
    "a contra-indication cannot be read": Mistake(
        (("unless: database.waiters >= 3", "unless: database.waiters >="),),
        "unless:", "error condition", "cannot be read",
    ),
    "a time box is no duration": Mistake(
        (("timebox: 5m", "timebox: soon"),),
        "timebox: soon", "error value", "“timebox: soon”",
    ),
    "a due time is no duration": Mistake(
        (("due: 5m", "due: 5 minutes"),),
        "due: 5 minutes", "error value", "“due: 5 minutes”",
    ),
    "a fence's due time is no duration": Mistake(
        (("due=5m", "due=soon"),),
        "due=soon", "error value", "“due=soon”",
    ),
    "a rung of the ladder has no time": Mistake(
        (("team lead 15m", "team lead later"),),
        "team lead later", "error value", "“team lead later” in escalate",
    ),
    "the book has no title": Mistake(
        (("title: Is the kettle on?\n", ""), ("# Is the kettle on?\n", "\n"), ("# Reference", "## Reference")),
        "---", "error front-matter", "no title",
    ),
    "a setting is unknown": Mistake(
        (("owner: operations", "ovner: operations"),),
        "ovner", "warning front-matter", "did you mean “owner”?",
    ),
    "a severity is none of ours": Mistake(
        (("owner: operations", "owner: operations\nseverity: p1"),),
        "severity:", "error value", "write one of P0, P1, P2, P3",
    ),
    "the review is overdue": Mistake(
        (("reviewed: 2026-11-21", "reviewed: 2026-08-01"),),
        "reviewed:", "error review", "23 days overdue",
    ),
    "the review is no date": Mistake(
        (("reviewed: 2026-11-21", "reviewed: 2026-13-41"),),
        "reviewed:", "error review", "no date",
    ),
    "the review lies ahead": Mistake(
        (("reviewed: 2026-11-21", "reviewed: 2027-01-01"),),
        "reviewed:", "error review", "lies ahead",
    ),
    "the review has no rhythm": Mistake(
        (("review-every: 90d\n", ""),),
        "---", "warning review", "add review-every",
    ),
    "the rhythm is no duration": Mistake(
        (("review-every: 90d", "review-every: quarterly"),),
        "review-every", "error review", "no duration",
    ),
    "a comment has an unknown key beside a known one": Mistake(
        (("label: K2;", "label: K2; colour: red;"),),
        "colour: red", "error comment", "“colour” is no key of ours",
    ),
    "a comment nearly has a key": Mistake(
        (("when: kettle.failed; path: off", "never-sugested"),),
        "never-sugested", "warning comment", "did you mean “never-suggested”?",
    ),
    "a key stands where it does nothing": Mistake(
        (("<!-- path: on? -->", "<!-- path: on?; timebox: 5m -->"),),
        "timebox: 5m -->", "error place", "it belongs on a section",
    ),
    "a key stands in a paragraph": Mistake(
        (("Kettles are round.", "Kettles are round. <!-- due: 5m -->"),),
        "Kettles are round.", "error place", "does nothing on a paragraph",
    ),
    "an answer's comment slipped out of its list": Mistake(
        (("  <!-- path: over -->", "\n<!-- path: over -->"),),
        "path: over", "error place", "does nothing on a section",
    ),
    "two sections have one label": Mistake(
        (("label: END", "label: K1"),),
        "## Done", "error label", "“K1” belongs to",
    ),
    "two sections call for help": Mistake(
        (("label: END; end", "label: END; end; help"),),
        "## Done", "error label", "only one section calls for help",
    ),
    "a decision has one answer": Mistake(
        (("- **They say it is over** → [Done](#done)\n  <!-- path: over -->\n", ""),),
        "**Somebody came**", "error branches", "two answers or more",
    ),
    "a decision has more answers than keys": Mistake(
        (("- **Yes** → [Done](#done)\n", "- **Yes** → [Done](#done)\n" * 9),),
        "- **No** →", "warning branches", "stand behind 0",
    ),
    "an act cannot be reached": Mistake(
        (("**No** → [Switch it on](#-switch-it-on)", "**No** → [Done](#done)"),),
        "## ⚠ Switch it on", "error unreachable", "nobody gets to “K2 ⚠ Switch it on”",
    ),
    "there is no way out when unsure": Mistake(
        (
            (
                "**Cannot tell** → [Call for help](#call-for-help)\n  <!-- path: on? -->",
                "**Perhaps** → [Switch it on](#-switch-it-on)\n"
                "  <!-- path: on? -->",
            ),
        ),
        "**Yes**", "error unsure", "no way out when unsure",
    ),
    "a circle has no wait and no person": Mistake(
        (
            ("; timebox: 5m; on-expire: #call-for-help", ""),
            ("**Yes** → [Done](#done)\n", "**Yes** → [Is it warm?](#is-it-warm)\n"),
            (
                "# Reference",
                "## Is it warm?\n\n- **No** → [Is it on?](#is-it-on)\n"
                "  <!-- when: not kettle.ok -->\n- **Unsure** → [Done](#done)\n\n# Reference",
            ),
        ),
        "**No** → [Is it on?]", "error cycle", "“K1 Is it on?” → “Is it warm?” → “K1 Is it on?”",
    ),
    "an exit code has no act": Mistake(
        (("path: over -->", "path: over; exit: 3 -->"),),
        "They say it is over", "error exit", "this section has none",
    ),
    "an exit code belongs to two answers": Mistake(
        (("path: not yet -->", "path: not yet; exit: 0, 1 -->"),),
        "**Not yet**", "error exit", "exit code 0 belongs to the answer of line",
    ),
    "a wait is followed by nothing": Mistake(
        (("label: END; end", "label: END; end; wait: 5m"),),
        "wait: 5m -->", "error wait", "nothing follows",
    ),
    "a then follows no wait": Mistake(
        (("label: K1; timebox: 5m; on-expire:", "label: K1; then:"),),
        "then: #call-for-help -->", "error wait", "“then:” follows a wait",
    ),
    "a way on has no time box": Mistake(
        (("timebox: 5m; on-expire:", "on-expire:"),),
        "on-expire:", "error wait", "no time box",
    ),
    "at most counts nothing": Mistake(
        (("wait: 5m; at-most: 3; then: #call-for-help;", "at-most: 3;"),),
        "**Not yet**", "error wait", "“at-most:” counts waits",
    ),
    "an answer's then has no count": Mistake(
        (("wait: 5m; at-most: 3; then:", "wait: 5m; then:"),),
        "**Not yet**", "error wait", "follows “at-most:”",
    ),
    "a fact does not exist": Mistake(
        (("errors.rate <= 5%", "errors.rates <= 5%"),),
        "**Yes**", "error fact", "did you mean “errors.rate”?",
    ),
    "a check is asked for what it does not tell": Mistake(
        (("kettle.failed;", "kettle.colour == 3;"),),
        "**No**", "error fact", "no fact “kettle.colour”",
    ),
    "a share is compared with a time": Mistake(
        (("errors.rate <= 5%", "errors.rate <= 5s"),),
        "**Yes**", "error fact", "is a share",
    ),
    "a contra-indication asks for a number as a yes": Mistake(
        (("unless: database.waiters >= 3", "unless: database.waiters"),),
        "unless:", "error fact", "is a plain number",
    ),
    **IN_FENCES,
}
# fmt: on
