"""Mistakes in a runbook, each made in one good book: what is changed, and what lint says to it."""

from __future__ import annotations

from textwrap import dedent
from typing import NamedTuple

GOOD = dedent(
    """\
    ---
    title: Is the kettle on?
    start: "#is-it-on"
    owner: operations
    reviewed: 2026-11-21
    review-every: 90d
    escalate: [on-call 0m, team lead 15m]
    ---

    # Is the kettle on?

    Read [the reference](#reference) first.

    ## Is it on?

    <!-- label: K1; timebox: 5m; on-expire: #call-for-help -->

    ```bash {check=kettle timeout=10s}
    curl -sS --max-time 8 "$APP_URL/kettle"
    ```

    - **Yes** → [Done](#done)
      <!-- when: kettle.ok and errors.rate <= 5%; path: on -->
    - **No** → [Switch it on](#-switch-it-on)
      <!-- when: kettle.failed; path: off -->
    - **Cannot tell** → [Call for help](#call-for-help)
      <!-- path: on? -->

    ## ⚠ Switch it on

    <!-- label: K2; unless: database.waiters >= 3 -->

    - [ ] **Ops:** look for water <!-- due: 5m -->

    ```bash {action=flag}
    vigie flag kettle on --env production
    ```

    - **It went on** → [Done](#done)
      <!-- exit: 0; path: it went on -->
    - **Not yet** → [Is it on?](#is-it-on)
      <!-- wait: 5m; at-most: 3; then: #call-for-help; path: not yet -->
    - **Cannot tell** → [Call for help](#call-for-help)
      <!-- path: went on? -->

    ## Call for help

    <!-- label: E1; help -->

    - **Somebody came** → [Go on where you were](#is-it-on)
      <!-- go: caller; path: help is here -->
    - **They say it is over** → [Done](#done)
      <!-- path: over -->

    ## Done

    <!-- label: END; end -->

    # Reference

    Kettles are round.

    ```text {message=initial lang=en due=5m}
    No tea since [started].
    ```

    ```text {message=initial lang=fr}
    Pas de thé depuis [started].
    ```
    """
)


class Mistake(NamedTuple):
    """Replacements in the good book, a part of the line that is then named, and what is found: `error target`."""

    edits: tuple[tuple[str, str], ...]
    where: str
    found: str
    words: str


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
    "a fence has an unknown attribute": Mistake(
        (("{check=kettle timeout=10s}", "{check=kettle timeout=10s retries=3}"),),
        "retries=3", "error fence", "“retries” is no attribute",
    ),
    "a fence has an attribute that does nothing": Mistake(
        (("{check=kettle timeout=10s}", "{check=kettle timeout=10s lang=en}"),),
        "lang=en}", "error fence", "“lang” does nothing on check",
    ),
    "a fence has two purposes": Mistake(
        (("{action=flag}", "{action=flag message=flag}"),),
        "{action=flag", "error fence", "make two",
    ),
    "a purpose has no name": Mistake(
        (("Kettles are round.", "```bash {check timeout=5s}\ntrue\n```"),),
        "{check timeout", "error fence", "“check” needs a name",
    ),
    "a decision has one answer": Mistake(
        (("- **They say it is over** → [Done](#done)\n  <!-- path: over -->\n", ""),),
        "**Somebody came**", "error branches", "two answers or more",
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
    "a check has no time limit": Mistake(
        (("{check=kettle timeout=10s}", "{check=kettle}"),),
        "{check=kettle}", "error check", "no time limit",
    ),
    "a check's limit is no duration": Mistake(
        (("timeout=10s", "timeout=10"),),
        "timeout=10", "error value", "“timeout=10”",
    ),
    "a check changes something": Mistake(
        (('curl -sS --max-time 8 "$APP_URL/kettle"', 'curl -sS -X POST "$APP_URL/kettle"'),),
        "-X POST", "error check", "“curl POST” changes something",
    ),
    "a check destroys something": Mistake(
        (('curl -sS --max-time 8 "$APP_URL/kettle"', "rm -rf /srv/kettle"),),
        "rm -rf", "error check", "removes a whole folder",
    ),
    "nothing in a check runs": Mistake(
        (("```bash {check=kettle", "```python {check=kettle"),),
        "{check=kettle", "error check", "nothing in the check “kettle” runs",
    ),
    "a check is two groups": Mistake(
        (('curl -sS --max-time 8 "$APP_URL/kettle"', "uptime\n\nuptime"),),
        "{check=kettle", "error check", "one group of lines",
    ),
    "a check's name cannot be asked for": Mistake(
        (
            ("Kettles are round.", "```bash {check=big-kettle timeout=5s}\nuptime\n```"),
            ("# Reference", "# Ref"),
            ("(#reference)", "(#is-it-on)"),
        ),
        "{check=big-kettle", "error check", "no condition can ask for “big-kettle”",
    ),
    "a check has the name of live facts": Mistake(
        (
            ("{check=kettle timeout=10s}", "{check=errors timeout=10s}"),
            ("kettle.ok and ", ""),
            ("when: kettle.failed; ", ""),
        ),
        "{check=errors", "warning check", "also the name of live facts",
    ),
    "two checks have one name": Mistake(
        (
            (
                "- **Yes** → [Done](#done)",
                "```bash {check=kettle timeout=9s}\n"
                "uptime\n```\n\n- **Yes** → [Done](#done)",
            ),
        ),
        "timeout=9s", "error check", "could mean either",
    ),
    "an action is no operation of ours": Mistake(
        (("{action=flag}", "{action=kettle-on}"),),
        "{action=kettle-on}", "error action", "no operation of ours",
    ),
    "a confirmation is unknown": Mistake(
        (("{action=flag}", "{action=flag confirm=never}"),),
        "confirm=never", "error action", "“confirm=never” is not known",
    ),
    "a confirmation is lowered": Mistake(
        (("{action=flag}", "{action=flag confirm=yes}"),),
        "confirm=yes", "error action", "no file lowers",
    ),
    "a destructive act asks for a mere yes": Mistake(
        (("{action=flag}\nvigie flag kettle on --env production", "{action=own confirm=yes}\nrm -rf /srv/kettle"),),
        "{action=own", "error action", "confirm=type-env",
    ),
    "a message has no French twin": Mistake(
        (("{message=initial lang=fr}", "{message=tea lang=fr}"),),
        "{message=initial lang=en", "warning message", "no French twin",
    ),
    "the twins differ in their blanks": Mistake(
        (("depuis [started]", "depuis [ended]"),),
        "lang=fr", "warning message", "[ended], [started]",
    ),
    "two messages are the same": Mistake(
        (("{message=initial lang=fr}", "{message=initial lang=en}"),),
        "{message=initial lang=en}", "error message", "stands on line",
    ),
}
# fmt: on


def changed(*edits: tuple[str, str]) -> str:
    """The good book with each old text, which stands in it once, replaced by the new one."""
    text = GOOD
    for old, new in edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text
